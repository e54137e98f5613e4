"""Run the machine: some hundreds of steps with every suite, thousands as a proof."""

import json
import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.conf import settings as product_settings
from django.db import connection
from hypothesis import HealthCheck, Phase, Verbosity
from hypothesis.configuration import set_hypothesis_home_dir
from hypothesis.stateful import run_state_machine_as_test

from tests.machine.cast import FAULTS
from tests.machine.machine import EscrowMachine
from tests.machine.tally import Edge, Tally
from tests.seeds import first_seed

STEPS_PER_RUN = 50
# Longer ones: the end of each, in which all is settled, takes as long as some forty steps.
STEPS_PER_LONG_RUN = 100
# Hypothesis varies earlier examples from the eleventh on, mostly by repeating parts of them; fresh ones find more.
RUNS_AT_ONCE = 10
# A fifth of them is the simplest run there is, with which Hypothesis begins each time.
STEPS_OF_A_PROOF = {"sqlite": 25_000, "postgresql": 5_000}
# One for each of two processors.
HALVES = 2
# Moves that nothing in this world can bring about, by what moves; tests/flows walks them.
_IMPOSSIBLE = {
    # Whatever is made is queued in the same moment.
    "payout": ("created held", "queued held", "created cancelled"),
    "refund": ("created held",),
    # M-Pesa would have to tell after a month who paid.
    "receipt": ("written_to_unclaimed refunded",),
    # What is refused moves nothing.
    "top_up": ("failed succeeded",),
    # No link of these rules has a last day.
    "link": ("active expired", "used_up expired"),
    # No rule does it.
    "unclaimed": ("apart returned",),
}  # fmt: skip
# Moves so rare that a proof may be without them; a soak owes a few of each.
_RARE = {
    "payout": (
        "cancelled succeeded", "failed succeeded", "held cancelled", "submitting held", "submitting failed",
        "queued succeeded", "failed held", "needs_attention held",
    ),
    "refund": (
        "cancelled succeeded", "failed succeeded", "failed queued", "failed held", "held cancelled", "held succeeded",
        "submitting held", "submitting succeeded", "submitting failed", "needs_attention held", "queued succeeded",
        "unknown queued",
    ),
    "refund_attempt": ("intent failed", "intent succeeded", "unknown intent"),
    "receipt": (
        "claimed refunded", "claimed reversed", "orphan claimed", "orphan reversed",
        "part_allocated refunded", "part_allocated reversed", "written_to_unclaimed claimed",
        "written_to_unclaimed reversed",
    ),
    "suspense": ("open charged", "open lost", "open recovered"),
    "top_up": ("intent succeeded", "submitted failed"),
    "link": ("used_up disabled",),
}  # fmt: skip


def _edges(moves: Mapping[str, tuple[str, ...]]) -> frozenset[Edge]:
    pairs = ((subject, move.split()) for subject, those in moves.items() for move in those)
    return frozenset((subject, source, target) for subject, (source, target) in pairs)


IMPOSSIBLE_EDGES, RARE_EDGES = _edges(_IMPOSSIBLE), _edges(_RARE)

# What Hypothesis keeps goes where everything else goes.
set_hypothesis_home_dir(product_settings.VAR / "tmp" / "hypothesis")


