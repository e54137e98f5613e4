"""The inbox of callbacks."""
