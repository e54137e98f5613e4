"""What must be true after every step (SAFETY 5a), asked of both databases with few and cheap statements."""

import hashlib
import json
from collections import defaultdict
from typing import Any

from django.db import connection

from simulator import Simulator
from tests.machine.tally import STATEFUL, Tally, first_status
from zemi.disbursements.models import IN_FLIGHT, DisbursementStatus
from zemi.ledger import chart
from zemi.orders.models import OrderStatus
from zemi.payments.models import Payment, PaymentStatus, reference_index

_FLOWS = """
    SELECT t.order_id, t.kind, d.code, c.code, t.currency, d.currency, c.currency, SUM(t.amount_minor), MIN(t.amount_minor)
    FROM ledger_transfer t JOIN ledger_account d ON d.id = t.debit_id JOIN ledger_account c ON c.id = t.credit_id
    GROUP BY 1, 2, 3, 4, 5, 6, 7"""
_KEPT = "SELECT code, SUM(balance_minor), MIN(balance_minor) FROM ledger_account WHERE keeps_balance GROUP BY code"
_ORDERS = "SELECT id, order_reference, status, amount_minor FROM orders_order"
_RECEIPTS = "SELECT order_id, status, SUM(amount_minor), COUNT(*) FROM payments_receipt GROUP BY 1, 2"
_PAYMENTS = "SELECT provider_reference_hash, status, order_id, is_live FROM payments_payment"
_PAYOUTS = """
    SELECT p.id, p.order_id, p.status, p.amount_minor, a.originator_conversation_id, a.is_open
    FROM payouts_payout p LEFT JOIN payouts_payoutattempt a ON a.payout_id = p.id"""
_REFUNDS = """
    SELECT r.amount_minor, r.status, a.originator_conversation_id, a.is_open, a.status, a.method, r.id
    FROM refunds_refund r LEFT JOIN refunds_refundattempt a ON a.refund_id = r.id"""
_UNDONE = """
    SELECT r.order_id, SUM(a.amount_minor) FROM refunds_refundattempt a JOIN refunds_refund r ON r.id = a.refund_id
    WHERE a.status = 'succeeded' AND a.method = 'reversal' GROUP BY 1"""
_STATUSES = " UNION ALL ".join(
    f"SELECT '{subject}', id, status FROM {model._meta.db_table}" for subject, model in STATEFUL.items()
)
_EVENTS = "SELECT id, type, subject_type, subject_id, data FROM events_event"

# What a callback may change by itself: the inbox. Sessions of Django and the provider's token are no facts.
_NO_FACTS = ("webhooks_webhooklog", "providers_providertoken", "django_", "sqlite_")


