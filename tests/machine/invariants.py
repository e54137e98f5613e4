"""What must be true after every step (SAFETY 5a), asked of both databases with few and cheap statements."""

import hashlib
import json
from collections import defaultdict
from typing import Any
from uuid import UUID

from django.db import connection

from simulator import Simulator
from tests.machine.cast import PAYERS, SELLERS
from tests.machine.going_out import GoingOut
from tests.machine.sql import key, moves, rows
from tests.machine.tally import STATEFUL, Tally, first_status
from zemi.ledger import chart
from zemi.orders.models import OrderStatus
from zemi.orders.progress import CODE_TRIES_IN_ITS_LIFE
from zemi.payments.allocate import FORGIVEN
from zemi.payments.models import Payment, PaymentStatus, Receipt, reference_index

_FLOWS = """
    SELECT t.order_id, t.kind, d.code, c.code, t.currency, d.currency, c.currency, SUM(t.amount_minor), MIN(t.amount_minor)
    FROM ledger_transfer t JOIN ledger_account d ON d.id = t.debit_id JOIN ledger_account c ON c.id = t.credit_id
    GROUP BY 1, 2, 3, 4, 5, 6, 7"""
_KEPT = "SELECT code, SUM(balance_minor), MIN(balance_minor) FROM ledger_account WHERE keeps_balance GROUP BY code"
_ORDERS = """
    SELECT id, order_reference, status, amount_minor, received_minor, code_generation, code_failures FROM orders_order"""
_RECEIPTS = "SELECT id, order_id, status, amount_minor, transaction_id, payment_id FROM payments_receipt"
# Once claimed; it may have gone back since.
_CLAIMED = """
    SELECT order_id, SUM(amount_minor) FROM payments_receipt WHERE id IN (
        SELECT subject_id FROM events_event WHERE type = 'receipt.claimed') GROUP BY 1"""
_NUMBERS = "SELECT payment_id, transaction_id FROM payments_receipt WHERE payment_id IS NOT NULL"
_PAYMENTS = "SELECT id, provider_reference_hash, status, order_id, is_live FROM payments_payment"
_UNDONE = """
    SELECT r.order_id, SUM(a.amount_minor) FROM refunds_refundattempt a JOIN refunds_refund r ON r.id = a.refund_id
    WHERE a.status = 'succeeded' AND a.method = 'reversal' GROUP BY 1"""
_STATUSES = " UNION ALL ".join(
    f"SELECT '{subject}', id, status FROM {model._meta.db_table}" for subject, model in STATEFUL.items()
)
# By a care desk of the provider's, not by a refund of ours.
_GIVEN_BACK = "SELECT order_id, SUM(amount_minor) FROM payments_payinreversal GROUP BY 1"
# An order that a link has made, on other terms than both sides agreed to, or without an agreement.
_DISAGREED = """
    SELECT COUNT(*) FROM orders_order o JOIN links_paymentlink l ON l.id = o.payment_link_id
    LEFT JOIN links_agreement a ON a.order_id = o.id
    WHERE a.id IS NULL OR a.link_id <> l.id OR a.terms_hash <> l.terms_hash OR a.seller_id <> o.seller_id
        OR a.buyer_id <> o.buyer_id OR o.amount_minor <> l.amount_minor OR o.fee_bps <> l.fee_bps"""
_EVENTS = "SELECT id, type, subject_type, subject_id, data FROM events_event"

_APPROVALS = "SELECT id, action, payload, status, maker, checker FROM approvals_approval"
_TRANSFERS = "SELECT id, event_id, kind, key, debit_id, credit_id, amount_minor, currency, order_id FROM ledger_transfer"
_BUDGETS = "SELECT COUNT(*) FROM trust_budget WHERE used > most"
# Rows whose story has not ended, and at which nobody will ever look again of himself.
_FORGOTTEN = """
    SELECT 'payment', COUNT(*) FROM payments_payment WHERE due_at IS NULL AND status = 'pending'
    UNION ALL SELECT 'payout', COUNT(*) FROM payouts_payout WHERE due_at IS NULL
        AND status IN ('created', 'queued', 'submitting', 'submitted', 'unknown')
    UNION ALL SELECT 'refund', COUNT(*) FROM refunds_refund WHERE due_at IS NULL
        AND status IN ('created', 'queued', 'submitting', 'submitted', 'unknown')
    UNION ALL SELECT 'callback', COUNT(*) FROM webhooks_webhooklog WHERE due_at IS NULL AND handled_at IS NULL"""

