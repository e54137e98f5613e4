"""What the API and the pages share about HTTP, and the frame that all pages have."""
