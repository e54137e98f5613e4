"""Money that its owner has left for years: set apart, still the owner's, given out again when the owner comes."""
