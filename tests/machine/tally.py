"""What a run of the machine has covered: rules, transitions, faults, deaths, answers; and what it owed."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tests.machine.sometimes import SOMETIMES
from zemi.approvals.models import Approval
from zemi.disbursements.models import SuspenseCase
from zemi.events.log import Stateful
from zemi.links.models import PaymentLink
from zemi.orders.models import Order
from zemi.payments.models import Payment, Receipt
from zemi.payouts.models import Payout, PayoutAttempt
from zemi.refunds.models import Refund, RefundAttempt
from zemi.releases.models import Release
from zemi.topups.models import TopUp
from zemi.unclaimed.models import UnclaimedBalance

Edge = tuple[str, str, str]

# Every row that has a status with moves, by the subject that its events name.
STATEFUL: dict[str, type[Stateful]] = {
    model.SUBJECT: model
    for model in (
        Order,
        Payment,
        Receipt,
        Release,
        Payout,
        PayoutAttempt,
        Refund,
        RefundAttempt,
        SuspenseCase,
        Approval,
        PaymentLink,
        TopUp,
        UnclaimedBalance,
    )
}
EDGES: frozenset[Edge] = frozenset(
    (subject, str(source), str(target))
    for subject, model in STATEFUL.items()
    for source, target in model.TRANSITIONS
)


def first_status(model: type[Stateful]) -> str:
    """The status in which a row of `model` begins."""
    return str(model._meta.get_field("status").get_default())  # type: ignore[misc]  # on every concrete model


# How often at least in a million steps (SAFETY 5a); in fewer of them proportionally less, but each once.
# Faults: fewer than SAFETY wants, since the rarest bite reversals alone.
EDGES_IN_A_MILLION, FAULTS_IN_A_MILLION, SOMETIMES_IN_A_MILLION = 100, 200, 50
# Of rare moves, for each of which several rare things have to meet: no run that is shorter than a tenth of it owes one.
RARE_IN_A_MILLION = 10
_COUNTERS = ("rules", "edges", "faults", "deaths", "answers", "sometimes")


@dataclass(slots=True)
class Tally:
    """Counts over all examples of one test."""

    examples: int = 0
    rules: Counter[str] = field(default_factory=Counter)
    edges: Counter[Edge] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    deaths: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)
    sometimes: Counter[str] = field(default_factory=Counter)

    @property
    def steps(self) -> int:
        """Rules carried out, each followed by every invariant."""
        return sum(self.rules.values())

    def missing_edges(self) -> list[Edge]:
        """Moves of the transition tables that no example took."""
        return sorted(EDGES - self.edges.keys())

    def short(
        self, *, impossible: frozenset[Edge], rare: frozenset[Edge], faults: Iterable[str]
    ) -> list[str]:
        """What was seen too seldom for so many steps: moves, faults and conditions (SAFETY 5a)."""
        wanted: list[tuple[str, int, int]] = []
        for edge in sorted(EDGES - impossible - rare):
            wanted.append((" ".join(edge), self.edges[edge], self._owed(EDGES_IN_A_MILLION)))
        for edge in sorted(rare):
            wanted.append((" ".join(edge), self.edges[edge], RARE_IN_A_MILLION * self.steps // 1_000_000))
        for fault in sorted(set(faults)):
            wanted.append((f"fault {fault}", self.faults[fault], self._owed(FAULTS_IN_A_MILLION)))
        for name in SOMETIMES:
            wanted.append((f"sometimes {name}", self.sometimes[name], self._owed(SOMETIMES_IN_A_MILLION)))
        return [f"{name}: {seen} times instead of {owed}" for name, seen, owed in wanted if seen < owed]

    def _owed(self, in_a_million: int) -> int:
        return max(1, in_a_million * self.steps // 1_000_000)

    def add(self, other: "Tally") -> None:
        """Count what another one counted."""
        self.examples += other.examples
        for name in _COUNTERS:
            getattr(self, name).update(getattr(other, name))

    def facts(self) -> dict[str, Any]:
        """The counts as JSON holds them."""
        found: dict[str, Any] = {name: dict(getattr(self, name)) for name in _COUNTERS}
        return found | {
            "examples": self.examples,
            "edges": {" ".join(edge): count for edge, count in self.edges.items()},
        }

    @classmethod
    def of(cls, facts: dict[str, Any]) -> "Tally":
        """The counts that `facts` are."""
        found = cls(examples=facts["examples"])
        for name in _COUNTERS:
            getattr(found, name).update(facts[name])
        found.edges = Counter({tuple(edge.split(" ")): count for edge, count in facts["edges"].items()})  # type: ignore[misc]
        return found

    def table(self, title: str) -> str:
        """The whole count for people."""
        blocks = {
            "steps per rule": dict(self.rules),
            "transitions taken": {
                " ".join((a, b, "->", c)): self.edges[a, b, c] for a, b, c in sorted(EDGES)
            },
            "faults of the simulator": dict(self.faults),
            "processes killed at": dict(self.deaths),
            "answers": dict(self.answers),
            "sometimes": {name: self.sometimes[name] for name in SOMETIMES},
        }
        lines = [f"{title}: {self.steps} steps in {self.examples} runs"]
        for name, counts in blocks.items():
            lines.append(f"  {name}")
            lines += [f"    {count:>7}  {what}" for what, count in sorted(counts.items())]
        return "\n".join(lines)
