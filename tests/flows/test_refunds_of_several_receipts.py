"""An order that several people paid, or one in several parts: of a refund everybody gets back what they paid, no more."""

from collections.abc import Callable
from typing import Any

import pytest

from tests import story
from tests.characters import AMINA, BARAKA, CHEBET, OTIENO
from tests.flows.test_reversed_by_provider import by_hand
from tests.story import FLOAT, ledger
from zemi.__main__ import main
from zemi.approvals.models import Approval
from zemi.common.ids import new_key, public_id
from zemi.common.money import kes
from zemi.common.phone import Phone
from zemi.disbursements.models import SuspenseCase
from zemi.disbursements.settle import apply_outcome
from zemi.events.models import Event
from zemi.identity.api_keys import Scope
from zemi.notifications.models import Message
from zemi.orders.errors import AmountNotWholeShilling
from zemi.orders.models import Order
from zemi.payments.c2b import settle_c2b
from zemi.payments.close import cancel_order
from zemi.payments.models import Receipt
from zemi.providers.base import C2BReceipt, Succeeded
from zemi.refunds.errors import RefundExceedsReceipt
from zemi.refunds.models import Refund, RefundAttempt, RefundedReceipt
from zemi.releases.reversal import record_pay_in_reversal
from zemi.staff.request import approve, request_action

Run = Callable[[], int]


@pytest.fixture
def key() -> str:
    return story.key_with(Scope.ORDERS, Scope.REFUNDS, Scope.READ)


@pytest.fixture
def sold(key: str, simulator: Any, clock: Any, run_worker: Run) -> Callable[..., str]:
    """Make a completed order of KES 1,500 that these people paid by hand, one after the other; its seller is paid."""

    def sell(*parts: tuple[Phone | None, int], deliver: bool = True) -> str:
        reference = str(story.create_order(key=key).data["order_reference"])
        for payer, amount in parts:
            pay(reference, payer, amount)
        if deliver:
            run_worker()
            assert story.confirm(reference, story.code_sent_to(simulator, AMINA, reference)).status == 200
            settle(clock, run_worker)
        return reference

    def pay(reference: str, payer: Phone | None, amount: int) -> None:
        clock.advance(seconds=1)
        number = simulator.book_payment(
            msisdn=(payer or AMINA).msisdn, amount=f"{amount}.00", shortcode="174379"
        )["receipt"]
        told = C2BReceipt(str(number), kes(amount), clock.now(), reference, payer, "174379")
        assert settle_c2b(told, now=clock.now()) == "allocated"

    return sell


def settle(clock: Any, run_worker: Run) -> None:
    for _ in range(3):
        run_worker()
        clock.advance(seconds=10)


def refund(reference: str, clock: Any, amount: str, *, bearer: str = "zemi") -> None:
    payload = {"order": reference, "amount": amount, "bearer": bearer}
    done = request_action("refund", payload, maker="Wanjiku", reason="a part is broken", now=clock.now())
    assert done is None


def parts() -> list[tuple[Phone | None, int, str]]:
    """Every refund as it was made: to whom, how much, and how far it is."""
    return [
        (row.payer.phone if row.payer else None, row.amount.shillings, row.status)
        for row in Refund.objects.select_related("payer").order_by("id")
    ]


def wallet(simulator: Any, phone: Phone) -> int:
    return int(simulator.books()[f"wallet:{phone.msisdn}"])


def test_of_a_gift_by_two_phones_the_latest_payer_gets_back_first_and_nobody_more_than_they_paid(
    sold: Any, simulator: Any, clock: Any, run_worker: Run
) -> None:
    reference = sold((AMINA, 1_000), (OTIENO, 500))
    amina, otieno = wallet(simulator, AMINA), wallet(simulator, OTIENO)

    refund(reference, clock, "700", bearer="seller")

    assert parts() == [(OTIENO, 500, "queued"), (AMINA, 200, "queued")]
    assert (ledger()[2310], ledger()[1300]) == (kes(700), kes(700))
    story.assert_books_agree()

    settle(clock, run_worker)

    assert parts() == [(OTIENO, 500, "succeeded"), (AMINA, 200, "succeeded")]
    assert 2310 not in ledger()
    assert ledger()[1300] == kes(700)
    assert (wallet(simulator, AMINA), wallet(simulator, OTIENO)) == (amina + 20_000, otieno + 50_000)
    assert Message.objects.filter(template="refund_sent").count() == 2
    assert story.order_of(reference).status == "completed"

    # What is left is Amina's.
    with pytest.raises(RefundExceedsReceipt):
        refund(reference, clock, "801")
    refund(reference, clock, "800")
    assert parts()[2:] == [(AMINA, 800, "queued")]
    with pytest.raises(RefundExceedsReceipt):
        refund(reference, clock, "10")
    assert sorted(RefundedReceipt.objects.values_list("refunded_minor", flat=True)) == [50_000, 100_000]


