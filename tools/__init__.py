"""What `make` runs: environment, tests, checks. Nothing of the product imports it."""
