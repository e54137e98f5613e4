"""What must be true of money that goes out, after every step: paid once, to the right phone, stopped when it is stopped."""

from collections import defaultdict
from typing import Any

from simulator import Simulator
from tests.machine.sql import key, moves, rows
from zemi.disbursements.models import IN_FLIGHT, DisbursementStatus
from zemi.ledger import chart
from zemi.payouts.models import PayoutAttempt
from zemi.refunds.models import RefundAttempt

_PAYOUTS = """
    SELECT p.id, p.order_id, p.release_id, p.status, p.amount_minor,
        a.originator_conversation_id, a.is_open, a.status, a.result_code
    FROM payouts_payout p LEFT JOIN payouts_payoutattempt a ON a.payout_id = p.id"""
_REFUNDS = """
    SELECT r.amount_minor, r.status, a.originator_conversation_id, a.is_open, a.status, a.method, r.id, r.reverses,
        r.receipt_id, a.result_code
    FROM refunds_refund r LEFT JOIN refunds_refundattempt a ON a.refund_id = r.id"""
_COUNTED = "SELECT receipt_id, refunded_minor FROM refunds_refundedreceipt"
# Given back to its payer's credit, and paid after all: what left is a claim, and counts no second time.
_LATE = "SELECT subject_id FROM disbursements_suspensecase WHERE subject_type = 'refund' AND was_given_back"
_CASES = "SELECT id, status, amount_minor FROM disbursements_suspensecase"
_CLAIMED = "SELECT of, balance_minor FROM ledger_account WHERE code = %s AND balance_minor <> 0"
# The provider had given its receipt back itself, and we knew.
_SENT_FOR_NOTHING = """
    SELECT COUNT(*) FROM refunds_refund r JOIN payments_payinreversal p ON p.receipt_id = r.receipt_id
    WHERE r.sent_at > p.recorded_at"""
# Of the price of an order that is refunded; too little to be sent is the payer's credit.
_NOT_REFUNDED = """
    SELECT COUNT(*) FROM refunds_refund r JOIN orders_order o ON o.id = r.order_id
    JOIN payments_receipt c ON c.id = r.receipt_id
    WHERE o.status = 'refunded' AND r.status IN ('failed', 'cancelled') AND r.failure_reason <> 'too_small'
        AND CAST(r.sources AS TEXT) LIKE %s AND c.status <> 'reversed'"""
_STOPPED = "SELECT name FROM disbursements_dispatcher WHERE stopped_at IS NOT NULL"
_TRIES = "SELECT COUNT(*) FROM payouts_payoutattempt UNION ALL SELECT COUNT(*) FROM refunds_refundattempt"

# In these what was owed is owed no more, and does not count against its receipt.
_GIVEN_BACK = (DisbursementStatus.FAILED, DisbursementStatus.CANCELLED, DisbursementStatus.REVERSED)
# A person closed it by a statement that did not have it yet: it may be paid after all (Y20).
_BY_A_PERSON = "no_evidence"


