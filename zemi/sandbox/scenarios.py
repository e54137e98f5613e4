"""Scenarios: sales of made-up people that come to a given point, through the same functions as anybody's sale.

Each takes a second or less. What a worker does later (callbacks, payouts, messages) it does as ever.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings

from zemi.common import clock
from zemi.common.db import outside_transaction, unit_of_work
from zemi.common.money import Money, kes
from zemi.common.phone import Phone
from zemi.orders.create import create_order
from zemi.orders.locks import lock_order_by_key
from zemi.orders.models import Order
from zemi.orders.parties import Asker
from zemi.payments.cancel import Act, negotiate_cancel
from zemi.payments.close import cancel_order
from zemi.payments.collect import start_payment
from zemi.payments.simulated import receive_simulated_payment
from zemi.providers import registry
from zemi.providers.errors import ProviderNotReady
from zemi.providers.mpesa.sandbox import Sandbox, SandboxUnreachable
from zemi.releases.release import release_instantly
from zemi.sandbox.clock import advance_clock
from zemi.sandbox.errors import ScenarioUnknown

_PRICE = kes(1500)
# Whose budgets the calls of all scenarios are charged to.
_CALLER = "sandbox"


@dataclass(frozen=True, slots=True)
class Scenario:
    """One story. `meaning` says what has happened when it is told, and what follows by itself."""

    name: str
    meaning: str
    tell: Callable[["_Sale"], None]


@outside_transaction
def run_scenario(name: str, *, merchant_id: UUID | None = None, amount: Money = _PRICE) -> Order:
    """Play the scenario with an order of its own, which is the merchant's if there is one; the order as it then is.

    :raises ScenarioUnknown: no such name, nothing was done
    :raises ProviderNotReady: the simulator doesn't answer; if it was so from the beginning, nothing was done
    :raises ZemiError: a step was refused as it would be refused to anybody; the order stays where it is
    """
    scenario = SCENARIOS.get(name)
    if scenario is None:
        raise ScenarioUnknown(known=", ".join(SCENARIOS))
    try:
        # Before there is an order that would only lie about.
        registry.sandbox().ping()
        sale = _Sale(merchant_id, amount)
        scenario.tell(sale)
    except SandboxUnreachable as error:
        raise ProviderNotReady(problem="the simulator does not answer") from error
    sale.order.refresh_from_db()
    return sale.order


class _Sale:
    """One order of two people who were never seen before."""

    def __init__(self, merchant_id: UUID | None, amount: Money) -> None:
        self.buyer, self.seller = made_up_phone(), made_up_phone()
        self.amount = amount
        self.order: Order = create_order(
            buyer_phone=self.buyer,
            seller_phone=self.seller,
            amount=amount,
            product_description="Kitenge (scenario)",
            merchant_id=merchant_id,
            now=self.now,
        ).order

    @property
    def now(self) -> datetime:
        """The time, which may have been moved since the step before."""
        return clock.now()

    @property
    def simulator(self) -> Sandbox:
        return registry.sandbox()

    def prompt(self, **wishes: object) -> None:
        """Ask the buyer's phone, which then does as it is told."""
        self.simulator.script_phone(self.buyer, **wishes)
        start_payment(
            order_reference=self.order.order_reference,
            payer_phone=self.buyer,
            amount=self.amount,
            description="Scenario",
            caller=_CALLER,
            now=self.now,
        )

    def pay(self) -> None:
        """Pay at once."""
        receive_simulated_payment(
            order_reference=self.order.order_reference,
            transaction_id=f"SC{secrets.token_hex(4).upper()}",
            amount=self.amount,
            payment_method="mpesa",
            payer_phone=self.buyer,
            now=self.now,
        )

    def complete(self) -> None:
        """Pay, and release as the buyer's code would."""
        self.pay()
        with unit_of_work():
            release_instantly(lock_order_by_key(self.order.id), now=self.now, actor="sandbox")

    def complete_while(self, fault: str) -> None:
        """Complete it, while one thing goes wrong with the payout to this seller."""
        self.simulator.arm_fault(fault, phone=self.seller)
        self.complete()

    def cancel(self) -> None:
        """Call it off."""
        cancel_order(
            order_reference=self.order.order_reference,
            actor="merchant",
            merchant_id=self.order.merchant_id,
            now=self.now,
        )

    def cancel_as_seller(self) -> None:
        """Pay, and have the seller call it off."""
        self.pay()
        cancel_order(
            order_reference=self.order.order_reference,
            actor="party",
            party_id=self.order.seller_id,
            now=self.now,
        )

    def ask_to_cancel(self) -> None:
        """Pay, and have the buyer ask the seller to call it off."""
        self.pay()
        self._negotiate(Act.ASK, self.order.buyer_id)

    def cancel_together(self) -> None:
        """Pay, and have buyer and seller agree to call it off."""
        self.ask_to_cancel()
        self._negotiate(Act.ACCEPT, self.order.seller_id)

    def _negotiate(self, act: Act, party_id: UUID) -> None:
        negotiate_cancel(
            act=act,
            asker=Asker(party_id=party_id),
            order_reference=self.order.order_reference,
            caller=_CALLER,
            now=self.now,
        )

    def expire(self) -> None:
        """Let its time pass."""
        advance_clock(timedelta(hours=settings.ORDER_EXPIRY_H, seconds=1))


