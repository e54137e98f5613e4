"""The audit: everything that must be true of the books, computed again from the rows (SAFETY 5i)."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from zemi.common import clock
from zemi.common.db import snapshot
from zemi.common.money import Money
from zemi.common.work import WorkRow
from zemi.disbursements.models import (
    GIVEN_BACK,
    IN_FLIGHT,
    Disbursement,
    DisbursementStatus,
    Method,
    SuspenseCase,
    SuspenseStatus,
)
from zemi.events.guards import missing_guards, unexplained_statuses
from zemi.events.models import Event
from zemi.ledger import audit, chart
from zemi.ledger.balances import TrialRow, balance_of, idle_accounts, trial_balance
from zemi.ledger.seal import wrong_seals
from zemi.orders.models import Order, OrderStatus
from zemi.payments.allocate import FORGIVEN
from zemi.payments.models import PROVED, PayInReversal, Payment, PaymentStatus, Receipt, ReceiptStatus
from zemi.payouts.models import Payout, PayoutAttempt
from zemi.providers import registry
from zemi.providers.mpesa.sandbox import SandboxTransaction
from zemi.refunds.models import Refund, RefundAttempt, RefundedReceipt
from zemi.releases.models import Release, ReleaseStatus
from zemi.topups.models import OPEN, TopUp
from zemi.unclaimed.models import UnclaimedBalance, UnclaimedStatus
from zemi.webhooks.models import WebhookLog

# Events that move money; each books at least one transfer, in its own transaction.
MOVING = (
    "receipt.allocated",
    "receipt.part_allocated",
    "receipt.orphaned",
    "receipt.claimed",
    "receipt.reversed",
    "receipt.unclaimed",
    "unclaimed.set_apart",
    "unclaimed.returned",
    "top_up.created",
    "top_up.succeeded",
    "top_up.failed",
    "release.released",
    "payout.created",
    "payout.succeeded",
    "payout.failed",
    "payout.cancelled",
    "payout.reversed",
    "refund.created",
    "refund.credited",
    "refund.succeeded",
    "refund.failed",
    "refund.cancelled",
    "refund.reversed",
    "suspense.charged",
    "suspense.recovered",
    "suspense.lost",
    "float.opened",
)


# A payout or refund in one of these is moved on by the worker's next look; in others by a person, or never.
_LOOKED_AT = (
    DisbursementStatus.CREATED,
    DisbursementStatus.QUEUED,
    DisbursementStatus.SUBMITTING,
    DisbursementStatus.SUBMITTED,
    DisbursementStatus.UNKNOWN,
)
# So much later than its rule a thing may be done: the worker may have been down.
LATE = timedelta(days=1)


@dataclass(slots=True)
class Check:
    """One thing that was checked, what was found wrong (nothing, if all is well), and figures for the reader."""

    name: str
    problems: list[str] = field(default_factory=list)
    figures: dict[str, str] = field(default_factory=dict)


def audit_books(*, with_provider: bool = True) -> list[Check]:
    """Run every check, in the order in which a reader wants them.

    :raises SandboxUnreachable: the provider's books can't be read (sandbox mode, `with_provider`)
    """
    sandbox = None if settings.LIVE or not with_provider else _Sandbox.read()
    with snapshot():
        books = _Books.read()
        checks = [
            _check(
                "transfers are sound and balance",
                _transfers,
                figures={f"{row.code} {row.name}": str(row.balance) for row in books.lines},
            ),
            _check("kept balances are what the transfers sum to", _balances),
            _check("every transfer has its event, and back", _causes),
            _check(
                "each order: received = held + released + refunded",
                lambda: _orders(books),
                figures={"orders": str(Order.objects.count())},
            ),
            _check("payouts agree with the ledger", lambda: _payouts(books)),
            _check("receipts agree with the ledger", lambda: _receipts(books)),
            _check("refunds agree with the ledger", lambda: _refunds(books)),
            _check("refunds go to whom they are pinned to", _payees),
            _check("claims agree with their cases", lambda: _suspense(books)),
            _check("payers' credit agrees with the ledger", lambda: _credits(books)),
            _check("unclaimed money is somebody's", lambda: _unclaimed(books)),
            _check("transfers of our own agree with the ledger", lambda: _in_transit(books)),
            _check("nothing waits longer than its rule allows", _overdue),
            _check("whatever has not ended is looked at again", _forgotten),
            _check("client money is covered", lambda: _coverage(books)),
            _check("sealed days are what was sealed", wrong_seals),
            _check("every status is where its events led", _statuses),
            _check("the database's own guards are in place", _guards),
        ]
        if sandbox is not None:
            checks.append(_provider(sandbox))
    return checks


@dataclass(frozen=True, slots=True)
class _Books:
    """What several checks compare with, read once: sums in minor units, by line of the chart and by whose they are."""

    lines: list[TrialRow]
    kept: defaultdict[int, dict[str, int]]
    adjusted: defaultdict[int, dict[str, int]]
    # Set apart, by party.
    apart: defaultdict[int, defaultdict[str, int]]
    # What refunds, and reversals by the provider, took from the accounts of a line; its code as their rows write it.
    taken_of_orders: defaultdict[str, defaultdict[str, int]]
    taken_of_receipts: defaultdict[str, defaultdict[str, int]]
    taken_of_sellers: defaultdict[str, defaultdict[str, int]]

    @classmethod
    def read(cls) -> "_Books":
        apart: defaultdict[int, defaultdict[str, int]] = defaultdict(_sums)
        of_orders, of_receipts, of_sellers = (
            defaultdict[str, defaultdict[str, int]](_sums) for _ in range(3)
        )
        rows = UnclaimedBalance.objects.filter(status=UnclaimedStatus.APART)
        for code, party_id, minor in rows.values_list("account_code", "party_id", "amount_minor").iterator():
            apart[code][str(party_id)] += minor
        for taking in (Refund.objects.all(), PayInReversal.objects.all()):
            for order_id, receipt_id, seller_id, sources in taking.values_list(
                "order_id", "receipt_id", "order__seller_id", "sources"
            ).iterator():
                for code, minor in sources.items():
                    of_orders[code][str(order_id)] += minor
                    of_receipts[code][str(receipt_id)] += minor
                    of_sellers[code][str(seller_id)] += minor
        return cls(
            trial_balance(),
            audit.kept_balances(),
            audit.adjusted(),
            apart,
            of_orders,
            of_receipts,
            of_sellers,
        )


def _sums() -> defaultdict[str, int]:
    return defaultdict(int)


@dataclass(frozen=True, slots=True)
class _Sandbox:
    """What the simulator's books said, just before ours were read."""

    accounts: dict[str, int]
    moves: list[SandboxTransaction]

    @classmethod
    def read(cls) -> "_Sandbox":
        registry.make_ready()
        sandbox = registry.sandbox()
        return cls(sandbox.accounts(), sandbox.transactions())


