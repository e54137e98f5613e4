"""What staff do by hand: each thing with an actor and a reason, money above a limit by two people (SAFETY 3.7)."""
