"""Set apart what nobody touched for years, and give it back when its owner comes (DOMAIN P14, 5.8 row 24)."""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings

from zemi.common.db import insert, inside_transaction, outside_transaction, unit_of_work
from zemi.events.log import record, transition
from zemi.ledger import chart
from zemi.ledger.balances import idle_accounts, is_idle
from zemi.ledger.chart import AccountRef
from zemi.ledger.locks import lock_balance
from zemi.ledger.posting import Line, post
from zemi.unclaimed.models import UnclaimedBalance, UnclaimedStatus

# A seller's balance and a payer's credit.
_OF_PEOPLE = (chart.SELLER_PAYABLE, chart.BUYER_CREDIT)


@outside_transaction
def set_apart_idle_balances(*, now: datetime, limit: int = 100) -> int:
    """Move balances that nothing has moved for ZEMI_UNCLAIMED_AFTER_DAYS to 2800; each in a transaction of its own."""
    before = now - timedelta(days=settings.UNCLAIMED_AFTER_DAYS)
    accounts = idle_accounts(_OF_PEOPLE, before=before, limit=limit)
    return sum(_set_apart(account, before=before, now=now) for account in accounts)


def _set_apart(account: AccountRef, *, before: datetime, now: datetime) -> int:
    with unit_of_work():
        balance = lock_balance(account)
        # Whoever moved it meanwhile held the same lock.
        if not balance.minor or not is_idle(account, before=before):
            return 0
        row = UnclaimedBalance(
            account_code=account.line.code,
            party_id=UUID(account.of),
            amount_minor=balance.minor,
            currency=balance.currency,
            set_apart_at=now,
        )
        insert(row)
        event = record("unclaimed.set_apart", row, at=now, actor="rule", data={"amount": str(balance)})
        post(event, Line("unclaimed", row.id, account, chart.unclaimed(account.of), balance))
    return 1


@inside_transaction
def return_to_owner(row: UnclaimedBalance, *, actor: str, now: datetime) -> None:
    """Put it back on the balance that it came from: the owner is there again. It must be locked.

    :raises InvalidTransition: it is back already
    """
    event = transition(row, UnclaimedStatus.RETURNED, at=now, actor=actor, returned_at=now)
    home = AccountRef(chart.BY_CODE[row.account_code], str(row.party_id), row.currency)
    post(event, Line("unclaimed_returned", row.id, chart.unclaimed(str(row.party_id)), home, row.amount))
