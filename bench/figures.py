"""What was measured, and the target it stands beside."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple


class Target(NamedTuple):
    """A limit. `kind` says which side of it is good."""

    kind: Literal["at least", "at most"]
    limit: float

    def met(self, value: float) -> bool:
        """Whether a value is on the good side."""
        return value >= self.limit if self.kind == "at least" else value <= self.limit

    def __str__(self) -> str:
        return f"{'≥' if self.kind == 'at least' else '≤'} {self.limit:,g}"


# What the product must reach, by figure. Those with a condition that a short run does not meet
# (so many open cases, so many timers) say in their note what was there.
TARGETS = {
    "rules.median_us": Target("at most", 25),
    "job.rules_us": Target("at most", 25),
    "worker.rest_cpu_us": Target("at most", 12),
    "job.memory_per_open_case_kb": Target("at most", 1.5),
    "stack.ready_s": Target("at most", 15),
    "stack.idle_rss_mb": Target("at most", 1536),
    "gateway.one_client_per_s": Target("at least", 10_000),
    "gateway.two_clients_per_s": Target("at least", 10_000),
    "sink.events_per_s": Target("at least", 60_000),
    "live.1000.warehouse_p99_s": Target("at most", 2),
    "live.1000.screen_p99_s": Target("at most", 2),
    "live.1000.signal_late_p99_s": Target("at most", 1),
    "restart.ready_s": Target("at most", 30),
    "timers.memory_per_open_case_kb": Target("at most", 1.5),
    "timers.ready_s": Target("at most", 30),
    "timers.signal_late_p99_s": Target("at most", 1),
    "timers.at_once_all_out_s": Target("at most", 5),
}
# Targets that need machines, peers or data that this program does not bring.
ELSEWHERE = (
    "the engine on the counting rule beside its peers: make bench-streams",
    "dashboard queries at 1,000,000 and 10,000,000 cases",
)


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value; None where it could not be measured, and the note says why."""

    name: str
    value: float | None
    unit: str
    note: str = ""

    @property
    def target(self) -> Target | None:
        """The target of this figure, if it has one."""
        return TARGETS.get(self.name)

    @property
    def reached(self) -> bool | None:
        """Whether the target is met; None without a target or a value."""
        if self.target is None:
            return None
        return self.value is not None and self.target.met(self.value)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of all values do not exceed; inf of none."""
    if not values:
        return math.inf
    ranked = sorted(values)
    return ranked[max(0, math.ceil(share * len(ranked)) - 1)]
