from django.db import migrations

from zemi.common.triggers import per_database

# No model: what stands here is generated from the TRANSITIONS tables after every migrate (zemi.events.guards), and
# nothing but the guards reads it.
_TABLE = """
    CREATE TABLE events_allowed_move (
        subject varchar(40) NOT NULL, source varchar(40) NOT NULL, target varchar(40) NOT NULL,
        PRIMARY KEY (subject, source, target))"""


class Migration(migrations.Migration):
    dependencies = [("events", "0002_append_only")]
    operations = [
        per_database(
            postgres=[_TABLE],
            postgres_back=["DROP TABLE events_allowed_move"],
            sqlite=[_TABLE],
            sqlite_back=["DROP TABLE events_allowed_move"],
        )
    ]
