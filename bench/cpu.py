"""Who used the processors: CPU time by group of processes, from /proc, and what all others used meanwhile."""

import os
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Usage:
    """CPU seconds by group within `wall_s` seconds; `others_s` is the rest of the machine, interrupts left out."""

    wall_s: float
    by_group: Mapping[str, float]
    interrupts_s: float
    others_s: float

    @property
    def others_cores(self) -> float:
        """How many cores were busy with what is not ours."""
        return self.others_s / self.wall_s


GENERATOR = "generator"


class CpuWatch:
    """Reads the CPU time of process trees: `roots` names the root of each group, which lives as long as the watch.

    Time of a tree's dead processes is in their parent's, so that nothing is lost when a connection's process ends.
    The group "generator" is this process alone, with its dead children, and `also_mine`.
    """

    def __init__(self, roots: Mapping[str, int], *, also_mine: Iterable[int] = ()) -> None:
        self._roots = dict(roots)
        self._mine = frozenset(also_mine)
        self._started = self._read()

    def lap(self) -> Usage:
        """Say what was used since the last lap."""
        before, now = self._started, self._read()
        self._started = now
        own = {group: now.by_group[group] - before.by_group[group] for group in now.by_group}
        busy = now.busy - before.busy
        return Usage(
            wall_s=now.at - before.at,
            by_group=own,
            interrupts_s=now.interrupts - before.interrupts,
            others_s=max(0.0, busy - sum(own.values())),
        )

    def _read(self) -> "_Reading":
        children = _children_of()
        times = {
            group: sum(_cpu_s(pid) for pid in _tree(root, children) if pid not in self._mine)
            for group, root in self._roots.items()
        }
        times[GENERATOR] = sum(_cpu_s(pid) for pid in (os.getpid(), *self._mine))
        user, nice, system, _, _, irq, softirq, steal, *_ = (
            int(word) / _TICKS_PER_S for word in Path("/proc/stat").read_text().partition("\n")[0].split()[1:]
        )
        return _Reading(time.monotonic(), times, user + nice + system + steal, irq + softirq)


@dataclass(frozen=True, slots=True)
class _Reading:
    at: float
    by_group: Mapping[str, float]
    busy: float
    interrupts: float


def _stat(pid: int) -> list[str]:
    # The name in brackets may hold anything; the fields are counted from its end.
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _cpu_s(pid: int) -> float:
    """Own time and that of waited-for children."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return sum(int(word) for word in _stat(pid)[11:15]) / _TICKS_PER_S
    return 0.0


def _children_of() -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with suppress(FileNotFoundError, ProcessLookupError):
                found.setdefault(int(_stat(int(entry.name))[1]), []).append(int(entry.name))
    return found


def _tree(root: int, children: Mapping[int, list[int]]) -> Iterator[int]:
    yield root
    for child in children.get(root, []):
        yield from _tree(child, children)
