"""The books: transfers between accounts, balances, seals."""
