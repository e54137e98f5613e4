"""What staff do: refunds, corrections, two pairs of eyes, the payout stop, and what the provider's statement told them."""

from typing import Any

import hypothesis.strategies as st
from hypothesis.stateful import precondition, rule

from tests.characters import OTIENO
from tests.machine.cast import STAFF, maybe_death, which
from tests.machine.world import World
from zemi.approvals.models import Approval, ApprovalStatus
from zemi.disbursements.models import Disbursement, DisbursementStatus, SuspenseCase, SuspenseStatus
from zemi.disbursements.switch import KINDS
from zemi.identity.models import Party
from zemi.identity.parties import phone_index
from zemi.ledger.balances import balance_of
from zemi.orders.models import OrderStatus
from zemi.payouts.models import Payout
from zemi.refunds.models import Refund
from zemi.staff.dispatch import start_sending, stop_sending
from zemi.staff.request import approve, decline

_S = DisbursementStatus
# What each thing can be done to; mostly it is tried where it may work.
_FITTING = {
    "cancel": (_S.QUEUED, _S.HELD),
    "retry": (_S.FAILED,),
    "change-payee": (_S.FAILED,),
    "judge": (_S.UNKNOWN, _S.NEEDS_ATTENTION),
    "reversed": (_S.SUCCEEDED,),
    "pay-again": (_S.REVERSED, _S.CANCELLED, _S.FAILED),
}
# What M-Pesa says of a payment that it does not make: no float, a full wallet, credentials that are wrong or locked.
_RESULTS = ("1", "8", "2001", "8006")