class Invariants:
    """The checks of one example; remembers how far it has read the event log."""

    def __init__(self, simulator: Simulator, tally: Tally) -> None:
        self._simulator = simulator
        self._tally = tally
        self._last_event: Any = None
        self._status: dict[tuple[str, str], str] = {}

    def check(self, *, confirmed: set[str]) -> None:
        """Check all; `confirmed` are the references for which the right code was given."""
        orders = {_key(row[0]): row[1:] for row in _rows(_ORDERS)}
        net = self._books(orders)
        receipts = self._receipts(orders, net)
        self._orders(orders, net, receipts, confirmed=confirmed)
        self._payouts(net)
        self._payments()
        self._events()

    def _books(self, orders: dict[str, Any]) -> dict[tuple[str, int], int]:
        """I1, I2: what was debited was credited, nothing kept is overdrawn; what stays per order and line of the chart."""
        net: defaultdict[tuple[str, int], int] = defaultdict(int)
        lines: defaultdict[int, int] = defaultdict(int)
        sides: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
        for order, kind, debit, credit, currency, debit_currency, credit_currency, total, least in _rows(
            _FLOWS
        ):
            assert currency == debit_currency == credit_currency, f"I1: {kind} mixes currencies"
            assert least > 0, f"I1: {kind} of {least}"
            sides[debit_currency][0] += total
            sides[credit_currency][1] += total
            lines[debit] -= total
            lines[credit] += total
            if order is not None:
                assert _key(order) in orders, f"{kind} of an unknown order"
                net[_key(order), debit] -= total
                net[_key(order), credit] += total
        for currency, (debited, credited) in sides.items():
            assert debited == credited, f"I1: {currency} debits {debited} are not credits {credited}"
        for code, kept, least in _rows(_KEPT):
            assert least >= 0, f"I2: an account of {code} stands at {least}"
            assert kept == lines[code], f"I10: {code} keeps {kept}, its transfers say {lines[code]}"
        for (order, code), amount in net.items():
            assert code != chart.ESCROW.code or amount >= 0, f"I2: escrow of {order} at {amount}"
        return net

    def _receipts(
        self, orders: dict[str, Any], net: dict[tuple[str, int], int]
    ) -> dict[tuple[str, str], int]:
        """I3, I5: what came for an order is all somewhere, and no more than the provider says came."""
        receipts = {(_key(order), str(status)): int(total) for order, status, total, _ in _rows(_RECEIPTS)}
        came = _came(self._simulator)
        undone: defaultdict[str, int] = defaultdict(int)
        for order, total in _rows(_UNDONE):
            undone[_key(order)] += total
        for order, (reference, *_) in orders.items():
            booked = sum(total for (of, _), total in receipts.items() if of == order)
            held = sum(net.get((order, code), 0) for code in _HOLDS)
            paid_out = net.get((order, chart.MPESA_DISBURSEMENT.code), 0) + net.get(
                (order, chart.DISBURSEMENT_FEES.code), 0
            )
            collected = -net.get((order, chart.MPESA_COLLECTION.code), 0)
            assert collected == held + paid_out, (
                f"I3: {reference} collected {collected}, has {held} and paid out {paid_out}"
            )
            assert booked == collected + undone[order], (
                f"I3: {reference} received {booked}, collected {collected}, {undone[order]} was undone"
            )
            assert booked <= came[reference], (
                f"I5: {reference} has receipts of {booked}, {came[reference]} came"
            )
        return receipts

    def _orders(
        self,
        orders: dict[str, Any],
        net: dict[tuple[str, int], int],
        receipts: dict[tuple[str, str], int],
        *,
        confirmed: set[str],
    ) -> None:
        """I7: no order is paid without its money, none released without its code."""
        for order, (reference, status, amount) in orders.items():
            taken = ("allocated", "part_allocated", "claimed")
            allocated = sum(receipts.get((order, word), 0) for word in taken)
            escrow = net.get((order, chart.ESCROW.code), 0)
            if status == OrderStatus.AWAITING_PAYMENT:
                assert allocated == escrow < amount, (
                    f"I7: {reference} awaits payment, got {allocated} and has {escrow} in escrow"
                )
                continue
            if status in {OrderStatus.EXPIRED, OrderStatus.CANCELLED, OrderStatus.REFUNDED}:
                assert escrow == 0, f"I7: {reference} is {status}, escrow {escrow}"
                continue
            assert allocated >= amount, f"I7: {reference} is {status} for {amount} and got {allocated}"
            assert escrow == (amount if status == OrderStatus.PAID else 0), (
                f"I7: {reference} is {status}, escrow {escrow}"
            )
            assert status == OrderStatus.PAID or reference in confirmed, (
                f"I7: {reference} was released without its code"
            )

    def _payouts(self, net: dict[tuple[str, int], int]) -> None:
        """I4, I6: at the provider a payout was paid once at most, no more than it is; one open attempt each."""
        payouts: dict[str, tuple[str, str, int]] = {}
        owner: dict[str, str] = {}
        live: defaultdict[str, int] = defaultdict(int)
        for payout, order, status, amount, originator, is_open in _rows(_PAYOUTS):
            payouts[_key(payout)] = (_key(order), status, amount)
            owner[originator] = _key(payout)
            live[_key(payout)] += bool(is_open)
        assert max(live.values(), default=0) <= 1, "I6: a payout with two open attempts"
        paid: defaultdict[str, list[int]] = defaultdict(list)
        given_back = self._refunds()
        for move in _moves(self._simulator, "b2c"):
            if move["originator_conversation_id"] in given_back:
                continue
            assert move["originator_conversation_id"] in owner, "I4: money went out for no payout of ours"
            paid[owner[move["originator_conversation_id"]]].append(move["amount"])
        for payout, (order, status, amount) in payouts.items():
            out = paid[payout]
            assert out in ([], [amount]), f"I4: a payout of {amount} was paid {out}"
            if status == DisbursementStatus.SUCCEEDED:
                assert out == [amount], (
                    f"I4: a payout of {amount} is said to have succeeded, and {out} was paid"
                )
            if status == DisbursementStatus.FAILED:
                assert not out, f"I4: a failed payout of {amount} was paid {out}"
            flying = net.get((order, chart.PAYOUTS_IN_FLIGHT.code), 0)
            settled = status not in IN_FLIGHT
            assert flying == (0 if settled else amount), (
                f"I3: a payout of {amount} is {status}, {flying} in flight"
            )

    def _refunds(self) -> set[str]:
        """I4, I6: a refund is paid once at most, no more than it is; answers the ids under which refunds are sent."""
        sent: defaultdict[str, int] = defaultdict(int)
        for move in _moves(self._simulator, "b2c"):
            sent[str(move["originator_conversation_id"])] += int(move["amount"])
        back: defaultdict[str, int] = defaultdict(int)
        live: defaultdict[str, int] = defaultdict(int)
        amounts: dict[str, int] = {}
        ids = set()
        for amount, _, originator, is_open, attempt, method, refund in _rows(_REFUNDS):
            amounts[_key(refund)] = amount
            live[_key(refund)] += bool(is_open)
            if originator is not None:
                ids.add(originator)
                undone = amount if method == "reversal" and attempt == "succeeded" else 0
                back[_key(refund)] += sent[originator] + undone
        assert max(live.values(), default=0) <= 1, "I6: a refund with two open attempts"
        for refund, amount in amounts.items():
            assert back[refund] in {0, amount}, f"I4: a refund of {amount} gave back {back[refund]}"
        return ids

    def _payments(self) -> None:
        """I6, I7: one live attempt for an order; none completed that the provider was not paid for."""
        paid = {reference_index(str(move["checkout_request_id"])) for move in _moves(self._simulator, "stk")}
        live: defaultdict[str, int] = defaultdict(int)
        for checkout, status, order, is_live in _rows(_PAYMENTS):
            live[_key(order)] += bool(is_live)
            if checkout and status == PaymentStatus.COMPLETED:
                assert bytes(checkout) in paid, "I7: a payment is completed, and nothing was paid for it"
        assert max(live.values(), default=0) <= 1, "I6: an order with two live attempts"

    def _events(self) -> None:
        """I8: the log holds moves of the transition tables only, without gaps, and the rows stand where it ends."""
        where, params = ("", []) if self._last_event is None else (" WHERE id > %s", [self._last_event])
        for key, kind, subject, subject_id, data in _rows(f"{_EVENTS}{where} ORDER BY id", params):
            self._last_event = key
            facts = json.loads(data) if isinstance(data, str) else data
            if "from" not in facts:
                continue
            moved = (subject, facts["from"], facts["to"])
            model = STATEFUL.get(subject)
            assert model is not None, f"I8: {subject} has no transitions"
            assert model.TRANSITIONS.get((facts["from"], facts["to"])) == kind, (
                f"I8: {kind} is no move {moved}"
            )
            first = first_status(model)
            stood = self._status.get((subject, _key(subject_id)), first)
            assert facts["from"] == stood, (
                f"I8: {kind} moves from {facts['from']}, and the log left it at {stood}"
            )
            self._status[subject, _key(subject_id)] = facts["to"]
            self._tally.edges[moved] += 1
        for subject, subject_id, status in _rows(_STATUSES):
            logged = self._status.get((subject, _key(subject_id)))
            first = first_status(STATEFUL[subject])
            assert status == (logged or first), f"I8: a {subject} is {status}, its log says {logged or first}"