def made_up_phone() -> Phone:
    """A number that nobody has had before."""
    # Above the test numbers of the simulator, which have habits of their own.
    return Phone.parse(f"2547{20_000_000 + secrets.randbelow(70_000_000)}")


SCENARIOS: Mapping[str, Scenario] = {
    scenario.name: scenario
    for scenario in (
        Scenario("order_created", "An order awaits its payment.", lambda _: None),
        Scenario("order_paid", "The order is paid, and its money is held.", lambda sale: sale.pay()),
        Scenario(
            "order_completed",
            "The order is paid and delivered; its payout succeeds a moment later.",
            lambda sale: sale.complete(),
        ),
        Scenario(
            "order_expired",
            "The clock is moved past the end of an unpaid order, which expires a moment later.",
            lambda sale: sale.expire(),
        ),
        Scenario(
            "order_cancelled", "An unpaid order is called off by its merchant.", lambda sale: sale.cancel()
        ),
        Scenario(
            "order_refunded",
            "The order is paid and called off by its seller; the money is back with the buyer a moment later.",
            lambda sale: sale.cancel_as_seller(),
        ),
        Scenario(
            "cancel_asked",
            "The buyer of a paid order asks the seller to call it off; unanswered for a day, that lapses.",
            lambda sale: sale.ask_to_cancel(),
        ),
        Scenario(
            "cancel_agreed",
            "Buyer and seller of a paid order agree to call it off; the money is back a moment later.",
            lambda sale: sale.cancel_together(),
        ),
        Scenario(
            "payment_pays",
            "The buyer enters the PIN: paid after a second or two.",
            lambda sale: sale.prompt(next="pay", delay_s=1),
        ),
        Scenario(
            "payment_cancelled",
            "The buyer cancels the prompt.",
            lambda sale: sale.prompt(next="cancel", delay_s=1),
        ),
        Scenario(
            "payment_no_balance",
            "The buyer has too little money.",
            lambda sale: sale.prompt(next="no_balance", delay_s=1),
        ),
        Scenario(
            "payment_wrong_pin",
            "The buyer mistypes the PIN.",
            lambda sale: sale.prompt(next="wrong_pin", delay_s=1),
        ),
        Scenario(
            "payment_unreachable",
            "The buyer's phone is off.",
            lambda sale: sale.prompt(next="unreachable", delay_s=1),
        ),
        Scenario(
            "callback_lost",
            "The buyer pays and M-Pesa's callback never comes: the payment is found by asking, after 25 seconds or "
            "when the clock is moved.",
            lambda sale: sale.prompt(next="pay", delay_s=1, callback="lost"),
        ),
        Scenario(
            "callback_twice",
            "The buyer pays and M-Pesa's callback comes twice: it is booked once.",
            lambda sale: sale.prompt(next="pay", delay_s=1, callback="twice"),
        ),
        Scenario(
            "payout_failed",
            "Delivered, and M-Pesa refuses to pay the seller: the money is back on the seller's balance.",
            lambda sale: sale.complete_while("b2c_unregistered"),
        ),
        Scenario(
            "payout_unknown",
            "Delivered, and the payout's result never comes: it is asked about, and never sent twice.",
            lambda sale: sale.complete_while("b2c_result_lost"),
        ),
    )
}