def _check(name: str, run: Callable[[], Iterator[str]], figures: dict[str, str] | None = None) -> Check:
    return Check(name, list(run()), figures or {})


def _transfers() -> Iterator[str]:
    yield from (f"transfer {key} is unsound" for key in audit.unsound_transfers())
    for currency, (debited, credited) in audit.totals().items():
        if debited != credited:
            yield f"{currency}: debits {Money(debited)} are not credits {Money(credited)}"


def _balances() -> Iterator[str]:
    for name, kept, summed in audit.wrong_balances():
        yield f"account {name}: kept {Money(kept)}, transfers say {Money(summed)}"
    for name, balance in audit.overdrawn_accounts():
        yield f"account {name} is overdrawn: {Money(balance)}"


def _causes() -> Iterator[str]:
    yield from (f"transfer {key} has no event" for key in audit.transfers_without_cause())
    yield from (f"event {name} booked nothing" for name in audit.events_without_transfers(list(MOVING)))


def _orders(books: _Books) -> Iterator[str]:
    back = books.taken_of_orders[str(chart.ESCROW.code)]
    held = books.kept[chart.ESCROW.code]
    orders = Order.objects.annotate(
        came=_sum_of(Receipt.objects.filter(allocated_minor__gt=0), "allocated_minor"),
        went=_sum_of(Release.objects.filter(status=ReleaseStatus.RELEASED)),
    ).values_list("id", "order_reference", "status", "amount_minor", "received_minor", "came", "went")
    for key, reference, status, amount, parts, came, went in orders.order_by("id").iterator():
        stays, returned = held.pop(str(key), 0), back.get(str(key), 0)
        if came != stays + went + returned:
            refunded = f", refunded {Money(returned)}" if returned else ""
            yield f"{reference}: received {Money(came)}, held {Money(stays)}, released {Money(went)}{refunded}"
        expected = {OrderStatus.PAID: amount, OrderStatus.AWAITING_PAYMENT: parts}.get(OrderStatus(status), 0)
        if stays != expected:
            yield f"{reference} is {status} and holds {Money(stays)}, not {Money(expected)}"
    yield from (f"escrow of unknown order {of}: {Money(balance)}" for of, balance in held.items())


