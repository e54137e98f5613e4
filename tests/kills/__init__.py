"""Kill tests: real processes, `kill -9` at random moments under load, and the books compared at the end (SAFETY 5b)."""
