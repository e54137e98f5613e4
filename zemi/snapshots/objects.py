"""Every public object in its one shape: in answers, lists, and the bodies of webhooks alike.

Keys are written with what they are keys of (pay_...), orders by their reference; money as text beside its currency; of
phones the last four digits. Nothing here holds a code, a whole phone, or a provider's words about a person.
However many rows are shown, each kind of object is read once.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models import Q

from zemi.common.clock import stamp
from zemi.common.ids import public_id
from zemi.common.money import Money
from zemi.common.phone import Phone
from zemi.disbursements.models import DisbursementStatus
from zemi.events.models import Event
from zemi.ledger import chart
from zemi.ledger.balances import kept_balances
from zemi.ledger.chart import AccountRef
from zemi.ledger.queries import line_of, transfers
from zemi.orders.models import Order, OrderStatus
from zemi.orders.parties import Asker, Role
from zemi.payments.models import UNDECIDED, Payment, Receipt
from zemi.payouts.models import SEED_STATUS, Payout, PayoutAttempt
from zemi.refunds.models import Refund, RefundAttempt
from zemi.releases.models import Release
from zemi.snapshots.errors import ExpandUnknown
from zemi.snapshots.next_action import NextAction, Standing, next_action

Shown = dict[str, Any]
# Parts of an object that are shown whole instead of by id: name -> parts of that part.
Expand = Mapping[str, "Expand"]
Viewer = Role | Asker | None
MOST_PATHS = 4
# The version of these shapes, in answers and in events; a change is a new date (DOMAIN 4.8).
API_VERSION = "2026-11-01"
# Of what an event knows, what its order's people are told; and who did it, in the words of the API. Else: staff.
_TOLD = (
    "from",
    "to",
    "asked_by",
    "amount",
    "part",
    "due",
    "reason",
    "receipt",
    "late_payment",
    "failures",
    "locked",
)
_ACTORS = {
    **{name: name for name in ("buyer", "seller", "payer", "merchant")},
    "buyer_code": "buyer",
    "caller": "stranger",
    "party": "party",
    "claim": "payer",
    "provider": "provider",
    **dict.fromkeys(("worker", "rule", "refund", "release", "statement", "reconciliation", "watch"), "zemi"),
}
# Where money lies that never was an order's price.
_NOT_THE_ORDERS = frozenset({str(chart.BUYER_CREDIT.code), str(chart.UNALLOCATED.code)})


@dataclass(frozen=True, slots=True)
class _Relation:
    """Objects that belong to another one: of which kind, and by which foreign key."""

    kind: str
    key: str


@dataclass(frozen=True, slots=True)
class _Kind:
    """One kind of object: its rows, with what is shown of their neighbours, how one is written, what belongs to it.

    `show` gets a row, the rows of each of its `many` with the `balances` of its `accounts`, and who looks.
    """

    prefix: str
    rows: Callable[[], "models.QuerySet[Any]"]
    show: Callable[[Any, Mapping[str, list[Any]], Viewer], Shown]
    many: Mapping[str, _Relation] = field(default_factory=dict)
    one: Mapping[str, _Relation] = field(default_factory=dict)
    accounts: Callable[[Any], tuple[AccountRef, ...]] = lambda _: ()
    # The column of its time.
    created: str = "created_at"


def render(
    name: str, rows: Sequence[Any], *, viewer: Viewer = Role.MERCHANT, expand: Expand | None = None
) -> list[Shown]:
    """Write `rows` of the kind `name`, in their order.

    `expand` comes from `read_expand`. `viewer` is what the one who looks is to the order, or who that is where the rows
    are of several orders; None is a stranger.
    """
    kind, expand = _KINDS[name], expand or {}
    parts = {part: _children(relation, rows) for part, relation in kind.many.items()}
    kept = kept_balances([ref for row in rows for ref in kind.accounts(row)])
    shown = []
    for row in rows:
        related = {part: parts[part].get(row.pk, []) for part in parts}
        related["balances"] = [kept[ref] for ref in kind.accounts(row)]
        own = kind.show(row, related, viewer)
        own |= {
            part: [_id_of(kind.many[part].kind, child) for child in related[part]]
            for part in parts
            if part not in expand
        }
        shown.append(own)
    for part, deeper in expand.items():
        if part in kind.many:
            _expand_many(shown, rows, part, parts[part], kind.many[part], viewer=viewer, expand=deeper)
        else:
            _expand_one(shown, rows, part, kind.one[part], viewer=viewer, expand=deeper)
    return shown


def rows_of(name: str) -> "models.QuerySet[Any]":
    """All rows of the kind `name`, with what `render` shows of their neighbours."""
    return _KINDS[name].rows()


def created_column(name: str) -> str:
    """The column that says when objects of the kind `name` came about."""
    return _KINDS[name].created


def prefix_of(name: str) -> str:
    """What the ids of the kind `name` begin with; empty for orders, which have references."""
    return _KINDS[name].prefix


def snapshots_of(subjects: Iterable[tuple[str, UUID]]) -> dict[tuple[str, UUID], Shown]:
    """Write the subjects of events, given by kind and key, as their merchant sees them; what is not public is left out.

    Each kind is read once, however many there are.
    """
    keys: dict[str, set[UUID]] = {}
    for name, key in subjects:
        if name in _KINDS:
            keys.setdefault(name, set()).add(key)
    found: dict[tuple[str, UUID], Shown] = {}
    for name, wanted in keys.items():
        rows = list(rows_of(name).filter(pk__in=wanted))
        for row, shown in zip(rows, render(name, rows), strict=True):
            found[name, row.pk] = shown
    return found


def show_order_to_stranger(order: Order) -> Shown:
    """Write an order as anybody may see it who knows its reference: the seed's fields, and whose turn it is.

    Reads only what its status leaves open: people wait before this answer.
    """
    related: dict[str, list[Any]] = {"payments": [], "payouts": [], "refunds": []}
    if order.status == OrderStatus.AWAITING_PAYMENT:
        related["payments"] = list(Payment.objects.filter(Q(is_live=True) | UNDECIDED, order=order)[:2])
    elif order.status == OrderStatus.COMPLETED:
        related["payouts"] = list(Payout.objects.filter(order=order).order_by("id"))
    if order.status not in {OrderStatus.AWAITING_PAYMENT, OrderStatus.PAID}:
        related["refunds"] = list(Refund.objects.filter(order=order).order_by("id"))
    return _public_order(order, related, None)


def turn_of(
    order: Order, *, payments: Iterable[Payment], payouts: Iterable[Payout], refunds: Iterable[Refund]
) -> NextAction | None:
    """Whose turn it is with an order that has these payments, payouts and refunds; None when nothing is left to do."""
    payments = list(payments)
    live = next((payment for payment in payments if payment.is_live and not payment.is_contradicted), None)
    payouts = list(payouts)
    replaced = {payout.replaces_id for payout in payouts}
    return next_action(
        Standing(
            status=order.status,
            part_paid=order.received_minor > 0,
            expires_at=order.expires_at,
            live_payment=(live.status, live.live_until) if live and live.live_until else None,
            contradicted=any(payment.is_contradicted for payment in payments),
            payouts=[payout.status for payout in payouts if payout.id not in replaced],
            refunds=[refund.status for refund in refunds],
            taken_back=order.clawed_back_at is not None,
            cancel_asked=(order.cancel_asked_by, order.cancel_asked_until)
            if order.cancel_asked_until is not None
            else None,
        )
    )


def read_expand(name: str, paths: Sequence[str]) -> Expand:
    """Read paths such as "payouts.attempts" into what `render` takes.

    :raises ExpandUnknown: more than four paths, deeper than two, or no such part
    """
    if len(paths) > MOST_PATHS:
        raise ExpandUnknown(known=", ".join(expandable(name)))
    tree: dict[str, Any] = {}
    for path in paths:
        if path not in expandable(name):
            raise ExpandUnknown(known=", ".join(expandable(name)))
        branch = tree
        for part in path.split("."):
            branch = branch.setdefault(part, {})
    return tree


def expandable(name: str) -> list[str]:
    """Every path by which a part of the kind `name` can be shown whole."""
    found = []
    for part, relation in _relations(name).items():
        found.append(part)
        found += [f"{part}.{deeper}" for deeper in _relations(relation.kind)]
    return found


def _relations(name: str) -> Mapping[str, _Relation]:
    kind = _KINDS[name]
    return {**kind.many, **kind.one}


def _children(relation: _Relation, rows: Sequence[Any]) -> dict[UUID, list[Any]]:
    """The rows that belong to `rows`, oldest first, by whose they are: one statement."""
    found: dict[UUID, list[Any]] = {}
    children = _KINDS[relation.kind].rows().filter(**{f"{relation.key}__in": [row.pk for row in rows]})
    for child in children.order_by("id"):
        found.setdefault(getattr(child, f"{relation.key}_id"), []).append(child)
    return found


def _expand_many(
    shown: list[Shown],
    rows: Sequence[Any],
    part: str,
    children: Mapping[UUID, list[Any]],
    relation: _Relation,
    *,
    viewer: Viewer,
    expand: Expand,
) -> None:
    flat = [child for row in rows for child in children.get(row.pk, [])]
    written = dict(
        zip(
            (child.pk for child in flat),
            render(relation.kind, flat, viewer=viewer, expand=expand),
            strict=True,
        )
    )
    for own, row in zip(shown, rows, strict=True):
        own[part] = [written[child.pk] for child in children.get(row.pk, [])]


def _expand_one(
    shown: list[Shown],
    rows: Sequence[Any],
    part: str,
    relation: _Relation,
    *,
    viewer: Viewer,
    expand: Expand,
) -> None:
    keys = {key for row in rows if (key := getattr(row, f"{relation.key}_id")) is not None}
    found = list(rows_of(relation.kind).filter(pk__in=keys))
    if relation.kind == "order" and isinstance(viewer, Asker):
        # Who only paid for it is told its reference, which they have had, and no more of it.
        found = [row for row in found if viewer.roles_in(row)]
    written = dict(
        zip(
            (row.pk for row in found),
            render(relation.kind, found, viewer=viewer, expand=expand),
            strict=True,
        )
    )
    for own, row in zip(shown, rows, strict=True):
        key = getattr(row, f"{relation.key}_id")
        if key in written:
            own[part] = written[key]


def _id_of(name: str, row: Any) -> str:
    return public_id(_KINDS[name].prefix, row.pk)


def _id(name: str, key: UUID | None) -> str | None:
    return public_id(_KINDS[name].prefix, key) if key is not None else None


def _public_order(order: Order, related: Mapping[str, list[Any]], viewer: Viewer) -> Shown:
    """The seed's fields in the seed's order, then ours (DOMAIN 4.3)."""
    payouts = related["payouts"]
    roles = _roles_of(viewer, order)
    turn = turn_of(order, payments=related["payments"], payouts=payouts, refunds=related["refunds"])
    return {
        "id": str(order.id),
        "order_reference": order.order_reference,
        "buyer_phone_masked": order.buyer.phone_masked,
        "amount": str(order.amount),
        "product_description": order.product_description,
        "status": order.status,
        "created_at": stamp(order.created_at),
        "paid_at": stamp(order.paid_at),
        "completed_at": stamp(order.completed_at),
        "payout_status": SEED_STATUS[DisbursementStatus(payouts[-1].status)] if payouts else None,
        "object": "order",
        "livemode": settings.LIVE,
        "currency": order.currency,
        "expires_at": stamp(order.expires_at),
        "next_action": {
            "actor": turn.actor,
            "verb": turn.verb,
            "is_yours": any(turn.actor.value == role.value for role in roles),
        }
        if turn
        else None,
        "deadline_at": stamp(turn.deadline_at) if turn else None,
        "if_no_action": turn.if_no_action if turn else None,
    }


def _order(order: Order, related: Mapping[str, list[Any]], viewer: Viewer) -> Shown:
    released = [release for release in related["releases"] if release.released_at is not None]
    returned = [refund for refund in related["refunds"] if refund.status == "succeeded"]
    shown = _public_order(order, related, viewer) | {
        "seller_phone_masked": order.seller.phone_masked,
        "release_policy": order.release_policy,
        "fee": str(order.fee),
        "seller_receives": str(order.net),
        "received": _sum(order, (receipt.allocated_minor for receipt in related["receipts"])),
        "held": str(related["balances"][0]),
        "released": _sum(order, (release.amount_minor for release in released)),
        "refunded": _sum(order, (_of_the_price(refund) for refund in returned)),
        "cancel_request": show_cancel_request(order),
    }
    if Role.MERCHANT in _roles_of(viewer, order):
        shown |= {
            "reference": order.merchant_reference or None,
            "metadata": order.metadata,
            "link": public_id("link", order.payment_link_id) if order.payment_link_id else None,
        }
    return shown


def _roles_of(viewer: Viewer, order: Order) -> frozenset[Role]:
    if isinstance(viewer, Asker):
        return viewer.roles_in(order)
    return frozenset({viewer}) if viewer is not None else frozenset()


def _of_the_price(refund: Refund) -> int:
    return sum(minor for code, minor in refund.sources.items() if code not in _NOT_THE_ORDERS)


def _sum(order: Order, parts: Iterable[int]) -> str:
    return str(Money(sum(parts), order.currency))


def _payment(payment: Payment, *_: Any) -> Shown:
    return {
        "id": _id("payment", payment.id),
        "object": "payment",
        "livemode": settings.LIVE,
        "order": payment.order.order_reference,
        "payment_method": payment.payment_method,
        "amount": str(payment.amount),
        "currency": payment.currency,
        "status": payment.status,
        "failure_reason": payment.failure_reason or None,
        "payer_phone_masked": f"****{payment.payer_phone_last4}",
        "merchant_request_id": payment.merchant_request_id or None,
        "created_at": stamp(payment.created_at),
        "updated_at": stamp(payment.updated_at),
    }


def _receipt(receipt: Receipt, *_: Any) -> Shown:
    return {
        "id": _id("receipt", receipt.id),
        "object": "receipt",
        "livemode": settings.LIVE,
        "order": receipt.order.order_reference if receipt.order is not None else None,
        "payment": _id("payment", receipt.payment_id),
        "receipt_number": receipt.transaction_id,
        "amount": str(receipt.amount),
        "allocated": str(Money(receipt.allocated_minor, receipt.currency)),
        "credited": str(Money(receipt.credited_minor, receipt.currency)),
        "currency": receipt.currency,
        "status": receipt.status,
        "payer_phone_masked": _masked(receipt.payer_phone),
        "received_at": stamp(receipt.received_at),
    }


def _payout(payout: Any, *_: Any) -> Shown:
    return {
        "id": _id("payout", payout.id),
        "object": "payout",
        "livemode": settings.LIVE,
        "order": payout.order.order_reference,
        "payment": _id("payment", payout.payment_id),
        "release": _id("release", payout.release_id),
        "replaces": _id("payout", payout.replaces_id),
        "replaced_by": _id("payout", payout.replaced_by_id),
        "payee_phone_masked": _masked(payout.payee),
        **_disbursement(payout),
    }


def _refund(refund: Refund, *_: Any) -> Shown:
    return {
        "id": _id("refund", refund.id),
        "object": "refund",
        "livemode": settings.LIVE,
        "order": refund.order.order_reference if refund.order is not None else None,
        "receipt": _id("receipt", refund.receipt_id),
        "reason": refund.reason,
        "payee_phone_masked": refund.goes_to.phone_masked if refund.goes_to is not None else None,
        **_disbursement(refund),
    }


def _disbursement(owed: Payout | Refund) -> Shown:
    return {
        "amount": str(owed.amount),
        "currency": owed.currency,
        "status": owed.status,
        "held_reason": owed.held_reason or None,
        # The provider's words behind our word may name a person.
        "failure_reason": owed.failure_reason.partition(":")[0] or None,
        "receipt_number": owed.transaction_id,
        "created_at": stamp(owed.created_at),
        "updated_at": stamp(owed.updated_at),
    }


def _attempt(attempt: PayoutAttempt | RefundAttempt, *_: Any) -> Shown:
    return {
        "id": _id(attempt.SUBJECT, attempt.id),
        "object": attempt.SUBJECT,
        "livemode": settings.LIVE,
        attempt.OWNER: _id(attempt.OWNER, getattr(attempt, f"{attempt.OWNER}_id")),
        "number": attempt.number,
        "method": attempt.method,
        "amount": str(attempt.amount),
        "currency": attempt.currency,
        "status": attempt.status,
        "originator_conversation_id": attempt.originator_conversation_id,
        "conversation_id": attempt.conversation_id or None,
        "response_code": attempt.response_code or None,
        "result_code": attempt.result_code or None,
        "created_at": stamp(attempt.created_at),
        "updated_at": stamp(attempt.updated_at),
    }


def _release(release: Release, *_: Any) -> Shown:
    return {
        "id": _id("release", release.id),
        "object": "release",
        "livemode": settings.LIVE,
        "order": release.order.order_reference,
        "number": release.number,
        "amount": str(Money(release.amount_minor, release.currency)),
        "fee": str(Money(release.fee_minor, release.currency)),
        "currency": release.currency,
        "status": release.status,
        "due_at": stamp(release.due_at),
        "released_at": stamp(release.released_at),
    }


def _masked(phone: Phone | None) -> str | None:
    return f"****{phone.last4}" if phone is not None else None


def _transfer(transfer: Any, *_: Any) -> Shown:
    return {
        "id": _id("transfer", transfer.id),
        "object": "transfer",
        "livemode": settings.LIVE,
        "order": transfer.order_reference,
        "event": public_id("evt", transfer.event_id),
        "kind": transfer.kind,
        "debit": show_account(line_of(transfer.debit.code)),
        "credit": show_account(line_of(transfer.credit.code)),
        "amount": str(Money(transfer.amount_minor, transfer.currency)),
        "currency": transfer.currency,
        "created_at": stamp(transfer.at),
    }


def show_event_of_timeline(event: Event) -> Shown:
    """Write an event as it stands on an order's timeline. Who did it is said by what they are, never by name."""
    own = event.subject_type in _KINDS and event.subject_type != "order"
    return {
        "id": public_id("evt", event.id),
        "type": event.type,
        "at": stamp(event.at),
        "actor": _ACTORS.get(event.actor, "operator"),
        "object": event.subject_type,
        "object_id": _id(event.subject_type, event.subject_id) if own else None,
        "data": {name: event.data[name] for name in _TOLD if name in event.data},
    }