def _payouts(books: _Books) -> Iterator[str]:
    flying = books.kept[chart.PAYOUTS_IN_FLIGHT.code]
    owed = _owed_to_sellers(books)
    late = _paid_late(Payout)
    payouts = Payout.objects.values_list("id", "status", "amount_minor", "seller_id")
    for key, status, amount, payee in payouts.iterator():
        expected = amount if status in IN_FLIGHT else 0
        flies = flying.pop(str(key), 0)
        if flies != expected:
            yield f"payout {key} is {status} and {Money(flies)} is in flight, not {Money(expected)}"
        if key in late:
            owed[str(payee)] += amount if _came_back(status, late[key]) else 0
        elif status not in GIVEN_BACK:
            owed[str(payee)] -= amount
    yield from (
        f"in flight for unknown payout {of}: {Money(balance)}" for of, balance in flying.items() if balance
    )
    payable = books.kept[chart.SELLER_PAYABLE.code]
    for seller in {*owed, *payable}:
        if owed[seller] != payable.get(seller, 0):
            found = Money(payable.get(seller, 0))
            yield f"seller {seller}: payable {found}, releases less payouts say {Money(owed[seller])}"
    yield from _replacements()


def _replacements() -> Iterator[str]:
    """Of one release one payout counts: the others were taken back or called off; none is of more than the one before."""
    over = (DisbursementStatus.CANCELLED, DisbursementStatus.REVERSED)
    live = Payout.objects.exclude(status__in=over).values("release_id")
    for row in live.annotate(count=Count("id")).filter(count__gt=1).order_by():
        yield f"release {row['release_id']} has {row['count']} payouts that count"
    newer = Payout.objects.filter(replaces__isnull=False).select_related("replaces")
    for payout in newer.iterator():
        old = cast("Payout", payout.replaces)
        same = (old.release_id, old.seller_id) == (payout.release_id, payout.seller_id)
        if old.status not in over or not same or payout.amount_minor > old.amount_minor:
            yield f"payout {payout.id} of {payout.amount} replaces {old.id}, which it can't"


def _paid_late(model: type[Disbursement]) -> dict[UUID, str]:
    """What was paid after it had been given back, and its case: it left the balance when that was charged, not before."""
    cases = SuspenseCase.objects.filter(subject_type=model.SUBJECT, was_given_back=True)
    return dict(cases.values_list("subject_id", "status"))


def _came_back(status: str, case: str) -> bool:
    """Whether the provider took back what was paid late, after its payee had been charged for it: it is owed again."""
    return status == DisbursementStatus.REVERSED and case == SuspenseStatus.CHARGED


def _owed_to_sellers(books: _Books) -> defaultdict[str, int]:
    """What each seller is owed before any payout: released, less what was taken back, set apart, or booked by hand."""
    owed: defaultdict[str, int] = defaultdict(int)
    released = Release.objects.filter(status=ReleaseStatus.RELEASED).values_list("order__seller_id")
    for seller_id, minor in released.annotate(
        net=Sum(F("amount_minor") - F("fee_minor") - F("repaid_minor"))
    ).order_by():
        owed[str(seller_id)] += minor
    for case in SuspenseCase.objects.filter(subject_type=Payout.SUBJECT):
        owed[str(case.party_id)] -= case.from_balance_minor
    line = chart.SELLER_PAYABLE.code
    for less in (books.taken_of_sellers[str(line)], books.apart[line]):
        for seller, minor in less.items():
            owed[seller] -= minor
    for seller, minor in books.adjusted[line].items():
        owed[seller] += minor
    return owed


