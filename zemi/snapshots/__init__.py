"""What the world sees of each object: one shape, whoever asks and however it is asked for (DOMAIN 4.3)."""
