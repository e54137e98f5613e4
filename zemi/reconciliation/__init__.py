"""Our books against the provider's: statements line by line, and the audit of everything."""
