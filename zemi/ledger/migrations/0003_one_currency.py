from django.db import migrations

from zemi.common.triggers import refuse_insert


class Migration(migrations.Migration):
    dependencies = [("ledger", "0002_triggers")]
    operations = [
        refuse_insert(
            "ledger_transfer",
            "ledger_one_currency",
            when="SELECT 1 FROM ledger_account WHERE id IN (NEW.debit_id, NEW.credit_id) AND currency <> NEW.currency",
            because="a transfer has the currency of both its accounts",
        )
    ]
