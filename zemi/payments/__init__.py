"""Money in: attempts to collect it, receipts for what came."""
