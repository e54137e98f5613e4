"""The buttons of a page of evidence: only what is safe for the thing as it stands; each calls a service of the staff's."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings

from zemi.approvals.models import Approval, ApprovalStatus
from zemi.common import clock
from zemi.common.money import Money, kes
from zemi.common.work import WorkRow
from zemi.console.errors import NotOffered
from zemi.console.evidence import MOST, STUCK, Evidence
from zemi.disbursements.models import Disbursement, DisbursementStatus, SuspenseCase, SuspenseStatus
from zemi.ledger import chart
from zemi.ledger.balances import balance_of
from zemi.orders.models import Order, OrderStatus
from zemi.payments.contradicted import claim_of
from zemi.payments.models import CLAIMABLE, Payment, Receipt
from zemi.payouts.models import Payout
from zemi.refunds.models import Refund
from zemi.refunds.payers import proposed_payees
from zemi.staff.actions import ACTIONS
from zemi.staff.dispatch import put_back_to_work
from zemi.staff.request import approve, decline, request_action
from zemi.topups.models import TopUp, TopUpStatus
from zemi.unclaimed.models import UnclaimedBalance, UnclaimedStatus

_S = DisbursementStatus
APPROVE, DECLINE, RESUME = "approve", "decline", "resume"


@dataclass(frozen=True, slots=True)
class Asked:
    """Something that the form asks for; `choices` are what can be chosen, if not anything can be written.

    `says` are words of choices that are no words of ours.
    """

    name: str
    choices: tuple[str, ...] = ()
    says: Mapping[str, str] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """The name of its text."""
        return f"takes_{self.name}"

    @property
    def options(self) -> list[tuple[str, str]]:
        """Each choice, with what it says, or the name of its text."""
        return [(choice, self.says.get(choice, f"choice_{choice}")) for choice in self.choices]


@dataclass(frozen=True, slots=True)
class Offer:
    """One button. `fixed` is what its action takes from the thing itself. `amount`: None if the form asks for it."""

    action: str
    fixed: Mapping[str, str] = field(default_factory=dict)
    asks: tuple[Asked, ...] = ()
    amount: Money | None = None

    @property
    def label(self) -> str:
        """The name of its text."""
        return f"act_{self.action}".replace("-", "_")

    @property
    def seen(self) -> str:
        """The amount that the button names, as its form sends it back."""
        return str(self.amount) if self.amount is not None else ""

    @property
    def how(self) -> str:
        """The name of the text that says whether one person is enough; empty where nothing is done."""
        if self.action == DECLINE:
            return ""
        known = ACTIONS.get(self.action)
        if known is None:
            return "act_one"
        if known.always_two:
            return "act_two"
        if self.amount is None:
            return "act_limit"
        return "act_two" if self.amount > kes(settings.FOUR_EYES_KES) else "act_one"


def offers_for(found: Evidence, *, who: str) -> list[Offer]:
    """What `who` may do to it now."""
    kind = STUCK if found.kind == STUCK else type(found.row)
    return list(_OFFERS[kind](found.row, who)) if kind in _OFFERS else []


def take_up(
    found: Evidence,
    action: str,
    written: Mapping[str, str],
    *,
    who: str,
    reason: str,
    key: UUID,
    now: datetime,
) -> None:
    """Do what the button `action` says, with what was `written` into its form; `key` is the form's own.

    :raises NotOffered: the thing has moved on, or was never to be had so
    :raises ZemiError: what the service refuses
    """
    offer = next((offer for offer in offers_for(found, who=who) if offer.action == action), None)
    # What was read is what is done: more may have come for an order meanwhile.
    if offer is None or written.get("seen", "") != offer.seen:
        raise NotOffered
    if action == APPROVE:
        approve(found.row.pk, checker=who, reason=reason, now=now, key=key)
    elif action == DECLINE:
        decline(found.row.pk, checker=who, reason=reason, now=now, key=key)
    elif action == RESUME:
        if put_back_to_work(found.row.pk, by=who, reason=reason, now=now, key=key) is None:
            raise NotOffered
    else:
        payload = {**offer.fixed, **{asked.name: written.get(asked.name, "") for asked in offer.asks}}
        request_action(action, payload, maker=who, reason=reason, now=now, key=key)


def _of_order(row: Order, _: str) -> Iterator[Offer]:
    fixed = {"order": row.order_reference}
    held = balance_of(chart.escrow(row.id))
    if row.status == OrderStatus.PAID and held.minor:
        # Nothing was delivered: then all of it goes back, and nobody bears anything.
        yield Offer("refund", fixed | {"amount": str(held), "bearer": "seller"}, amount=held)
    elif row.status == OrderStatus.COMPLETED:
        yield Offer("refund", fixed, (Asked("amount"), Asked("bearer", ("seller", "zemi"))))


def _of_disbursement(row: Disbursement, _: str) -> Iterator[Offer]:
    fixed = {"kind": row.SUBJECT, "id": str(row.pk)}
    if row.status in {_S.UNKNOWN, _S.NEEDS_ATTENTION}:
        yield Offer("paid", fixed, (Asked("receipt"),), row.amount)
        yield Offer("unpaid", fixed, (), row.amount)
    elif isinstance(row, Payout) and row.may_be_replaced() and not row.is_replaced:
        # The form asks how much: the seller's balance may have paid for something else meanwhile.
        yield Offer("pay-again", {"id": str(row.pk)}, (Asked("amount"),))
    elif row.status == _S.FAILED and row.is_still_owed and row.tries_made().exists():
        yield Offer("retry", fixed, (), row.amount)
    elif row.status in {_S.QUEUED, _S.HELD}:
        yield Offer("cancel", fixed, (), row.amount)
    elif row.status == _S.SUCCEEDED:
        yield Offer("reversed", fixed, (Asked("receipt"),), row.amount)


def _of_refund(row: Refund, who: str) -> Iterator[Offer]:
    yield from _of_disbursement(row, who)
    numbers = (
        proposed_payees(now=clock.now()).filter(refund=row).select_related("party").order_by("id")[:MOST]
    )
    says = {str(each.party_id): each.party.phone_masked for each in numbers}
    if says:
        # Chosen, not taken from the thing: another one may be proved while the page is read.
        yield Offer("redirect-refund", {"id": str(row.pk)}, (Asked("party", tuple(says), says),), row.amount)


def _of_case(row: SuspenseCase, _: str) -> Iterator[Offer]:
    if row.status == SuspenseStatus.OPEN:
        asks = (Asked("outcome", ("charged", "recovered", "lost")),)
        yield Offer("end-case", {"id": str(row.pk)}, asks, row.amount)


def _of_receipt(row: Receipt, _: str) -> Iterator[Offer]:
    if row.status in CLAIMABLE and row.transaction_id:
        fixed = {"receipt": row.transaction_id, "amount": str(row.amount)}
        yield Offer("pay-in-reversed", fixed, (Asked("reversal"),), row.amount)


def _of_payment(row: Payment, _: str) -> Iterator[Offer]:
    if row.is_contradicted:
        fixed = {"kind": row.SUBJECT, "id": str(row.pk)}
        amount = claim_of(row).amount
        yield Offer("paid", fixed, (Asked("receipt"),), amount)
        yield Offer("unpaid", fixed, (), amount)


def _of_top_up(row: TopUp, _: str) -> Iterator[Offer]:
    if row.status == TopUpStatus.UNKNOWN:
        asks = (Asked("outcome", ("moved", "not_moved")),)
        yield Offer("end-top-up", {"reference": row.reference}, asks, row.amount)


def _of_unclaimed(row: UnclaimedBalance, _: str) -> Iterator[Offer]:
    if row.status == UnclaimedStatus.APART:
        yield Offer("return-unclaimed", {"id": str(row.pk)}, (), row.amount)


def _of_approval(row: Approval, who: str) -> Iterator[Offer]:
    if row.status == ApprovalStatus.PENDING and row.maker != who:
        yield Offer(APPROVE)
        yield Offer(DECLINE)


def _of_parked(row: WorkRow, _: str) -> Iterator[Offer]:
    if row.parked_at is not None:
        yield Offer(RESUME)


_OFFERS: Mapping[Any, Callable[[Any, str], Iterator[Offer]]] = {
    Order: _of_order,
    Payout: _of_disbursement,
    Refund: _of_refund,
    SuspenseCase: _of_case,
    Receipt: _of_receipt,
    Payment: _of_payment,
    TopUp: _of_top_up,
    UnclaimedBalance: _of_unclaimed,
    Approval: _of_approval,
    STUCK: _of_parked,
}
