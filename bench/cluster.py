"""A PostgreSQL server of our own with the durability of the default configuration: fsync on, commits waited for."""

import os
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from tests import postgres

# All else is PostgreSQL's default, fsync, synchronous_commit, full_page_writes and autovacuum above all.
_CONFIGURATION = ("max_connections=100", "listen_addresses=")


@dataclass(frozen=True, slots=True)
class Cluster:
    """A running server: the URL of its first database, its first process, its programs, what it is."""

    url: str
    postmaster: int
    binaries: Path
    version: str

    def database(self, name: str) -> str:
        """The URL of one of its databases."""
        return f"{self.url.rpartition('/')[0]}/{name}"

    def create(self, name: str, *, like: str = "template1") -> str:
        """Create a database, a copy of another one, and return its URL."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(like))
            )
        return self.database(name)


def start() -> Cluster:
    """Start a server; it ends with this process.

    :raises NoServer: there is none to be had
    """
    # A server that somebody else configured is no measure.
    os.environ.pop("ZEMI_TEST_PG", None)
    found = postgres.find()
    url = postgres.start(found, configuration=_CONFIGURATION)
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT pg_read_file('postmaster.pid'), version()").fetchone()
    if row is None:
        raise postgres.NoServer("the server doesn't say what it is")
    return Cluster(url, int(row[0].split()[0]), found.binaries, " ".join(row[1].split()[:2]))