class GoingOut:
    """The checks of one example about payouts, refunds and claims."""

    def __init__(self, simulator: Simulator, *, given_back: set[str]) -> None:
        self._simulator = simulator
        self._misjudged: set[str] = set()
        # Receipts that the provider has given back without being asked by us.
        self._given_back = given_back
        self._payees: dict[str, str | None] = {}
        self._tries: dict[str, int] = {}
        self._stopped: set[str] = set()

    def check(self, net: dict[tuple[str, int], int]) -> None:
        """Check all; `net` is what stands per order and line of the chart."""
        b2c = moves(self._simulator, "b2c")
        owners = self._payouts(net, b2c) | self._refunds(b2c)
        self._right_phone(b2c, owners)
        self._counted()
        self._gone_back()
        self._claims()
        self._stops()

    def _payouts(self, net: dict[tuple[str, int], int], b2c: list[dict[str, Any]]) -> set[str]:
        """I4, I6: at the provider a payout was paid once at most, no more than it is; one open attempt each."""
        payouts: dict[str, tuple[str, str, str, int]] = {}
        owner: dict[str, str] = {}
        live: defaultdict[str, int] = defaultdict(int)
        for payout, order, release, status, amount, originator, is_open, _, result in rows(_PAYOUTS):
            payouts[key(payout)] = (key(order), key(release), status, amount)
            live[key(payout)] += bool(is_open)
            if originator is not None:
                owner[originator] = key(payout)
                if result == _BY_A_PERSON:
                    self._misjudged.add(originator)
        assert max(live.values(), default=0) <= 1, "I6: a payout with two open attempts"
        paid: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        for move in b2c:
            if move["originator_conversation_id"] in owner:
                paid[owner[move["originator_conversation_id"]]].append(move)
        flying: defaultdict[str, int] = defaultdict(int)
        counting: set[str] = set()
        for payout, (order, release, status, amount) in payouts.items():
            assert all(move["amount"] == amount for move in paid[payout]), (
                f"I4: a payout of {amount} was paid {paid[payout]}"
            )
            certain = self._certain(paid[payout])
            assert len(certain) <= 1, f"I4: a payout of {amount} was paid {len(certain)} times"
            if status == DisbursementStatus.SUCCEEDED:
                assert paid[payout], f"I4: a payout of {amount} is said to have succeeded, and was not paid"
            if status in {DisbursementStatus.FAILED, DisbursementStatus.CANCELLED}:
                assert not certain, f"I4: a payout of {amount} is {status} and was paid"
            flying[order] += amount if status in IN_FLIGHT else 0
            if status not in {DisbursementStatus.REVERSED, DisbursementStatus.CANCELLED}:
                assert release not in counting, "I4: a release has two payouts that count"
                counting.add(release)
        for order, amount in flying.items():
            found = net.get((order, chart.PAYOUTS_IN_FLIGHT.code), 0)
            assert found == amount, f"I3: payouts of {amount} are under way, {found} in flight"
        return set(owner)

    def _refunds(self, b2c: list[dict[str, Any]]) -> set[str]:
        """I4, I6, I12: a refund is given back once at most, no more than it is, and no receipt more often than it came."""
        sent: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        for move in b2c:
            sent[str(move["originator_conversation_id"])].append(move)
        undone = {str(move["original_receipt"]): move for move in moves(self._simulator, "reversal")}
        back: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        live: defaultdict[str, int] = defaultdict(int)
        refunds: dict[str, tuple[int, str]] = {}
        ids = set()
        for amount, status, originator, is_open, _, method, refund, reverses, _, result in rows(_REFUNDS):
            refunds[key(refund)] = (amount, status)
            live[key(refund)] += bool(is_open)
            if originator is None:
                continue
            ids.add(originator)
            found = [undone[reverses]] if reverses in undone else []
            if result == _BY_A_PERSON:
                self._misjudged.add(originator)
                self._misjudged.update(move["receipt"] for move in found)
                if method == "reversal":
                    self._misjudged.add(reverses)
            back[key(refund)] += found if method == "reversal" else sent[originator]
        assert max(live.values(), default=0) <= 1, "I6: a refund with two open attempts"
        for refund, (amount, status) in refunds.items():
            assert all(move["amount"] == amount for move in back[refund]), (
                f"I4: a refund of {amount} gave back {back[refund]}"
            )
            certain = self._certain(back[refund])
            assert len(certain) <= 1, f"I4: a refund of {amount} was given back {len(certain)} times"
            if status == DisbursementStatus.SUCCEEDED:
                assert back[refund], f"I4: a refund of {amount} is said to have succeeded, and was not paid"
            if status in {DisbursementStatus.FAILED, DisbursementStatus.CANCELLED}:
                assert not certain, f"I4: a refund of {amount} is {status} and was given back"
        return ids

    def _certain(self, paid: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Payments of which nobody had said that they were not made: neither a person by a statement, nor M-Pesa itself."""
        certain = [
            move
            for move in paid
            if not {move["originator_conversation_id"], move.get("original_receipt")}
            & (self._misjudged | self._given_back)
        ]
        if not certain:
            return []
        denied = results(self._simulator, is_success=False)
        return [move for move in certain if move["conversation_id"] not in denied]

    def _right_phone(self, b2c: list[dict[str, Any]], owners: set[str]) -> None:
        """I4, I16: what went out belongs to an attempt of ours, and reached the phone that was pinned when it was sent."""
        new = owners - self._payees.keys()
        for model in (PayoutAttempt, RefundAttempt) if new else ():
            for attempt in model._default_manager.filter(originator_conversation_id__in=new):
                self._payees[attempt.originator_conversation_id] = (
                    attempt.paid_to.msisdn if attempt.owed.has_payee else None
                )
        for move in b2c:
            originator = move["originator_conversation_id"]
            assert originator in owners, "I4: money went out for nothing of ours"
            assert move["credit"] == f"wallet:{self._payees[originator]}", "I16: the wrong phone was paid"

    def _counted(self) -> None:
        """I12: what of a receipt is given back is counted, so that the database can refuse more than came."""
        counted = {key(receipt): total for receipt, total in rows(_COUNTED)}
        late = {key(refund) for (refund,) in rows(_LATE)}
        owed: defaultdict[str, int] = defaultdict(int)
        seen = set()
        for amount, status, *_, refund, _, receipt, _ in rows(_REFUNDS):
            if key(refund) not in late and refund not in seen and status not in _GIVEN_BACK:
                owed[key(receipt)] += amount
            seen.add(refund)
        for receipt, total in owed.items():
            assert total <= counted.get(receipt, 0), (
                f"I12: {total} of a receipt goes back, {counted.get(receipt)} counted"
            )

    def _gone_back(self) -> None:
        """I25: what the provider gave back is not sent as well. I26: an order is refunded once all of its price is back."""
        [(sent,)] = rows(_SENT_FOR_NOTHING)
        assert not sent, f"I25: {sent} refunds were sent of what the provider had given back"
        [(stayed,)] = rows(_NOT_REFUNDED, [f'%"{chart.ESCROW.code}"%'])
        assert not stayed, f"I26: {stayed} refunds of orders that are refunded did not go back"

    def _claims(self) -> None:
        """I23: a claim on whoever got too much is in the books as long as its case is open."""
        claims = {key(of): balance for of, balance in rows(_CLAIMED, [chart.SUSPENSE.code])}
        for case, status, amount in rows(_CASES):
            claimed = claims.pop(key(case), 0)
            assert claimed == (amount if status == "open" else 0), (
                f"I23: a case is {status}, {claimed} is claimed"
            )
        assert not claims, f"I23: claims without a case: {claims}"

    def _stops(self) -> None:
        """I22: while payouts or refunds are stopped, nothing new is sent."""
        stopped = {str(name) for (name,) in rows(_STOPPED)}
        (payouts,), (refunds,) = rows(_TRIES)
        tries = {"payout": payouts, "refund": refunds}
        for name in stopped & self._stopped:
            assert tries[name] == self._tries[name], f"I22: a {name} was sent while they were stopped"
        self._stopped, self._tries = stopped, tries


def results(simulator: Simulator, *, is_success: bool) -> set[str]:
    """The conversations of which M-Pesa has told that they came to a good end, or to a bad one: perhaps of both."""
    return {
        str(callback.payload["Result"]["ConversationID"])
        for callback in simulator.callbacks
        if callback.kind == "b2c"
        # It may have arrived also where the web server died before it answered.
        and callback.attempts
        and (str(callback.payload["Result"]["ResultCode"]) == "0") is is_success
    }


def paid_though_denied(simulator: Simulator) -> set[str]:
    """Receipts of what M-Pesa said that it had not paid, paid all the same, and never told: a statement will."""
    silent = results(simulator, is_success=False) - results(simulator, is_success=True)
    return {str(move["receipt"]) for move in moves(simulator, "b2c") if move["conversation_id"] in silent}
