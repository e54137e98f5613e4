from django.db import migrations

from zemi.common.triggers import append_only, per_database

# A kept balance grows by what is booked on the account's own side. `=` of two truths is the side that matches:
# the credited account and a credit account, or the debited account and a debit account.
_UPDATE = """
    UPDATE ledger_account
    SET balance_minor = balance_minor + CASE WHEN (id = NEW.credit_id) = credit_side THEN NEW.amount_minor ELSE -NEW.amount_minor END
    WHERE id IN (NEW.debit_id, NEW.credit_id) AND keeps_balance"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial")]
    operations = [
        append_only("ledger_transfer"),
        per_database(
            postgres=[
                f"""
                CREATE FUNCTION ledger_keep_balances() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN {_UPDATE}; RETURN NULL; END $$;
                CREATE TRIGGER ledger_keep_balances AFTER INSERT ON ledger_transfer
                    FOR EACH ROW EXECUTE FUNCTION ledger_keep_balances();"""
            ],
            postgres_back=["DROP TRIGGER ledger_keep_balances ON ledger_transfer; DROP FUNCTION ledger_keep_balances();"],
            sqlite=[f"CREATE TRIGGER ledger_keep_balances AFTER INSERT ON ledger_transfer BEGIN {_UPDATE}; END"],
            sqlite_back=["DROP TRIGGER ledger_keep_balances"],
        ),
    ]
