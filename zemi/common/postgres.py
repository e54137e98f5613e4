"""PostgreSQL's side of a connection."""

from typing import Any

import psycopg

# A worker's sweeps and the audit have some three hundred statements. The driver's hundred would be forgotten and
# planned anew in every round, each at the price of two trips.
PREPARED = 500


class Connection(psycopg.Connection[Any]):
    """A connection that remembers the plans of all statements that the product has."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.prepared_max = PREPARED
