"""Zemi: escrow checkout for people who trade by phone."""

__version__ = "0.1.0"
