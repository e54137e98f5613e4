"""The providers that the settings name, and what is said when there are none."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.providers.peers import AMINA, NOON, payout, prompt
from zemi.common import http_client
from zemi.common.db import BoundaryError, unit_of_work
from zemi.common.money import kes
from zemi.providers import registry
from zemi.providers.africastalking.client import AfricasTalking
from zemi.providers.base import (
    Accepted,
    PaymentProvider,
    Refused,
    ReverseRequest,
    Succeeded,
    TopUpRequest,
)
from zemi.providers.circuit import MONEY_HELD_BACK, QUESTION_HELD_BACK
from zemi.providers.errors import ProviderNotReady
from zemi.providers.models import Circuit, CircuitState
from zemi.providers.mpesa.client import Mpesa, MpesaConfig
from zemi.providers.rates import rates_since

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


URLS = {"result_url": "https://zemi.test/hooks/r", "timeout_url": "https://zemi.test/hooks/t"}
# Every operation that goes to a provider, and how to ask for it.
MONEY_CALLS: dict[str, Callable[[Any], object]] = {
    "charge": lambda mpesa: mpesa.charge(prompt()),
    "query_charge": lambda mpesa: mpesa.query_charge("ws_CO_1"),
    "disburse": lambda mpesa: mpesa.disburse(payout()),
    "query_disbursement": lambda mpesa: mpesa.query_disbursement("zemi-1", **URLS),
    "query_transaction": lambda mpesa: mpesa.query_transaction("UKN0000001", **URLS),
    "reverse": lambda mpesa: mpesa.reverse(ReverseRequest("UKN0000001", kes(100), "ZEM-0A1B2C3D", **URLS)),
    "top_up": lambda mpesa: mpesa.top_up(TopUpRequest(kes(100), "top up", **URLS)),
    "balance": lambda mpesa: mpesa.balance(**URLS),
    "pull_transactions": lambda mpesa: mpesa.pull_transactions(since=NOON, until=NOON),
    "register_c2b_urls": lambda mpesa: mpesa.register_c2b_urls(
        confirmation_url="https://zemi.test/hooks/c", validation_url="https://zemi.test/hooks/v"
    ),
    "register_pull": lambda mpesa: mpesa.register_pull(
        nominated=AMINA, callback_url="https://zemi.test/hooks/v"
    ),
    "credentials_problem": lambda mpesa: mpesa.credentials_problem(),
}
MESSAGE_CALLS: dict[str, Callable[[Any], object]] = {
    "send_text": lambda sms: sms.send_text(to=AMINA, text="Habari"),
}


def operations_of(provider: type) -> set[str]:
    """What of a provider goes over the network: all but what reads a callback, and the tariff."""
    public = {
        name
        for name, what in vars(provider).items()
        if callable(what) and not name.startswith(("_", "read_"))
    }
    return public - {"disbursement_fee"}


@pytest.fixture
def guarded(simulator: Any) -> Iterator[list[Callable[[], object]]]:
    """Every call of both providers."""
    assert operations_of(Mpesa) == set(MONEY_CALLS)
    assert operations_of(AfricasTalking) == set(MESSAGE_CALLS)
    mpesa, sms = registry.mobile_money(), registry.messages()
    yield [
        *(partial(call, mpesa) for call in MONEY_CALLS.values()),
        *(partial(call, sms) for call in MESSAGE_CALLS.values()),
    ]
    http_client.use_transport(httpx2.WSGITransport(app=simulator.wsgi))


@pytest.mark.django_db(transaction=True)
def test_no_provider_is_called_inside_a_transaction(guarded: list[Callable[[], object]]):
    for call in guarded:
        with pytest.raises(BoundaryError), unit_of_work():
            call()


@pytest.mark.django_db(transaction=True)
def test_every_call_counts_to_the_success_rate_and_is_held_back_by_an_open_circuit(
    guarded: list[Callable[[], object]], clock: Any
):
    start, sent = clock.now(), []

    def absent(request: httpx2.Request) -> httpx2.Response:
        sent.append(request.url.path)
        raise httpx2.ConnectError("refused", request=request)

    http_client.use_transport(httpx2.MockTransport(absent))
    for call in guarded:
        call()
    registry.circuits().counts.write()
    # Two questions go through the circuit of one endpoint.
    assert sum(calls for calls, _ in rates_since(start).values()) == len(guarded) == len(sent)
    assert {worked for _, worked in rates_since(start).values()} == {0}
    operations = set(rates_since(start))
    assert operations == {row.operation for row in Circuit.objects.all()}

    Circuit.objects.update(state=CircuitState.OPEN, opened_at=clock.now())
    clock.advance(seconds=1)
    sent.clear()
    held = [call() for call in guarded]

    assert sent == []
    assert all(outcome in (MONEY_HELD_BACK, QUESTION_HELD_BACK) for outcome in held)


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