def test_a_short_payment_that_a_second_one_completed_goes_back_in_two_parts(
    sold: Any, simulator: Any, clock: Any, run_worker: Run
) -> None:
    reference = sold((AMINA, 1_400), (AMINA, 100))
    before = wallet(simulator, AMINA)

    refund(reference, clock, "1500")
    settle(clock, run_worker)

    assert parts() == [(AMINA, 100, "succeeded"), (AMINA, 1_400, "succeeded")]
    assert wallet(simulator, AMINA) == before + 150_000
    assert ledger()[5200] == kes(1_500)


def test_reserve_balance_and_debt_of_the_seller_are_divided_among_the_parts(
    sold: Any, clock: Any, run_worker: Run
) -> None:
    reference = sold((AMINA, 1_000), (OTIENO, 500))
    # From another sale there is something on the seller's balance.
    order = story.order_of(reference)
    adjusted = {"debit": "3100:600000", "credit": f"2200:{order.seller_id}", "amount": "600.00"}
    asked = request_action("adjust", adjusted, maker="Wanjiku", reason="x", now=clock.now())
    assert asked is not None
    approve(asked.id, checker="Kamau", reason="checked", now=clock.now())

    refund(reference, clock, "700", bearer="seller")

    assert [row.sources for row in Refund.objects.order_by("id")] == [
        {"2200": 50_000},
        {"2200": 10_000, "1300": 10_000},
    ]
    assert ledger()[1300] == kes(100)
    settle(clock, run_worker)


def test_a_rest_that_can_not_be_sent_does_not_arise(sold: Any, clock: Any, run_worker: Run) -> None:
    reference = sold((AMINA, 1_000), (OTIENO, 500))

    refund(reference, clock, "503")
    settle(clock, run_worker)

    assert parts() == [(OTIENO, 493, "succeeded"), (AMINA, 10, "succeeded")]


def test_what_can_not_be_sent_however_it_is_divided_is_credit_of_who_paid_it(
    sold: Any, key: str, simulator: Any, clock: Any, run_worker: Run
) -> None:
    reference = sold((AMINA, 1_495), (OTIENO, 5))

    refund(reference, clock, "1500")

    assert parts() == [(OTIENO, 5, "cancelled"), (AMINA, 1_495, "queued")]
    assert (ledger()[2400], ledger()[2310]) == (kes(5), kes(1_495))
    story.assert_books_agree()
    settle(clock, run_worker)
    assert parts() == [(OTIENO, 5, "cancelled"), (AMINA, 1_495, "succeeded")]
    assert ledger()[2400] == kes(5)
    # Otieno is not told that money is on its way.
    assert not [m for m in Message.objects.filter(template="refund_on_its_way") if m.to == OTIENO]
    assert Event.objects.filter(type="refund.credited").count() == 1
    shown = story.get(f"/api/v1/refunds?order={reference}", key=key).body["data"]
    assert [(row["amount"], row["status"], row["failure_reason"]) for row in shown] == [
        ("1495.00", "succeeded", None),
        ("5.00", "cancelled", "too_small"),
    ]
    with pytest.raises(RefundExceedsReceipt):
        refund(reference, clock, "10")


def test_a_part_that_came_back_as_credit_is_nobody_elses(
    sold: Any, simulator: Any, clock: Any, run_worker: Run
) -> None:
    reference = sold((AMINA, 1_000), (OTIENO, 500))
    simulator.fault("b2c_unregistered", count=1)
    refund(reference, clock, "500")
    settle(clock, run_worker)
    assert parts() == [(OTIENO, 500, "failed")]
    assert ledger()[2400] == kes(500)

    with pytest.raises(RefundExceedsReceipt):
        refund(reference, clock, "1001")
    refund(reference, clock, "1000")

    assert parts()[1:] == [(AMINA, 1_000, "queued")]


