"""What a run of the machine has covered: rules, transitions, faults, deaths, answers; and what it owed."""

from collections import Counter
from dataclasses import dataclass, field

from zemi.disbursements.models import SuspenseCase
from zemi.events.log import Stateful
from zemi.orders.models import Order
from zemi.payments.models import Payment
from zemi.payouts.models import Payout, PayoutAttempt
from zemi.refunds.models import Refund, RefundAttempt
from zemi.releases.models import Release

Edge = tuple[str, str, str]

# Every row that has a status with moves, by the subject that its events name.
STATEFUL: dict[str, type[Stateful]] = {
    model.SUBJECT: model
    for model in (Order, Payment, Release, Payout, PayoutAttempt, Refund, RefundAttempt, SuspenseCase)
}
EDGES: frozenset[Edge] = frozenset(
    (subject, str(source), str(target))
    for subject, model in STATEFUL.items()
    for source, target in model.TRANSITIONS
)


def first_status(model: type[Stateful]) -> str:
    """The status in which a row of `model` begins."""
    return str(model._meta.get_field("status").get_default())  # type: ignore[misc]  # on every concrete model


@dataclass(slots=True)
class Tally:
    """Counts over all examples of one test."""

    examples: int = 0
    rules: Counter[str] = field(default_factory=Counter)
    edges: Counter[Edge] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    deaths: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)

    @property
    def steps(self) -> int:
        """Rules carried out, each followed by every invariant."""
        return sum(self.rules.values())

    def missing_edges(self) -> list[Edge]:
        """Moves of the transition tables that no example took."""
        return sorted(EDGES - self.edges.keys())

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
        }
        lines = [f"{title}: {self.steps} steps in {self.examples} runs"]
        for name, counts in blocks.items():
            lines.append(f"  {name}")
            lines += [f"    {count:>7}  {what}" for what, count in sorted(counts.items())]
        return "\n".join(lines)