def show_cancel_request(order: Order) -> Shown | None:
    """Write the open request to cancel an order; None where there is none."""
    if not order.cancel_asked_by:
        return None
    return {"asked_by": order.cancel_asked_by, "answer_until": stamp(order.cancel_asked_until)}


def show_account(line: chart.Chart) -> Shown:
    """Write a line of the chart."""
    return {"code": line.code, "name": line.name}


def _joined(model: type[models.Model], *neighbours: str) -> "Callable[[], models.QuerySet[Any]]":
    return lambda: model._default_manager.select_related(*neighbours)


def _payouts() -> "models.QuerySet[Any]":
    newer = Payout.objects.filter(replaces=models.OuterRef("pk")).values("id")
    rows = Payout.objects.select_related("order", "seller")
    found: models.QuerySet[Any] = rows.annotate(replaced_by_id=models.Subquery(newer))
    return found


def _transfers() -> "models.QuerySet[Any]":
    order = Order.objects.filter(pk=models.OuterRef("order_id")).values("order_reference")
    found: models.QuerySet[Any] = transfers().annotate(order_reference=models.Subquery(order))
    return found


_KINDS: Mapping[str, _Kind] = {
    "order": _Kind(
        "",
        _joined(Order, "buyer", "seller"),
        _order,
        many={
            "payments": _Relation("payment", "order"),
            "receipts": _Relation("receipt", "order"),
            "releases": _Relation("release", "order"),
            "payouts": _Relation("payout", "order"),
            "refunds": _Relation("refund", "order"),
        },
        accounts=lambda order: (chart.escrow(order.id),),
    ),
    "payment": _Kind(
        "pay",
        _joined(Payment, "order"),
        _payment,
        many={"receipts": _Relation("receipt", "payment")},
        one={"order": _Relation("order", "order")},
    ),
    "receipt": _Kind(
        "rcpt",
        _joined(Receipt, "order", "payment"),
        _receipt,
        created="received_at",
        many={"refunds": _Relation("refund", "receipt")},
        one={"order": _Relation("order", "order"), "payment": _Relation("payment", "payment")},
    ),
    "payout": _Kind(
        "po",
        _payouts,
        _payout,
        many={"attempts": _Relation("payout_attempt", "payout")},
        one={
            "order": _Relation("order", "order"),
            "payment": _Relation("payment", "payment"),
            "release": _Relation("release", "release"),
            "replaces": _Relation("payout", "replaces"),
            "replaced_by": _Relation("payout", "replaced_by"),
        },
    ),
    "refund": _Kind(
        "rf",
        _joined(Refund, "order", "payer", "redirected_to"),
        _refund,
        many={"attempts": _Relation("refund_attempt", "refund")},
        one={"order": _Relation("order", "order"), "receipt": _Relation("receipt", "receipt")},
    ),
    "payout_attempt": _Kind(
        "poa", _joined(PayoutAttempt), _attempt, one={"payout": _Relation("payout", "payout")}
    ),
    "refund_attempt": _Kind(
        "rfa", _joined(RefundAttempt), _attempt, one={"refund": _Relation("refund", "refund")}
    ),
    "release": _Kind(
        "rel",
        _joined(Release, "order"),
        _release,
        many={"payouts": _Relation("payout", "release")},
        one={"order": _Relation("order", "order")},
    ),
    "transfer": _Kind("tr", _transfers, _transfer, created="at"),
}
