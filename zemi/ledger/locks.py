"""Lock an account whose balance a decision rests on: after the order and its children, by key (SAFETY 4.6)."""

from zemi.common.db import inside_transaction
from zemi.common.money import Money
from zemi.ledger.chart import AccountRef
from zemi.ledger.models import Account


@inside_transaction
def lock_balance(ref: AccountRef) -> Money:
    """The kept balance of one account, locked until the end of the unit: what is decided on it stays true."""
    account = Account.objects.select_for_update().filter(pk=ref.key).first()
    return Money(account.balance_minor if account else 0, ref.currency)
