"""The sweeps: what is due is done."""