class StaffRules(World):
    """Rules of the people behind the counter. They are honest, and sometimes mistaken."""

    @precondition(World._has_sales)
    @rule(
        sale=which,
        status=st.sampled_from((OrderStatus.PAID, OrderStatus.PAID, OrderStatus.COMPLETED)),
        part=st.sampled_from(("all", "all", "all", "half", "more")),
        bearer=st.sampled_from(("seller", "zemi", "nobody")),
        maker=which,
        death=maybe_death,
    )
    def ask_for_a_refund(
        self,
        sale: int,
        status: OrderStatus,
        part: str,
        bearer: str,
        maker: int,
        death: tuple[str, int] | None,
    ) -> None:
        """Somebody gives money of an order back, or asks a second person to."""
        order = self._sale(sale, status=status)
        amount = {"all": order.shillings, "half": order.shillings // 2, "more": order.shillings + 1}[part]
        payload = {"order": order.reference, "amount": str(amount), "bearer": bearer}
        with self._step(f"ask_for_a_refund: {part}"):
            self._do(lambda: self._ask("refund", payload, maker=maker), death)

    def _has_requests(self) -> bool:
        return self.stage is not None and Approval.objects.exists()

    @precondition(_has_requests)
    @rule(
        request=which,
        checker=which,
        verdict=st.sampled_from(("approve", "approve", "approve", "reject")),
        death=maybe_death,
    )
    def decide_a_request(
        self, request: int, checker: int, verdict: str, death: tuple[str, int] | None
    ) -> None:
        """A second person allows or rejects; also who asked, and what is decided or too old."""
        rows = list(Approval.objects.filter(status=ApprovalStatus.PENDING).order_by("id"))
        rows = rows or list(Approval.objects.order_by("id"))
        chosen, by = rows[request % len(rows)], STAFF[checker % len(STAFF)]

        def decide() -> None:
            (approve if verdict == "approve" else decline)(
                chosen.id, checker=by, reason="checked", now=self.stage_.clock.now()
            )

        with self._step(f"decide_a_request: {verdict}"):
            self._do(lambda: self._try(f"{verdict} {chosen.action}", decide), death)

    def _has_money_going_out(self) -> bool:
        return self.stage is not None and (Payout.objects.exists() or Refund.objects.exists())

    @precondition(_has_money_going_out)
    @rule(
        action=st.sampled_from(("cancel", "retry", "retry", "change-payee", "pay-again")),
        row=which,
        maker=which,
        is_allowed=st.sampled_from((True, True, False)),
        death=maybe_death,
    )
    def act_on_what_goes_out(
        self, action: str, row: int, maker: int, is_allowed: bool, death: tuple[str, int] | None
    ) -> None:
        """Call a payout or refund off, try it again, pay it to another number, or anew where it was taken back."""
        owed = self._owed(row, action)
        payload: dict[str, Any] = {"kind": owed.SUBJECT, "id": owed.id}
        if action == "change-payee":
            party = Party.objects.filter(phone_hash=phone_index(OTIENO)).first()
            payload = {"id": owed.id, "party": party.id if party is not None else owed.id}
        elif action == "pay-again":
            # A refund may have taken a part of what came back since.
            left = balance_of(owed.returns_to)
            payload = {"id": owed.id, "amount": min(left, owed.amount) if left.minor else owed.amount}

        def act() -> None:
            self._ask(action, payload, maker=maker, is_allowed=is_allowed)

        with self._step(f"act_on_what_goes_out: {action}"):
            self._do(act, death)

    @precondition(_has_money_going_out)
    @rule(row=which, maker=which, death=maybe_death)
    def judge_what_is_unknown(self, row: int, maker: int, death: tuple[str, int] | None) -> None:
        """Two people say by the statement of this moment whether something was paid: it may still be paid later."""
        owed = self._owed(row, "judge")
        # Of the try that may still have an end: what shows of an earlier one, a statement proves by itself.
        attempt = owed.open_attempt()
        is_reversal = attempt is not None and attempt.is_reversal
        receipts = [
            str(move["receipt"])
            for move in self.simulator.transactions()
            if attempt is not None
            and (
                move.get("original_receipt") == owed.pay_in
                if is_reversal
                else move["originator_conversation_id"] == attempt.originator_conversation_id
            )
        ]
        payload: dict[str, Any] = {"kind": owed.SUBJECT, "id": owed.id}
        action = "paid" if receipts else "unpaid"
        if receipts:
            payload["receipt"] = receipts[-1]
        with self._step(f"judge_what_is_unknown: {action}"):
            self._do(lambda: self._ask(action, payload, maker=maker, is_allowed=True), death)

    @precondition(_has_money_going_out)
    @rule(row=which, maker=which)
    def the_provider_takes_a_payment_back(self, row: int, maker: int) -> None:
        """M-Pesa reverses what we paid out: the money is in our account again, and two people say so."""
        owed = self._owed(row, "reversed")
        payload = {"kind": owed.SUBJECT, "id": owed.id, "receipt": "QHBACK0001"}
        with self._step("the_provider_takes_a_payment_back"):
            # Only what was paid out can be; a refund that undid a payment can't be undone again.
            by_phone = owed.tries_made().filter(method="b2c", status="succeeded").exists()
            if by_phone and self._ask("reversed", payload, maker=maker, is_allowed=True):
                self.simulator.change_float(top_up=owed.amount.shillings)

    def _has_cases(self) -> bool:
        return self.stage is not None and SuspenseCase.objects.filter(status=SuspenseStatus.OPEN).exists()

    @precondition(_has_cases)
    @rule(case=which, outcome=st.sampled_from(("charged", "recovered", "lost", "forgotten")), maker=which)
    def end_a_case(self, case: int, outcome: str, maker: int) -> None:
        """Two people end a case of money that left without being owed."""
        cases = list(SuspenseCase.objects.filter(status=SuspenseStatus.OPEN).order_by("id"))
        chosen = cases[case % len(cases)]
        with self._step(f"end_a_case: {outcome}"):
            is_done = self._ask(
                "end-case", {"id": chosen.id, "outcome": outcome}, maker=maker, is_allowed=True
            )
            if is_done and outcome == SuspenseStatus.RECOVERED:
                self.simulator.change_float(top_up=chosen.amount.shillings)

    @rule(kinds=st.sampled_from((KINDS, KINDS[:1], KINDS[1:])), stops=st.booleans(), death=maybe_death)
    def stop_or_start_sending(
        self, kinds: tuple[str, ...], stops: bool, death: tuple[str, int] | None
    ) -> None:
        """One person stops everything that goes out, or starts it again."""

        def turn() -> None:
            now = self.stage_.clock.now()
            if stops:
                stop_sending(kinds=kinds, by=STAFF[0], reason="something is wrong", now=now)
            else:
                start_sending(kinds=kinds, by=STAFF[1], reason="over", now=now)

        with self._step(f"{'stop' if stops else 'start'}_sending"):
            self._do(turn, death)

    @rule(code=st.sampled_from(_RESULTS), is_refund=st.booleans())
    def refuse_what_goes_out(self, code: str, is_refund: bool) -> None:
        """M-Pesa takes the next payment, and says that it did not make it."""
        with self._step(f"refuse_what_goes_out: {code}"):
            self.simulator.fault(
                "result_code", code=code, count=1, api="reversal" if is_refund and code != "8" else "b2c"
            )

    @rule(shillings=st.sampled_from((1_000, 30_000)))
    def put_money_into_the_float(self, shillings: int) -> None:
        """The operator tops the float up, and two people book it."""
        _, shortcode = self.stage_.shortcodes()
        payload = {"debit": f"1110:{shortcode}", "credit": f"3100:{shortcode}", "amount": str(shillings)}
        with self._step("put_money_into_the_float"):
            if self._ask("adjust", payload, maker=0, is_allowed=True):
                self.simulator.change_float(top_up=shillings)

    # In words

    def _owed(self, index: int, action: str) -> Disbursement:
        """One payout or refund; mostly one to which `action` can be done."""
        rows: list[Disbursement] = [*Payout.objects.order_by("id"), *Refund.objects.order_by("id")]
        fitting = [row for row in rows if row.status in _FITTING[action]]
        rows = fitting or rows if index % 4 else rows
        return rows[index // 4 % len(rows)]
