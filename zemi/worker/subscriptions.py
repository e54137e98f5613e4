"""What subscribers do for the events that are owed to them; the names stand in `events.subscriptions`.

A subscriber may see an event twice: what it writes is unique per event.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import cast
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.db.models import Q

from zemi.common.db import append, columns, fetch, inside_transaction, unit_of_work, write_if
from zemi.common.money import Money
from zemi.common.work import claim_due, finish, handle_each
from zemi.disbursements.models import AttemptStatus, Disbursement, DisbursementStatus, HeldReason
from zemi.events.models import Event, EventDelivery
from zemi.events.subscriptions import MERCHANTS
from zemi.identity.models import Party
from zemi.links.complete import count_again
from zemi.notifications.alerts import alert_operators
from zemi.notifications.models import Message
from zemi.notifications.sending import compose
from zemi.orders.codes import sealed_code
from zemi.orders.links import address_in_text, link_in_text
from zemi.orders.models import Order, OrderStatus, Side
from zemi.payments.models import Payment, Receipt, ReceiptStatus
from zemi.payments.reasons import reason_text
from zemi.payouts.models import Payout
from zemi.providers import registry
from zemi.providers.base import Reason
from zemi.refunds.disburse import finish_refunded_order
from zemi.refunds.models import Refund, RefundAttempt
from zemi.refunds.payers import COOL_DOWN, is_unreachable
from zemi.snapshots.events import merchant_of_event, texts_of
from zemi.trust.limits import charge, named
from zemi.webhooks.deliveries import owe
from zemi.webhooks.models import DisabledReason, WebhookEndpoint

Composer = Callable[[Event, datetime], list[Message]]


def hand_out_due_events(*, now: datetime, limit: int = 50) -> int:
    """Let subscribers handle what they are owed; each delivery in a transaction of its own."""
    deliveries = claim_due(EventDelivery, now=now, limit=limit)
    events = Event.objects.in_bulk([delivery.event_id for delivery in deliveries])

    def hand_out(delivery: EventDelivery, moment: datetime) -> None:
        with unit_of_work():
            _SUBSCRIBERS[delivery.subscriber](events[delivery.event_id], moment)
            finish(delivery, handled_at=moment)

    handle_each(deliveries, hand_out, now=now)
    return len(deliveries)


@inside_transaction
def write_text_messages(event: Event, now: datetime) -> None:
    """Queue the text messages that an event calls for."""
    messages = _COMPOSERS[event.type](event, now)
    # A second handling of the same event finds its messages there already.
    append(*messages, ignore_conflicts=True)


def _order_paid(event: Event, now: datetime) -> list[Message]:
    order = _order_with_people(event.subject_id)
    facts = _sale(order)
    messages = [_to(order.seller, "seller_paid_order", event, now, **facts)]
    code = sealed_code(order)
    if code is not None:
        messages.append(_to(order.buyer, "buyer_code", event, now, code=code, **facts))
        # From here on the code lives in the message alone, until it has gone out; then only its hash is left.
        write_if(order, {"delivery_code_sealed": None})
    return messages


def _code_replaced(event: Event, now: datetime) -> list[Message]:
    order = Order.objects.select_related("buyer").get(pk=event.subject_id)
    code = sealed_code(order)
    if code is None or order.code_generation != event.data["generation"]:
        return []
    write_if(order, {"delivery_code_sealed": None})
    facts = {"reference": order.order_reference, "link": link_in_text(order)}
    return [_to(order.buyer, "buyer_new_code", event, now, code=code, **facts)]


def _order_with_people(order_id: UUID) -> Order:
    statement = f"""
        SELECT {columns(Order, "o")}, {columns(Party, "b")}, {columns(Party, "s")} FROM orders_order o
        JOIN identity_party b ON b.id = o.buyer_id JOIN identity_party s ON s.id = o.seller_id
        WHERE o.id = %s"""  # noqa: S608 (own names)
    [(order, buyer, seller)] = fetch(statement, [order_id], Order, Party, Party)
    order.buyer, order.seller = buyer, seller
    return cast("Order", order)


def _payment_failed(event: Event, now: datetime) -> list[Message]:
    payment = Payment.objects.select_related("order__buyer").get(pk=event.subject_id)
    buyer = payment.order.buyer
    why = reason_text(payment.failure_reason)
    # Its success was told since, and denied: nobody says that it is not paid before that is decided.
    if why is None or payment.is_contradicted:
        return []
    return [
        _to(
            buyer,
            "payment_failed",
            event,
            now,
            reference=payment.order.order_reference,
            why=why.render(buyer.language),
        )
    ]


def _part_paid(event: Event, now: datetime) -> list[Message]:
    order = Order.objects.select_related("buyer").get(pk=event.subject_id)
    facts = {
        "reference": order.order_reference,
        "link": link_in_text(order),
        **{name: _whole(event.data[name]) for name in ("part", "due")},
    }
    return [_to(order.buyer, "part_paid", event, now, **facts)]


def _order_expired(event: Event, now: datetime) -> list[Message]:
    order = Order.objects.select_related("buyer").get(pk=event.subject_id)
    return [_to(order.buyer, "order_expired", event, now, reference=order.order_reference)]


def _order_cancelled(event: Event, now: datetime) -> list[Message]:
    order = Order.objects.select_related("buyer").get(pk=event.subject_id)
    return [_to(order.buyer, "order_cancelled", event, now, reference=order.order_reference)]


def _cancel_requested(event: Event, now: datetime) -> list[Message]:
    order = _order_with_people(event.subject_id)
    # It may have been answered or taken back meanwhile.
    if order.cancel_asked_by != event.actor:
        return []
    return [
        _to(
            _side_of(order, Side(event.actor).other),
            f"cancel_asked_by_{event.actor}",
            event,
            now,
            **_sale(order),
        )
    ]


def _cancel_request_ended(template: str) -> Composer:
    def compose_it(event: Event, now: datetime) -> list[Message]:
        order = _order_with_people(event.subject_id)
        return [_to(_side_of(order, Side(event.data["asked_by"])), template, event, now, **_sale(order))]

    return compose_it


def _cancel_accepted(event: Event, now: datetime) -> list[Message]:
    # The buyer is texted about the cancelling itself.
    order = _order_with_people(event.subject_id)
    return [_to(order.seller, "seller_sale_cancelled", event, now, **_sale(order))]


def _side_of(order: Order, side: Side) -> Party:
    return order.buyer if side is Side.BUYER else order.seller


def _sale(order: Order) -> dict[str, str]:
    return {
        "reference": order.order_reference,
        "amount": _shillings(order.amount_minor),
        "link": link_in_text(order),
    }


def _order_reminded(event: Event, now: datetime) -> list[Message]:
    order = Order.objects.select_related("buyer").get(pk=event.subject_id)
    if order.status != OrderStatus.AWAITING_PAYMENT:
        return []
    return [
        _to(
            order.buyer,
            "payment_reminder",
            event,
            now,
            reference=order.order_reference,
            due=_shillings(order.due.minor),
            paybill=registry.mobile_money().collection_account,
            link=link_in_text(order),
        )
    ]


def _receipt_proposed(event: Event, now: datetime) -> list[Message]:
    receipt = Receipt.objects.select_related("proposed_order__buyer").get(pk=event.subject_id)
    order = receipt.proposed_order
    if order is None or receipt.status != ReceiptStatus.ORPHAN:
        return []
    # The payer is the buyer: that is how it was matched.
    facts = {"reference": order.order_reference, "receipt": receipt.transaction_id or "-"}
    amount = _shillings(receipt.amount_minor)
    return [_to(order.buyer, "receipt_proposed", event, now, amount=amount, **facts)]


def _receipt_reversed(event: Event, now: datetime) -> list[Message]:
    template = _REVERSED.get(event.data["order_status"])
    if template is None:
        return []
    receipt = Receipt.objects.select_related("order__seller").get(pk=event.subject_id)
    order = cast("Order", receipt.order)
    facts = {"reference": order.order_reference, "amount": _shillings(receipt.allocated_minor)}
    return [_to(order.seller, template, event, now, **facts)]


_REVERSED = {OrderStatus.CANCELLED: "seller_sale_reversed", OrderStatus.COMPLETED: "seller_clawback"}


def _payout_succeeded(event: Event, now: datetime) -> list[Message]:
    payout = _payout_with_people(event)
    return [_of_payout(payout, "seller_payout", event, now, receipt=payout.transaction_id or "-")]


def _payout_failed(event: Event, now: datetime) -> list[Message]:
    payout = _payout_with_people(event)
    if _needs_no_text(payout, event):
        return []
    is_no_customer = event.data["reason"] == Reason.PAYEE_INVALID
    template = "seller_payout_no_customer" if is_no_customer else "seller_payout_failed"
    return [_of_payout(payout, template, event, now)]


def _payout_held(event: Event, now: datetime) -> list[Message]:
    payout = _payout_with_people(event)
    if event.data["reason"] == HeldReason.PAYEE_CHANGED:
        hours = -((event.at - datetime.fromisoformat(event.data["until"])) // timedelta(hours=1))
        return [_of_payout(payout, "seller_payout_elsewhere", event, now, hours=str(hours))]
    # What our side makes it wait for is nothing that its seller could mend: the page says it, and no text alarms.
    template = _SELLERS_TO_MEND.get(event.data["reason"])
    if template is None or _needs_no_text(payout, event):
        return []
    return [_of_payout(payout, template, event, now)]


_SELLERS_TO_MEND = {
    HeldReason.WALLET_FULL: "seller_payout_wallet_full",
    HeldReason.LIMIT: "seller_payout_limit",
}


def _needs_no_text(owed: Disbursement, event: Event) -> bool:
    """Whether a try of it that ended is no news: it was paid or called off meanwhile, or the same was told before."""
    return owed.status in _SETTLED or _was_told(event)


_SETTLED = frozenset(
    {DisbursementStatus.SUCCEEDED, DisbursementStatus.CANCELLED, DisbursementStatus.REVERSED}
)


def _was_told(event: Event) -> bool:
    """Whether it had come to the same for the same reason before: tries go on, and one text says it.

    To another number it is another story.
    """
    own = Event.objects.filter(order_id=event.order_id, subject_id=event.subject_id, at__lt=event.at)
    same = own.filter(type=event.type, data__reason=event.data["reason"])
    moved = Q(type="refund.redirected") | Q(type="payout.held", data__reason=str(HeldReason.PAYEE_CHANGED))
    since = own.filter(moved).order_by("at").last()
    return (same if since is None else same.filter(at__gt=since.at)).exists()


def _payout_with_people(event: Event) -> Payout:
    statement = f"""
        SELECT {columns(Payout, "p")}, {columns(Order, "o")}, {columns(Party, "s")} FROM payouts_payout p
        JOIN orders_order o ON o.id = p.order_id JOIN identity_party s ON s.id = p.seller_id
        WHERE p.id = %s"""  # noqa: S608 (own names)
    [(payout, order, seller)] = fetch(statement, [event.subject_id], Payout, Order, Party)
    payout.order, payout.seller = order, seller
    return cast("Payout", payout)


def _of_payout(payout: Payout, template: str, event: Event, now: datetime, **facts: str) -> Message:
    return _to(
        payout.seller,
        template,
        event,
        now,
        amount=_shillings(payout.amount_minor),
        reference=payout.order.order_reference,
        # Not always the seller's own number.
        last4=payout.payee.last4,
        **facts,
    )


def _endpoint_disabled(event: Event, now: datetime) -> list[Message]:
    endpoint = WebhookEndpoint.objects.get(pk=event.subject_id)
    phone = endpoint.alert_phone
    # Whose phone it is nobody has proved: an endpoint that is switched on and answers 410 again must not be a way to text
    # a stranger without an end.
    if phone is None or not charge(named("endpoint_alerts", phone.e164), now=now):
        return []
    message = compose(
        _GIVEN_UP[event.data["reason"]],
        to=phone,
        language=settings.OPERATOR_LANGUAGE,
        event_id=event.id,
        order_id=None,
        now=now,
        host=(urlsplit(endpoint.url).hostname or "")[:_MOST_HOST],
    )
    return [message]


_GIVEN_UP = {DisabledReason.FAILING: "webhook_failing", DisabledReason.GONE: "webhook_gone"}
_MOST_HOST = 40


def _refund_created(event: Event, now: datetime) -> list[Message]:
    refund = _refund_with_people(event)
    return _of_refund(refund, refund.payer, "refund_on_its_way", event, now)


def _refund_succeeded(event: Event, now: datetime) -> list[Message]:
    refund = _refund_with_people(event)
    tries = RefundAttempt.objects.filter(refund=refund, status=AttemptStatus.SUCCEEDED)
    paid_by = tries.select_related("payee").order_by("-number").first()
    # Not where it goes now: a try to the phone that paid, which was said to have failed, may have paid it after all.
    paid = paid_by.payee if paid_by is not None else None
    return _of_refund(refund, paid or refund.payer, "refund_sent", event, now)


def _refund_failed(event: Event, now: datetime) -> list[Message]:
    refund = _refund_with_people(event)
    if _needs_no_text(refund, event):
        return []
    if is_unreachable(refund):
        return _of_refund(refund, refund.payer, "refund_unreachable", event, now, page=_refund_page())
    return _of_refund(refund, refund.payer, "refund_failed", event, now)


def _refund_held(event: Event, now: datetime) -> list[Message]:
    template = _PAYEES_TO_MEND.get(event.data["reason"])
    if template is None:
        return []
    refund = _refund_with_people(event)
    if _needs_no_text(refund, event):
        return []
    page = _refund_page()
    # Whose number it goes to can make room: whoever named it may not have the phone that paid any more.
    return _of_refund(refund, refund.goes_to, template, event, now, page=page)


_PAYEES_TO_MEND = {HeldReason.WALLET_FULL: "refund_wallet_full", HeldReason.LIMIT: "refund_limit"}


def _refund_redirected(event: Event, now: datetime) -> list[Message]:
    refund = _refund_with_people(event)
    payee = Party.objects.get(pk=event.data["payee"])
    hours = str(COOL_DOWN // timedelta(hours=1))
    messages = _of_refund(refund, payee, "refund_comes_here", event, now, hours=hours)
    if payee != refund.payer:
        notice = {"last4": payee.phone_last4, "hours": hours, "page": _refund_page()}
        messages += _of_refund(refund, refund.payer, "refund_redirected", event, now, **notice)
    return messages


def _refund_with_people(event: Event) -> Refund:
    return Refund.objects.select_related("order", "payer").get(pk=event.subject_id)


def _refund_page() -> str:
    return address_in_text(f"{settings.PUBLIC_ORIGIN}/refund")


def _of_refund(
    refund: Refund, to: Party | None, template: str, event: Event, now: datetime, **facts: str
) -> list[Message]:
    if to is None:
        return []
    amount = _shillings(refund.amount_minor)
    reference = refund.order.order_reference if refund.order else "M-Pesa"
    return [_to(to, template, event, now, amount=amount, reference=reference, **facts)]


@inside_transaction
def write_webhooks(event: Event, now: datetime) -> None:
    """Queue what a merchant's endpoints are to be told; the words are made now, close to what they tell of."""
    merchant_id = merchant_of_event(event)
    if merchant_id is not None and owe(event, merchant_id=merchant_id, now=now):
        texts_of([event], now=now)


