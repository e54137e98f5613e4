"""What is known of one thing that waits for a person: facts, each try with the provider's words, transfers, timeline."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import QuerySet

from zemi.approvals.models import Approval
from zemi.common.money import Money
from zemi.common.phone import Phone
from zemi.common.texts import Text
from zemi.console.errors import NothingWaitsHere
from zemi.console.texts import TEXTS
from zemi.disbursements.models import Disbursement, SuspenseCase
from zemi.events.log import history_of, history_without_order
from zemi.events.models import Event
from zemi.events.parking import find_work
from zemi.ledger import chart
from zemi.ledger.balances import kept_balances
from zemi.ledger.chart import AccountRef
from zemi.ledger.queries import transfers
from zemi.orders.models import Order
from zemi.payments.contradicted import claim_of
from zemi.payments.models import Payment, Receipt
from zemi.payouts.models import Payout
from zemi.reconciliation.models import ReconciliationItem, StatementLine
from zemi.refunds.models import ProposedPayee, Refund
from zemi.staff.models import StaffAct
from zemi.topups.models import TopUp
from zemi.unclaimed.models import UnclaimedBalance

MOST = 100
STUCK = "stuck"

Facts = list[tuple[str, Any]]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under heads; `name` and `heads` are names of texts."""

    name: str
    heads: tuple[str, ...]
    rows: Sequence[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Evidence:
    """All of it. `where` names the text that says where the money is; `path` is the page of what it is about."""

    row: Any
    kind: str
    title: str
    name: str
    facts: Facts
    where: str = ""
    order: Order | None = None
    path: str = ""
    tables: list[Table] = field(default_factory=list)
    money: list[tuple[str, Money]] = field(default_factory=list)

    @property
    def known(self) -> Facts:
        """The facts that there are."""
        return [(name, value) for name, value in self.facts if value not in {None, ""}]

    @property
    def row_path(self) -> str:
        """The page of the admin on which its whole row can be read."""
        meta = self.row._meta
        return f"/console/admin/{meta.app_label}/{meta.model_name}/{self.row.pk}/change/"


def read_evidence(kind: str, key: UUID) -> Evidence:
    """Read what is known of the thing of this kind with this key.

    :raises NothingWaitsHere: there is none
    """
    if kind == STUCK:
        row: Any = find_work(key)
        reader: Callable[[Any], Evidence] = _parked
    else:
        model, reader = _READERS.get(kind, (None, _parked))
        row = model._default_manager.filter(pk=key).first() if model is not None else None
    if row is None:
        raise NothingWaitsHere
    return _complete(reader(row))


def read_order_evidence(order: Order) -> Evidence:
    """Read what is known of an order: everything that was paid in and out for it."""
    facts: Facts = [
        ("fact_status", order.status),
        ("fact_price", order.amount),
        ("fact_item", order.product_description),
        ("fact_buyer", order.buyer.phone_masked),
        ("fact_seller", order.seller.phone_masked),
        ("fact_made", order.created_at),
    ]
    return _complete(Evidence(order, "order", "thing_order", order.order_reference, facts, order=order))


def address_of(row: models.Model) -> str:
    """The page on which the evidence about a row is read; empty when it has none."""
    if isinstance(row, Order):
        return f"/console/orders/{row.order_reference}"
    kind = getattr(row, "SUBJECT", "")
    return f"/console/{kind}/{row.pk}" if kind in _READERS else ""


def address_of_stuck(key: UUID) -> str:
    """The same for a row that was put aside."""
    return f"/console/{STUCK}/{key}"


def find_address(written: str) -> str:
    """The page of the order, receipt or top-up that has this number.

    :raises NothingWaitsHere: nothing has it
    """
    word = written.strip().upper()[:40]
    order = Order.objects.filter(order_reference=word).first()
    found: models.Model | None = order or TopUp.objects.filter(reference=word).first()
    for model in (Receipt, Payout, Refund):
        found = found or model._default_manager.filter(transaction_id=word).first()
    if not word or found is None:
        raise NothingWaitsHere
    return address_of(found)


def _owed(row: Disbursement) -> Evidence:
    facts: Facts = [
        ("fact_amount", row.amount),
        ("fact_status", row.status),
        ("fact_why", row.held_reason or row.failure_reason),
        ("fact_payee", _masked(row.payee) if row.has_payee else None),
        ("fact_receipt", row.transaction_id),
        ("fact_made", row.created_at),
        ("fact_changed", row.updated_at),
        ("fact_due", row.due_at),
    ]
    if isinstance(row, Refund):
        facts += [("fact_refund_reason", row.reason), ("fact_of_receipt", row.receipt.transaction_id)]
    tries = [
        (
            each.number,
            each.method,
            each.status,
            f"{each.response_code} {each.response_text}",
            f"{each.result_code} {each.result_text}",
            each.originator_conversation_id,
            each.created_at,
        )
        for each in row.tries_made().order_by("number")[:MOST]
    ]
    heads = ("head_number", "head_way", "fact_status", "head_answer", "head_result", "head_our_id", "head_at")
    tables = [Table("table_tries", heads, tries)]
    if isinstance(row, Refund):
        tables.append(_numbers(row))
    order: Order | None = getattr(row, "order", None)
    return Evidence(
        row,
        row.SUBJECT,
        "thing_payout" if row.SUBJECT == Payout.SUBJECT else "thing_refund",
        row.reference if order else str(row.pk),
        facts,
        where=_where(row),
        order=order,
        tables=tables,
    )


def _numbers(row: Refund) -> Table:
    """Whom it may go to instead, the phone that paid being gone: the words of a request name only the owner."""
    proposed = ProposedPayee.objects.filter(refund=row).select_related("party").order_by("id")
    rows = [(each.party.phone_masked, each.party_id, each.proved_at) for each in proposed[:MOST]]
    return Table("table_numbers", ("head_phone", "fact_party", "head_at"), rows)


def _where(row: Disbursement) -> str:
    return "where_credit" if isinstance(row, Refund) and row.is_credit else f"where_{row.status}"


def _case(row: SuspenseCase) -> Evidence:
    model = Payout if row.subject_type == Payout.SUBJECT else Refund
    facts: Facts = [
        ("fact_amount", row.amount),
        ("fact_status", row.status),
        ("fact_receipt", row.transaction_id),
        ("fact_made", row.opened_at),
        ("fact_ended", row.closed_at),
    ]
    return Evidence(
        row,
        row.SUBJECT,
        "thing_suspense",
        row.transaction_id or str(row.pk),
        facts,
        where="why_paid_after_return" if row.was_given_back else "why_paid_twice",
        order=_order(row.order_id),
        path=f"/console/{model.SUBJECT}/{row.subject_id}",
    )


def _receipt(row: Receipt) -> Evidence:
    facts: Facts = [
        ("fact_amount", row.amount),
        ("fact_status", row.status),
        ("fact_receipt", row.transaction_id),
        ("fact_payer", _masked(row.payer_phone)),
        ("fact_came", row.received_at),
        ("fact_goes_back", row.refund_at),
        ("fact_proposed", row.proposed_order.order_reference if row.proposed_order else None),
    ]
    return Evidence(
        row, row.SUBJECT, "thing_receipt", row.transaction_id or str(row.pk), facts, order=row.order
    )


def _payment(row: Payment) -> Evidence:
    order: Order = row.order
    claim = claim_of(row)
    facts: Facts = [
        ("fact_amount", row.amount),
        ("fact_status", row.status),
        ("fact_payer", f"****{row.payer_phone_last4}"),
        ("fact_claimed", claim.receipt),
        ("fact_claimed_sum", claim.amount if claim.amount != row.amount else None),
        ("head_result", f"{row.result_code} {row.result_text}".strip()),
        ("fact_made", row.created_at),
        ("fact_changed", row.updated_at),
        ("fact_due", row.due_at),
    ]
    where = "why_contradicted" if row.is_contradicted else ""
    return Evidence(
        row, row.SUBJECT, "thing_payment", order.order_reference, facts, where=where, order=_order(order.pk)
    )


def _top_up(row: TopUp) -> Evidence:
    facts: Facts = [
        ("fact_amount", row.amount),
        ("fact_status", row.status),
        ("head_result", f"{row.result_code} {row.result_text}".strip()),
        ("fact_receipt", row.transaction_id),
        ("fact_made", row.created_at),
        ("fact_changed", row.updated_at),
    ]
    return Evidence(row, row.SUBJECT, "thing_top_up", row.reference, facts)


def _unclaimed(row: UnclaimedBalance) -> Evidence:
    facts: Facts = [
        ("fact_amount", row.amount),
        ("fact_status", row.status),
        ("fact_party", row.party_id),
        ("fact_apart", row.set_apart_at),
        ("fact_returned", row.returned_at),
    ]
    return Evidence(row, row.SUBJECT, "thing_unclaimed", str(row.pk), facts)


def _difference(row: ReconciliationItem) -> Evidence:
    facts: Facts = [
        ("fact_receipt", row.receipt),
        ("fact_theirs", None if row.theirs_minor is None else Money(row.theirs_minor)),
        ("fact_ours", None if row.ours_minor is None else Money(row.ours_minor)),
        ("fact_line", f"{row.direction} {row.line_kind}"),
        ("fact_found", row.opened_at),
        ("fact_ended", row.closed_at),
    ]
    lines = [
        (
            line.kind,
            line.direction,
            line.amount,
            line.reference,
            line.linked_receipt,
            _masked(line.payer),
            line.at,
        )
        for line in StatementLine.objects.filter(provider=row.provider, receipt=row.receipt).order_by("id")[
            :MOST
        ]
    ]
    heads = (
        "head_what",
        "head_way",
        "fact_amount",
        "head_reference",
        "head_linked",
        "head_phone",
        "head_at",
    )
    try:
        path = find_address(row.receipt)
    except NothingWaitsHere:
        path = ""
    return Evidence(
        row,
        row.SUBJECT,
        "thing_difference",
        row.receipt,
        facts,
        where=f"why_{row.kind}",
        path=path,
        tables=[Table("table_statement", heads, lines)],
    )


def _approval(row: Approval) -> Evidence:
    facts: Facts = [
        ("fact_asked_by", row.maker),
        ("fact_reason", row.reason),
        *((f"takes_{name}", _asked(name, value)) for name, value in row.payload.items()),
        ("fact_status", row.status),
        ("fact_made", row.created_at),
        ("fact_until", row.expires_at),
        ("fact_decided_by", row.checker),
        ("fact_ended", row.decided_at),
    ]
    action = f"act_{row.action}".replace("-", "_")
    path = _path_of(row.action, row.payload)
    return Evidence(row, row.SUBJECT, action, "", facts, where=f"where_asked_{row.status}", path=path)


def _asked(name: str, value: str) -> Any:
    """What a request says, in words where there are some."""
    return TEXTS.get(f"choice_{value}", value) if name in {"bearer", "outcome"} else value


def _parked(row: Any) -> Evidence:
    facts: Facts = [
        ("fact_stuck_since", row.parked_at),
        ("fact_failures", row.failures),
        ("fact_error", row.last_error),
        ("fact_due", row.due_at),
    ]
    return Evidence(
        row,
        STUCK,
        "thing_stuck",
        row.SUBJECT,
        facts,
        where="why_put_aside" if row.parked_at else "where_at_work",
        order=_order(row.timeline_id),
        path=address_of(row),
    )


_READERS: Mapping[str, tuple[type[models.Model], Callable[[Any], Evidence]]] = {
    model.SUBJECT: (model, reader)
    for model, reader in (
        (Payout, _owed),
        (Refund, _owed),
        (SuspenseCase, _case),
        (Receipt, _receipt),
        (Payment, _payment),
        (TopUp, _top_up),
        (UnclaimedBalance, _unclaimed),
        (ReconciliationItem, _difference),
        (Approval, _approval),
    )
}


def _path_of(action: str, payload: Mapping[str, str]) -> str:
    """The page of what a request is about. A payload was typed: only what is there is linked to."""
    kind = {
        "change-payee": "payout",
        "redirect-refund": "refund",
        "pay-again": "payout",
        "end-case": "suspense",
        "return-unclaimed": "unclaimed",
    }.get(action, payload.get("kind", ""))
    try:
        if "id" in payload and kind in _READERS:
            model, _ = _READERS[kind]
            found = model._default_manager.filter(pk=UUID(payload["id"])).first()
            return address_of(found) if found is not None else ""
        return find_address(payload.get("order") or payload.get("reference") or payload.get("receipt") or "")
    except (NothingWaitsHere, ValueError):
        return ""


def _order(key: UUID | None) -> Order | None:
    return Order.objects.select_related("buyer", "seller").filter(pk=key).first() if key else None


def _complete(found: Evidence) -> Evidence:
    """Add what every thing has: what else is known of its order, its transfers, its timeline, what staff did."""
    order = found.order
    if order is not None:
        events = history_of(order.id, most=MOST)
        booked = transfers().filter(order_id=order.id)
        found.tables.extend(_of_order(order, but=found.row))
    else:
        events = history_without_order(_subjects(found), most=MOST)
        booked = transfers().filter(event__in=[event.id for event in events])
    rows = [
        (
            row.kind,
            _said(f"account_{row.debit.code}"),
            _said(f"account_{row.credit.code}"),
            Money(row.amount_minor, row.currency),
            row.at,
        )
        for row in booked.order_by("id")[:MOST]
    ]
    heads = ("head_what", "head_to", "head_from", "fact_amount", "head_at")
    found.tables.append(Table("table_transfers", heads, rows))
    found.tables.append(_timeline(events))
    found.tables.append(_acts(found))
    balances = kept_balances(list(_accounts(found)))
    found.money.extend((f"account_{ref.line.code}", held) for ref, held in balances.items() if held.minor)
    return found


def _of_order(order: Order, *, but: Any) -> Iterable[Table]:
    prompts = [
        (
            row.status,
            row.amount,
            f"****{row.payer_phone_last4}",
            f"{row.response_code} {row.response_text}",
            f"{row.result_code} {row.result_text}",
            row.created_at,
        )
        for row in Payment.objects.filter(order=order).order_by("id")[:MOST]
    ]
    heads = ("fact_status", "fact_amount", "head_phone", "head_answer", "head_result", "head_at")
    yield Table("table_prompts", heads, prompts)
    receipts = [
        (row.transaction_id, row.status, row.amount, _masked(row.payer_phone), row.received_at)
        for row in Receipt.objects.select_related("payment").filter(order=order).order_by("id")[:MOST]
    ]
    yield Table(
        "table_receipts", ("fact_receipt", "fact_status", "fact_amount", "head_phone", "head_at"), receipts
    )
    out = [
        (row.SUBJECT, row.status, row.amount, row.transaction_id, row.created_at)
        for model in (Payout, Refund)
        for row in model._default_manager.filter(order=order).exclude(pk=but.pk).order_by("id")[:MOST]
    ]
    yield Table("table_out", ("head_what", "fact_status", "fact_amount", "fact_receipt", "head_at"), out)


def _timeline(events: Sequence[Event]) -> Table:
    rows = [(event.type, event.actor, event.at) for event in events]
    return Table("table_timeline", ("head_what", "head_who", "head_at"), rows)


def _acts(found: Evidence) -> Table:
    if isinstance(found.row, Approval):
        return acts_table(StaffAct.objects.filter(approval_id=found.row.pk).order_by("id"))
    about = [str(found.row.pk), found.order.order_reference if found.order else found.name]
    return acts_table(StaffAct.objects.filter(about__in=about).order_by("id"))


def acts_table(acts: "QuerySet[StaffAct]") -> Table:
    """What staff did, MOST at most."""
    rows = [
        (_said(f"act_{act.action}"), act.about, _said(f"acted_{act.outcome}"), act.actor, act.reason, act.at)
        for act in acts[:MOST]
    ]
    heads = ("head_what", "head_reference", "head_result", "head_who", "fact_reason", "head_at")
    return Table("table_acts", heads, rows)


def _said(name: str) -> Text | str:
    """The text of this name; the name where an older version knew more of them."""
    return TEXTS.get(name.replace("-", "_"), name)


def _masked(phone: Phone | None) -> str | None:
    """A number as staff see it: nothing here needs all of it."""
    return None if phone is None else f"****{phone.last4}"


def _subjects(found: Evidence) -> list[UUID]:
    row = found.row
    keys = [row.pk]
    if isinstance(row, Disbursement):
        keys += row.tries_made().values_list("pk", flat=True)
    return keys


def _accounts(found: Evidence) -> Iterable[AccountRef]:
    row, order = found.row, found.order
    if order is not None:
        yield chart.escrow(order.id)
        for model in (Payout, Refund):
            for each in model._default_manager.filter(order=order).order_by("id")[:MOST]:
                yield each.in_flight
        yield chart.seller_payable(order.seller_id)
    if isinstance(row, Disbursement):
        yield row.in_flight
        yield row.returns_to
    elif isinstance(row, Receipt):
        yield row.lies_in
    elif isinstance(row, SuspenseCase):
        yield chart.suspense(row.id)
    elif isinstance(row, TopUp):
        yield chart.in_transit(row.id)
    elif isinstance(row, UnclaimedBalance):
        yield chart.unclaimed(str(row.party_id))
