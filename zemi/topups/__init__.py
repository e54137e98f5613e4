"""Moving money of the operator from the account that collects to the one that pays out, and asking what both hold."""