@inside_transaction
def alert_of_endpoint(event: Event, now: datetime) -> None:
    """Tell the operators of an endpoint that was given up: its merchant misses what happens."""
    if event.data["reason"] == DisabledReason.FAILING:
        endpoint = WebhookEndpoint.objects.select_related("merchant").get(pk=event.subject_id)
        alert_operators(
            "alert.webhook_disabled", incident=str(event.id), now=now, merchant=endpoint.merchant.name[:30]
        )


@inside_transaction
def end_refunded_orders(event: Event, now: datetime) -> None:
    """Call an order refunded when all of it has gone back."""
    if event.order_id is not None:
        finish_refunded_order(event.order_id, now=now)


@inside_transaction
def free_place_of_link(event: Event, now: datetime) -> None:
    """Let another buyer have the place of an order that ended, where it was made by a payment link."""
    link_id = Order.objects.values_list("payment_link_id", flat=True).get(pk=event.subject_id)
    if link_id is not None:
        count_again(link_id, now=now)


def _to(party: Party, template: str, event: Event, now: datetime, **facts: str) -> Message:
    return compose(
        template,
        to=party.phone,
        language=party.language,
        event_id=event.id,
        order_id=event.order_id,
        now=now,
        **facts,
    )


def _whole(amount: str) -> str:
    return _shillings(Money.parse(amount).minor)