def _receipts(books: _Books) -> Iterator[str]:
    unallocated = books.kept[chart.UNALLOCATED.code]
    # What was taken of each, and what of each came back.
    moved = _nobodys_again()
    for line in (chart.UNALLOCATED, chart.UNCLAIMED):
        for key, minor in books.taken_of_receipts[str(line.code)].items():
            moved[key] -= minor
    apart = Receipt.objects.filter(amount_minor__gt=F("allocated_minor") + F("credited_minor"))
    for receipt in apart.iterator():
        rest = receipt.amount_minor - receipt.allocated_minor - receipt.credited_minor
        if receipt.status == ReceiptStatus.WRITTEN_TO_UNCLAIMED:
            rest = 0
        if unallocated.pop(str(receipt.id), 0) != rest + moved.pop(str(receipt.id), 0):
            yield f"receipt {receipt.id} of {receipt.amount} is not in the unallocated receipts"
    for of, minor in moved.items():
        if unallocated.pop(of, 0) != minor:
            yield f"receipt {of}: {Money(minor)} of it is not in the unallocated receipts again"
    # More was booked than came, beyond the shilling that is forgiven (5.8 row 8).
    booked = F("allocated_minor") + F("credited_minor")
    for receipt in Receipt.objects.filter(amount_minor__lt=booked - FORGIVEN.minor).iterator():
        yield f"receipt {receipt.id}: received {receipt.amount}, booked more than that"
    yield from (
        f"unallocated money of unknown receipt {of}: {Money(b)}" for of, b in unallocated.items() if b
    )


def _nobodys_again() -> defaultdict[str, int]:
    """What came of refunds of unknown payers that came to nothing: it is nobody's again, whatever its receipt was for."""
    again: defaultdict[str, int] = defaultdict(int)
    charged: defaultdict[UUID, int] = defaultdict(int)
    cases = SuspenseCase.objects.filter(subject_type=Refund.SUBJECT, status=SuspenseStatus.CHARGED)
    for key, minor in cases.values_list("subject_id", "from_balance_minor"):
        charged[key] += minor
    late = _paid_late(Refund)
    refunds = Refund.objects.filter(payer=None).values_list("id", "receipt_id", "status", "amount_minor")
    for key, receipt, status, minor in refunds.iterator():
        again[str(receipt)] += _returned(key, status, minor, late) - charged[key]
    return again


def _returned(key: UUID, status: str, minor: int, late: Mapping[UUID, str]) -> int:
    """What of a refund has gone back to where it is owed from, before anything was charged."""
    if key not in late:
        return minor if status in GIVEN_BACK else 0
    return minor + (minor if _came_back(status, late[key]) else 0)


def _statuses() -> Iterator[str]:
    for subject, key, status in unexplained_statuses():
        yield f"{subject} {key} is {status}, and its events did not lead there"


def _guards() -> Iterator[str]:
    yield from (f"{what} is missing" for what in missing_guards())


def _refunds(books: _Books) -> Iterator[str]:
    flying = books.kept[chart.REFUNDS_IN_FLIGHT.code]
    counted: defaultdict[str, int] = defaultdict(int)
    late = _paid_late(Refund)
    for refund in Refund.objects.iterator():
        expected = refund.amount_minor if refund.status in IN_FLIGHT else 0
        flies = flying.pop(str(refund.id), 0)
        if flies != expected:
            yield f"refund {refund.id} is {refund.status} and {Money(flies)} is in flight, not {Money(expected)}"
        if sum(refund.sources.values()) != refund.amount_minor:
            yield f"refund {refund.id}: its sources don't sum to {refund.amount}"
        if refund.status not in GIVEN_BACK and refund.id not in late:
            counted[str(refund.receipt_id)] += refund.amount_minor
    yield from (f"in flight for unknown refund {of}: {Money(b)}" for of, b in flying.items() if b)
    for row in RefundedReceipt.objects.iterator():
        found = counted.pop(str(row.receipt_id), 0)
        if found > row.received_minor or found > row.refunded_minor:
            yield f"receipt {row.receipt_id}: {Money(found)} refunded, {Money(row.refunded_minor)} counted"
    yield from (f"receipt {of}: refunds of {Money(minor)} were not counted" for of, minor in counted.items())


