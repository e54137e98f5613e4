"""The order and its delivery code."""
