"""The same sales with Celery on each broker, while its messages are thrown away, doubled, and it is killed itself."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests import postgres
from tests.kills.harness import Result, Stage, compare, pause, wait_until
from tests.scale.brokers import KINDS, Broker, NoBroker
from tests.unproved import not_proved
from zemi.common.broker import TASK, application_for
from zemi.worker.sweeps import SWEEPS

pytestmark = [
    pytest.mark.broker,
    pytest.mark.long,
    pytest.mark.proof,
    pytest.mark.postgres,
    pytest.mark.skipif(sys.platform != "linux", reason="children have to die with their parent"),
]
_SELLERS = 3
_PATIENCE_S = 150.0


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_whatever_befalls_the_messages_only_the_time_changes(
    tmp_path: Path, kind: type[Broker], record_property: Any
) -> None:
    if postgres.find().url:
        pytest.skip("ZEMI_TEST_PG is somebody's server: this proof needs one of its own")
    try:
        made = kind()
    except NoBroker as problem:
        # Said aloud at the end: a proof is missing.
        record_property("report", f"NOT PROVED ON {kind.name}: {problem}")
        not_proved(str(problem))

    with made as broker, Stage(tmp_path, broker_url=broker.url) as stage:
        journal = tmp_path / "journal"
        load = subprocess.Popen(
            [sys.executable, "-m", "tests.kills.load", stage.base_url, str(journal), str(_SELLERS), "1"],
            stdin=subprocess.DEVNULL,
        )
        try:
            _wait_for_sales(journal, 3)
            for _ in range(4):
                broker.purge()
                pause(0.5)
                _double(broker)
                pause(0.5)
            broker.restart()
            before = _confirmed(journal)
            # A worker that has gone deaf over it is replaced meanwhile.
            _wait_for_sales(journal, before + 2 * _SELLERS)
        finally:
            load.terminate()
            load.wait()
        result = Result()
        compare(stage, journal, result)

    record_property("report", f"{kind.name}\n{result}")
    assert result.problems == result.for_people == []
    assert result.acknowledged["confirmed"] > 2 * _SELLERS


def _confirmed(journal: Path) -> int:
    return journal.read_text().count('"confirmed"') if journal.exists() else 0


def _wait_for_sales(journal: Path, number: int) -> None:
    wait_until(lambda: _confirmed(journal) >= number, _PATIENCE_S, f"sale {number}")


def _double(broker: Broker) -> None:
    app = application_for(broker.url)
    for sweep in SWEEPS:
        for _ in range(20):
            app.send_task(TASK + sweep)
