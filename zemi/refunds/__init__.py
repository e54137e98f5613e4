"""Money going back to whoever paid: what is owed, and each try to send it."""
