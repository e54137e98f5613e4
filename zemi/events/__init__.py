"""What happened: the only door to a status, and the outbox."""
