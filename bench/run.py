"""One run: how much of everything, what has been found so far, and what is said on the way."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from bench.figures import Figure, percentile
from duban.cli.output import err


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much. The defaults end within four minutes on two quiet cores."""

    events: int = 40_000  # by the SDK; with the gateway's it is the load of worker and sink
    seconds: float = 20  # of each steady rate
    rates: tuple[int, ...] = (100, 1000)  # events/s
    deadlines: int = 200  # cases whose due instant is awaited, at each rate
    timers: int = 50_000  # open cases with a timer each; the targets are for 1,000,000

    @property
    def gateway(self) -> int:
        """Events for the gateway, once from one client and once from two."""
        return max(self.events // 4, 50)

    @property
    def rules(self) -> int:
        """Events for what is measured without a stack."""
        return min(self.events, 10_000)

    @property
    def open_cases(self) -> int:
        """Open cases whose memory is weighed."""
        return max(self.events // 4, 2_000)


@dataclass(slots=True)
class Run:
    """What a part is given, and where it leaves its figures and counts."""

    sizes: Sizes
    figures: list[Figure] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    begun: float = field(default_factory=time.monotonic)

    def found(self, name: str, value: float | None, unit: str, note: str = "") -> None:
        """Keep a figure. A value that is not finite was not measured."""
        if value is not None and not math.isfinite(value):
            value = None
        self.figures.append(Figure(name, value, unit, note))

    def spread(self, name: str, values: Sequence[float], unit: str, note: str = "") -> None:
        """Keep median and 99th percentile of values as two figures; the first has the note."""
        self.found(f"{name}_p50_{unit}", percentile(values, 0.5), unit, note)
        self.found(f"{name}_p99_{unit}", percentile(values, 0.99), unit)

    def counted(self, name: str, count: int) -> None:
        """Keep how many there were of something."""
        self.counts[name] = count

    def say(self, text: str) -> None:
        """Progress, on standard error."""
        err.print(f"[dim]{time.monotonic() - self.begun:6.1f} s[/]  {text}", highlight=False)
