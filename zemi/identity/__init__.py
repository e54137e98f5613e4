"""People by their phones, merchants by their keys."""
