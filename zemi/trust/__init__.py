"""Budgets and limits."""
