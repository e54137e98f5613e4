"""The audit: everything that must be true of the books, computed again from the rows (SAFETY 5i)."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from django.conf import settings
from django.db.models import Sum

from zemi.common.db import snapshot
from zemi.common.money import Money
from zemi.events.guards import missing_guards, unexplained_statuses
from zemi.ledger import audit, chart
from zemi.ledger.balances import balance_of, trial_balance
from zemi.ledger.seal import wrong_seals
from zemi.orders.models import Order, OrderStatus
from zemi.payments.models import Payment, PaymentStatus, Receipt, ReceiptStatus
from zemi.payouts.models import Payout, PayoutAttempt, PayoutStatus
from zemi.providers import registry
from zemi.providers.mpesa.sandbox import SandboxTransaction
from zemi.releases.models import Release, ReleaseStatus

# Events that move money; each books at least one transfer, in its own transaction.
MOVING = (
    "payment.completed",
    "release.released",
    "payout.created",
    "payout.succeeded",
    "payout.failed",
    "float.opened",
)
# In these the payout's money lies in flight (DOMAIN 6.4 I5).
IN_FLIGHT = (
    PayoutStatus.CREATED,
    PayoutStatus.QUEUED,
    PayoutStatus.HELD,
    PayoutStatus.SUBMITTING,
    PayoutStatus.SUBMITTED,
    PayoutStatus.UNKNOWN,
)


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
        checks = [
            _check("transfers are sound and balance", _transfers, figures=_totals()),
            _check("kept balances are what the transfers sum to", _balances),
            _check("every transfer has its event, and back", _causes),
            _check(
                "each order: received = held + released",
                _orders,
                figures={"orders": str(Order.objects.count())},
            ),
            _check("payouts and receipts agree with the ledger", _payouts_and_receipts),
            _check("client money is covered", _coverage),
            _check("sealed days are what was sealed", wrong_seals),
            _check("every status is where its events led", _statuses),
            _check("the database's own guards are in place", _guards),
        ]
        if sandbox is not None:
            checks.append(_provider(sandbox))
    return checks


@dataclass(frozen=True, slots=True)
class _Sandbox:
    """What the simulator's books said, just before ours were read."""

    accounts: dict[str, int]
    moves: list[SandboxTransaction]

    @classmethod
    def read(cls) -> "_Sandbox":
        registry.mobile_money()
        sandbox = registry.sandbox()
        return cls(sandbox.accounts(), sandbox.transactions())


def _check(name: str, run: Callable[[], Iterator[str]], figures: dict[str, str] | None = None) -> Check:
    return Check(name, list(run()), figures or {})


def _totals() -> dict[str, str]:
    return {f"{row.code} {row.name}": str(row.balance) for row in trial_balance()}


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


def _orders() -> Iterator[str]:
    received = _sums(Receipt.objects.filter(status=ReceiptStatus.ALLOCATED), "order_id")
    released = _sums(Release.objects.filter(status=ReleaseStatus.RELEASED), "order_id")
    held = audit.kept_balances(chart.ESCROW.code)
    for order in Order.objects.only("id", "order_reference", "status", "amount_minor").iterator():
        came, went, stays = received[str(order.id)], released[str(order.id)], held.pop(str(order.id), 0)
        if came != stays + went:
            yield f"{order}: received {Money(came)}, held {Money(stays)}, released {Money(went)}"
        expected = {OrderStatus.PAID: order.amount_minor}.get(OrderStatus(order.status), 0)
        if stays != expected:
            yield f"{order} is {order.status} and holds {Money(stays)}, not {Money(expected)}"
    yield from (f"escrow of unknown order {of}: {Money(balance)}" for of, balance in held.items())


def _payouts_and_receipts() -> Iterator[str]:
    flying = audit.kept_balances(chart.PAYOUTS_IN_FLIGHT.code)
    owed: defaultdict[str, int] = defaultdict(int)
    for release in Release.objects.filter(status=ReleaseStatus.RELEASED).select_related("order").iterator():
        owed[str(release.order.seller_id)] += release.amount_minor - release.fee_minor
    for payout in Payout.objects.iterator():
        expected = payout.amount_minor if payout.status in IN_FLIGHT else 0
        flies = flying.pop(str(payout.id), 0)
        if flies != expected:
            yield f"payout {payout.id} is {payout.status} and {Money(flies)} is in flight, not {Money(expected)}"
        if payout.status != PayoutStatus.FAILED:
            owed[str(payout.seller_id)] -= payout.amount_minor
    yield from (
        f"in flight for unknown payout {of}: {Money(balance)}" for of, balance in flying.items() if balance
    )
    payable = audit.kept_balances(chart.SELLER_PAYABLE.code)
    for seller in {*owed, *payable}:
        if owed[seller] != payable.get(seller, 0):
            found = Money(payable.get(seller, 0))
            yield f"seller {seller}: payable {found}, releases less payouts say {Money(owed[seller])}"
    unallocated = audit.kept_balances(chart.UNALLOCATED.code)
    for receipt in Receipt.objects.filter(status=ReceiptStatus.UNALLOCATED).iterator():
        if unallocated.pop(str(receipt.id), 0) != receipt.amount_minor:
            yield f"receipt {receipt.id} of {receipt.amount} is not in the unallocated receipts"
    yield from (
        f"unallocated money of unknown receipt {of}: {Money(b)}" for of, b in unallocated.items() if b
    )


def _statuses() -> Iterator[str]:
    for subject, key, status in unexplained_statuses():
        yield f"{subject} {key} is {status}, and its events did not lead there"


def _guards() -> Iterator[str]:
    yield from (f"{what} is missing" for what in missing_guards())


def _coverage() -> Iterator[str]:
    rows = {row.code: row.balance.minor for row in trial_balance()}
    cash = rows.get(chart.MPESA_COLLECTION.code, 0) + rows.get(chart.MPESA_DISBURSEMENT.code, 0)
    owed = sum(rows.get(line.code, 0) for line in chart.CLIENT_MONEY)
    if cash < owed:
        yield f"cash {Money(cash)} does not cover client money {Money(owed)}"


def _provider(sandbox: _Sandbox) -> Check:
    """Compare with the simulator's books; a difference must be exactly the money that is still on its way."""
    provider, theirs, moves = registry.mobile_money(), sandbox.accounts, sandbox.moves
    check = Check("the provider's books agree")
    if sum(theirs.values()) != 0:
        check.problems.append(f"the provider's books sum to {Money(sum(theirs.values()))}")

    numbers = set(Receipt.objects.values_list("transaction_id", flat=True))
    waiting = {
        payment.provider_reference
        for payment in Payment.objects.exclude(status=PaymentStatus.COMPLETED).iterator()
    } - {""}
    unseen = sum(
        move.amount_minor
        for move in moves
        if move.kind != "b2c" and move.receipt not in numbers and move.checkout_request_id in waiting
    )
    _compare(check, chart.collection(provider.collection_account), theirs, coming=unseen)

    sent = set(
        PayoutAttempt.objects.filter(is_open=True).values_list("originator_conversation_id", flat=True)
    )
    unsettled = sum(
        move.amount_minor + move.fee_minor
        for move in moves
        if move.kind == "b2c" and move.originator_conversation_id in sent
    )
    _compare(check, chart.disbursement(provider.disbursement_account), theirs, coming=-unsettled)
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


def _sums(rows: object, by: str) -> defaultdict[str, int]:
    found: defaultdict[str, int] = defaultdict(int)
    for key, total in rows.values_list(by).annotate(Sum("amount_minor")).order_by():  # type: ignore[attr-defined]
        found[str(key)] = total
    return found