def _shillings(minor: int) -> str:
    return f"{minor // 100:,}"


_COMPOSERS: dict[str, Composer] = {
    "order.paid": _order_paid,
    "order.code_replaced": _code_replaced,
    "order.part_paid": _part_paid,
    "order.expired": _order_expired,
    "order.cancelled": _order_cancelled,
    "order.cancel_requested": _cancel_requested,
    "order.cancel_accepted": _cancel_accepted,
    "order.cancel_declined": _cancel_request_ended("cancel_declined"),
    "order.cancel_lapsed": _cancel_request_ended("cancel_lapsed"),
    "order.reminded": _order_reminded,
    "receipt.proposed": _receipt_proposed,
    "receipt.reversed": _receipt_reversed,
    "payment.failed": _payment_failed,
    "payout.succeeded": _payout_succeeded,
    "payout.failed": _payout_failed,
    "payout.held": _payout_held,
    "webhook_endpoint.disabled": _endpoint_disabled,
    "refund.created": _refund_created,
    "refund.failed": _refund_failed,
    "refund.held": _refund_held,
    "refund.redirected": _refund_redirected,
    "refund.succeeded": _refund_succeeded,
}
_SUBSCRIBERS: dict[str, Callable[[Event, datetime], None]] = {
    MERCHANTS: write_webhooks,
    "operator_alerts": alert_of_endpoint,
    "text_messages": write_text_messages,
    "payment_links": free_place_of_link,
    "refunded_orders": end_refunded_orders,
}
