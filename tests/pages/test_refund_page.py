"""The page on which whoever paid has a refund sent to another number, and what the order's page says of it."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.characters import AMINA, CHEBET
from tests.flows.test_redirected_refunds import number, state
from tests.pages.conftest import Person, page_of, settle, words
from zemi.common.limits import read_limits
from zemi.common.phone import Phone
from zemi.notifications.models import Message
from zemi.refunds.models import ProposedPayee, Refund
from zemi.snapshots.objects import render

Run = Callable[[], int]


def codes() -> dict[Phone, str]:
    """The latest one-time code of each phone, read off its text message before it goes out."""
    messages = Message.objects.filter(template="one_time_code", sent_at=None).order_by("id")
    return {
        message.to: message.text.replace("moja ni ", "code is ").split("code is ")[1][:6]
        for message in messages
    }


def asked(**more: str) -> dict[str, str]:
    return {"receipt": number().lower(), "phone": AMINA.msisdn, "new_phone": "0733 000 222"} | more


def order_page(refund: Refund) -> str:
    assert refund.order is not None
    return page_of(refund.order.order_reference)


def test_whoever_paid_sends_a_refund_to_another_number_on_its_page(
    amina: Person,
    failed_refund: Refund,
    clock: Any,
    run_worker: Run,
) -> None:
    order = amina.open(order_page(failed_refund))
    assert f"KES 1,500 could not be sent to ****{AMINA.last4}. It is safe with Zemi" in words(order)
    assert 'href="/refund"' in order.content.decode()
    assert "M-Pesa could not send your money back" in words(amina.open("/refund"))

    first = amina.press("/refund", **asked())
    assert "We have sent a code to each phone" in words(first)
    assert 'value="0733 000 222"' in first.content.decode()
    told = codes()
    done = words(amina.press("/refund", **asked(otp=told[AMINA], new_otp=told[CHEBET])))

    assert "We have noted it KES 1,500 It goes to ****0222 by M-Pesa, and both phones get an SMS now." in done
    assert "We send it on Wed 25 Nov, 01:00" in done
    assert state(failed_refund) == ("held", "payee_changed", CHEBET)
    assert "KES 1,500 goes to ****0222 instead, as you asked" in words(amina.open(order_page(failed_refund)))
    [shown] = render("refund", [Refund.objects.get()])
    assert (shown["payee_phone_masked"], shown["held_reason"]) == ("****0222", "payee_changed")
    clock.advance(hours=12)
    settle(clock, run_worker)
    assert "KES 1,500 was sent back by M-Pesa." in words(amina.open(order_page(failed_refund)))


def test_the_page_speaks_swahili_too(juma: Person, full_refund: Refund) -> None:
    assert f"KES 1,500 haikuweza kutumwa kwa ****{AMINA.last4}" in words(juma.open(order_page(full_refund)))
    assert "Tuma marejesho kwa namba nyingine" in words(juma.open("/refund"))
    assert "Tumetuma namba ya mara moja kwa kila simu" in words(juma.press("/refund", **asked()))
    told = codes()

    wrong = words(juma.press("/refund", **asked(otp="000000", new_otp=told[CHEBET])))
    assert "Namba hii ya mara moja si sahihi" in wrong
    done = words(juma.press("/refund", **asked(otp=told[AMINA], new_otp=told[CHEBET])))

    assert "Itatumwa kwa ****0222 kwa M-Pesa" in done
    assert state(full_refund) == ("held", "payee_changed", CHEBET)
    assert "itatumwa kwa ****0222 badala yake" in words(juma.open(order_page(full_refund)))


def test_whose_phone_is_gone_proves_the_other_number_alone(
    amina: Person,
    failed_refund: Refund,
) -> None:
    assert "I no longer have the phone that paid" in words(amina.open("/refund"))
    form = amina.open("/refund", gone="1")
    assert "The phone that paid" not in words(form).replace("I have the phone that paid", "")
    assert 'name="phone"' not in form.content.decode()
    fields = {"receipt": number(), "new_phone": CHEBET.msisdn}

    assert "We have sent it." in words(amina.press("/refund?gone=1", **fields))
    assert set(codes()) == {CHEBET}
    done = words(amina.press("/refund?gone=1", **fields, new_otp=codes()[CHEBET]))

    assert "Our people look at it, and may call ****0222" in done
    assert state(failed_refund) == ("failed", "", AMINA)
    assert ProposedPayee.objects.get().party.phone == CHEBET


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("receipt", "!", "Write it as in the example."),
        ("phone", "0712", "Kenyan"),
        ("new_phone", "", "Kenyan"),
        ("otp", "12345", "Write it as in the example."),
        ("new_otp", "", "Write it as in the example."),
    ],
)
def test_what_is_written_wrongly_is_said_at_its_field_and_the_rest_stays(
    amina: Person,
    failed_refund: Refund,
    field: str,
    value: str,
    said: str,
) -> None:
    sent = asked(otp="987654", new_otp="987654") | {field: value}

    answer = amina.press("/refund", **sent)

    html = answer.content.decode()
    assert answer.status_code == 400
    assert said in html.partition(f'id="{field}-wrong"')[2].partition("</p>")[0]
    assert html.count('class="wrong"') == 1
    for kept in {"receipt", "phone", "new_phone"} - {field}:
        assert f'value="{sent[kept]}"' in html
    # Codes are written anew.
    assert "987654" not in html
    assert state(failed_refund) == ("failed", "", AMINA)


def test_other_codes_are_texted_on_demand_and_the_first_ones_end(
    amina: Person,
    failed_refund: Refund,
) -> None:
    amina.press("/refund", **asked())
    first = codes()

    again = amina.press("/refund", **asked(otp="", new_otp="12", again="1"))
    second = codes()

    assert "We have sent a code to each phone" in words(again)
    assert Message.objects.filter(template="one_time_code").count() == 4
    if second[AMINA] != first[AMINA]:
        refused = amina.press("/refund", **asked(otp=first[AMINA], new_otp=second[CHEBET]))
        assert "wrong, spent or too old" in words(refused)
        assert refused.status_code == 422
    done = amina.press("/refund", **asked(otp=second[AMINA], new_otp=second[CHEBET]))
    assert "We have noted it" in words(done)


def test_a_refusal_stands_on_the_form(amina: Person, owed_refund: Refund) -> None:
    amina.press("/refund", **asked())
    told = codes()

    answer = amina.press("/refund", **asked(otp=told[AMINA], new_otp=told[CHEBET]))

    assert answer.status_code == 409
    assert "This refund can't go to another number now" in words(answer)
    assert 'value="0733 000 222"' in answer.content.decode()
    assert state(owed_refund) == ("queued", "", AMINA)


def test_a_phone_is_texted_so_many_codes_an_hour(amina: Person, failed_refund: Refund, settings: Any) -> None:
    settings.LIMITS = read_limits("")
    for _ in range(3):
        amina.press("/refund", **asked())

    answer = amina.press("/refund", **asked())

    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert 'name="otp"' not in answer.content.decode()


def test_help_says_where_a_refund_can_be_sent_elsewhere(amina: Person) -> None:
    assert '<a href="/refund">Send a refund to another number</a>' in amina.open("/help").content.decode()
