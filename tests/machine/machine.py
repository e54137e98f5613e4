"""The machine: what clients, phones, networks, forgers and dying processes do, in any order (SAFETY 5a).

Every rule speaks to the product as somebody outside would, or runs or kills its worker. After each of them every
invariant is checked; at the end of an example all faults stop, days pass, and everything must have come to its end.
"""

import json
from collections.abc import Callable
from typing import Any

import hypothesis.strategies as st
from hypothesis.stateful import precondition, rule

from tests import characters, story
from tests.characters import OTIENO
from tests.machine.agreed import AgreedRules
from tests.machine.cast import (
    AMOUNTS,
    FAULTS,
    FORGED_PATHS,
    PAYERS,
    SELLERS,
    altered,
    deaths,
    maybe_death,
    which,
)
from tests.machine.ending import has_given_away_too_much, is_short_of_what_came
from tests.machine.invariants import fingerprint, unreachable
from tests.machine.paybill import PaybillRules
from tests.machine.provider import ProviderRules
from tests.machine.staff import StaffRules
from tests.machine.world import World
from zemi.disbursements.models import DisbursementStatus
from zemi.orders.models import OrderStatus
from zemi.payments.allocate import is_open
from zemi.payments.models import Payment, Receipt
from zemi.payouts.models import Payout
from zemi.providers import registry
from zemi.reconciliation.models import AuditRun
from zemi.webhooks.models import WebhookLog
from zemi.webhooks.tokens import CallbackKind, mint
from zemi.worker.inbound import handle_due_callbacks
from zemi.worker.sweeps import SWEEPS

# It reads every row there is: a rule of its own here, and with every ending.
_AUDIT = "audit"


