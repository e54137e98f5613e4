from django.db import migrations

from zemi.common.triggers import append_only, refuse_insert

class Migration(migrations.Migration):
    dependencies = [("ledger", "0004_seal")]
    operations = [
        append_only("ledger_seal"),
        refuse_insert(
            "ledger_transfer",
            "ledger_day_is_open",
            when="SELECT 1 FROM ledger_seal WHERE day >= (NEW.at AT TIME ZONE 'UTC')::date",
            when_sqlite="SELECT 1 FROM ledger_seal WHERE day >= substr(NEW.at, 1, 10)",
            because="the day is sealed: a correction is dated today",
        ),
    ]
