"""The staff's console: sign-in with a second factor, what waits for a person with its evidence, and the admin to read in."""
