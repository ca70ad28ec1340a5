"""Clocks as values: what was promised, what has been used up, when it falls due, how it ended.

A clock keeps budget, consumption and the segments that consumed it; a due instant is derived.
Between two facts that move the due instant lies a regime; rungs of the ladder fire within one.
Which facts start and stop a clock is in `tracks`, how long its term is in `terms`, what happens to
it from fact to fact in `clock_run`.

Sources: 行政许可法 arts 42 (terms, one extension), 44, 45 (grounds that stop the clock), 82
(working days); 民法典 art 201 (the start day is not counted), art 203 (last day).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from duban.case import UPSTREAM, Anomaly, Fact
from duban.ids import SPACE, identify
from duban.policy import ClockDef, Rung
from duban.worktable import MINUTE
from duban.worktime import Calendar

__all__ = ["CLOSED", "SPACE", "UPSTREAM", "Clock", "Regime", "Segment", "clock_id"]

CLOSED = "closed"


def clock_id(case_id: str, kind: str, anchor_event_id: str, key: str = "") -> str:
    """Id of the clock of a kind that a fact started; `key` is its branch or step, if any."""
    parts = (case_id, kind, anchor_event_id, key)
    return identify(*parts) if key else identify(*parts[:3])


class Segment(NamedTuple):
    """A stretch of a clock's life. `kind`: counted, excluded (by law), upstream, or closed (the
    case had ended, and the policy does not count that). `left` and `due_at` are what was left of
    the budget when a counted stretch began, in grains, and the due instant in force at its end:
    of calendar days, those after the last day of the term up to the due date are rolled over
    and count for nothing."""

    begin: int
    end: int | None
    kind: str
    why: str = ""
    notice: str = ""
    left: int = 0
    due_at: int = 0


class Regime(NamedTuple):
    """A stretch with one due instant, opened by the fact that set it; `end` None while it lasts.
    `ladder` where a newer policy has brought another one than the clock began with."""

    begin: int
    end: int | None
    due_at: int
    cause: Fact
    ladder: Sequence[Rung] | None = None


class Ending(NamedTuple):
    """How a clock that has stopped came out: late, on_time, or early by at least one whole unit;
    the units saved, and the working minutes late."""

    outcome: str
    saved: int
    late_minutes: int


@dataclass(slots=True)
class Clock:
    """One clock as the facts have it. `spent` is in grains (ms for minutes, else the unit itself),
    `consumed` the same in whole units; both reach up to the stop, the pause or the
    last change; `due_at` is the due instant in force, or, on a paused clock, the last one.

    `taken_over` is by how much a newer policy changed the budget of the running clock, `ladder` the
    ladder that it brought; `policy_version` names both versions, "default@1+2".

    `key` tells clocks of one kind apart (a branch, a step). `counts_from` is the instant after
    which a day can count, `fixed_due` the due instant of a clock that is due at a given date.
    `ending` is there once all is known that happened to a clock that has stopped."""

    id: str
    definition: ClockDef
    unit: str
    budget: int
    anchor: Fact
    calendar: Calendar
    policy_version: str
    key: str = ""
    counts_from: int = 0
    fixed_due: int | None = None
    state: str = "running"
    due_at: int = 0
    spent: int = 0
    stopped_at: int | None = None
    stopped_by: Fact | None = None
    extensions: int = 0
    extended: int = 0
    taken_over: int = 0
    ladder: Sequence[Rung] | None = None
    segments: list[Segment] = field(default_factory=list)
    regimes: list[Regime] = field(default_factory=list)
    anomalies: list[Anomaly] = field(default_factory=list)
    ending: Ending | None = None

    @property
    def grain(self) -> int:
        """Grains in a unit: minutes are kept to the millisecond, so that a pause loses none."""
        return MINUTE if self.unit == "working_minute" else 1

    @property
    def consumed(self) -> int:
        """Whole units used up."""
        return self.spent // self.grain

    def consumed_by(self, now: int) -> int:
        """Whole units used up by an instant, the stretch that runs included."""
        return sum(self.used(s, s.begin, now) for s in self.segments) // self.grain

    @property
    def units_used(self) -> int:
        """Whole units used up, the working day on which the clock stopped included: a day begun
        is a day used."""
        begun = 0
        if self.stopped_at is not None and self.unit == "working_day":
            counted = bool(self.segments) and self.segments[-1].kind == "counted"
            close_ahead = self.calendar.closes_between(
                max(self.stopped_at, self.counts_from), self.calendar.day_end(self.stopped_at)
            )
            begun = close_ahead if counted else 0
        return self.consumed + begun

    @property
    def remaining(self) -> int:
        """Grains that are left of the budget."""
        return self.budget * self.grain - self.spent

    @property
    def first_budget(self) -> int:
        """Budget before any extension, and before a newer policy changed it."""
        return self.budget - self.extended - self.taken_over

    @property
    def first_policy(self) -> str:
        """The policy version that the clock began with."""
        return self.policy_version.partition("+")[0]

    def policy_by(self, version: str) -> str:
        """The policy versions up to the one that took over last."""
        first, *later = self.policy_version.split("+")
        return "+".join([first, *later[: later.index(version) + 1]])

    @property
    def kind(self) -> str:
        """Kind of the clock, such as promise or statutory."""
        return self.definition.kind

    @property
    def provisional(self) -> bool:
        """True while the due date lies in a year whose holidays nobody has published."""
        return self.calendar.provisional(self.due_at)

    @property
    def outcome(self) -> str:
        """Empty while it runs; then late, on_time, or early by at least one whole unit."""
        return self.ending.outcome if self.ending else ""

    @property
    def saved(self) -> int:
        """Whole units of the budget that were not used; a day begun is a day used. 0 while the
        clock runs or when it is late."""
        return self.ending.saved if self.ending else 0

    def end(self) -> None:
        """Say how a clock came out that has stopped for good."""
        assert self.stopped_at is not None
        saved, late = self._saved(self.stopped_at), self.breached_by(self.stopped_at)
        outcome = "late" if late else "early" if saved > 0 else "on_time"
        self.ending = Ending(outcome, saved, self.late_minutes(self.stopped_at))

    def _saved(self, stopped_at: int) -> int:
        if self.unit == "instant":
            return 0
        last = self.segments[-1]
        if last.kind == "counted" and self.unit != "working_minute":
            tomorrow = self.calendar.day_end(stopped_at)
            if self.unit == "working_day":
                return max(0, self.calendar.closes_between(tomorrow, self.due_at))
            begun = last.left - self.used(last, last.begin, tomorrow, open_end=True)
            return max(0, begun)
        return max(0, self.budget - self.consumed)

    def used(self, segment: Segment, a: int, b: int, open_end: bool = False) -> int:
        """Grains that a stretch of the clock's life used up in (a, b]; with `open_end` as if the
        stretch had no end."""
        if segment.kind != "counted" or self.unit == "instant":
            return 0
        begin = max(a, segment.begin)
        end = b if segment.end is None or open_end else min(b, segment.end)
        if self.unit == "working_minute":
            return self.calendar.worked_ms(begin, end) if end > begin else 0
        begin = max(begin, self.counts_from)
        if end <= begin:
            return 0
        if self.unit == "working_day":
            return self.calendar.closes_between(begin, end)
        first = max(segment.begin, self.counts_from)
        return self._days(segment, first, end) - self._days(segment, first, begin)

    def _days(self, segment: Segment, first: int, until: int) -> int:
        """Calendar days in (first, until], less those by which a last day that is a day of rest
        was rolled over (民法典 art 203)."""
        days = self.calendar.days_between(first, until)
        left = max(0, segment.left)
        if days <= left:
            return days
        to_due = self.calendar.days_between(first, self.calendar.day_end(segment.due_at))
        rolled = max(0, to_due - left)
        return left + max(0, days - left - rolled)

    def breached_by(self, now: int) -> bool:
        """Whether the due instant passed, in some regime, before `now`."""
        return self.first_breach(now) is not None

    def first_breach(self, now: int) -> int | None:
        """The first due instant (ms) that passed, in some regime, before `now`; None: none did."""
        for r in self.regimes:
            if r.due_at < (now if r.end is None else min(r.end, now)):
                return r.due_at
        return None

    def late_minutes(self, now: int) -> int:
        """Working minutes between the due instant and the stop, or `now`; 0 when not late.

        Delay is business not done, so it is 0 as well for a clock that ended after its due instant
        and before business began again, or before a date that took the place of a missed one; such
        a clock is late all the same (`outcome`)."""
        if self.ending is not None:
            return self.ending.late_minutes
        end = self.stopped_at if self.stopped_at is not None else now
        late = end > self.due_at and self.breached_by(end)
        return self.calendar.minutes_between(self.due_at, end) if late else 0
