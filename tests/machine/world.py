"""The world of the machine: how a run begins and ends, what is asked after each step, and the rules' words."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import hypothesis.strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant

from tests import story
from tests.machine.cast import (
    ANNOUNCES,
    FULL_FLOAT_KES,
    LOW_FLOAT_KES,
    ORDINARY_STATUSES,
    PAYERS,
    PROVIDER_CODES,
    SELLERS,
    STAFF,
    Sale,
    beginnings,
    calm,
    stormy,
)
from tests.machine.ending import live_on
from tests.machine.invariants import Invariants, provider_books
from tests.machine.sometimes import what_happened
from tests.machine.stage import Stage
from tests.machine.tally import Tally
from zemi.common.errors import ZemiError
from zemi.common.phone import Phone
from zemi.identity.api_keys import Scope
from zemi.notifications.models import Message
from zemi.orders.models import Order, OrderStatus
from zemi.providers import registry
from zemi.providers.errors import ProviderNotReady
from zemi.reconciliation.match import reconcile
from zemi.reconciliation.statements import import_statement, pull_statement
from zemi.staff.request import approve, request_action
from zemi.worker.sweeps import SWEEPS

# It reads every row there is: a rule of its own here, and with every ending.
_AUDIT = "audit"


class World(RuleBasedStateMachine):
    """Subclass it with `wsgi`, the product, and `tally`, what its runs are counted in."""

    wsgi: ClassVar[Any]
    tally: ClassVar[Tally]

    def __init__(self) -> None:
        super().__init__()
        self.stage: Stage | None = None
        self.sales: list[Sale] = []
        self.confirmed: set[str] = set()
        self.transaction_ids: list[str] = []
        self.forgeries = 0
        # Receipts whose money the provider has taken out of the paybill without being asked by us.
        self.given_back: set[str] = set()
        self.cut_for = 0
        # False while a step is under way: after one that failed nothing more is asked.
        self.is_sound = True

    # The run

    @initialize(
        seed=st.integers(min_value=0, max_value=2**16),
        fee_bps=st.sampled_from((0, 0, 250, 600)),
        float_kes=st.sampled_from((FULL_FLOAT_KES, FULL_FLOAT_KES, LOW_FLOAT_KES)),
        result_after_s=st.sampled_from((1.0, 1.0, 40.0, 400.0)),
        weather=st.one_of(calm, stormy, stormy, stormy),
        pending_form=st.sampled_from(("500.001.1001", "4999")),
        unknown_id=st.sampled_from(("not_found", "silence", "timeout")),
        holds_callbacks=st.booleans(),
        delivers_at_the_end=st.booleans(),
        announces=st.sampled_from(ANNOUNCES),
        announces_prompts=st.booleans(),
        stamps=st.sampled_from(("right", "right", "slow")),
        orders=beginnings,
    )
    def open(
        self,
        seed: int,
        fee_bps: int,
        float_kes: int,
        result_after_s: float,
        weather: tuple[tuple[tuple[str, str], float], ...],
        pending_form: str,
        unknown_id: str,
        holds_callbacks: bool,
        delivers_at_the_end: bool,
        announces: str | None,
        announces_prompts: bool,
        stamps: str,
        orders: list[tuple[int, int, str, bool, str]],
    ) -> None:
        """Draw what this run begins with and has to live with (swarm testing: some runs have no fault at all)."""
        self.is_sound = False
        self.stage = Stage(
            wsgi=self.wsgi,
            tally=self.tally,
            seed=seed,
            fee_bps=fee_bps,
            float_kes=float_kes,
            result_after_s=result_after_s,
        )
        self.tally.examples += 1
        self.checks = Invariants(self.simulator, self.tally, given_back=self.given_back)
        self.merchant_key = story.key_with(Scope.ORDERS, Scope.PAYMENTS, Scope.PAYOUTS)
        self.other_key = story.key_with(Scope.PAYOUTS, merchant="Soko")
        if announces is not None:
            self.stage.register_paybill()
            self.simulator.switch(c2b_msisdn=announces, stk_on_confirmation_url=announces_prompts)
        self.simulator.switch(stamp_clock=stamps)
        for order in orders:
            self._begin(*order)
        for number, ((name, api), rate) in enumerate(weather):
            where = {} if api == "usual" else {"api": api}
            self.simulator.fault(name, rate=rate, seed=seed + number, **where)
        self.simulator.switch(query_pending_form=pending_form, status_unknown_id=unknown_id)
        self.simulator.hold_callbacks = holds_callbacks
        self.delivers_at_the_end = delivers_at_the_end
        self.is_sound = True

    @invariant()
    def everything_holds(self) -> None:
        """Check every invariant and the simulator's own books."""
        if self.stage is None:
            return
        self.is_sound = False
        self._check()
        self.is_sound = True

    def teardown(self) -> None:
        """Let everything come to its end, if all was well so far, and leave nothing behind."""
        if self.stage is None:
            return
        try:
            self.tally.faults.update(self.stage.faults_fired())
            if self.is_sound:
                live_on(
                    self.stage_,
                    self._work,
                    self._check,
                    delivers=self.delivers_at_the_end,
                    given_back=self.given_back,
                )
                self.tally.sometimes.update(what_happened())
        finally:
            self.stage.close()

    # Steps in words

    def _has_sales(self) -> bool:
        return bool(self.sales)

    @property
    def stage_(self) -> Stage:
        assert self.stage is not None
        return self.stage

    @property
    def simulator(self) -> Any:
        return self.stage_.simulator

    def _check(self) -> None:
        self.checks.check(confirmed=self.confirmed)
        provider_books(self.simulator)

    def _sale(self, index: int, *, status: OrderStatus | None = None) -> Sale:
        """One of the orders; mostly one with `status`, if there is one, so that runs get somewhere."""
        found = self.sales
        if status is not None and index % 4:
            fitting = set(Order.objects.filter(status=status).values_list("order_reference", flat=True))
            found = [sale for sale in self.sales if sale.reference in fitting] or self.sales
        return found[index // 4 % len(found)]

    def _create(self, payer: Phone, payee: Phone, amount: str, *, by_merchant: bool) -> Sale | None:
        """Make an order; None when it is too small to be paid out after the commission."""
        key = self.merchant_key if by_merchant else None
        answer = self._seen("create", story.create_order(buyer=payer, seller=payee, amount=amount, key=key))
        if answer.status != 201:
            assert amount == "10", answer.body
            return None
        assert ("delivery_code" in answer.data) is not by_merchant
        sale = Sale(answer.data["order_reference"], amount, payer, payee, answer.data.get("delivery_code"))
        self.sales.append(sale)
        return sale

    def _confirm(self, sale: Sale) -> None:
        code = sale.code or self._code_from_messages(sale)
        if code is None:
            return
        before = story.order_of(sale.reference)
        # From here on a release is right, also if its answer never comes.
        self.confirmed.add(sale.reference)
        answer = self._seen("confirm right", story.confirm(sale.reference, code))
        after = story.order_of(sale.reference)
        if answer.status == 200:
            assert (before.status, after.status) == (OrderStatus.PAID, OrderStatus.COMPLETED)
            assert answer.data["status"] == "completed"
            assert answer.data["payout_initiated"] is True
        else:
            assert after.status == before.status
            assert before.status != OrderStatus.PAID or answer.status in {423, 429, 503}, answer.body

    def _begin(self, buyer: int, seller: int, amount: str, by_merchant: bool, last: str) -> None:
        payer, payee = PAYERS[buyer % 3], SELLERS[seller % len(SELLERS)]
        sale = self._create(payer, payee, amount, by_merchant=by_merchant)
        # One prompt a minute for a phone, one in two minutes for the same amount.
        self.stage_.pass_time(130)
        if sale is None or last == "created":
            return
        assert self._seen("push", story.push(sale.reference, phone=payer, amount=amount)).status == 200
        if last == "asked":
            return
        self.stage_.pass_time(3)
        self.stage_.settle(self._work)
        if last == "released":
            self._confirm(sale)
            assert story.order_of(sale.reference).status == OrderStatus.COMPLETED

    @contextmanager
    def _step(self, name: str) -> Iterator[None]:
        self.is_sound = False
        self.tally.rules[name] += 1
        yield
        self.cut_for -= 1
        if self.cut_for <= 0:
            self.stage_.wire.is_down = False
        self.is_sound = True

    def _do(self, what: Callable[[], object], death: tuple[str, int] | None) -> None:
        if death is None:
            what()
        else:
            self.stage_.kill_during(what, kind=death[0], places=death[1])

    def _work(self) -> int:
        """Run every sweep once but the audit; the number of things done."""
        now = self.stage_.clock.now()
        try:
            registry.mobile_money()
            return sum(sweep(now) for name, sweep in SWEEPS.items() if name != _AUDIT)
        except ProviderNotReady:
            # A worker that starts without a network waits for it.
            assert self.stage_.wire.is_down
            return 0

    def _read_statements(self, *, is_pulled: bool = False) -> None:
        """Compare the books with what the provider says of both accounts, as files or pulled."""

        def compare() -> None:
            now = self.stage_.clock.now()
            if is_pulled:
                pull_statement(now=now)
            else:
                for shortcode in self.stage_.shortcodes():
                    import_statement(self.simulator.statement(shortcode=shortcode), now=now)
            reconcile(now=now)

        self._try("statement", compare)

    def _try(self, name: str, what: Callable[[], object]) -> None:
        """Do what may be refused, and count how it went."""
        try:
            what()
        except ZemiError as refusal:
            self.tally.answers[f"{name}: {refusal.code}"] += 1
        else:
            self.tally.answers[f"{name}: done"] += 1

    def _seen(self, name: str, answer: story.Answer) -> story.Answer:
        """Count an answer, and let no 5xx pass but the documented ones (I18)."""
        self.tally.answers[f"{name}: {answer.status}"] += 1
        documented = answer.status in {502, 503} and answer.body.get("code") in PROVIDER_CODES
        assert documented or answer.status in ORDINARY_STATUSES, (
            f"I18: {name} answered {answer.status}: {answer.body}"
        )
        return answer

    def _code_from_messages(self, order: Sale) -> str | None:
        for message in self.simulator.messages(order.buyer.msisdn):
            # A reminder has the paybill's number, which has six digits as well.
            found = re.search(r"Delivery code: (\d{6})\b", str(message["text"]))
            if found and order.reference in str(message["text"]):
                order.code = found[1]
        return order.code

    def _shows_a_prompt(self, phone: Phone) -> bool:
        prompts: list[dict[str, Any]] = self.simulator.phone(phone.msisdn)["prompts"]
        return any(prompt["open"] for prompt in prompts)

    def _one_time_code(self, phone: Phone, purpose: str) -> str | None:
        """Ask for a code and read it; None when too many were asked for."""
        answer = self._seen(
            "one-time code", story.post("/api/v1/otp", {"phone_number": phone.msisdn, "purpose": purpose})
        )
        if answer.status != 200:
            return None
        text = Message.objects.filter(template="one_time_code").latest("id").text
        return text.split("code is ")[1][:6]

    def _proof(self, phone: Phone, purpose: str) -> dict[str, str]:
        code = self._one_time_code(phone, purpose)
        return {"phone_number": phone.msisdn, "otp": code or "000000"}

    def _ask(self, action: str, payload: dict[str, Any], *, maker: int, is_allowed: bool = False) -> bool:
        """One person asks, and with `is_allowed` another one allows it at once; whether it is done now."""
        text = {name: str(value) for name, value in payload.items()}
        by, other = STAFF[maker % len(STAFF)], STAFF[(maker + 1) % len(STAFF)]
        is_done = False

        def ask() -> None:
            nonlocal is_done
            now = self.stage_.clock.now()
            asked = request_action(action, text, maker=by, reason="seen in the statement", now=now)
            is_done = asked is None
            if asked is not None:
                self.checks.asked[asked.id] = (action, text)
                if is_allowed:
                    approve(asked.id, checker=other, reason="checked", now=now)
                    is_done = True

        self._try(action, ask)
        return is_done
