"""Money going out: one machine for all that is owed to somebody and sent by the provider, payouts and refunds alike."""