def _payees() -> Iterator[str]:
    """Whoever is, or was, to get a refund instead of its payer was named by an event (SAFETY 3.7)."""
    named: dict[UUID, list[str]] = {}
    events = Event.objects.filter(type="refund.redirected").order_by("id")
    for key, data in events.values_list("subject_id", "data").iterator():
        named.setdefault(key, []).append(data["payee"])
    elsewhere = Refund.objects.filter(Q(redirected_to__isnull=False) | Q(pk__in=list(named)))
    for key, payee, payer in elsewhere.values_list("id", "redirected_to_id", "payer_id").iterator():
        if named.get(key, [""])[-1] != str(payee or payer):
            yield f"refund {key} goes to {payee or payer}, and its events don't say so"
    tries = RefundAttempt.objects.exclude(payee=None).exclude(payee=F("refund__payer"))
    for key, number, payee in tries.values_list("refund_id", "number", "payee_id").iterator():
        if str(payee) not in named.get(key, []):
            yield f"refund {key}: try {number} went to {payee}, who was never named"


def _suspense(books: _Books) -> Iterator[str]:
    claims = books.kept[chart.SUSPENSE.code]
    for case in SuspenseCase.objects.iterator():
        expected = case.amount_minor if case.status == SuspenseStatus.OPEN else 0
        found = claims.pop(str(case.id), 0)
        if found != expected:
            yield f"case {case.id} is {case.status} and claims {Money(found)}, not {Money(expected)}"
    yield from (f"claim of unknown case {of}: {Money(balance)}" for of, balance in claims.items() if balance)


def _credits(books: _Books) -> Iterator[str]:
    """All credit together: a receipt keeps its payer's number sealed, so that it can't be told by payer here."""
    came = Receipt.objects.aggregate(total=Sum("credited_minor"))["total"] or 0
    late = _paid_late(Refund)
    known = Refund.objects.filter(payer__isnull=False)
    ended = known.filter(Q(status__in=GIVEN_BACK) | Q(pk__in=list(late)))
    for key, status, amount in ended.values_list("id", "status", "amount_minor").iterator():
        came += _returned(key, status, amount, late)
    cases = SuspenseCase.objects.filter(subject_type=Refund.SUBJECT, subject_id__in=known.values("id"))
    went = sum(books.taken_of_receipts[str(chart.BUYER_CREDIT.code)].values())
    went += cases.aggregate(total=Sum("from_balance_minor"))["total"] or 0
    went += sum(books.apart[chart.BUYER_CREDIT.code].values())
    came += sum(books.adjusted[chart.BUYER_CREDIT.code].values())
    stays = sum(books.kept[chart.BUYER_CREDIT.code].values())
    if came - went != stays:
        yield f"credit {Money(stays)}, receipts and refunds say {Money(came - went)}"


def _unclaimed(books: _Books) -> Iterator[str]:
    expected: defaultdict[str, int] = defaultdict(int)
    lines = (books.apart[chart.SELLER_PAYABLE.code], books.apart[chart.BUYER_CREDIT.code])
    for more in (*lines, books.adjusted[chart.UNCLAIMED.code]):
        for owner, minor in more.items():
            expected[owner] += minor
    for receipt in Receipt.objects.filter(status=ReceiptStatus.WRITTEN_TO_UNCLAIMED).iterator():
        expected[str(receipt.id)] += receipt.amount_minor
    kept = books.kept[chart.UNCLAIMED.code]
    for owner in sorted({*expected, *kept}):
        if expected[owner] != kept.get(owner, 0):
            yield f"unclaimed of {owner}: {Money(kept.get(owner, 0))}, not {Money(expected[owner])}"


def _in_transit(books: _Books) -> Iterator[str]:
    moving = books.kept[chart.IN_TRANSIT.code]
    for row in TopUp.objects.iterator():
        expected = row.amount_minor if row.status in OPEN else 0
        found = moving.pop(str(row.id), 0)
        if found != expected:
            yield f"top-up {row.id} is {row.status} and {Money(found)} is in transit, not {Money(expected)}"
    yield from (f"in transit for unknown top-up {of}: {Money(balance)}" for of, balance in moving.items())


def _overdue() -> Iterator[str]:
    now = clock.now()
    for receipt in Receipt.objects.filter(status=ReceiptStatus.ORPHAN, refund_at__lt=now - LATE)[:1000]:
        yield f"receipt {receipt.id} of {receipt.amount} should have gone back"
    before = now - timedelta(days=settings.UNCLAIMED_AFTER_DAYS) - LATE
    for account in idle_accounts((chart.SELLER_PAYABLE, chart.BUYER_CREDIT), before=before, limit=1000):
        yield f"account {account} has been idle for {settings.UNCLAIMED_AFTER_DAYS} days, and is not set apart"


