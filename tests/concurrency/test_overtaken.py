"""Somebody was faster: what was found to be due is no more by the time that it is locked."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

import pytest
from django.db import connection, connections

from tests import story
from tests.characters import AMINA, BARAKA, OTIENO
from tests.conftest import triggers_off
from zemi.common.db import insert, unit_of_work
from zemi.common.money import kes
from zemi.events.listeners import begin_listening, listening
from zemi.events.log import history_of, record, transition
from zemi.events.models import Event
from zemi.identity.models import Merchant
from zemi.identity.sessions import open_session
from zemi.ledger.models import Account, Seal, Transfer
from zemi.ledger.seal import seal_ended_days, wrong_seals
from zemi.links.create import create_link, expire_due_links
from zemi.links.locks import lock_link
from zemi.links.models import LinkStatus, PaymentLink
from zemi.orders.locks import lock_order
from zemi.orders.models import Order, Side
from zemi.orders.progress import end_cancel_request, mark_cancel_asked, mark_cancelled
from zemi.payments.allocate import claim_orphan, take_in
from zemi.payments.c2b import claim_by_statement, settle_c2b
from zemi.payments.cancel import lapse_cancel_requests
from zemi.payments.close import expire_due_orders, remind_due_orders
from zemi.payments.locks import lock_payment, lock_receipt
from zemi.payments.models import Payment, Receipt
from zemi.payments.settle import _book
from zemi.payments.unallocated import return_unclaimed
from zemi.payouts.models import Payout
from zemi.providers.base import C2BReceipt, Succeeded
from zemi.reconciliation.errors import BooksInUse
from zemi.reconciliation.hourly import audit_every_hour
from zemi.reconciliation.models import AuditRun
from zemi.reconciliation.opening import open_float
from zemi.refunds.models import Refund
from zemi.releases.errors import PayInNotReversible
from zemi.releases.reversal import record_pay_in_reversal
from zemi.staff.refund import refund_order
from zemi.webhooks.deliveries import new_delivery, resend
from zemi.webhooks.endpoints import create_endpoint, delete_endpoint
from zemi.webhooks.inbox import receive
from zemi.webhooks.models import WebhookDelivery, WebhookEndpoint, WebhookLog
from zemi.webhooks.tokens import CallbackKind

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("stage")]
_PATIENCE_S = 30.0
T = TypeVar("T")


@pytest.fixture
def race_round() -> int:
    """Each of these races is lost every time: once is enough."""
    return 1


def overtaken(late: Callable[[], T], *, by: Callable[[], object]) -> T:
    """Run `late` while `by` has done its work and not committed: it waits for a lock, and goes on when all is changed.

    What `late` returns.
    """

    def in_time_to_wait() -> T:
        try:
            return late()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(max_workers=1) as pool:
        with unit_of_work():
            by()
            future = pool.submit(in_time_to_wait)
            _until_it_waits_for_us(future)
        return future.result()


def _until_it_waits_for_us(future: "Future[Any]") -> None:
    for _ in range(int(_PATIENCE_S * 100)):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT 1 FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))"
            )
            if cursor.fetchone():
                return
        done, _ = wait([future], timeout=0.01)
        assert not done, f"it never waited: {future.exception() or future.result()}"
    raise AssertionError("it neither waits nor ends")


def told(now: datetime, amount: int = 1_500) -> C2BReceipt:
    return C2BReceipt("QHJ41HG1W8", kes(amount), now, "", AMINA, "174379")


def receipt(now: datetime, order: Order | None = None) -> Receipt:
    row = Receipt(
        order=order,
        provider="mpesa",
        transaction_id="QHJ41HG1W8",
        amount_minor=150_000,
        currency="KES",
        received_at=now,
    )
    row.set_payer(AMINA)
    return row


@pytest.mark.parametrize("by_callback", [True, False])
def test_money_of_which_two_channels_tell_at_once_is_booked_once(clock: Any, by_callback: bool) -> None:
    row = None
    if by_callback:
        row = receive(
            webhook_type=CallbackKind.C2B_CONFIRMATION.webhook_type,
            provider="mpesa",
            body=b"{}",
            content_type="application/json",
            user_agent="",
            source_address="127.0.0.1",
            subject_id=UUID(int=0),
            now=clock.now(),
        )

    said = overtaken(
        lambda: settle_c2b(told(clock.now()), now=clock.now(), row=row),
        by=lambda: take_in(receipt(clock.now()), None, actor="provider", now=clock.now()),
    )

    assert said == "known"
    assert Receipt.objects.count() == 1
    assert not WebhookLog.objects.exclude(processing_error="known", handled_at__isnull=False).exists()
    story.assert_books_agree(with_provider=False)


def test_an_order_that_is_paid_while_it_expires_is_paid(clock: Any) -> None:
    reference = story.create_order().data["order_reference"]
    clock.advance(hours=24)

    def money_comes() -> None:
        order = lock_order(order_reference=reference)
        take_in(receipt(clock.now(), order), order, actor="provider", now=clock.now())

    # It is read as unpaid, and money is at work on it.
    assert overtaken(lambda: expire_due_orders(now=clock.now()), by=money_comes) == 0

    assert story.order_of(reference).status == "paid"
    story.assert_books_agree(with_provider=False)


def test_an_order_that_is_called_off_while_its_reminder_is_due_is_not_reminded_of(clock: Any) -> None:
    reference = story.create_order().data["order_reference"]
    clock.advance(hours=12)

    def called_off() -> None:
        mark_cancelled(lock_order(order_reference=reference), now=clock.now(), actor="buyer")

    overtaken(lambda: remind_due_orders(now=clock.now()), by=called_off)

    order = story.order_of(reference)
    assert order.status == "cancelled"
    assert "order.reminded" not in {event.type for event in history_of(order.id)}


def test_a_link_that_is_stopped_while_its_time_ends_stays_stopped(clock: Any) -> None:
    seller, ends = open_session(phone=BARAKA, now=clock.now())[0].party, clock.now() + timedelta(days=1)
    link = create_link(
        amount=kes(1_500),
        product_description="Kitenge",
        signed_in=seller,
        expires_at=ends,
        now=clock.now(),
    )
    clock.advance(hours=24)

    def stopped() -> None:
        transition(
            lock_link(link.id), LinkStatus.DISABLED, at=clock.now(), actor="seller", updated_at=clock.now()
        )

    overtaken(lambda: expire_due_links(now=clock.now()), by=stopped)

    assert PaymentLink.objects.get().status == "disabled"
    assert [event.type for event in Event.objects.filter(subject_id=link.id).order_by("id")] == [
        "link.created",
        "link.disabled",
    ]


def test_a_request_to_cancel_that_is_declined_in_its_last_moment_does_not_lapse(clock: Any) -> None:
    reference = story.create_order().data["order_reference"]
    assert story.simulate_payment(reference).status == 200
    until = clock.now() + timedelta(hours=24)
    with unit_of_work():
        mark_cancel_asked(lock_order(order_reference=reference), Side.BUYER, until=until, now=clock.now())
    clock.advance(hours=24)

    def declined() -> None:
        order = lock_order(order_reference=reference)
        record("order.cancel_declined", order, at=clock.now(), actor="seller", data=end_cancel_request(order))

    overtaken(lambda: lapse_cancel_requests(now=clock.now()), by=declined)

    told_of = {event.type for event in history_of(story.order_of(reference).id)}
    assert "order.cancel_declined" in told_of
    assert "order.cancel_lapsed" not in told_of
    assert story.order_of(reference).status == "paid"
    story.assert_books_agree(with_provider=False)


def test_money_that_is_claimed_while_it_is_to_go_back_stays_with_its_order(clock: Any) -> None:
    settle_c2b(told(clock.now()), now=clock.now())
    clock.advance(hours=24 * 30)
    reference = story.create_order().data["order_reference"]

    def claimed() -> None:
        order = lock_order(order_reference=reference)
        assert claim_orphan(lock_receipt(Receipt.objects.get().pk), order, actor="buyer", now=clock.now())

    overtaken(lambda: return_unclaimed(now=clock.now()), by=claimed)

    assert story.escrow_of(reference) == kes(1_500)
    assert not Refund.objects.exists()
    story.assert_books_agree(with_provider=False)


def test_money_that_is_claimed_while_a_statement_names_its_order_is_given_once(clock: Any) -> None:
    settle_c2b(told(clock.now()), now=clock.now())
    reference, other = (story.create_order().data["order_reference"] for _ in range(2))

    def claimed() -> None:
        order = lock_order(order_reference=reference)
        assert claim_orphan(lock_receipt(Receipt.objects.get().pk), order, actor="buyer", now=clock.now())

    given = overtaken(
        lambda: claim_by_statement("QHJ41HG1W8", order_reference=other, now=clock.now()), by=claimed
    )

    assert given is False
    assert (story.escrow_of(reference), story.escrow_of(other)) == (kes(1_500), kes(0))
    story.assert_books_agree(with_provider=False)


def test_money_that_is_claimed_while_it_is_taken_back_is_left_for_the_next_run(clock: Any) -> None:
    settle_c2b(told(clock.now()), now=clock.now())
    reference = story.create_order().data["order_reference"]

    def claimed() -> None:
        order = lock_order(order_reference=reference)
        assert claim_orphan(lock_receipt(Receipt.objects.get().pk), order, actor="buyer", now=clock.now())

    def taken_back() -> None:
        record_pay_in_reversal(
            receipt_number="QHJ41HG1W8",
            reversal_number="REV1",
            amount=kes(1_500),
            actor="statement",
            now=clock.now(),
        )

    # It looked for an order to lock, and there was none.
    with pytest.raises(PayInNotReversible):
        overtaken(taken_back, by=claimed)
    assert story.escrow_of(reference) == kes(1_500)

    taken_back()
    assert story.order_of(reference).status == "cancelled"
    story.assert_books_agree(with_provider=False)


def test_a_payout_that_is_sent_while_its_sale_is_undone_is_not_called_off(clock: Any, settings: Any) -> None:
    order = story.create_order().data
    story.simulate_payment(order["order_reference"])
    story.confirm(order["order_reference"], order["delivery_code"])
    payout = Payout.objects.get()

    def sent() -> None:
        transition(payout, "submitting", at=clock.now(), actor="worker", updated_at=clock.now(), due_at=None)

    overtaken(
        lambda: refund_sold(order["order_reference"], now=clock.now()),
        by=sent,
    )

    # What was on its way to the seller went on; the refund is the seller's debt.
    payout.refresh_from_db()
    assert payout.status == "submitting"
    assert story.ledger()[1300] == kes(1_500)


def refund_sold(reference: str, *, now: datetime) -> None:
    with unit_of_work():
        refund_order(
            lock_order(order_reference=reference), amount=kes(1_500), bearer="seller", actor="a+b", now=now
        )


def test_a_day_into_which_something_is_still_being_booked_is_sealed_with_it(clock: Any) -> None:
    opening = Transfer.objects.get(kind="opening_float")

    def booked() -> None:
        again = {"event_id": opening.event_id, "debit_id": opening.debit_id, "credit_id": opening.credit_id}
        insert(
            Transfer(kind="opening_float", key="late", amount_minor=1, currency="KES", at=opening.at, **again)
        )

    clock.advance(hours=24)
    sealed = overtaken(lambda: seal_ended_days(now=clock.now()), by=booked)

    assert sealed == 1
    assert Seal.objects.get().transfers == Transfer.objects.count() == 2
    assert list(wrong_seals()) == []


def test_an_hour_that_another_worker_is_about_to_audit_is_left_to_it(clock: Any) -> None:
    AuditRun.objects.all().delete()
    hour = clock.now().replace(minute=0, second=0, microsecond=0)

    ran = overtaken(
        lambda: audit_every_hour(now=clock.now()),
        by=lambda: insert(AuditRun(hour=hour, started_at=clock.now())),
    )

    assert (ran, AuditRun.objects.get().ended_at) == (0, None)


def test_the_float_that_two_processes_open_at_once_is_booked_once(clock: Any) -> None:
    def open_it() -> None:
        open_float(collection=kes(0), disbursement=kes(1_000), now=clock.now())

    event, before = Event.objects.get(type="float.opened"), Transfer.objects.get(kind="opening_float")
    with unit_of_work(), triggers_off():
        Transfer.objects.all().delete()
        Account.objects.all().update(balance_minor=0)

    def the_first_one() -> None:
        found = {"event_id": event.id, "debit_id": before.debit_id, "credit_id": before.credit_id}
        insert(
            Transfer(
                kind="opening_float", key=before.key, amount_minor=1, currency="KES", at=before.at, **found
            )
        )

    with pytest.raises(BooksInUse):
        overtaken(open_it, by=the_first_one)

    assert [row.amount_minor for row in Transfer.objects.all()] == [1]


def test_an_event_that_is_queued_while_it_is_sent_by_hand_is_queued_once(clock: Any) -> None:
    key, now = story.key_with("orders"), clock.now()
    duka = Merchant.objects.get(name="Duka").id
    story.create_order(key=key)
    event = Event.objects.get(type="order.created")
    endpoint, _ = create_endpoint(merchant_id=duka, url="http://127.0.0.1:9/hook", now=now)

    sent = overtaken(
        lambda: resend(event, endpoint=endpoint, now=now),
        by=lambda: insert(new_delivery(endpoint, event, now=now)),
    )

    assert WebhookDelivery.objects.get().id == sent.id


def test_a_merchant_whose_new_endpoint_replaces_the_old_one_goes_on_being_told(clock: Any) -> None:
    story.key_with("orders")
    duka, now = Merchant.objects.get(name="Duka").id, clock.now()
    old, _ = create_endpoint(merchant_id=duka, url="http://127.0.0.1:9/old", now=now)

    def make_another() -> None:
        # What create_endpoint does in its own unit.
        insert(
            WebhookEndpoint(
                merchant_id=duka, url="http://127.0.0.1:9/new", slot=1, created_at=now, updated_at=now
            )
        )
        begin_listening(duka, now=now)

    overtaken(lambda: delete_endpoint(old.id, merchant_id=duka, now=now), by=make_another)

    assert listening() == {duka}


def test_a_prompt_that_query_and_status_prove_at_once_is_booked_once(simulator: Any, clock: Any) -> None:
    # As ever but on the first day, the paybill has its account in the ledger.
    settle_c2b(C2BReceipt("QHJ41HG1W8", kes(100), clock.now(), "chama", OTIENO, "174379"), now=clock.now())
    reference = story.create_order().data["order_reference"]
    simulator.set_phone(AMINA.msisdn, next="pay", delay_s=1, callback="lost")
    story.push(reference)
    clock.advance(seconds=30)
    simulator.run_due()
    number, now = str(simulator.transactions()[-1]["receipt"]), clock.now()

    def status_proves_it() -> str:
        try:
            return settle_c2b(C2BReceipt(number, kes(1_500), now, "", AMINA, "174379"), now=now)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        with unit_of_work():
            # What settle_charge does in its unit, with the answer of a query.
            _book(lock_payment(Payment.objects.get().id), Succeeded(), now=now)
            future = pool.submit(status_proves_it)
            wait([future], timeout=0.7)
        future.result()
    # What the next pull does.
    claim_by_statement(number, order_reference=reference, now=now)

    assert Receipt.objects.filter(amount_minor=150_000).count() == 1
    assert not Refund.objects.exists()


def test_a_release_waits_for_a_refund_of_a_seller_in_debt_and_neither_for_ever(
    simulator: Any, clock: Any, run_worker: Callable[[], int]
) -> None:
    """Both lock the debt first: one the debt and the other the balance would wait for each other."""

    def sold() -> str:
        made = story.create_order().data
        story.simulate_payment(made["order_reference"], transaction_id=f"T{made['order_reference'][4:]}")
        story.confirm(made["order_reference"], made["delivery_code"])
        for _ in range(3):
            run_worker()
            clock.advance(minutes=3)
        return str(made["order_reference"])

    def back(reference: str, shillings: int) -> None:
        order = lock_order(order_reference=reference)
        refund_order(order, amount=kes(shillings), bearer="seller", actor="a+b", now=clock.now())

    first, second = sold(), sold()
    with unit_of_work():
        back(first, 10)
    assert story.ledger()[1300] == kes(10)
    made = story.create_order().data
    story.simulate_payment(made["order_reference"], transaction_id=f"T{made['order_reference'][4:]}")

    answer = overtaken(
        lambda: story.confirm(made["order_reference"], made["delivery_code"]), by=lambda: back(second, 1_500)
    )

    assert answer.status == 200, answer
    assert story.problems() == []
