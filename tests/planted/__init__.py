"""Bugs planted on purpose: the tests are good if each of them is found (SAFETY 1.2e, 5a)."""
