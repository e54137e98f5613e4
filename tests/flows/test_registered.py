"""Register where payments by hand are announced, and what follows; end attempts that nobody can tell about."""

from argparse import Namespace
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests import story
from tests.characters import AMINA, OTIENO
from tests.story import order_of
from zemi.__main__ import main
from zemi.cli import demo_data
from zemi.cli import providers as command
from zemi.common import http_client
from zemi.common.money import kes
from zemi.payments.models import Payment, Receipt
from zemi.payments.queries import CLOCKS_APART
from zemi.providers import registry
from zemi.providers.base import LineKind, ProviderLine
from zemi.providers.mpesa import sandbox
from zemi.providers.rates import rates_since
from zemi.reconciliation.evidence import close_silent_attempts
from zemi.reconciliation.match import reconcile
from zemi.reconciliation.statements import import_lines, import_statement, pull_statement
from zemi.webhooks.models import WebhookLog

Run = Callable[[], int]


def do(verb: str, nominated: str = "") -> int:
    return command.run(Namespace(verb=verb, nominated=nominated, json=False))


def test_a_payment_by_hand_is_announced_where_it_was_registered(
    simulator: Any, clock: Any, run_worker: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (do("register-c2b"), do("register-c2b")) == (0, 0)
    assert "Registered" in capsys.readouterr().out
    reference = story.create_order().data["order_reference"]

    simulator.pay_bill(msisdn=AMINA.msisdn, amount="1500", account_reference=reference)
    run_worker()
    clock.advance(seconds=10)
    run_worker()

    assert order_of(reference).status == "paid"


def test_a_sandbox_that_starts_hears_of_payments_by_hand_also_under_another_address(
    simulator: Any, clock: Any, run_worker: Run, settings: Any, tmp_path: Path
) -> None:
    start = clock.now().replace(second=0)
    settings.VAR, here = tmp_path, settings.CALLBACK_ORIGIN
    for settings.CALLBACK_ORIGIN in ("http://127.0.0.1:9", here):
        demo_data.ensure(clock.now())
    # `zemi providers` shows what the process that starts everything, and calls nobody any more, has registered.
    rates = rates_since(start)
    assert (rates["c2b_register"], rates["pull_register"]) == ((2, 2), (2, 2))
    reference = story.create_order().data["order_reference"]

    simulator.pay_bill(msisdn=AMINA.msisdn, amount="1500", account_reference=reference)
    run_worker()
    clock.advance(seconds=10)
    run_worker()

    assert order_of(reference).status == "paid"
    assert pull_statement(now=clock.now()) is not None


def test_a_validation_is_no_payment(simulator: Any, clock: Any, run_worker: Run) -> None:
    do("register-c2b")
    simulator.switch(c2b_validation=True)
    reference = story.create_order().data["order_reference"]

    simulator.pay_bill(msisdn=AMINA.msisdn, amount="1500", account_reference=reference)
    run_worker()
    clock.advance(seconds=10)
    run_worker()

    kinds = list(WebhookLog.objects.order_by("received_at", "id").values_list("webhook_type", flat=True))
    assert sorted(kinds) == ["mpesa_c2b_confirmation", "mpesa_c2b_validation"]
    assert Receipt.objects.count() == 1
    assert order_of(reference).status == "paid"


def test_what_was_registered_for_pulling_is_pulled(simulator: Any, clock: Any) -> None:
    assert pull_statement(now=clock.now()) is None
    assert do("register-pull", OTIENO.e164) == 0

    assert pull_statement(now=clock.now()) is not None


def test_a_registration_that_fails_says_so(
    simulator: Any, clock: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert do("register-pull", "nobody") == 1
    assert "--nominated" in capsys.readouterr().err
    simulator.fault("http_garbage_after", api="c2b", count=1)
    assert do("register-c2b") == 1
    assert "did not take it" in capsys.readouterr().err
    registry.reset()
    http_client.use_transport(httpx2.MockTransport(_down))
    assert do("register-c2b") == 1
    assert "simulator" in capsys.readouterr().err
    http_client.use_transport(httpx2.WSGITransport(app=simulator.wsgi))


def test_a_command_keeps_what_became_of_its_call(
    simulator: Any, clock: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    start = clock.now().replace(second=0)

    assert main(["providers", "register-c2b"]) == 0

    assert rates_since(start) == {"c2b_register": (1, 1)}
    assert main(["providers"]) == 0
    assert "c2b_register   closed" in capsys.readouterr().out


def _down(_: Any) -> Any:
    raise httpx2.ConnectError("down")


def test_the_audit_reads_the_simulators_books_in_pages(
    simulator: Any, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "PAGE", 2)
    numbers = []
    for _ in range(5):
        sent = simulator.book_payment(msisdn=AMINA.msisdn, amount="10.00", shortcode="174379")
        numbers.append(sent["receipt"])

    assert [move.receipt for move in registry.sandbox().transactions()] == numbers

    import_statement(simulator.statement(shortcode="174379"), now=clock.now())
    reconcile(now=clock.now())


@pytest.mark.provider_differs
def test_an_attempt_without_any_answer_ends_once_a_statement_covers_its_day(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    assert close_silent_attempts(now=clock.now()) == 0
    simulator.book_payment(msisdn=OTIENO.msisdn, amount="10.00", shortcode="174379")
    clock.advance(minutes=11)
    reference = story.create_order().data["order_reference"]
    simulator.fault("http_garbage_after", api="stk", count=1)
    simulator.set_phone(AMINA.msisdn, next="cancel", delay_s=1, callback="lost")
    story.push(reference)
    clock.advance(hours=25)
    assert Payment.objects.get().status == "unknown"
    import_statement(simulator.statement(shortcode="174379"), now=clock.now())
    reconcile(now=clock.now())
    # So far it reaches only to before the prompt.
    assert Payment.objects.get().status == "unknown"

    simulator.book_payment(msisdn=OTIENO.msisdn, amount="10.00", shortcode="174379")
    import_statement(simulator.statement(shortcode="174379"), now=clock.now())
    reconcile(now=clock.now())

    payment = Payment.objects.get()
    assert (payment.status, payment.failure_reason) == ("failed", "no_evidence")


@pytest.mark.provider_differs
def test_a_statement_that_begins_with_the_attempt_may_have_begun_after_its_money(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    """By M-Pesa's clock, which may be minutes behind ours, it was paid before the first line."""
    story.push(story.create_order().data["order_reference"])
    since = clock.now() - CLOCKS_APART
    clock.advance(hours=25)

    def read_a_statement_since(moment: datetime) -> int:
        lines = [
            ProviderLine(f"TKL{at:%d%H%M%S}", at, kes(10), None, LineKind.PAYMENT, "a word", payer=OTIENO)
            for at in (moment, clock.now())
        ]
        import_lines(lines, source="file", now=clock.now())
        return close_silent_attempts(now=clock.now())

    assert read_a_statement_since(since + timedelta(seconds=1)) == 0
    assert read_a_statement_since(since) == 1


@pytest.mark.parametrize("hours_later", [0, 20])
def test_a_line_that_may_be_a_silent_prompts_money_ends_it_as_paid(
    simulator: Any, clock: Any, hours_later: int
) -> None:
    """M-Pesa's clock is behind ours: the line seems older than the prompt, and is booked as paid by hand, in doubt."""
    simulator.switch(stamp_clock="slow")
    simulator.book_payment(msisdn=OTIENO.msisdn, amount="10.00", shortcode="174379")
    clock.advance(minutes=20)
    reference = story.create_order().data["order_reference"]
    simulator.set_phone(AMINA.msisdn, next="cancel" if hours_later else "pay", delay_s=1, callback="lost")
    story.push(reference)
    clock.advance(hours=hours_later, seconds=5)
    simulator.run_due()
    if hours_later:
        # Too late for the prompt by any clock: another payment.
        simulator.book_payment(
            msisdn=AMINA.msisdn, amount="1500.00", shortcode="174379", account_reference=reference
        )
    clock.advance(hours=25)
    simulator.book_payment(msisdn=OTIENO.msisdn, amount="10.00", shortcode="174379")

    import_statement(simulator.statement(shortcode="174379"), now=clock.now())
    reconcile(now=clock.now())

    payment, receipt = Payment.objects.get(), Receipt.objects.get(order__order_reference=reference)
    ended = ("failed", "no_evidence", None) if hours_later else ("completed", "", payment.id)
    assert (payment.status, payment.failure_reason, receipt.payment_id) == ended
    assert (order_of(reference).status, receipt.status) == ("paid", "allocated")


@pytest.mark.provider_differs
def test_two_statements_with_a_gap_between_them_prove_nothing_about_it(simulator: Any, clock: Any) -> None:
    def tell(number: str) -> None:
        line = ProviderLine(number, clock.now(), kes(10), None, LineKind.PAYMENT, "a word", payer=OTIENO)
        import_lines([line], source="file", now=clock.now())
        reconcile(now=clock.now())

    tell("UKN1AAAAAA")
    clock.advance(hours=48)
    simulator.fault("http_garbage_after", api="stk", count=1)
    simulator.set_phone(AMINA.msisdn, next="cancel", delay_s=1, callback="lost")
    story.push(story.create_order().data["order_reference"])
    clock.advance(hours=48)
    tell("UKN1BBBBBB")

    assert Payment.objects.get().status == "unknown"