class EscrowMachine(AgreedRules, ProviderRules, PaybillRules, StaffRules, World):
    """All rules together."""

    # Clients

    @rule(
        buyer=which,
        seller=which,
        amount=st.sampled_from(AMOUNTS),
        by_merchant=st.booleans(),
        death=maybe_death,
    )
    def create_order(
        self, buyer: int, seller: int, amount: str, by_merchant: bool, death: tuple[str, int] | None
    ) -> None:
        """A buyer or a merchant makes an order."""
        payer, payee = PAYERS[buyer % 3], SELLERS[seller % len(SELLERS)]
        with self._step("create_order"):
            self._do(lambda: self._create(payer, payee, amount, by_merchant=by_merchant), death)

    @rule(
        buyer=which,
        seller=which,
        amount=st.sampled_from(AMOUNTS),
        by_merchant=st.booleans(),
        payer=which,
        worker_dies=st.sampled_from((None, None, "after_disburse", "before_disburse")),
    )
    def sell(
        self, buyer: int, seller: int, amount: str, by_merchant: bool, payer: int, worker_dies: str | None
    ) -> None:
        """A whole sale up to the payout, as far as faults let it come."""
        customer, payee = PAYERS[buyer % 3], SELLERS[seller % len(SELLERS)]
        with self._step("sell"):
            sale = self._create(customer, payee, amount, by_merchant=by_merchant)
            if sale is None:
                return
            self.stage_.pass_time(130)
            phone = PAYERS[payer % len(PAYERS)] if payer % 2 else customer
            self._seen("push", story.push(sale.reference, phone=phone, amount=sale.amount))
            self.stage_.pass_time(4)
            self.stage_.settle(self._work)
            if story.order_of(sale.reference).status == OrderStatus.PAID:
                self._confirm(sale)
                self._do(self._work, (worker_dies, 1) if worker_dies else None)

    @precondition(World._has_sales)
    @rule(
        sale=which, payer=which, wrong_amount=st.sampled_from((False, False, False, True)), death=maybe_death
    )
    def push(self, sale: int, payer: int, wrong_amount: bool, death: tuple[str, int] | None) -> None:
        """Somebody asks a phone to pay for an order, perhaps again, perhaps for another amount."""
        order, phone = self._sale(sale, status=OrderStatus.AWAITING_PAYMENT), PAYERS[payer % len(PAYERS)]
        amount = "11" if wrong_amount else order.amount

        def ask() -> None:
            answer = self._seen("push", story.push(order.reference, phone=phone, amount=amount))
            assert not wrong_amount or answer.status != 200

        with self._step("push"):
            self._do(ask, death)

    @precondition(World._has_sales)
    @rule(sale=which)
    def pay(self, sale: int) -> None:
        """The buyer asks for a prompt, and answers it in a moment."""
        order = self._sale(sale, status=OrderStatus.AWAITING_PAYMENT)
        with self._step("pay"):
            self._seen("push", story.push(order.reference, phone=order.buyer, amount=order.amount))
            self.stage_.pass_time(3)

    @precondition(World._has_sales)
    @rule(sale=which, death=maybe_death)
    def confirm_with_the_right_code(self, sale: int, death: tuple[str, int] | None) -> None:
        """The buyer gives the code away, whatever the order's state."""
        order = self._sale(sale, status=OrderStatus.PAID)
        with self._step("confirm_with_the_right_code"):
            self._do(lambda: self._confirm(order), death)

    @precondition(World._has_sales)
    @rule(
        sale=which,
        times=st.integers(min_value=1, max_value=4),
        off_by=st.integers(min_value=1, max_value=999_999),
    )
    def confirm_with_a_wrong_code(self, sale: int, times: int, off_by: int) -> None:
        """Somebody guesses, as often as it takes to lock the code."""
        order = self._sale(sale, status=OrderStatus.PAID)
        code = order.code or self._code_from_messages(order)
        guess = story.wrong(code, off_by) if code else "not one"
        before = story.order_of(order.reference)
        with self._step("confirm_with_a_wrong_code"):
            for _ in range(times):
                answer = self._seen("confirm wrong", story.confirm(order.reference, guess))
                assert answer.status in {400, 422, 423, 429, 503}, answer.body
            assert story.order_of(order.reference).status == before.status

    @precondition(World._has_sales)
    @rule(
        sale=which,
        key=st.sampled_from(("merchant", "merchant", "other", None)),
        wrong=st.sampled_from((None, None, None, "amount", "phone")),
        death=maybe_death,
    )
    def ask_for_the_payout(
        self, sale: int, key: str | None, wrong: str | None, death: tuple[str, int] | None
    ) -> None:
        """A merchant, another merchant or a stranger asks to have the seller paid."""
        order = self._sale(sale, status=OrderStatus.COMPLETED)
        owed = Payout.objects.filter(order__order_reference=order.reference).first()
        amount = "12" if wrong == "amount" else str(owed.amount) if owed else order.amount
        phone = OTIENO if wrong == "phone" else order.seller
        text = {"merchant": self.merchant_key, "other": self.other_key, None: None}[key]

        def ask() -> None:
            answer = self._seen(
                "payout", story.ask_payout(order.reference, key=text, phone=phone, amount=amount)
            )
            assert key is not None or answer.status == 401
            assert wrong is None or answer.status not in {200, 202}

        with self._step("ask_for_the_payout"):
            self._do(ask, death)

    @precondition(World._has_sales)
    @rule(
        sale=which,
        used=st.sampled_from((False, False, True)),
        wrong_amount=st.sampled_from((False, False, True)),
        death=maybe_death,
    )
    def tell_of_a_simulated_payment(
        self, sale: int, used: bool, wrong_amount: bool, death: tuple[str, int] | None
    ) -> None:
        """The seed's sandbox webhook, with new and used transaction ids."""
        order = self._sale(sale, status=OrderStatus.AWAITING_PAYMENT)
        with self._step("tell_of_a_simulated_payment"):
            if not (used and self.transaction_ids):
                self.transaction_ids.append(f"SIM{len(self.transaction_ids):07d}")
            number, amount = self.transaction_ids[-1], "11" if wrong_amount else order.amount
            # An order that expired at most two hours ago is paid all the same (O6).
            is_payable = is_open(story.order_of(order.reference), now=self.stage_.clock.now())

            def tell() -> None:
                answer = self._seen(
                    "simulated payment", story.simulate_payment(order.reference, number, amount=amount)
                )
                if answer.status == 200:
                    assert is_payable
                    assert not wrong_amount
                    assert answer.data["status"] == "paid"

            self._do(tell, death)

    # Phones

    @rule(
        phone=which,
        outcome=st.sampled_from(("pay", "cancel", "no_balance", "unreachable", "wrong_pin", "wait", "wait")),
        callback=st.sampled_from(("normal", "normal", "lost", "twice")),
    )
    def plan_the_next_answer(self, phone: int, outcome: str, callback: str) -> None:
        """What somebody will do with the next prompt."""
        with self._step("plan_the_next_answer"):
            self.simulator.set_phone(PAYERS[phone % 3].msisdn, next=outcome, callback=callback)

    def _open_prompts(self) -> list[str]:
        return [phone.msisdn for phone in PAYERS if self._shows_a_prompt(phone)] if self.stage else []

    def _has_open_prompts(self) -> bool:
        return bool(self._open_prompts())

    @precondition(_has_open_prompts)
    @rule(phone=which, decision=st.sampled_from(("pay", "pay", "cancel", "wrong_pin")))
    def answer_a_prompt(self, phone: int, decision: str) -> None:
        """Somebody answers the prompt on the phone now."""
        with self._step("answer_a_prompt"):
            waiting = self._open_prompts()
            self.simulator.set_phone(waiting[phone % len(waiting)], prompt=decision)

    # Time, worker, network

    @rule(seconds=st.sampled_from((1, 5, 30, 65, 130, 310, 640, 3_700, 10_000)))
    def let_time_pass(self, seconds: int) -> None:
        """From seconds to hours."""
        with self._step("let_time_pass"):
            self.stage_.pass_time(seconds)

    @rule()
    def run_the_worker_once(self) -> None:
        """Every sweep once."""
        with self._step("run_the_worker_once"):
            self._work()

    @rule(death=maybe_death)
    def audit_the_books(self, death: tuple[str, int] | None) -> None:
        """The hourly audit, if nobody has made it in this hour; whatever is under way, it finds nothing wrong.

        But where staff have given away more than the operator had put in, or what came without a word has been spent:
        then the audit must say so.
        """

        def audit() -> None:
            # What an earlier one said may be mended since.
            known = list(AuditRun.objects.filter(ended_at__isnull=False).values_list("hour", flat=True))
            SWEEPS[_AUDIT](self.stage_.clock.now())
            wrong = [
                problem
                for problems in AuditRun.objects.exclude(hour__in=known).values_list("problems", flat=True)
                for problem in problems
                if not (has_given_away_too_much() and problem.startswith("client money is covered"))
                # The worker may have been down for a month: the end of the run is strict about this.
                and not problem.startswith("nothing waits longer")
                and not is_short_of_what_came(problem, unreachable(self.simulator))
            ]
            assert not wrong, f"the audit says {wrong}"

        with self._step("audit_the_books"):
            self._do(audit, death)

    @rule(seconds=st.sampled_from((0, 2, 30, 130)))
    def let_the_worker_catch_up(self, seconds: int) -> None:
        """Worker and simulator take turns until neither finds more."""
        with self._step("let_the_worker_catch_up"):
            self.stage_.pass_time(seconds)
            self.stage_.settle(self._work)

    @rule(seconds=st.sampled_from((0, 5, 30, 130)), death=deaths)
    def kill_the_worker(self, seconds: int, death: tuple[str, int]) -> None:
        """The worker dies on its way; another one starts later."""
        with self._step("kill_the_worker"):
            self.stage_.pass_time(seconds)
            self._do(self._work, death)

    def _has_queued_payouts(self) -> bool:
        return (
            self.stage is not None
            and Payout.objects.filter(
                status__in=(DisbursementStatus.QUEUED, DisbursementStatus.HELD)
            ).exists()
        )

    @precondition(_has_queued_payouts)
    @rule(place=st.sampled_from(("after_disburse", "after_disburse", "before_disburse")))
    def kill_the_worker_at_a_payout(self, place: str) -> None:
        """The most dangerous places: the payment was sent, or not, and nothing is written down."""
        with self._step(f"kill_the_worker {place}"):
            for _ in range(2):  # what is held is queued by one run and sent by the next
                self._do(self._work, (place, 1))

    @precondition(_has_queued_payouts)
    @rule(
        place=st.sampled_from(("before_disburse", "after_disburse")),
        seconds=st.sampled_from((10, 130, 130, 400)),
        finds_no_network=st.booleans(),
    )
    def stall_the_worker_at_a_payout(self, place: str, seconds: int, finds_no_network: bool) -> None:
        """The worker is suspended, another one takes over, and the first goes on where it was: late, and perhaps in vain."""
        with self._step(f"stall_the_worker {place}"):

            def meanwhile() -> None:
                self.stage_.pass_time(seconds)
                self._work()
                self.stage_.wire.is_down = self.stage_.wire.is_down or finds_no_network

            for _ in range(2):  # what is held is queued by one run and sent by the next
                self.stage_.stall_during(self._work, place, meanwhile)

    @rule(steps=st.integers(min_value=1, max_value=4))
    def cut_the_wire(self, steps: int) -> None:
        """The network to the provider is down for the next few steps."""
        with self._step("cut_the_wire"):
            self.cut_for = steps + 1
            self.stage_.wire.is_down = True

    @rule(fault=st.sampled_from(FAULTS))
    def something_goes_wrong_once(self, fault: tuple[str, str]) -> None:
        """One more fault, for the next time that it can bite."""
        name, api = fault
        with self._step("something_goes_wrong_once"):
            self.simulator.fault(name, count=1, **({} if api == "usual" else {"api": api}))

    # Callbacks

    @rule(hold=st.booleans())
    def hold_or_release_callbacks(self, hold: bool) -> None:
        """From now on callbacks wait to be delivered by hand, or go out by themselves again."""
        with self._step("hold_or_release_callbacks"):
            self.simulator.hold_callbacks = hold

    def _has_held_callbacks(self) -> bool:
        return self.stage is not None and bool(self.simulator.held)

    @precondition(_has_held_callbacks)
    @rule(index=which, times=st.sampled_from((1, 1, 1, 2, 3)))
    def deliver_a_callback(self, index: int, times: int) -> None:
        """Any held callback, early or late, once or more: so they come in any order."""
        with self._step("deliver_a_callback"):
            statuses = self.simulator.deliver(index % len(self.simulator.held), times=times)
            assert statuses == [200] * times

    @precondition(World._has_sales)
    @rule(
        sale=which,
        order=st.permutations(range(3)),
        lost=st.sets(st.integers(min_value=0, max_value=2), max_size=2),
        runs_worker=st.booleans(),
    )
    def ask_the_phone_that_calls_back_twice(
        self, sale: int, order: list[int], lost: set[int], runs_worker: bool
    ) -> None:
        """Two successes and a stray failure about one prompt come in any order, and some of them never."""
        with self._step("ask_the_phone_that_calls_back_twice"):
            before, self.simulator.hold_callbacks = self.simulator.hold_callbacks, True
            known = {callback.id for callback in self.simulator.held}
            chosen = self._sale(sale, status=OrderStatus.AWAITING_PAYMENT)
            self._seen(
                "push", story.push(chosen.reference, phone=characters.CALLBACK_TWICE, amount=chosen.amount)
            )
            self.stage_.pass_time(6)
            new = [callback.id for callback in self.simulator.held if callback.id not in known]
            for number in order:
                if number < len(new):
                    index = [callback.id for callback in self.simulator.held].index(new[number])
                    self.simulator.deliver(index, drop=number in lost)
                    if runs_worker:
                        self._work()
            self.simulator.hold_callbacks = before

    @precondition(_has_held_callbacks)
    @rule(index=which)
    def lose_a_callback(self, index: int) -> None:
        """A held callback that will never come."""
        with self._step("lose_a_callback"):
            self.simulator.deliver(index % len(self.simulator.held), drop=True)

    @precondition(_has_held_callbacks)
    @rule(index=which, death=deaths)
    def kill_the_web_server_at_a_callback(self, index: int, death: tuple[str, int]) -> None:
        """The process that takes the callback dies before or after it was stored; M-Pesa doesn't try again."""
        with self._step("kill_the_web_server_at_a_callback"):
            self._do(lambda: self.simulator.deliver(index % len(self.simulator.held)), death)

    # Forgers

    @rule(
        payment=which,
        path=st.sampled_from(FORGED_PATHS),
        amount=st.sampled_from((1, 1500, 25_000)),
        code=st.sampled_from((0, 0, 1032, 1)),
        place=st.integers(min_value=0, max_value=99),
    )
    def forge_a_callback(self, payment: int, path: str, amount: int, code: int, place: int) -> None:
        """Somebody who knows the documents says that a prompt was paid, or that it failed, where he can."""
        payments = list(Payment.objects.order_by("id"))
        with self._step(f"forge_a_callback: {path}"):
            chosen = payments[payment % len(payments)] if payments else None
            if path == "unknown checkout id":
                self._forge_unknown(
                    self._forgery("ws_CO_011220261200001230712345678", amount=amount, code=code)
                )
            elif chosen is not None and path == "known checkout id":
                body = self._forgery(chosen.provider_reference, amount=amount, code=code)
                self._nothing_changes(lambda: self._bare(body, slash=bool(place % 2)))
            elif chosen is not None:
                body = self._forgery(chosen.provider_reference or "ws_CO_1", amount=amount, code=code)
                self._forge_secret(altered(mint(CallbackKind.STK, chosen.id), path, place), body)

    # Forgeries in words

    def _bare(self, body: bytes, *, slash: bool = False) -> None:
        answer = self._seen("forged bare", story.post(f"/api/webhooks/mpesa{'/' if slash else ''}", body))
        assert answer.status == 200

    def _forgery(self, checkout_id: str, *, amount: int, code: int) -> bytes:
        self.forgeries += 1
        callback: dict[str, Any] = {
            "MerchantRequestID": "29115-34620561-1",
            "CheckoutRequestID": checkout_id,
            "ResultCode": code,
            "ResultDesc": "-",
        }
        if code == 0:
            items = {
                "Amount": amount,
                "MpesaReceiptNumber": f"FORGED{self.forgeries:04d}",
                "PhoneNumber": 254708374149,
            }
            callback["CallbackMetadata"] = {
                "Item": [{"Name": name, "Value": value} for name, value in items.items()]
            }
        return json.dumps({"Body": {"stkCallback": callback}}).encode()

    def _forge_unknown(self, body: bytes) -> None:
        """M-Pesa never gave this id out; also when the worker reads it, nothing changes."""
        is_alone = (
            not self.stage_.wire.is_down and not WebhookLog.objects.filter(due_at__isnull=False).exists()
        )

        def forge() -> None:
            self._bare(body)
            if is_alone:
                registry.mobile_money()
                handle_due_callbacks(now=self.stage_.clock.now())

        self._nothing_changes(forge)

    def _forge_secret(self, token: str, body: bytes) -> None:
        """A made-up, shortened or altered secret path is not found, whatever is posted to it."""

        def forge() -> None:
            assert self._seen("forged secret", story.post(f"/hooks/{token}", body)).status == 404

        inbox = WebhookLog.objects.count()
        self._nothing_changes(forge)
        assert WebhookLog.objects.count() == inbox, "I9: a forged secret reached the inbox"

    def _nothing_changes(self, forge: Callable[[], None]) -> None:
        before = fingerprint()
        forge()
        assert fingerprint() == before, "I9: a forged callback changed a row outside the inbox"
        assert not Receipt.objects.filter(transaction_id__startswith="FORGED").exists(), (
            "I9: a forged receipt was booked"
        )
