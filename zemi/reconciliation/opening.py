"""Book the operator's own money that lay in the shortcodes before the first order (P17f)."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from django.db import IntegrityError

from zemi.common.db import unit_of_work
from zemi.common.money import Money
from zemi.events.log import record
from zemi.ledger import chart
from zemi.ledger.balances import balance_of, trial_balance
from zemi.ledger.posting import Line, post
from zemi.providers import registry
from zemi.reconciliation.errors import BooksInUse


@dataclass(frozen=True, slots=True)
class _FloatAccount:
    id: UUID
    SUBJECT: ClassVar[str] = "account"
    timeline_id: None = None


def ensure_opening_float(*, now: datetime) -> Money:
    """Book what the simulator's shortcodes hold, if nothing is booked yet; answer the float that is booked.

    Sandbox only. Opens its own transaction.

    :raises SandboxUnreachable: the simulator doesn't answer
    """
    collection, disbursement = _accounts()
    # Only into empty books: later on a difference is money under way, and belongs to somebody.
    if not trial_balance():
        theirs = registry.sandbox().accounts()
        found = [
            Money(theirs.get(f"shortcode:{account.of}:utility", 0)) for account in (collection, disbursement)
        ]
        with suppress(BooksInUse):
            open_float(collection=found[0], disbursement=found[1], now=now)
    return balance_of(chart.own_float(collection.of)) + balance_of(chart.own_float(disbursement.of))


def open_float(*, collection: Money, disbursement: Money, now: datetime) -> None:
    """Book the operator's own money in the two shortcodes, into empty books. Opens its own transaction.

    :raises BooksInUse: something is booked already, or another process was faster
    """
    registry.make_ready()
    try:
        with unit_of_work():
            if trial_balance():
                raise BooksInUse
            for account, amount in zip(_accounts(), (collection, disbursement), strict=True):
                if not amount.minor:
                    continue
                event = record(
                    "float.opened",
                    _FloatAccount(account.key),
                    at=now,
                    actor="operator",
                    data={"amount": str(amount)},
                )
                post(event, Line("opening_float", account.of, account, chart.own_float(account.of), amount))
    except IntegrityError as error:
        # The transfer's key exists once.
        raise BooksInUse from error


def _accounts() -> tuple[chart.AccountRef, chart.AccountRef]:
    provider = registry.mobile_money()
    return chart.collection(provider.collection_account), chart.disbursement(provider.disbursement_account)