def _forgotten() -> Iterator[str]:
    """What only a look moves on, and at which nobody will look: not what ended or waits for a person."""
    unseen: dict[type[WorkRow], Q] = {
        Payment: Q(status=PaymentStatus.PENDING),
        Payout: Q(status__in=_LOOKED_AT),
        Refund: Q(status__in=_LOOKED_AT),
        WebhookLog: Q(handled_at__isnull=True),
    }
    for model, not_ended in unseen.items():
        rows = model._default_manager.filter(not_ended, due_at__isnull=True)
        for key in rows.values_list("pk", flat=True)[:1000]:
            yield f"{model.SUBJECT} {key} has not ended, and nobody will look at it again"


def _coverage(books: _Books) -> Iterator[str]:
    rows = {row.code: row.balance.minor for row in books.lines}
    # What somebody owes us is missing in the shortcodes, and is no loss until a person says so.
    lines = (chart.MPESA_COLLECTION, chart.MPESA_DISBURSEMENT, chart.IN_TRANSIT, *chart.CLAIMS)
    cash = sum(rows.get(line.code, 0) for line in lines)
    owed = sum(rows.get(line.code, 0) for line in chart.CLIENT_MONEY)
    if cash < owed:
        yield f"cash {Money(cash)} does not cover client money {Money(owed)}"


def _provider(sandbox: _Sandbox) -> Check:
    """Compare with the simulator's books; a difference must be exactly the money that is still on its way."""
    provider, theirs, moves = registry.mobile_money(), sandbox.accounts, sandbox.moves
    check = Check("the provider's books agree")
    if sum(theirs.values()) != 0:
        check.problems.append(f"the provider's books sum to {Money(sum(theirs.values()))}")

    moved = {move.account_reference for move in moves if move.kind == "topup"}
    on_the_way = TopUp.objects.filter(status__in=OPEN)
    not_moved = sum(row.amount_minor for row in on_the_way if row.reference not in moved)
    arrived = sum(row.amount_minor for row in on_the_way if row.reference in moved)
    numbers = set(Receipt.objects.values_list("transaction_id", flat=True))
    waiting = {
        payment.provider_reference for payment in Payment.objects.exclude(status__in=PROVED).iterator()
    } - {""}
    unseen = sum(
        move.amount_minor
        for move in moves
        if move.kind not in {"b2c", "reversal"}
        and move.receipt not in numbers
        and move.checkout_request_id in waiting
    )
    undoing = set(
        RefundAttempt.objects.filter(is_open=True, method=Method.REVERSAL).values_list(
            "refund__reverses", flat=True
        )
    )
    undone = sum(move.amount_minor for move in moves if move.original_receipt in undoing)
    _compare(check, chart.collection(provider.collection_account), theirs, coming=unseen - undone + not_moved)

    sent = {
        originator_id
        for model in (PayoutAttempt, RefundAttempt)
        for originator_id in model.objects.filter(is_open=True).values_list(
            "originator_conversation_id", flat=True
        )
    }
    unsettled = sum(
        move.amount_minor + move.fee_minor
        for move in moves
        if move.kind == "b2c" and move.originator_conversation_id in sent
    )
    _compare(check, chart.disbursement(provider.disbursement_account), theirs, coming=arrived - unsettled)
    return check


def _compare(check: Check, account: chart.AccountRef, theirs: dict[str, int], *, coming: int) -> None:
    ours, its = balance_of(account).minor, theirs.get(f"shortcode:{account.of}:utility", 0)
    check.figures[str(account)] = (
        f"ours {Money(ours)}, provider's {Money(its)}, not yet settled {Money(coming)}"
    )
    if ours + coming != its:
        check.problems.append(
            f"account {account}: ours {Money(ours)}, on the way {Money(coming)}, provider's {Money(its)}"
        )


def _sum_of(rows: "QuerySet[Any]", column: str = "amount_minor") -> Coalesce:
    """The sum of a column of `rows` that belong to the order that is looked at; their order has an index."""
    mine = rows.filter(order_id=OuterRef("pk")).order_by().values("order_id")
    return Coalesce(Subquery(mine.annotate(total=Sum(column)).values("total")), 0)
