"""Run the machine: some hundreds of steps with every suite, thousands as a proof."""

import logging
import os
import secrets
from collections.abc import Callable, Iterator
from typing import Any

import hypothesis
import pytest
from django.conf import settings as product_settings
from django.db import connection
from hypothesis import HealthCheck, Phase, Verbosity
from hypothesis.configuration import set_hypothesis_home_dir
from hypothesis.stateful import run_state_machine_as_test

from tests.machine.machine import EscrowMachine
from tests.machine.tally import Edge, Tally

STEPS_PER_RUN = 50
# Hypothesis varies earlier examples from the eleventh on, mostly by repeating parts of them; fresh ones find more.
RUNS_AT_ONCE = 10
# A fifth of them is the simplest run there is, with which Hypothesis begins each time: 5,000 and 1,000 are worth something.
STEPS_OF_A_PROOF = {"sqlite": 6_500, "postgresql": 1_500}
# What nothing in this world can bring about; tests/flows walks it.
UNREACHABLE_EDGES: frozenset[Edge] = frozenset(
    {
        # Refused for good in the very answer: only for a malformed request, and ours are not.
        ("payout", "submitting", "failed"),
        # A success after a failure: the simulator contradicts itself about prompts, never about payouts.
        ("payout", "held", "succeeded"),
        ("payout", "queued", "succeeded"),
        ("payout_attempt", "failed", "succeeded"),
    }
)

# What Hypothesis keeps goes where everything else goes.
set_hypothesis_home_dir(product_settings.VAR / "tmp" / "hypothesis")


@pytest.fixture(autouse=True)
def silence() -> Iterator[None]:
    """Thousands of requests: their log is of no use, and keeping it takes a third of the time."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def machine_settings(*, derandomize: bool) -> hypothesis.settings:
    """Without a deadline, since a step may be a whole day; without a database of examples, since seeds are printed."""
    return hypothesis.settings(
        max_examples=RUNS_AT_ONCE,
        stateful_step_count=STEPS_PER_RUN,
        deadline=None,
        database=None,
        derandomize=derandomize,
        print_blob=False,
        verbosity=Verbosity.normal,
        phases=(Phase.generate, Phase.shrink),
        # A run has fifty steps of a whole product, each with every invariant: it is slow, and large, by design.
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )


def run_machine(wsgi: Any, tally: Tally, settings: hypothesis.settings, *, seed: int | None = None) -> None:
    """Run it; what is left of a failing run is printed by Hypothesis, as small as it gets."""
    machine = type("Machine", (EscrowMachine,), {"wsgi": staticmethod(wsgi), "tally": tally})
    factory: Callable[[], EscrowMachine] = machine if seed is None else hypothesis.seed(seed)(machine)
    run_state_machine_as_test(factory, settings=settings)  # type: ignore[arg-type]


def test_no_invariant_breaks_in_some_hundreds_of_steps(db: None, wsgi_application: Any) -> None:
    tally = Tally()

    run_machine(wsgi_application, tally, machine_settings(derandomize=True))

    assert tally.steps >= 300, tally.table("short")


@pytest.mark.proof
@pytest.mark.both_databases
def test_no_invariant_breaks_in_thousands_of_steps(
    db: None, wsgi_application: Any, record_property: Callable[[str, object], None]
) -> None:
    first_seed = int(os.environ.get("ZEMI_TEST_SEED", "0")) or secrets.randbelow(2**32)
    wanted = STEPS_OF_A_PROOF[connection.vendor]
    tally = Tally()

    def is_short() -> bool:
        # The rarest moves are made a few times in as many steps: a seed that missed one gets more of them.
        return tally.steps < wanted or bool(missing_edges(tally) and tally.steps < 3 * wanted)

    seed = first_seed
    try:
        while is_short():
            run_machine(wsgi_application, tally, machine_settings(derandomize=False), seed=seed)
            seed += 1
    finally:
        title = f"machine on {connection.vendor}, ZEMI_TEST_SEED={first_seed}, last {seed}"
        # Shown at the end of the run, whatever captures this test's own output (tests/conftest.py).
        record_property("report", tally.table(title))

    assert not missing_edges(tally), f"{title}: these moves were never made: {missing_edges(tally)}"


def missing_edges(tally: Tally) -> list[Edge]:
    """What the proof owes; all of it on SQLite, where most of its steps are made."""
    return sorted(set(tally.missing_edges()) - UNREACHABLE_EDGES) if connection.vendor == "sqlite" else []
