"""The yardstick: how fast the product is against what its database could do (../shared SPEED, "The yardstick")."""