@pytest.mark.provider_differs
def test_a_part_that_was_paid_late_is_not_given_back_again(
    sold: Any, simulator: Any, clock: Any, run_worker: Run
) -> None:
    reference = sold((AMINA, 1_000), (OTIENO, 500))
    simulator.fault("b2c_unregistered", count=1)
    refund(reference, clock, "500")
    settle(clock, run_worker)
    apply_outcome(RefundAttempt, RefundAttempt.objects.get().id, Succeeded(receipt="LATE1"), now=clock.now())
    assert SuspenseCase.objects.get().amount == kes(500)

    with pytest.raises(RefundExceedsReceipt):
        refund(reference, clock, "1001")
    refund(reference, clock, "1000")

    assert parts() == [(OTIENO, 500, "succeeded"), (AMINA, 1_000, "queued")]


def test_what_came_too_much_is_no_part_of_the_price(sold: Any, clock: Any, run_worker: Run) -> None:
    reference = sold((AMINA, 1_000), (OTIENO, 600))
    assert parts() == [(OTIENO, 100, "succeeded")]

    with pytest.raises(RefundExceedsReceipt):
        refund(reference, clock, "1501")
    refund(reference, clock, "1100")

    assert parts()[1:] == [(OTIENO, 500, "queued"), (AMINA, 600, "queued")]


def test_a_few_shillings_too_much_of_nobody_knows_whom_are_no_part_of_the_price(
    sold: Any, clock: Any, run_worker: Run
) -> None:
    reference = sold((AMINA, 1_000), (None, 509))
    assert ledger()[2500] == kes(9)

    refund(reference, clock, "20")
    with pytest.raises(RefundExceedsReceipt):
        refund(reference, clock, "1481")
    refund(reference, clock, "1480")
    settle(clock, run_worker)

    assert parts() == [(None, 20, "held"), (None, 480, "held"), (AMINA, 1_000, "succeeded")]
    assert ledger()[2500] == kes(9)


@pytest.mark.provider_differs
def test_what_the_provider_gave_back_is_not_given_back_again(sold: Any, clock: Any, run_worker: Run) -> None:
    reference = sold((AMINA, 1_000), (OTIENO, 500))
    number = Receipt.objects.latest("received_at").transaction_id
    record_pay_in_reversal(
        receipt_number=str(number), reversal_number="REV1", amount=kes(500), actor="x", now=clock.now()
    )

    with pytest.raises(RefundExceedsReceipt):
        refund(reference, clock, "1001")
    refund(reference, clock, "1000")

    assert parts() == [(AMINA, 1_000, "queued")]


def test_cents_are_refused_and_nothing_moves(sold: Any, clock: Any) -> None:
    reference = sold((AMINA, 1_000), (OTIENO, 500))
    before = ledger()

    with pytest.raises(AmountNotWholeShilling):
        refund(reference, clock, "700.50")

    assert parts() == []
    assert ledger() == before


def test_either_all_parts_are_made_or_none(sold: Any, clock: Any) -> None:
    reference = sold((AMINA, 1_000), (OTIENO, 500))
    # Somebody has counted a refund of Amina's money already that no row tells of.
    first = Receipt.objects.earliest("received_at")
    RefundedReceipt.objects.create(receipt=first, received_minor=100_000, refunded_minor=90_000)
    before = ledger()

    with pytest.raises(RefundExceedsReceipt):
        refund(reference, clock, "700")

    assert parts() == []
    assert ledger() == before
    assert RefundedReceipt.objects.count() == 1


# Whoever asks is told the parts


def ask(reference: str, key: str, amount: str, retry: str = "") -> story.Answer:
    body = {"order_reference": reference, "amount": amount, "reason": "A part is broken."}
    return story.post("/api/v1/refunds", body, key=key, **{"idempotency-key": retry or new_key().hex})


def test_a_merchant_is_told_the_parts_that_staff_have_to_allow(
    sold: Any, key: str, clock: Any, run_worker: Run
) -> None:
    reference, retry = sold((AMINA, 1_000), (OTIENO, 500)), new_key().hex
    amina, otieno = (public_id("rcpt", row.id) for row in Receipt.objects.order_by("received_at"))

    asked, again = ask(reference, key, "700", retry), ask(reference, key, "700", retry)

    assert asked.body == again.body
    assert asked.data["status"] == "needs_approval"
    assert asked.data["parts"] == [
        {"receipt": otieno, "amount": "500.00", "refund": None},
        {"receipt": amina, "amount": "200.00", "refund": None},
    ]
    assert parts() == []
    approve(Approval.objects.get().id, checker="Kamau", reason="checked", now=clock.now())
    settle(clock, run_worker)
    assert parts() == [(OTIENO, 500, "succeeded"), (AMINA, 200, "succeeded")]
    assert ask(reference, key, "700.50").code == "amount_not_whole_shilling"


