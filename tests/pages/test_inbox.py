"""Whoever tries the product finds the codes that it texts: in the simulated phone's messages, in sandbox mode only."""

import re
from typing import Any

import httpx2
import pytest

from tests.characters import AMINA, BARAKA
from tests.pages.conftest import Person, page_of, words
from tests.story import create_order, simulate_payment
from zemi.checkout.inbox import inbox_of, read_sms
from zemi.common import http_client
from zemi.identity.models import Session

LINK = re.compile(r'href="(/sandbox/phone/inbox/[\w-]+)"')


def inbox_linked(response: Any) -> str:
    found = LINK.search(response.content.decode())
    assert found is not None
    return found[1]


def test_a_stranger_finds_the_code_to_sign_in_by_clicks(amina: Person, run_worker: Any) -> None:
    assert 'href="/sell"' in amina.open("/").content.decode()
    assert "This is a sandbox: any such number will do." in words(amina.open("/sell"))
    asked = amina.press("/sell/sign-in", phone="0722000111")
    inbox = inbox_linked(asked)
    assert "see the messages of 0722000111" in words(asked)
    # No number stands in an address.
    assert "722000111" not in inbox
    assert "No messages yet" in words(amina.open(inbox))
    assert amina.open(f"{inbox}/poll").content == b"0"

    run_worker()

    page = amina.open(inbox)
    assert amina.open(f"{inbox}/poll").content == b"1"
    assert 'data-stamp="1"' in page.content.decode()
    code = re.search(r"0722 000 111.*?\b(\d{6})\b", words(page))
    assert code is not None
    amina.press("/sell/sign-in", phone="0722000111", otp=code[1])
    assert Session.objects.get().party.phone == BARAKA


def test_the_sales_page_leads_to_both_phones(amina: Person, run_worker: Any) -> None:
    reference = create_order().data["order_reference"]
    simulate_payment(reference)
    path = page_of(reference)
    phones = path.replace("/o/", "/sandbox/phone/")
    run_worker()

    assert f'href="{phones}"' in amina.open(path).content.decode()
    assert f'href="{phones}"' in amina.press(f"{path}/code").content.decode()
    # What was texted leads back to it.
    assert f'<a href="{path}"' in amina.open(inbox_of(AMINA)).content.decode()


def test_claims_and_refunds_lead_to_the_phones_that_get_a_code(amina: Person) -> None:
    claim = amina.press("/claim", receipt="QHJ41HG1W8", order="ZEM-A3F8B2K7", phone=AMINA.msisdn)
    refund = amina.press("/refund", receipt="QHJ41HG1W8", phone=AMINA.msisdn, new_phone=BARAKA.msisdn)

    assert len(LINK.findall(claim.content.decode())) == 1
    assert len(LINK.findall(refund.content.decode())) == 2


def test_in_live_mode_no_page_leads_to_a_phone(amina: Person, settings: Any) -> None:
    reference = create_order().data["order_reference"]
    simulate_payment(reference)
    settings.LIVE = True

    for page in (
        amina.open(page_of(reference)),
        amina.open("/sell"),
        amina.press("/claim", receipt="QHJ41HG1W8", order="ZEM-A3F8B2K7", phone=AMINA.msisdn),
    ):
        assert page.status_code == 200
        assert "sandbox" not in page.content.decode().lower()


@pytest.mark.parametrize("written", ["nonsense", "A" * 60, "AQ", "é" * 4])
def test_an_address_that_is_not_ours_opens_nothing(amina: Person, written: str) -> None:
    assert amina.open(f"/sandbox/phone/inbox/{written}").status_code == 404
    assert amina.open(f"/sandbox/phone/inbox/{written}/poll").status_code == 404


def test_without_a_simulator_the_page_says_so(amina: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("nobody there", request=request)

    path = inbox_of(AMINA)
    with monkeypatch.context() as without:
        without.setattr(http_client, "_transport", httpx2.MockTransport(refuse))

        assert "The simulator does not answer. Is it running?" in words(amina.open(path))
        assert amina.open(f"{path}/poll").content == b"0"


def test_a_text_is_parted_from_the_page_that_it_names() -> None:
    token = "Xq3vN8ZtLw2RkP5yBd7MhA"
    read = read_sms(f"Held. Give the code. zemi.co.ke/o/{token}")

    assert (read.words, read.path, read.link) == (
        "Held. Give the code.",
        f"/o/{token}",
        f"zemi.co.ke/o/{token}",
    )
    assert read_sms("Your code is 123456.").path == ""