# Reading all transfers again is the dearest check: what changed one is found a few steps later.
_STEPS_BETWEEN_REREADING = 5
_PHONES = frozenset(phone.msisdn for phone in (*PAYERS, *SELLERS))

# What a callback may change by itself: the inbox. Sessions of Django and the provider's token are no facts.
_NO_FACTS = ("webhooks_webhooklog", "providers_providertoken", "django_", "sqlite_")


class Invariants:
    """The checks of one example; remembers how far it has read the event log, and what must stay as it was."""

    def __init__(self, simulator: Simulator, tally: Tally, *, given_back: set[str]) -> None:
        self._simulator = simulator
        self._tally = tally
        self._last_event: Any = None
        self._status: dict[tuple[str, str], str] = {}
        self._codes: dict[str, tuple[int, int]] = {}
        self._steps = 0
        self._transfers: dict[str, tuple[Any, ...]] = {}
        self._going_out = GoingOut(simulator, given_back=given_back)
        # What staff asked for, by the id of the request.
        self.asked: dict[Any, tuple[str, dict[str, str]]] = {}

    def check(self, *, confirmed: set[str]) -> None:
        """Check all; `confirmed` are the references for which the right code was given."""
        orders = {key(row[0]): row[1:] for row in rows(_ORDERS)}
        net = self._books(orders)
        receipts = self._receipts(orders, net)
        self._orders(orders, net, receipts, confirmed=confirmed)
        self._going_out.check(net)
        self._payments()
        self._events()
        self._nothing_is_forgotten()
        self._two_people()
        if self._steps % _STEPS_BETWEEN_REREADING == 0:
            self._transfers_stay()
        self._steps += 1

    def _books(self, orders: dict[str, Any]) -> dict[tuple[str, int], int]:
        """I1, I2: what was debited was credited, nothing kept is overdrawn; what stays per order and line of the chart."""
        net: defaultdict[tuple[str, int], int] = defaultdict(int)
        lines: defaultdict[int, int] = defaultdict(int)
        sides: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
        for order, kind, debit, credit, currency, debit_currency, credit_currency, total, least in rows(
            _FLOWS
        ):
            assert currency == debit_currency == credit_currency, f"I1: {kind} mixes currencies"
            assert least > 0, f"I1: {kind} of {least}"
            sides[debit_currency][0] += total
            sides[credit_currency][1] += total
            lines[debit] -= total
            lines[credit] += total
            if order is not None:
                assert key(order) in orders, f"{kind} of an unknown order"
                net[key(order), debit] -= total
                net[key(order), credit] += total
        for currency, (debited, credited) in sides.items():
            assert debited == credited, f"I1: {currency} debits {debited} are not credits {credited}"
        for code, kept, least in rows(_KEPT):
            assert least >= 0, f"I2: an account of {code} stands at {least}"
            summed = lines[code] if chart.BY_CODE[code].side == chart.Side.CREDIT else -lines[code]
            assert kept == summed, f"I10: {code} keeps {kept}, its transfers say {summed}"
        for (order, code), amount in net.items():
            assert code != chart.ESCROW.code or amount >= 0, f"I2: escrow of {order} at {amount}"
        return net

    def _receipts(
        self, orders: dict[str, Any], net: dict[tuple[str, int], int]
    ) -> dict[tuple[str, str], int]:
        """I3, I5: what came for an order is all somewhere, and each receipt is money that the provider says came."""
        came = {
            str(move["receipt"]): move["amount"] for move in self._simulator.transactions() if _is_in(move)
        }
        receipts: defaultdict[tuple[str, str], int] = defaultdict(int)
        for receipt, order, status, amount, number, payment in rows(_RECEIPTS):
            receipts[key(order), status] += amount
            if number is None:
                assert payment is not None, f"I5: nobody knows where receipt {receipt} came from"
                continue
            assert came.get(number) == amount, f"I5: receipt {number} of {amount}, {came.get(number)} came"
        undone: defaultdict[str, int] = defaultdict(int)
        for order, total in rows(_UNDONE):
            undone[key(order)] += total
        claims = {key(order): total for order, total in rows(_CLAIMED)}
        given_back = {key(order): total for order, total in rows(_GIVEN_BACK)}
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
            claimed = claims.get(order, 0)
            back = undone[order] + given_back.get(order, 0)
            assert booked == collected + claimed + back, (
                f"I3: {reference} received {booked}, collected {collected}, claimed {claimed}, {back} was undone"
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
        """I7, I14, I21: none is paid without its money or released without its code, and no wrong code is forgotten."""
        for order, (reference, status, amount, received, generation, failures) in orders.items():
            known = self._codes.get(order, (0, 0))
            assert failures <= CODE_TRIES_IN_ITS_LIFE, f"I14: {reference} took {failures} wrong codes"
            assert (generation, failures) >= known, f"I14: {reference} forgot wrong codes"
            self._codes[order] = (generation, failures)
            taken = ("allocated", "part_allocated", "claimed")
            allocated = sum(receipts.get((order, word), 0) for word in taken)
            escrow = net.get((order, chart.ESCROW.code), 0)
            if status == OrderStatus.AWAITING_PAYMENT:
                assert allocated == escrow < amount, (
                    f"I7: {reference} awaits payment, got {allocated} and has {escrow} in escrow"
                )
                assert received == escrow, f"I21: {reference} counts {received} of its parts, has {escrow}"
                continue
            if status in {OrderStatus.EXPIRED, OrderStatus.CANCELLED, OrderStatus.REFUNDED}:
                assert escrow == 0, f"I7: {reference} is {status}, escrow {escrow}"
                continue
            assert received == amount, f"I21: {reference} is {status} and counts {received}"
            # What the provider took back of a sale that was over is not its hold's any more.
            allocated += receipts.get((order, "reversed"), 0) if status == OrderStatus.COMPLETED else 0
            assert allocated >= amount - FORGIVEN.minor, (
                f"I7: {reference} is {status} for {amount} and got {allocated}"
            )
            assert escrow == (amount if status == OrderStatus.PAID else 0), (
                f"I7: {reference} is {status}, escrow {escrow}"
            )
            assert status == OrderStatus.PAID or reference in confirmed, (
                f"I7: {reference} was released without its code"
            )

    def _payments(self) -> None:
        """I6, I7: one live attempt for an order; none completed that the provider was not paid for."""
        paid = {reference_index(str(move["checkout_request_id"])) for move in moves(self._simulator, "stk")}
        # A statement can't tell what was typed while a prompt was open from the prompt's own money.
        typed = {move["receipt"] for kind in ("c2b", "manual") for move in moves(self._simulator, kind)}
        told = {key(payment) for payment, number in rows(_NUMBERS) if number in typed}
        live: defaultdict[str, int] = defaultdict(int)
        for payment, checkout, status, order, is_live in rows(_PAYMENTS):
            live[key(order)] += bool(is_live)
            if key(payment) not in told and checkout and status == PaymentStatus.COMPLETED:
                assert bytes(checkout) in paid, "I7: a payment is completed, and nothing was paid for it"
        assert max(live.values(), default=0) <= 1, "I6: an order with two live attempts"

    def _events(self) -> None:
        """I8, I15: the log holds moves of the tables only, without gaps; rows stand where it ends; no phone is named."""
        where, params = ("", []) if self._last_event is None else (" WHERE id > %s", [self._last_event])
        for event, kind, subject, subject_id, data in rows(f"{_EVENTS}{where} ORDER BY id", params):
            self._last_event = event
            text = data if isinstance(data, str) else json.dumps(data)
            assert not any(phone in text for phone in _PHONES), f"I15: {kind} names a phone: {text}"
            facts = json.loads(text)
            if "from" not in facts:
                continue
            moved = (subject, facts["from"], facts["to"])
            model = STATEFUL.get(subject)
            assert model is not None, f"I8: {subject} has no transitions"
            assert model.TRANSITIONS.get((facts["from"], facts["to"])) == kind, (
                f"I8: {kind} is no move {moved}"
            )
            first = first_status(model)
            stood = self._status.get((subject, key(subject_id)), first)
            assert facts["from"] == stood, (
                f"I8: {kind} moves from {facts['from']}, and the log left it at {stood}"
            )
            self._status[subject, key(subject_id)] = facts["to"]
            self._tally.edges[moved] += 1
        for subject, subject_id, status in rows(_STATUSES):
            logged = self._status.get((subject, key(subject_id)))
            first = first_status(STATEFUL[subject])
            assert status == (logged or first), f"I8: a {subject} is {status}, its log says {logged or first}"

    def _nothing_is_forgotten(self) -> None:
        """I11, I20: whatever has not ended is looked at some time, and no budget is overdrawn."""
        for what, forgotten in rows(_FORGOTTEN):
            assert not forgotten, f"I11: nobody will look again at {forgotten} {what}s"
        [(overdrawn,)] = rows(_BUDGETS)
        assert not overdrawn, "I20: more was allowed than a budget has"
        [(disagreed,)] = rows(_DISAGREED)
        assert not disagreed, f"I24: {disagreed} orders stand on terms that nobody agreed to"

    def _two_people(self) -> None:
        """I19: what was allowed is what was asked for, and two people did it."""
        for request, action, payload, status, maker, checker in rows(_APPROVALS):
            asked = self.asked.get(UUID(key(request)))
            facts = json.loads(payload) if isinstance(payload, str) else payload
            assert asked is None or asked == (action, facts), (
                f"I19: {asked} was asked for, {facts} stands there"
            )
            assert status != "executed" or (checker and checker != maker), (
                f"I19: {maker} allowed his own {action}"
            )

    def _transfers_stay(self) -> None:
        """I13: what was booked stays as it was."""
        now = {key(row[0]): row[1:] for row in rows(_TRANSFERS)}
        for transfer, facts in self._transfers.items():
            assert now.get(transfer) == facts, f"I13: transfer {transfer} was changed"
        self._transfers = now


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
            digest.update(repr((table, sorted(map(repr, rows(f'SELECT * FROM "{table}"'))))).encode())
    return digest.hexdigest()


def unreachable(simulator: Simulator) -> dict[str, int]:
    """Money of which nothing has told us, or only in a way that it was taken for other money of the same order.

    Only a statement shows it (M15). Receipt -> cents.
    """
    booked = set(Receipt.objects.exclude(transaction_id=None).values_list("transaction_id", flat=True))
    own = {str(move["receipt"]): str(move["checkout_request_id"]) for move in moves(simulator, "stk")}
    payments = list(Payment.objects.prefetch_related("receipts"))
    unnumbered = {
        payment.provider_reference
        for payment in payments
        if any(receipt.transaction_id is None for receipt in payment.receipts.all())
    }
    told = set()
    for payment in payments:
        numbers = {receipt.transaction_id for receipt in payment.receipts.all()} - {None}
        # A query proves a prompt without a number: money that was told by hand at the same time is taken for its own. Of two
        # prompts that were proved so, one may have the other's.
        others = unnumbered - {payment.provider_reference}
        if not numbers or {own.get(str(number)) for number in numbers} & others:
            told.add(payment.provider_reference)
    for callback in simulator.callbacks:
        if callback.delivered and callback.kind == "stk":
            said = callback.payload["Body"]["stkCallback"]
            # That it was not paid tells of no money, also where M-Pesa errs.
            if str(said["ResultCode"]) == "0":
                told.add(str(said["CheckoutRequestID"]))
        elif callback.delivered and callback.kind == "c2b":
            told.add(str(callback.payload["TransID"]))
    return {
        str(move["receipt"]): int(str(move["amount"]))
        for move in simulator.transactions()
        if _is_in(move)
        and move["receipt"] not in booked
        and not {move["checkout_request_id"], move["receipt"]} & told
    }


# Where money of an order can stand between coming and going; debts, claims and losses are money that is missing.
_HOLDS = (
    chart.SELLER_DEBT.code,
    chart.SUSPENSE.code,
    chart.LOSSES.code,
    chart.SELLER_RESERVE.code,
    chart.ESCROW.code,
    chart.SELLER_PAYABLE.code,
    chart.PAYOUTS_IN_FLIGHT.code,
    chart.UNALLOCATED.code,
    chart.UNCLAIMED.code,
    chart.REFUNDS_IN_FLIGHT.code,
    chart.BUYER_CREDIT.code,
    chart.ROUNDING.code,
    chart.COMMISSION.code,
)


def _is_in(move: dict[str, Any]) -> bool:
    """Whether it is money of a customer's that came in."""
    return move["kind"] in {"stk", "c2b", "manual"}