@pytest.fixture(autouse=True)
def silence() -> Iterator[None]:
    """Thousands of requests: their log is of no use, and keeping it takes a third of the time."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def machine_settings(
    *, derandomize: bool, steps: int = STEPS_PER_RUN, shrinks: bool = True
) -> hypothesis.settings:
    """Without a deadline, since a step may be a whole day; without a database of examples, since seeds are printed."""
    return hypothesis.settings(
        max_examples=RUNS_AT_ONCE,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        derandomize=derandomize,
        print_blob=False,
        # Each further one costs minutes of shrinking.
        report_multiple_bugs=False,
        verbosity=Verbosity.normal,
        phases=(Phase.generate, Phase.shrink) if shrinks else (Phase.generate,),
        # A run has dozens of steps of a whole product, each with every invariant: it is slow, and large, by design.
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )


def run_machine(wsgi: Any, tally: Tally, settings: hypothesis.settings, *, seed: int | None = None) -> None:
    """Run it; what is left of a failing run is printed by Hypothesis, as small as it gets."""
    machine = type("Machine", (EscrowMachine,), {"wsgi": staticmethod(wsgi), "tally": tally})
    factory: Callable[[], EscrowMachine] = machine if seed is None else hypothesis.seed(seed)(machine)
    run_state_machine_as_test(factory, settings=settings)  # type: ignore[arg-type]


def wanted_steps(default: int) -> int:
    """How many steps are asked for: ZEMI_MACHINE_STEPS, or `default`."""
    return int(os.environ.get("ZEMI_MACHINE_STEPS", default))


def short_of(tally: Tally) -> list[str]:
    """What the run owes; all of it on SQLite, where most of its steps are made. Less than a proof owes nothing."""
    whole = STEPS_OF_A_PROOF["sqlite"]
    if connection.vendor != "sqlite" or wanted_steps(whole) < whole:
        return []
    return tally.short(impossible=IMPOSSIBLE_EDGES, rare=RARE_EDGES, faults=(name for name, _ in FAULTS))


@pytest.mark.long
def test_no_invariant_breaks_in_some_hundreds_of_steps(db: None, wsgi_application: Any) -> None:
    tally = Tally()

    run_machine(wsgi_application, tally, machine_settings(derandomize=True))

    assert tally.steps >= 300, tally.table("short")


@pytest.mark.proof
@pytest.mark.both_databases
@pytest.mark.parametrize("half", range(HALVES))
def test_no_invariant_breaks_in_thousands_of_steps(
    db: None, wsgi_application: Any, record_property: Callable[[str, object], None], half: int
) -> None:
    started_with = first_seed() + half * 1_000_000
    wanted = wanted_steps(STEPS_OF_A_PROOF[connection.vendor]) // HALVES
    # Short runs come to an end more often, long ones get to where three rare things have met.
    settings = machine_settings(derandomize=False, steps=STEPS_PER_LONG_RUN if half else STEPS_PER_RUN)
    tally = Tally()

    def is_short() -> bool:
        # The rarest moves are made a few times in as many steps: seeds that missed one get more of them.
        return tally.steps < wanted or bool(short_of(tally) and tally.steps < 3 * wanted)

    seed, started = started_with, time.monotonic()
    try:
        while is_short():
            run_machine(wsgi_application, tally, settings, seed=seed)
            seed += 1
    finally:
        speed = tally.steps / (time.monotonic() - started)
        title = (
            f"machine on {connection.vendor}, ZEMI_TEST_SEED={started_with}, last {seed}, {speed:.0f} steps/s"
        )
        # Shown at the end of the run, whatever captures this test's own output (tests/conftest.py).
        record_property("report", tally.table(title))

    assert not short_of(tally), f"{title}: too seldom: {short_of(tally)}"


@pytest.mark.proof
@pytest.mark.skipif(
    "ZEMI_MACHINE_SEEDS" not in os.environ, reason="for the soak alone: python -m tests.machine"
)
def test_no_invariant_breaks_with_the_seeds_of_the_soak(db: None, wsgi_application: Any) -> None:
    first, last = map(int, os.environ["ZEMI_MACHINE_SEEDS"].split(".."))
    tally = Tally()
    # So long a run is hardly made smaller in the minutes that there are: its seed is enough to look into it.
    settings = machine_settings(derandomize=False, steps=STEPS_PER_LONG_RUN, shrinks=False)

    for seed in range(first, last + 1):
        try:
            run_machine(wsgi_application, tally, settings, seed=seed)
        except BaseException as error:
            error.add_note(f"seed {seed} of the soak")
            raise

    Path(os.environ["ZEMI_MACHINE_TALLY"]).write_text(json.dumps(tally.facts()))
