"""Money out to sellers."""