def test_a_merchant_is_told_the_parts_of_what_is_held(
    sold: Any, key: str, clock: Any, run_worker: Run
) -> None:
    # A shilling was forgiven, and Chebet paid too little to be sent.
    reference = sold((AMINA, 1_000), (CHEBET, 5), (OTIENO, 494), deliver=False)
    retry = new_key().hex

    asked, again = ask(reference, key, "1500", retry), ask(reference, key, "1500", retry)

    assert asked.body == again.body
    assert [part["amount"] for part in asked.data["parts"]] == ["494.00", "5.00", "1000.00"]
    assert [part["refund"] for part in asked.data["parts"]] == [
        public_id("rf", key) for key in Refund.objects.order_by("-id").values_list("id", flat=True)
    ]
    assert parts() == [(AMINA, 1_000, "queued"), (CHEBET, 5, "queued"), (OTIENO, 494, "queued")]
    settle(clock, run_worker)
    assert {part[2] for part in parts()} == {"succeeded"}
    assert ledger()[3100] == FLOAT
    assert Order.objects.get().status == "refunded"


def test_of_a_sale_that_the_seller_calls_off_everybody_gets_back_what_they_paid(
    sold: Any, clock: Any, run_worker: Run
) -> None:
    reference = sold((AMINA, 1_000), (CHEBET, 5), (OTIENO, 495), deliver=False)
    # Too old to be undone where it came in: it is paid by B2C.
    clock.advance(hours=25)
    code = story.code_for(BARAKA, "cancel_order")

    answer = story.post(f"/api/orders/{reference}/cancel", {"phone_number": BARAKA.msisdn, "otp": code})

    assert answer.data["status"] == "cancelled"
    assert parts() == [(AMINA, 1_000, "queued"), (CHEBET, 5, "cancelled"), (OTIENO, 495, "queued")]
    assert ledger()[2400] == kes(5)
    settle(clock, run_worker)
    assert Order.objects.get().status == "refunded"


def test_the_command_lists_the_parts(sold: Any, clock: Any, settings: Any, capsys: Any) -> None:
    reference = sold((AMINA, 1_000), (OTIENO, 5), (CHEBET, 495))
    amina, otieno, chebet = Receipt.objects.order_by("received_at").values_list("transaction_id", flat=True)
    words = ["staff", "do", "refund", f"order={reference}", "amount=495", "bearer=zemi"]

    assert main([*words, "--by", "Wanjiku", "--reason", "a part is broken"]) == 0
    assert capsys.readouterr().out.splitlines() == ["Done.", f"  KES 495.00 of receipt {chebet}: queued"]

    settings.FOUR_EYES_KES = 100
    clock.advance(seconds=1)
    words[4] = "amount=1005"
    assert main([*words, "--by", "Wanjiku", "--reason", "all of it is broken"]) == 0
    capsys.readouterr()
    assert (
        main(["staff", "approve", str(Approval.objects.get().id), "--by", "Kamau", "--reason", "checked"])
        == 0
    )
    assert capsys.readouterr().out.splitlines() == [
        "Done: refund, as Wanjiku asked.",
        f"  KES 5.00 of receipt {otieno}: too little to send, the credit of who paid",
        f"  KES 1000.00 of receipt {amina}: queued",
    ]


def test_the_order_is_refunded_only_once_each_of_its_payers_has_the_money_back(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    """One part could not be sent, and lay as its payer's credit: all were told that the order is refunded."""
    reference = str(story.create_order().data["order_reference"])
    by_hand(simulator, clock, reference, amount=500)
    by_hand(simulator, clock, reference, amount=1_000, payer=OTIENO)
    clock.advance(hours=25)
    seller = story.order_of(reference).seller_id
    cancel_order(order_reference=reference, actor="seller", party_id=seller, now=clock.now())
    simulator.fault("b2c_unregistered", count=1)
    settle(clock, run_worker)
    assert sorted(Refund.objects.values_list("status", flat=True)) == ["failed", "succeeded"]

    assert story.order_of(reference).status == "cancelled"

    failed = Refund.objects.get(status="failed")
    payload = {"kind": "refund", "id": str(failed.id)}
    request_action("retry", payload, maker="Wanjiku", reason="registered now", now=clock.now())
    settle(clock, run_worker)
    assert story.order_of(reference).status == "refunded"
