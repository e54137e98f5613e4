"""Foundations without tables or words of the domain: money, phones, ids, clock, crypto, transactions."""
