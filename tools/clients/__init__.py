"""What is generated from docs/openapi.json for those who call the API: see `python -m tools.clients --help`."""
