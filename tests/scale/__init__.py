"""Celery on real brokers: what happens to messages changes when things happen, and nothing else (ADR 0002)."""
