"""What happens between us and the provider besides sales: its desk gives pay-ins back, floats move, and faults hit."""

import hypothesis.strategies as st
from hypothesis.stateful import precondition, rule

from simulator import ControlError
from tests import story
from tests.machine.cast import Sale, maybe_death, which
from tests.machine.world import World
from zemi.common.money import kes
from zemi.disbursements.models import Disbursement
from zemi.orders.models import OrderStatus
from zemi.payments.models import Receipt
from zemi.payouts.models import Payout
from zemi.refunds.models import Refund
from zemi.topups.models import OPEN, TopUp
from zemi.topups.move import top_up

# Faults of what goes out, which need something to go out: how it fails, and where.
_OF_PAYOUTS = (
    ("callback_failure_first", "b2c"),
    ("b2c_result_lost", "b2c"),
    ("gateway_originator_id", "b2c"),
    ("http_timeout_after", "b2c"),
    ("b2c_unregistered", "b2c"),
)
_OF_REVERSALS = (
    ("queue_timeout", "reversal"),
    ("callback_lost", "reversal"),
    ("http_timeout_after", "reversal"),
    ("http_garbage_after", "reversal"),
)
_OF_TOP_UPS = (("queue_timeout", "topup"), ("callback_lost", "topup"), ("http_timeout_after", "topup"), None)


class ProviderRules(World):
    """Rules of the provider's own people, of our floats, and of its bad days."""

    @precondition(World._has_sales)
    @rule(
        sale=which,
        goes_back=st.booleans(),
        payout=st.sampled_from(_OF_PAYOUTS),
        reversal=st.sampled_from(_OF_REVERSALS),
        seconds=st.sampled_from((5, 130, 700)),
    )
    def pay_out_or_back_on_a_bad_day(
        self, sale: int, goes_back: bool, payout: tuple[str, str], reversal: tuple[str, str], seconds: int
    ) -> None:
        """A paid order is released, or called off by its seller, and what goes out meets a fault."""
        order = self._sale(sale, status=OrderStatus.PAID)
        name, api = reversal if goes_back else payout
        with self._step(f"pay_{'back' if goes_back else 'out'}_on_a_bad_day: {name}"):
            self.simulator.fault(name, api=api, count=1)
            if goes_back:
                self._seller_calls_off(order)
            else:
                self._confirm(order)
            self.stage_.settle(self._work)
            self.stage_.pass_time(seconds)
            self.stage_.settle(self._work)

    @precondition(World._has_sales)
    @rule(
        sale=which,
        goes_back=st.booleans(),
        code=st.sampled_from(("2040", "2040", "1")),
        later=st.sampled_from((5, 700, 90_000)),
        acts=st.sampled_from(("nothing", "retry", "cancel")),
    )
    def it_fails_and_is_paid_after_all(
        self, sale: int, goes_back: bool, code: str, later: int, acts: str
    ) -> None:
        """M-Pesa says that what goes out has failed, perhaps people act on that, and then that it was paid."""
        order = self._sale(sale, status=OrderStatus.PAID)
        with self._step(f"it_fails_and_is_paid_after_all: {'refund' if goes_back else 'payout'}"):
            # Too old to be undone.
            self.stage_.pass_time(90_000 if goes_back else 0)
            self.simulator.fault("callback_failure_first", api="b2c", count=1, code=code, delay_s=later)
            if goes_back:
                self._seller_calls_off(order)
            else:
                self._confirm(order)
            self.stage_.settle(self._work)
            self.stage_.pass_time(2)
            self.stage_.settle(self._work)
            model: type[Disbursement] = Refund if goes_back else Payout
            for owed in model._default_manager.filter(order__order_reference=order.reference):
                if acts != "nothing":
                    self._ask(acts, {"kind": owed.SUBJECT, "id": owed.id}, maker=0, is_allowed=True)
            self.stage_.pass_time(later)
            self.stage_.settle(self._work)

    def _has_receipts(self) -> bool:
        return self.stage is not None and Receipt.objects.exclude(transaction_id=None).exists()

    @precondition(_has_receipts)
    @rule(receipt=which, is_told=st.sampled_from((True, True, False)), death=maybe_death)
    def the_care_desk_gives_a_payment_back(
        self, receipt: int, is_told: bool, death: tuple[str, int] | None
    ) -> None:
        """Whoever paid has called M-Pesa: it takes the money out of the paybill, and only the statement says so."""
        known = list(Receipt.objects.exclude(transaction_id=None).order_by("id"))
        number = str(known[receipt % len(known)].transaction_id)

        with self._step("the_care_desk_gives_a_payment_back"):
            if self._desk_gives_back(number) and is_told:
                self._do(self._read_statements, death)

    @precondition(World._has_sales)
    @rule(
        sale=which,
        age=st.sampled_from((0, 90_000)),
        code=st.sampled_from(("1", "8")),
        is_told=st.sampled_from((True, True, False)),
        seconds=st.sampled_from((130, 4_000, 90_000)),
    )
    def the_care_desk_gives_back_what_is_going_back(
        self, sale: int, age: int, code: str, is_told: bool, seconds: int
    ) -> None:
        """While a refund is on its way the desk gives its payment back as well; then the refund comes to nothing."""
        order = self._sale(sale, status=OrderStatus.PAID)
        with self._step("the_care_desk_gives_back_what_is_going_back"):
            # An old payment goes back to the phone, a new one is undone.
            self.stage_.pass_time(age)
            self.simulator.fault("result_code", code=code, count=1, api="b2c" if age else "reversal")
            self._seller_calls_off(order)
            self._work()
            numbers = Receipt.objects.filter(order__order_reference=order.reference).exclude(
                transaction_id=None
            )
            for number in numbers.values_list("transaction_id", flat=True):
                self._desk_gives_back(str(number))
            for told in (is_told, True):
                if told:
                    self._read_statements()
                self.stage_.settle(self._work)
                self.stage_.pass_time(seconds)
                self.stage_.settle(self._work)

    def _seller_calls_off(self, order: Sale) -> None:
        proof = self._proof(order.seller, "cancel_order")
        self._seen("cancel by seller", story.post(f"/api/v1/orders/{order.reference}/cancel", proof))

    def _desk_gives_back(self, number: str) -> bool:
        try:
            self.simulator.reverse_pay_in(number)
        except ControlError as refusal:
            self.tally.answers[f"care desk: {refusal.status}"] += 1
            return False
        self.given_back.add(number)
        self.tally.answers["care desk: done"] += 1
        return True

    @rule(
        shillings=st.sampled_from((10, 1_000, 9_000)),
        fault=st.sampled_from(_OF_TOP_UPS),
        death=maybe_death,
    )
    def move_the_float(
        self, shillings: int, fault: tuple[str, str] | None, death: tuple[str, int] | None
    ) -> None:
        """The operator moves what buyers paid to the account that sellers are paid from."""
        with self._step("move_the_float"):
            if fault is not None:
                self.simulator.fault(fault[0], api=fault[1], count=1)
            before = TopUp.objects.filter(status__in=OPEN).count()
            self._do(
                lambda: self._try(
                    "top up", lambda: top_up(amount=kes(shillings), now=self.stage_.clock.now())
                ),
                death,
            )
            assert TopUp.objects.filter(status__in=OPEN).count() <= max(before, 1), "I6: two open top-ups"
