"""Takes a state file of an older simulator to the tables of this one, with the rows it has."""

import hashlib
import sqlite3


def prepare_tables(db: sqlite3.Connection, schema: str) -> None:
    """Make the tables of `schema`; rebuild those of a file that was made by another one. All of it or nothing."""
    version = int.from_bytes(hashlib.sha256(schema.encode()).digest()[:4]) & 0x7FFF_FFFF
    if db.execute("PRAGMA user_version").fetchone()[0] == version:
        return

    old = _tables(db)
    indexes = [
        name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'index' AND sql NOT NULL")
    ]
    fresh = sqlite3.connect(":memory:")
    fresh.executescript(schema)
    shared = {
        table: [column for column in _columns(fresh, table) if column in _columns(db, table)]
        for table in _tables(fresh)
        if table in old
    }
    fresh.close()

    # A constraint can't be altered in SQLite: every table is made anew and filled from the one before.
    script = ["BEGIN IMMEDIATE"]
    script += [f"DROP INDEX {name}" for name in indexes]
    script += [f"ALTER TABLE {table} RENAME TO old_{table}" for table in shared]
    script += [schema]
    for table, columns in shared.items():
        names = ", ".join(columns)
        script += [
            f"INSERT INTO {table} ({names}) SELECT {names} FROM old_{table}",  # noqa: S608 (own names)
            f"DROP TABLE old_{table}",
        ]
    script += [f"PRAGMA user_version = {version}", "COMMIT"]
    db.executescript(";\n".join(script) + ";")


def _tables(db: sqlite3.Connection) -> list[str]:
    return [
        name
        for (name,) in db.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        )
    ]


def _columns(db: sqlite3.Connection, table: str) -> list[str]:
    return [name for (name,) in db.execute("SELECT name FROM pragma_table_info(?)", (table,))]
