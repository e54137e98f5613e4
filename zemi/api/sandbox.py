"""The sandbox's own addresses: its clock and its scenarios. In live mode none of them exists."""

from datetime import timedelta
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from zemi.api.auth import NeedsScope, merchant_of
from zemi.api.endpoint import Endpoint, Shape
from zemi.api.fields import Shown, WholeField, WordField
from zemi.api.shapes import ORDER_STATUS, REFERENCE, TIME
from zemi.common.clock import stamp
from zemi.common.texts import Text
from zemi.identity.api_keys import Scope
from zemi.orders.errors import AmountOutOfRange
from zemi.payments import errors as payment_errors
from zemi.providers.errors import ProviderNotReady
from zemi.sandbox.clock import MOST_AT_ONCE, SandboxClock, advance_clock, read_clock
from zemi.sandbox.errors import ClockNotMoved, ScenarioUnknown
from zemi.sandbox.scenarios import SCENARIOS, run_scenario


class ClockData(Shape):
    """The sandbox's time."""

    now = Shown(TIME)
    ahead_s = Shown(
        {
            "type": "integer",
            "description": "Seconds that it is ahead of the machine's clock.",
            "examples": [86_400],
        }
    )


class ReadClock(Endpoint):
    """Read the sandbox's clock."""

    access = NeedsScope(Scope.READ)
    tag = "sandbox"
    output = ClockData

    def get(self, request: Request) -> Response:
        """Read it."""
        return self.answer(_clock(read_clock()))


class AdvanceClockInput(Shape):
    """How far."""

    seconds = WholeField(least=1, most=int(MOST_AT_ONCE.total_seconds()), example=86_400)


class AdvanceClock(Endpoint):
    """Move the sandbox's clock on.

    For everybody who uses this sandbox, and for its simulator. Whatever has fallen due is done by the worker within a
    second or two: orders expire, reminders go out, questions are asked, tries are repeated. Time never goes back.
    """

    access = NeedsScope(Scope.ORDERS)
    tag = "sandbox"
    input = AdvanceClockInput
    output = ClockData
    statuses = {200: "The clock was moved."}
    errors = (ClockNotMoved, ProviderNotReady)

    def post(self, request: Request) -> Response:
        """Move it."""
        return self.answer(_clock(advance_clock(timedelta(seconds=self.read(request)["seconds"]))))


class ScenarioListData(Shape):
    """What can be played."""

    scenarios = Shown(
        {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["name", "meaning"],
                "properties": {"name": {"type": "string"}, "meaning": {"type": "string"}},
            },
        }
    )


class ListScenarios(Endpoint):
    """List the scenarios that can be run."""

    access = NeedsScope(Scope.READ)
    tag = "sandbox"
    output = ScenarioListData

    def get(self, request: Request) -> Response:
        """List them."""
        found = [{"name": each.name, "meaning": each.meaning} for each in SCENARIOS.values()]
        return self.answer({"scenarios": found})


class RunScenarioInput(Shape):
    """Which one."""

    scenario = WordField(
        pattern="[a-z_]{1,40}",
        most=40,
        example="order_paid",
        sentence=Text(
            en="A scenario's name has small letters and underscores.",
            sw="Jina la tukio lina herufi ndogo na mistari ya chini.",
        ),
    )


class ScenarioRunData(Shape):
    """The order that it was played with, and what follows by itself."""

    scenario = Shown({"type": "string"})
    meaning = Shown({"type": "string"})
    order_reference = Shown(REFERENCE)
    status = Shown(ORDER_STATUS)


class RunScenario(Endpoint):
    """Play a scenario: an order of yours with made-up people comes to a given point."""

    access = NeedsScope(Scope.ORDERS)
    tag = "sandbox"
    input = RunScenarioInput
    output = ScenarioRunData
    statuses = {201: "It was played."}
    errors = (
        ScenarioUnknown,
        ClockNotMoved,
        AmountOutOfRange,
        payment_errors.PaymentRefused,
        payment_errors.ProviderUnreachable,
        payment_errors.OutcomeUnknown,
        ProviderNotReady,
    )

    def post(self, request: Request) -> Response:
        """Play it."""
        name = self.read(request)["scenario"]
        order = run_scenario(name, merchant_id=merchant_of(request))
        return self.answer(
            {
                "scenario": name,
                "meaning": SCENARIOS[name].meaning,
                "order_reference": order.order_reference,
                "status": order.status,
            },
            status=201,
        )


def _clock(found: SandboxClock) -> dict[str, Any]:
    return {"now": stamp(found.now), "ahead_s": int(found.ahead.total_seconds())}
