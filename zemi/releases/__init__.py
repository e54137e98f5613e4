"""Confirm a delivery, release the money."""
