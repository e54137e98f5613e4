"""What the API and the pages share about HTTP: who calls, in which language, and which status a refusal has."""
