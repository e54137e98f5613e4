"""The providers that the settings name, and what is said when there are none."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.providers.peers import AMINA, payout, prompt
from zemi.common import http_client
from zemi.common.db import BoundaryError, unit_of_work
from zemi.common.money import kes
from zemi.providers import registry
from zemi.providers.base import Accepted, MessageProvider, PaymentProvider, Refused, Succeeded
from zemi.providers.errors import ProviderNotReady
from zemi.providers.mpesa.client import Mpesa, MpesaConfig

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_built() -> Iterator[None]:
    registry.reset()
    yield
    registry.reset()
    http_client.use_transport(None)


def config_of(provider: PaymentProvider) -> MpesaConfig:
    assert isinstance(provider, Mpesa)
    return provider._config


@pytest.mark.usefixtures("simulator")
def test_in_sandbox_mode_the_simulator_says_what_it_is_called_by():
    mpesa, sms = registry.mobile_money(), registry.messages()

    assert (mpesa.name, mpesa.collection_account, mpesa.disbursement_account) == ("mpesa", "174379", "600000")
    assert sms.name == "africastalking"
    assert isinstance(mpesa.charge(prompt()), Accepted)
    assert isinstance(mpesa.disburse(payout()), Accepted)
    assert isinstance(sms.send_text(to=AMINA, text="Habari"), Accepted)


@pytest.mark.usefixtures("simulator")
def test_providers_are_built_once():
    assert registry.mobile_money() is registry.mobile_money()
    assert registry.messages() is registry.messages()


def test_an_absent_simulator_is_said_so_and_asked_again(simulator: Any):
    def absent(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("refused", request=request)

    http_client.use_transport(httpx2.MockTransport(absent))
    with pytest.raises(ProviderNotReady) as caught:
        registry.mobile_money()
    with pytest.raises(ProviderNotReady):
        registry.messages()
    http_client.use_transport(httpx2.WSGITransport(app=simulator.wsgi))

    assert registry.mobile_money().collection_account == "174379"
    assert caught.value.retryable
    assert "http://127.0.0.1:8001" in caught.value.sentence("en")
    assert caught.value.sentence("sw").startswith("Hakuna pesa")


@pytest.mark.parametrize(
    "answer",
    [
        httpx2.Response(200, text="<html>another server</html>"),
        httpx2.Response(404, json={"error": "nothing here"}),
        httpx2.Response(200, json={"consumer_key": "k"}),
        httpx2.Response(200, json={"consumer_key": 1}),
    ],
    ids=range(4),
)
def test_something_else_on_the_simulators_port_is_no_simulator(answer: httpx2.Response):
    http_client.use_transport(httpx2.MockTransport(lambda _: answer))

    with pytest.raises(ProviderNotReady):
        registry.mobile_money()


@pytest.mark.usefixtures("simulator")
@pytest.mark.django_db(transaction=True)
def test_no_provider_is_called_inside_a_transaction():
    mpesa: PaymentProvider = registry.mobile_money()
    sms: MessageProvider = registry.messages()
    urls = {"result_url": "https://zemi.test/hooks/r", "timeout_url": "https://zemi.test/hooks/t"}
    calls: list[Callable[[], object]] = [
        lambda: mpesa.charge(prompt()),
        lambda: mpesa.query_charge("ws_CO_1"),
        lambda: mpesa.disburse(payout()),
        lambda: mpesa.query_disbursement("zemi-1", **urls),
        lambda: sms.send_text(to=AMINA, text="Habari"),
    ]

    for call in calls:
        with pytest.raises(BoundaryError), unit_of_work():
            call()


def test_an_app_at_safaricom_means_safaricom(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MPESA_CONSUMER_KEY", "own-key")
    monkeypatch.setenv("MPESA_SHORTCODE", "174379")

    config = config_of(registry.mobile_money())

    assert (config.base_url, config.consumer_key) == ("https://sandbox.safaricom.co.ke", "own-key")


def test_live_mode_means_production(monkeypatch: pytest.MonkeyPatch, settings: Any):
    settings.LIVE = True
    monkeypatch.setenv("AT_USERNAME", "zemi")

    config = config_of(registry.mobile_money())
    sms: Any = registry.messages()

    assert config.base_url == "https://api.safaricom.co.ke"
    assert sms._config.base_url == "https://api.africastalking.com"


def test_an_address_that_is_set_is_used(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MPESA_CONSUMER_KEY", "own-key")
    monkeypatch.setenv("MPESA_BASE_URL", "http://127.0.0.1:9009")

    assert config_of(registry.mobile_money()).base_url == "http://127.0.0.1:9009"


@pytest.mark.parametrize("content", [None, b"no certificate", b"\xff\xfe"])
def test_a_certificate_that_cannot_be_used_is_said_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes | None
):
    file = tmp_path / "safaricom.cer"
    if content is not None:
        file.write_bytes(content)
    monkeypatch.setenv("MPESA_CONSUMER_KEY", "own-key")
    monkeypatch.setenv("MPESA_CERTIFICATE", str(file))

    with pytest.raises(ProviderNotReady) as caught:
        registry.mobile_money()

    assert "MPESA_CERTIFICATE" in caught.value.sentence()


def test_a_simulated_payment_is_booked_once(simulator: Any):
    order: dict[str, Any] = {
        "payer": AMINA,
        "amount": kes(1_500),
        "reference": "ZEM-0A1B2C3D",
        "shortcode": "174379",
    }

    first = registry.sandbox().pay(receipt="MPESA12345", **order)
    second = registry.sandbox().pay(receipt="MPESA12345", **order)

    assert first == Succeeded("http_200", receipt="MPESA12345", amount=kes(1_500))
    assert isinstance(second, Refused)
    assert (second.code, second.may_resend) == ("http_409", False)
    assert [row["receipt"] for row in simulator.transactions()] == ["MPESA12345"]


def test_an_open_prompt_is_paid_under_the_given_receipt_and_only_once(simulator: Any):
    simulator.set_phone(AMINA.msisdn, next="wait")
    accepted = registry.mobile_money().charge(prompt())
    assert isinstance(accepted, Accepted)
    order: dict[str, Any] = {
        "payer": AMINA,
        "amount": kes(1_500),
        "reference": "ZEM-0A1B2C3D",
        "shortcode": "174379",
        "checkout_request_id": accepted.provider_reference,
    }

    first = registry.sandbox().pay(receipt="MPESA12345", **order)
    second = registry.sandbox().pay(receipt="MPESA67890", **order)

    assert isinstance(first, Succeeded)
    assert isinstance(second, Refused)
    assert [(row["receipt"], row["amount"]) for row in simulator.transactions()] == [("MPESA12345", 150_000)]
    assert isinstance(registry.mobile_money().query_charge(accepted.provider_reference), Succeeded)


def test_nothing_is_simulated_in_live_mode(settings: Any):
    settings.LIVE = True

    with pytest.raises(ProviderNotReady):
        registry.sandbox()
