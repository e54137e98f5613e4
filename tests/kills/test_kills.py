"""Twelve kills in the proofs; the soak runs many more by `python -m tests.kills`. And two between an act and its answer."""

import http.client
import json
import os
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests import postgres
from tests.kills.harness import Stage, is_up, torment, wait_until
from tests.kills.load import Client

pytestmark = [
    pytest.mark.proof,
    pytest.mark.quiet,
    pytest.mark.postgres,
    pytest.mark.skipif(sys.platform != "linux", reason="children have to die with their parent"),
]
KILLS = 12
BUYER, SELLER = "254712345678", "254722000222"


def test_killed_again_and_again_it_loses_nothing_and_pays_nobody_twice(
    tmp_path: Path, record_property: Any
) -> None:
    if postgres.find().url:
        pytest.skip("ZEMI_TEST_PG is somebody's server: it can't be killed")

    with Stage(tmp_path) as stage:
        result = torment(stage, kills=KILLS, seed=20261127)

    record_property("report", str(result))
    assert result.problems == []
    assert sum(result.kills.values()) == KILLS
    # Each process of a worker has one payment in hand when it dies.
    deaths = result.kills.get("worker", 0) + result.kills.get("all", 0)
    assert len(result.for_people) <= deaths * (os.cpu_count() or 1)
    assert result.acknowledged["confirmed"] > KILLS


def test_killed_before_it_answers_it_acts_once_and_answers_the_repeated_key(tmp_path: Path) -> None:
    if postgres.find().url:
        pytest.skip("ZEMI_TEST_PG is somebody's server: it can't be killed")
    order = {"buyer_phone": BUYER, "seller_phone": SELLER, "amount": "1500", "product_description": "Kitenge"}

    with Stage(tmp_path) as stage:
        # The order is made, and nobody hears of it.
        _kill_unanswered(stage, "/api/orders/create", order, "make-1", effect="SELECT 1 FROM orders_order")
        made = _send(stage, "/api/orders/create", order, "make-1")
        again = _send(stage, "/api/orders/create", order, "make-1")

        # The prompt is on the phone, and M-Pesa's answer on its way.
        with Client(stage.sim_url) as simulator:
            lost = {"fault": "http_timeout_after", "api": "stk", "count": 1, "delay_s": 30}
            assert simulator.send("POST", "/_sim/faults", lost)[0] < 300
            # The buyer takes a while: a callback that finds nobody comes once, and there is no id to ask by.
            assert simulator.send("POST", f"/_sim/phones/{BUYER}", {"next": "pay", "delay_s": 100})[0] < 300
        asked = {
            "phone_number": BUYER,
            "amount": "1500",
            "account_reference": made.body["data"]["order_reference"],
        }
        path = "/api/payments/mpesa/stk-push"
        _kill_unanswered(stage, path, asked, "pay-1", effect=lambda: _prompts(stage) == 1)
        early = _send(stage, path, asked, "pay-1")
        stage.run("-m", "zemi", "clock", "advance", "2m")
        prompted = _send(stage, path, asked, "pay-1")
        prompted_again = _send(stage, path, asked, "pay-1")

        assert made.status == 201
        assert (again.raw, again.replayed) == (made.raw, "true")
        assert _count(stage, "SELECT count(*) FROM orders_order") == 1
        assert early.body["code"] == "idempotency_in_progress"
        assert prompted.status in {200, 202}, prompted.body
        assert prompted.body["data"]["payment_status"] in {"unknown", "completed"}
        assert (prompted_again.raw, prompted_again.replayed) == (prompted.raw, "true")
        assert _count(stage, "SELECT count(*) FROM payments_payment") == _prompts(stage) == 1
        wait_until(
            lambda: _count(stage, "SELECT count(*) FROM orders_order WHERE status = 'paid'") == 1,
            60,
            "the money",
        )
        assert json.loads(stage.run("-m", "zemi", "audit", "--json"))["result"] == "ok"


class _Heard:
    """An answer, byte for byte."""

    def __init__(self, answer: http.client.HTTPResponse) -> None:
        self.status, self.raw = answer.status, answer.read()
        self.replayed = answer.headers.get("Idempotent-Replayed")
        self.body = json.loads(self.raw)


def _begin(stage: Stage, path: str, body: dict[str, Any], key: str) -> http.client.HTTPConnection:
    connection = http.client.HTTPConnection("127.0.0.1", stage.port, timeout=30)
    headers = {"content-type": "application/json", "idempotency-key": key}
    connection.request("POST", path, json.dumps(body), headers)
    return connection


def _send(stage: Stage, path: str, body: dict[str, Any], key: str) -> _Heard:
    with closing(_begin(stage, path, body, key)) as connection:
        return _Heard(connection.getresponse())


def _kill_unanswered(stage: Stage, path: str, body: dict[str, Any], key: str, *, effect: Any) -> None:
    """Send it, read no answer, and kill the web server as soon as it has taken effect."""
    connection = _begin(stage, path, body, key)
    happened = effect if callable(effect) else lambda: _count(stage, effect) == 1
    wait_until(happened, 30, f"the effect of {path}")
    stage.kill("web")
    connection.close()
    stage.revive("web")
    wait_until(lambda: is_up(f"{stage.base_url}/readyz"), 90, "the web server")


def _prompts(stage: Stage) -> int:
    with Client(stage.sim_url) as simulator:
        return len(simulator.send("GET", f"/_sim/phones/{BUYER}")[1]["prompts"])


def _count(stage: Stage, statement: str) -> int:
    with psycopg.connect(stage.database.url) as database:
        found = database.execute(statement).fetchone()
    return int(found[0]) if found else 0
