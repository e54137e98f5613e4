"""Money that left without being owed: booked as a claim at once, ended by a person (DOMAIN Y18, Y20, P10d, P16)."""

from datetime import datetime

from zemi.common.db import append, inside_transaction
from zemi.disbursements.models import Disbursement, SuspenseCase, SuspenseStatus
from zemi.events.log import record, transition
from zemi.events.models import Event
from zemi.ledger import chart
from zemi.ledger.chart import AccountRef
from zemi.ledger.locks import lock_balance
from zemi.ledger.posting import Line, post
from zemi.notifications.alerts import alert_operators


@inside_transaction
def open_case(
    event: Event,
    owed: Disbursement,
    *,
    was_given_back: bool,
    transaction_id: str | None,
    cash: AccountRef,
    fee: Line,
    now: datetime,
) -> SuspenseCase:
    """Book what left for `owed` as a claim on whoever got it (1310), because of `event`; nothing more is sent to them.

    `was_given_back`: what was owed had gone back to where it is owed from; otherwise another attempt paid it.
    """
    case = SuspenseCase(
        order_id=owed.timeline_id,
        subject_type=owed.SUBJECT,
        subject_id=owed.id,
        party_id=owed.payee_id,
        amount_minor=owed.amount_minor,
        currency=owed.currency,
        transaction_id=transaction_id,
        was_given_back=was_given_back,
        opened_at=now,
    )
    append(case)
    record("suspense.opened", case, at=now, actor="provider", data={"amount": str(case.amount)})
    alert_operators(
        "alert.suspense",
        incident=f"suspense.{case.id}",
        now=now,
        subject=owed.SUBJECT,
        amount=f"{owed.amount.shillings:,}",
    )
    post(event, Line("suspense", case.id, chart.suspense(case.id), cash, case.amount), fee)
    return case


@inside_transaction
def charge_case(
    case: SuspenseCase, *, available: AccountRef, debt: AccountRef, actor: str, now: datetime
) -> None:
    """The payee was owed it after all: take it from the balance, and what is gone from there is a debt (P10d)."""
    # The debt first, as a release does.
    lock_balance(debt)
    taken = min(lock_balance(available), case.amount)
    event = transition(
        case,
        SuspenseStatus.CHARGED,
        at=now,
        actor=actor,
        closed_at=now,
        from_balance_minor=taken.minor,
        data={"from_balance": str(taken)},
    )
    claim = chart.suspense(case.id)
    post(
        event,
        Line("suspense_charged", case.id, available, claim, taken),
        Line("suspense_debt", case.id, debt, claim, case.amount - taken),
    )


@inside_transaction
def recover_case(case: SuspenseCase, *, cash: AccountRef, actor: str, now: datetime) -> None:
    """The money came back (P16)."""
    event = transition(case, SuspenseStatus.RECOVERED, at=now, actor=actor, closed_at=now)
    post(event, Line("suspense_recovered", case.id, cash, chart.suspense(case.id), case.amount))


@inside_transaction
def lose_case(case: SuspenseCase, *, actor: str, now: datetime) -> None:
    """The money will not come back: the operator's loss (P16)."""
    event = transition(case, SuspenseStatus.LOST, at=now, actor=actor, closed_at=now)
    post(event, Line("suspense_lost", case.id, chart.losses(case.id), chart.suspense(case.id), case.amount))
