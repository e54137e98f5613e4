"""Scenarios: sales of made-up people that come to a given point, through the same functions as anybody's sale.

Each takes a second or less. What a worker does later (callbacks, payouts, messages) it does as ever.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.conf import settings

from zemi.common.db import outside_transaction
from zemi.common.money import Money, kes
from zemi.orders.models import Order
from zemi.payments.cancel import Act
from zemi.providers import registry
from zemi.providers.errors import ProviderNotReady
from zemi.providers.mpesa.sandbox import SandboxUnreachable
from zemi.sandbox.errors import ScenarioUnknown
from zemi.sandbox.sale import LINK_LIFE, Sale

_PRICE = kes(1500)


@dataclass(frozen=True, slots=True)
class Scenario:
    """One story. `meaning` says what has happened when it is told, and what follows by itself.

    `stock`: its order is made by a payment link that sells so many.
    """

    name: str
    meaning: str
    tell: Callable[[Sale], None]
    stock: int = 0


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
        sale = Sale(merchant_id, amount, stock=scenario.stock)
        scenario.tell(sale)
    except SandboxUnreachable as error:
        raise ProviderNotReady(problem="the simulator does not answer") from error
    sale.order.refresh_from_db()
    return sale.order


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
            lambda sale: sale.wait(timedelta(hours=settings.ORDER_EXPIRY_H)),
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
            lambda sale: sale.ask_to_cancel(Act.ACCEPT),
        ),
        Scenario(
            "cancel_declined",
            "The buyer of a paid order asks to call it off, and the seller says no: the order goes on.",
            lambda sale: sale.ask_to_cancel(Act.DECLINE),
        ),
        Scenario(
            "cancel_withdrawn",
            "The buyer of a paid order asks to call it off, and takes that back: the order goes on.",
            lambda sale: sale.ask_to_cancel(Act.WITHDRAW),
        ),
        Scenario(
            "cancel_lapsed",
            "The buyer of a paid order asks to call it off, and the clock is moved past the end of the request.",
            lambda sale: sale.ask_to_cancel_in_vain(),
        ),
        Scenario(
            "part_paid",
            "The buyer pays KES 500 too little at the paybill: it is held, and the rest is awaited.",
            lambda sale: sale.pay_by_hand(sale.amount - kes(500)),
        ),
        Scenario(
            "paid_too_much",
            "The buyer pays KES 100 too much at the paybill: the order is paid, and the rest is back a moment later.",
            lambda sale: sale.pay_too_much(kes(100)),
        ),
        Scenario(
            "paid_a_little",
            "The buyer pays KES 5, and the clock is moved past the order's end: too little to be sent, it is credit.",
            lambda sale: sale.pay_a_little(kes(5)),
        ),
        Scenario(
            "receipt_claimed",
            "The buyer pays under a wrong reference, and M-Pesa's statement tells which order was meant.",
            lambda sale: sale.pay_and_claim(),
        ),
        Scenario(
            "payment_reversed",
            "The order is paid, and M-Pesa gives the payment back to the buyer: the order is cancelled.",
            lambda sale: sale.pay_and_lose(),
        ),
        Scenario(
            "order_clawed_back",
            "Delivered, and M-Pesa gives the payment back to the buyer: the payout is called off, or the seller owes it.",
            lambda sale: sale.complete_and_lose(),
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
            "payment_unknown",
            "M-Pesa's answer to the prompt is lost: it is asked about, and the buyer pays after a second or two.",
            lambda sale: sale.prompt_while("http_timeout_after"),
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
        Scenario(
            "payout_answer_lost",
            "Delivered, and M-Pesa's answer to the payout is lost: its outcome is unknown until M-Pesa has been asked.",
            lambda sale: sale.complete_while("http_timeout_after"),
        ),
        Scenario(
            "payout_held",
            "Delivered, and the seller's wallet is full: the payout waits an hour, and is tried again.",
            lambda sale: sale.complete_while("b2c_wallet_full"),
        ),
        Scenario(
            "payout_cancelled",
            "Delivered, and the payout is called off before it leaves: the money is on the seller's balance.",
            lambda sale: sale.complete_and_call_off(),
        ),
        Scenario(
            "refund_failed",
            "The buyer pays KES 100 too much, and M-Pesa refuses to send it back: it is the buyer's credit.",
            lambda sale: sale.pay_too_much(kes(100), fault="b2c_unregistered"),
        ),
        Scenario(
            "refund_held",
            "The buyer pays KES 100 too much, and has a full wallet: the refund waits an hour, and is tried again.",
            lambda sale: sale.pay_too_much(kes(100), fault="b2c_wallet_full"),
        ),
        Scenario(
            "refund_unknown",
            "The buyer pays KES 100 too much, and M-Pesa's answer to the refund is lost: unknown until M-Pesa is asked.",
            lambda sale: sale.pay_too_much(kes(100), fault="http_timeout_after"),
        ),
        Scenario("link_sold", "An order is made by a payment link that sells two.", lambda _: None, stock=2),
        Scenario(
            "link_used_up", "An order is made by a payment link that sells one.", lambda _: None, stock=1
        ),
        Scenario(
            "link_reopened",
            "The one order of a payment link is called off unpaid: its place is free again a moment later.",
            lambda sale: sale.cancel(),
            stock=1,
        ),
        Scenario(
            "link_disabled",
            "An order is made by a payment link, which its owner then stops: the order goes on.",
            lambda sale: sale.disable_link(),
            stock=2,
        ),
        Scenario(
            "link_expired",
            "The clock is moved past the end of a payment link, which expires a moment later; its order goes on.",
            lambda sale: sale.wait(LINK_LIFE),
            stock=2,
        ),
    )
}
