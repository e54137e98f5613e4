"""What only sandbox mode has: a clock that can be moved, and scenarios that can be played."""
