"""Book the operator's own money that lay in the shortcodes before the first order (P17f)."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from django.db import IntegrityError

from zemi.common.db import unit_of_work
from zemi.common.logs import log
from zemi.common.money import Money
from zemi.events.log import record
from zemi.ledger import chart
from zemi.ledger.balances import balance_of, trial_balance
from zemi.ledger.posting import Line, post
from zemi.providers import registry


@dataclass(frozen=True, slots=True)
class _FloatAccount:
    id: UUID
    SUBJECT: ClassVar[str] = "account"
    timeline_id: None = None


def ensure_opening_float(*, now: datetime) -> Money:
    """Book what the simulator's shortcodes hold beyond our books, once per shortcode; answer the float that is booked.

    Sandbox only: in live mode the operator books the float that the portal shows. Opens its own transactions.

    :raises SandboxUnreachable: the simulator doesn't answer
    """
    provider = registry.mobile_money()
    accounts = (
        chart.collection(provider.collection_account),
        chart.disbursement(provider.disbursement_account),
    )
    # Only into empty books: later on a difference is money under way, and belongs to somebody.
    if not trial_balance():
        theirs = registry.sandbox().accounts()
        for account in accounts:
            _open(account, Money(theirs.get(f"shortcode:{account.of}:utility", 0)), now=now)
    return sum((balance_of(chart.own_float(account.of)) for account in accounts), Money(0))


def _open(account: chart.AccountRef, amount: Money, *, now: datetime) -> None:
    if amount.minor <= 0:
        return
    try:
        with unit_of_work():
            event = record(
                "float.opened",
                _FloatAccount(account.key),
                at=now,
                actor="operator",
                data={"amount": str(amount)},
            )
            post(event, Line("opening_float", account.of, account, chart.own_float(account.of), amount))
    except IntegrityError:
        # Another process booked it at the same moment: the transfer's key exists once.
        log.info("float.opened_already", account=str(account))
