"""HTTP: one view per operation, who may call it, errors, OpenAPI."""
