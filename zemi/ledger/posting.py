"""Book an event: one call of `post`, one transfer per line, all in the transaction of the event itself."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from zemi.common.db import append, inside_transaction
from zemi.common.money import Money
from zemi.ledger.chart import AccountRef, Side
from zemi.ledger.models import Account, Transfer


class Cause(Protocol):
    """The event that a booking is because of."""

    id: UUID
    at: datetime
    order_id: UUID | None


@dataclass(frozen=True, slots=True)
class Line:
    """`amount` from the credited to the debited account. `kind` and `subject` together are booked at most once."""

    kind: str
    subject: UUID | str
    debit: AccountRef
    credit: AccountRef
    amount: Money


@inside_transaction
def post(cause: Cause, *lines: Line) -> None:
    """Book `lines` because of `cause`, at the end of this unit of work; lines of zero are left out.

    The database refuses, and so undoes the whole unit: a line booked before, and an overdraft of a kept balance.

    :raises ValueError: a negative amount, or accounts of another currency
    """
    transfers = [_transfer(cause, line) for line in lines if line.amount.minor != 0]
    refs = {ref.key: ref for line in lines if line.amount.minor for ref in (line.debit, line.credit)}
    # Accounts first: the trigger on transfers keeps their balances. By key, so that two units lock in one order.
    append(*(_account(refs[key]) for key in sorted(refs)), ignore_conflicts=True)
    append(*transfers)


def _transfer(cause: Cause, line: Line) -> Transfer:
    if line.amount.minor < 0:
        raise ValueError("a transfer has a positive amount; turn the accounts around instead")
    if not line.amount.currency == line.debit.currency == line.credit.currency:
        raise ValueError("a transfer has one currency")
    return Transfer(
        event_id=cause.id,
        kind=line.kind,
        key=f"{line.kind}:{line.subject}",
        debit_id=line.debit.key,
        credit_id=line.credit.key,
        amount_minor=line.amount.minor,
        currency=line.amount.currency,
        order_id=cause.order_id,
        at=cause.at,
    )


def _account(ref: AccountRef) -> Account:
    return Account(
        id=ref.key,
        code=ref.line.code,
        of=ref.of,
        currency=ref.currency,
        keeps_balance=ref.line.keeps_balance,
        credit_side=ref.line.side is Side.CREDIT,
    )