def provider_books(simulator: Simulator) -> None:
    """The simulator's own books sum to zero, and no callback of its got an answer that it shouldn't."""
    assert sum(simulator.books().values()) == 0, "the simulator's books don't sum to zero"
    for callback in simulator.callbacks:
        assert callback.status_code in {None, 200}, (
            f"a {callback.kind} callback was answered {callback.status_code}"
        )


def fingerprint() -> str:
    """A hash of every row outside the inbox: what a forged callback must leave as it was (I9)."""
    digest = hashlib.sha256()
    for table in sorted(connection.introspection.table_names()):
        if not table.startswith(_NO_FACTS):
            digest.update(repr((table, sorted(map(repr, _rows(f'SELECT * FROM "{table}"'))))).encode())
    return digest.hexdigest()


def unreachable(simulator: Simulator) -> dict[str, int]:
    """Money of which nothing can ever tell us: its prompt's answer was lost, and every callback of it too.

    Only a statement shows it (M15). Receipt -> cents.
    """
    known = {payment.provider_reference for payment in Payment.objects.all()}
    told = {
        str(callback.payload["Body"]["stkCallback"]["CheckoutRequestID"])
        for callback in simulator.callbacks
        if callback.kind == "stk" and callback.delivered
    }
    return {
        move["receipt"]: move["amount"]
        for move in _moves(simulator, "stk")
        if move["checkout_request_id"] not in known | told
    }


# Where money of an order can stand between coming and going.
_HOLDS = (
    chart.ESCROW.code,
    chart.SELLER_PAYABLE.code,
    chart.PAYOUTS_IN_FLIGHT.code,
    chart.UNALLOCATED.code,
    chart.REFUNDS_IN_FLIGHT.code,
    chart.BUYER_CREDIT.code,
    chart.ROUNDING.code,
    chart.COMMISSION.code,
)


def _came(simulator: Simulator) -> defaultdict[str, int]:
    came: defaultdict[str, int] = defaultdict(int)
    for move in simulator.transactions():
        if move["kind"] not in {"b2c", "reversal"}:
            came[str(move["account_reference"])] += int(str(move["amount"]))
    return came


def _moves(simulator: Simulator, kind: str) -> list[dict[str, Any]]:
    return [move for move in simulator.transactions() if move["kind"] == kind]


def _rows(statement: str, params: list[Any] | None = None) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params or None)
        return list(cursor.fetchall())


def _key(value: object) -> str:
    # SQLite keeps 32 hex digits, PostgreSQL gives UUIDs.
    return str(value).replace("-", "")
