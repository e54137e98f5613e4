"""`zemi logs tail` reads what `zemi up` writes: both of its forms, as it grows, also when it is rotated."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests import story
from zemi.__main__ import main
from zemi.cli.logs import Entry, _Tail, read_entry
from zemi.events.models import Event

REQUEST = (
    "web    | 2026-11-27T04:10:28.977467Z [info     ] request                        error= method=POST ms=34.8 "
    "request_id=req_1 route=/api/v1/orders/<reference:order_reference> status=201"
)


@pytest.fixture
def log(settings: Any, tmp_path: Path) -> Path:
    settings.VAR = tmp_path
    file = tmp_path / "logs" / "zemi.log"
    file.parent.mkdir()
    file.touch()
    return file


def test_a_line_for_people_is_read_back() -> None:
    entry = read_entry(REQUEST)

    assert (entry.process, entry.at, entry.level, entry.event) == (
        "web",
        "2026-11-27T04:10:28.977467Z",
        "info",
        "request",
    )
    assert entry.fields["status"] == "201"
    assert entry.fields["error"] == ""
    assert entry.fields["request_id"] == "req_1"


def test_a_value_with_spaces_and_a_line_for_machines_are_read_back() -> None:
    quoted = read_entry(
        "worker | 2026-11-27T04:10:28.9Z [warning  ] sweep.refused reason='M-Pesa is away' sweep=payouts"
    )
    machine = read_entry(
        'web    | {"event": "request", "level": "error", "timestamp": "2026-11-27T04:10:28.9Z", "ms": 3.5}'
    )

    assert quoted.fields == {"reason": "M-Pesa is away", "sweep": "payouts"}
    assert machine == Entry("web", "request", "2026-11-27T04:10:28.9Z", "error", {"ms": "3.5"})


@pytest.mark.parametrize(
    "line", ["", "Traceback (most recent call last):", "web    | {broken", "sim    | ready"]
)
def test_what_has_no_structure_is_shown_as_it_is(line: str) -> None:
    assert read_entry(line).event == line.removeprefix("web    | ").removeprefix("sim    | ")


def test_one_request_and_one_level_are_picked_out(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = REQUEST.replace("req_1", "req_2").replace("[info ", "[error")
    log.write_text(f"{REQUEST}\n{other}\nsim    | ready\n")

    assert main(["logs", "tail", "--request", "req_1", "--json"]) == 0
    [found] = map(json.loads, capsys.readouterr().out.splitlines())
    assert found["fields"]["request_id"] == "req_1"
    assert main(["logs", "tail", "--level", "warning"]) == 0
    assert capsys.readouterr().out.count("req_2") == 1
    assert main(["logs", "tail", "-n", "1"]) == 0
    assert capsys.readouterr().out.endswith(" sim    info    ready\n")


@pytest.mark.django_db
def test_an_order_is_shown_with_its_events_and_the_requests_they_happened_in(
    log: Path, capsys: pytest.CaptureFixture[str], simulator: Any
) -> None:
    created = story.create_order()
    reference = created.data["order_reference"]
    request_id = created.headers["Request-Id"]
    assert Event.objects.get(type="order.created").request_id == request_id
    payment = story.push(reference)
    attempt = Event.objects.get(type="payment.pending").subject_id
    log.write_text(
        f"{REQUEST.replace('req_1', request_id)}\n{REQUEST}\n"
        f"worker | 2026-11-27T04:10:29.0Z [error    ] row.broken row={attempt}\n"
    )

    assert main(["logs", "tail", "--order", reference, "--json"]) == 0

    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert payment.status == 200
    assert {entry["event"] for entry in found} == {
        "order.created",
        "payment.pending",
        "request",
        "row.broken",
    }
    assert main(["logs", "tail", "--order", "ZEM-00000000"]) == 1
    assert "no order" in capsys.readouterr().err


def test_what_comes_is_shown_in_whole_lines_and_after_a_rotation(log: Path) -> None:
    log.write_text("web    | one\nweb    | tw")
    with _Tail(log) as tail:
        assert [entry.event for entry in tail.read()] == ["one"]
        with log.open("a") as more:
            more.write("o\n")
        assert [entry.event for entry in tail.read()] == ["two"]

        with log.open("a") as more:
            more.write("web    | three\n")
        log.rename(log.with_suffix(".1"))
        log.write_text("web    | four\n")

        assert [entry.event for entry in tail.read()] == ["three", "four"]


def test_without_a_log_it_says_why(settings: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings.VAR = tmp_path

    assert main(["logs", "tail"]) == 1
    assert "nothing was started" in capsys.readouterr().err
