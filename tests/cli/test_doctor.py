"""`zemi doctor` names what is wrong, what to do, and nothing where nothing is."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils.http import http_date

from tests import story
from zemi.__main__ import main
from zemi.cli.doctor import examine
from zemi.common import http_client
from zemi.providers import registry
from zemi.webhooks.models import WebhookLog

pytestmark = pytest.mark.django_db


def findings() -> dict[str, tuple[str, str]]:
    return {found.name: (found.said, found.fix) for found in examine()}


def ill() -> set[str]:
    return {name for name, (_, fix) in findings().items() if fix}


@pytest.fixture
def answered(simulator: Any, settings: Any) -> Any:
    """A deployment whose address for callbacks leads to itself: here to a server that says what it would say."""
    import httpx2
    from werkzeug.wrappers import Response

    def both(environ: Any, start_response: Any) -> Any:
        if environ["PATH_INFO"] == "/healthz":
            return Response('{"ok":true}')(environ, start_response)
        if environ["PATH_INFO"] == "/":
            return Response("", headers={"Date": http_date(time.time() - 90)})(environ, start_response)
        return simulator.wsgi(environ, start_response)

    http_client.use_transport(httpx2.WSGITransport(app=both))
    registry.reset()
    return simulator


def test_where_all_is_well_nothing_is_to_be_done(answered: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert ill() == set()
    assert main(["doctor", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {each["name"] for each in found["findings"]} == {
        "settings", "database", "worker", "rows", "provider", "clock", "certificate", "callbacks",
    }  # fmt: skip


def test_without_a_simulator_it_says_so(clock: Any, capsys: pytest.CaptureFixture[str]) -> None:
    registry.reset()
    http_client.use_transport(None)

    assert main(["doctor"]) == 1

    said = capsys.readouterr().out
    assert "no simulator at" in said
    assert "check that the simulator is running" in said
    assert "nothing answers at" in said


def test_work_that_waits_is_named(answered: Any, clock: Any) -> None:
    story.push(story.create_order().data["order_reference"])
    assert "worker" not in ill()

    clock.advance(minutes=5)

    said, fix = findings()["worker"]
    assert said == "something has been due for 0:04:35"
    assert "zemi work" in fix


def test_a_guard_that_is_gone_is_named(answered: Any) -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("DROP TRIGGER events_event_append_only ON events_event")
        name = "events_event_append_only"
    else:
        with connection.cursor() as cursor:
            cursor.execute("DROP TRIGGER events_event_no_delete")
        name = "events_event_no_delete"

    said, fix = findings()["database"]

    assert name in said
    assert "migrate" in fix


def test_refused_credentials_are_named(answered: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    config = answered.config()
    monkeypatch.setenv("MPESA_CONSUMER_KEY", "wrong")
    monkeypatch.setenv("MPESA_CONSUMER_SECRET", "wrong")
    monkeypatch.setenv("MPESA_BASE_URL", config["base_url"])
    registry.reset()

    said, fix = findings()["provider"]

    assert said == "gives us no token: the consumer key was refused"
    assert "MPESA_CONSUMER_KEY" in fix


def test_a_clock_that_is_off_is_named(answered: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MPESA_BASE_URL", "http://daraja.example")
    registry.reset()

    said, fix = findings()["clock"]

    assert said in {f"is {seconds} s off the provider's" for seconds in range(89, 95)}
    assert "NTP" in fix


def test_an_address_that_safaricom_cannot_reach_is_named(answered: Any, settings: Any) -> None:
    registry.mobile_money()
    settings.LIVE = True

    assert "public https" in findings()["callbacks"][1]


def test_a_certificate_that_cannot_be_read_is_named(
    answered: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "safaricom.pem"
    file.write_text(answered.config()["certificate"])
    monkeypatch.setenv("MPESA_CERTIFICATE", str(file))
    assert "is good until" in findings()["certificate"][0]

    file.write_text("no certificate")

    assert "can't be read" in findings()["certificate"][0]


def test_a_database_that_is_not_migrated_ends_the_examination(
    answered: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db.migrations.recorder import MigrationRecorder

    from zemi.api import pages

    monkeypatch.setattr(pages, "_migrated", False)
    MigrationRecorder.Migration.objects.filter(app="orders").delete()

    assert list(findings()) == ["settings", "database"]
    assert "migrate" in findings()["database"][1]
    assert not WebhookLog.objects.exists()
