"""One clock: counted on from fact to fact.

Sources: 行政许可法 art. 42 (one extension, before the term is over, by who may grant it), 45 (time
that does not count, told in writing), 82; 民法典 art. 201, 203.
"""

from typing import Any

from tests.model.oracle.days import Days
from tests.model.oracle.life import ENDINGS, Fact

MINUTE = 60_000
LEGAL_GROUNDS = (
    "hearing", "bidding", "auction", "inspection", "testing", "quarantine", "appraisal",
    "expert_review",
)  # fmt: skip
Definition = dict[str, Any]


class Clock:
    """What one fact started. `budget` and `spent` are in days, or in milliseconds of business where
    the unit is the working minute. `stretches` are the times in which one due instant held."""

    def __init__(
        self, definition: Definition, key: str, anchor: Fact, days: Days, budget: int, unit: str
    ) -> None:
        self.definition, self.key, self.anchor, self.days = definition, key, anchor, days
        self.terms = anchor
        self.rungs: list[dict[str, Any]] = []
        self.unheard: list[Any] = []
        self.unit = unit
        self.begun = anchor["occurred_at"]
        self.first_budget = budget
        self.grain = MINUTE if unit == "working_minute" else 1
        self.budget = budget * self.grain
        self.spent = self.extensions = 0
        self.state = "running"
        self.fixed_due: int | None = budget if unit == "instant" else None
        self.due = 0
        self.stopped_at: int | None = None
        self.stopped_by: Fact | None = None
        self.holds: dict[tuple[str, str], Fact] = {}
        self.segments: list[dict[str, Any]] = []
        self.stretches: list[dict[str, Any]] = []
        self.flags: list[tuple[str, str]] = []

    # --- counting ---

    def start(self) -> None:
        """Begin to count at the anchor."""
        self.since = self.begun
        self.new_due(self.begun, self.anchor)

    def first_counted(self, since: int) -> int:
        """From where days are counted: the start day is not, unless its kind says so and business
        had not stopped by then."""
        close = self.days.close(self.days.date_of(self.begun))
        if self.definition.get("start_day") and not (close and close <= self.begun):
            return max(since, self.begun)
        return max(since, self.days.day_end(self.begun))

    def due_from(self, since: int) -> int:
        """The due instant of what is left, counted from an instant."""
        left = self.budget - self.spent
        if self.fixed_due is not None:
            return self.fixed_due
        if self.unit == "working_minute":
            return self.days.after_work(since, left)
        if self.unit == "calendar_day":
            return self.days.nth_day(self.first_counted(since), max(left, 1))
        return self.days.nth_close(self.first_counted(since), left)

    def used(self, begin: int, end: int) -> int:
        """What passes of the budget between two instants in which the clock runs."""
        if self.fixed_due is not None:
            return 0
        if self.unit == "working_minute":
            return self.days.worked(begin, end) if end > begin else 0
        begin = self.first_counted(begin)
        if end <= begin:
            return 0
        if self.unit == "calendar_day":
            return self.calendar_days(begin, end)
        return self.days.closes(begin, end)

    def calendar_days(self, begin: int, end: int) -> int:
        """Days that end between two instants, without those of rest after the last of the term that
        come before the due date."""
        left, count = self.budget - self.spent, 0
        rolled_until = self.days.day_end(self.due)
        for number, midnight in enumerate(self.days.midnights(begin, end), start=1):
            if number <= left or midnight > rolled_until:
                count += 1
        return count

    def count_until(self, at: int) -> None:
        """Add the running stretch that ends now."""
        used = self.used(self.since, at)
        self.spent += used
        self.segments.append({"begin": self.since, "end": at, "kind": "counted", "used": used})

    def new_due(self, at: int, cause: Fact) -> None:
        """From an instant on another due instant holds."""
        self.due = self.due_from(self.since)
        self.hold_due(at, cause)

    def hold_due(self, at: int, cause: Fact) -> None:
        """The due instant that there is holds from an instant on."""
        stretch = {"begin": at, "end": None, "due": self.due, "told": cause["recorded_at"]}
        self.stretches.append({**stretch, "rungs": self.rungs})

    def redate(self, due: int | None, fact: Fact) -> None:
        """Another date from now on. That the one before was missed, it was."""
        self.fixed_due = due
        if self.state != "stopped":
            self.stretches[-1]["end"] = fact["occurred_at"]
            self.new_due(fact["occurred_at"], fact)

    def late_by(self, now: int) -> bool:
        """Whether the clock ran past a due instant before `now`."""
        ends = [(s["due"], now if s["end"] is None else min(s["end"], now)) for s in self.stretches]
        return any(due < end for due, end in ends)

    def breached(self, now: int) -> list[int]:
        """The first due instant that the clock ran past before `now`; one breach a clock."""
        passed = [
            s["due"]
            for s in self.stretches
            if s["due"] < (now if s["end"] is None else min(s["end"], now))
        ]
        return passed[:1]

    def silent(self, now: int) -> bool:
        """Whether a term ran out before anything answered it. What the law supplied on a person's
        confirmation answered when the person confirmed, whatever day it is dated from."""
        answered = self.stopped_at
        if self.stopped_by is not None:
            answered = max(self.stopped_at or 0, self.stopped_by.get("confirmed_at", 0))
        for stretch in self.stretches:
            end = stretch["end"]
            last = answered if end is not None and end == self.stopped_at else end
            if stretch["due"] < (now if last is None else last):
                return True
        return False

    # --- what facts do to it ---

    def pause(self, fact: Fact, name: tuple[str, str]) -> None:
        """Hold the clock on a ground; a ground the law names must have been told in writing."""
        ground = name[0]
        if self.state == "stopped" or self.fixed_due is not None:
            return
        if ground not in self.definition.get("pause_grounds", []):
            if ground != "upstream":
                self.flags.append(("pause_without_ground", fact["id"]))
            return
        if ground != "upstream" and not fact["data"].get("written_notice_no"):
            self.flags.append(("pause_without_notice", fact["id"]))
            return
        if self.state == "running" and fact["occurred_at"] >= self.due:
            self.flags.append(("pause_after_due", fact["id"]))
            return
        if self.state == "running":
            self.count_until(fact["occurred_at"])
            self.stretches[-1]["end"] = fact["occurred_at"]
            self.state, self.since = "paused", fact["occurred_at"]
        self.holds[name] = fact

    def lawful(self, ground: str, fact: Fact) -> bool:
        """Whether a pause on this ground holds a clock of this kind."""
        told = ground == "upstream" or bool(fact["data"].get("written_notice_no"))
        return told and ground in self.definition.get("pause_grounds", [])

    def begin_held(self, holds: dict[tuple[str, str], Fact]) -> None:
        """What holds the case already holds a clock from its first instant on."""
        if holds and self.fixed_due is None:
            self.holds = holds
            self.state = "paused"
            self.stretches[-1]["end"] = self.since

    def resume(self, fact: Fact, names: list[tuple[str, str]]) -> None:
        """Let grounds go; count again when none is left."""
        if self.state != "paused":
            return
        for name in names:
            self.exclude(fact["occurred_at"], self.holds.pop(name))
            self.since = fact["occurred_at"]
        if not self.holds:
            self.state = "running"
            self.new_due(fact["occurred_at"], fact)

    def exclude(self, at: int, held: Fact) -> None:
        """A stretch that does not count."""
        kind = "upstream" if held["type"] == "ForwardedUp" else "excluded"
        self.segments.append({"begin": self.since, "end": at, "kind": kind})

    def extend(self, fact: Fact) -> None:
        """Lengthen the term: so often, by so much, before it is over, by who may."""
        rule, data = self.definition.get("extension"), fact["data"]
        if rule is None or self.state == "stopped" or self.fixed_due is not None:
            return
        if data.get("clock_kind") not in (None, "", self.definition["kind"]):
            return
        role = rule.get("approver_role", "")
        if self.extensions >= rule.get("max", 1):
            self.flags.append(("extended_too_often", fact["id"]))
        elif self.state == "running" and fact["occurred_at"] > self.due:
            self.flags.append(("extended_after_due", fact["id"]))
        elif role and data.get("approver_role") != role:
            self.flags.append(("extended_by_wrong_role", fact["id"]))
        else:
            self.extensions += 1
            more = min(data.get("days") or rule["days"], rule["days"])
            self.budget += more * self.grain
            if self.state == "running":
                self.stretches[-1]["end"] = fact["occurred_at"]
                self.new_due(fact["occurred_at"], fact)

    def stop(self, fact: Fact, at: int | None = None) -> None:
        """The clock has done its work."""
        at = fact["occurred_at"] if at is None else at
        if self.state == "running":
            self.count_until(at)
            self.stretches[-1]["end"] = at
        else:
            self.exclude(at, next(iter(self.holds.values())))
        self.state, self.stopped_at, self.stopped_by = "stopped", at, fact

    def reopen(self, fact: Fact, minus_closed: bool, holds: dict[tuple[str, str], Fact]) -> None:
        """Go on where an ending had stopped it, the closed time taken out: held by what holds the
        case by now. Else as before the ending; what came in between is told afterwards."""
        assert self.stopped_at is not None
        for terms in self.unheard:
            self.take_terms(*terms)
        self.unheard = []
        self.since = self.stopped_at
        late = self.late_by(fact["occurred_at"])
        if minus_closed:
            closed = {"begin": self.stopped_at, "end": fact["occurred_at"], "kind": "closed"}
            self.segments.append(closed)
            self.since = fact["occurred_at"]
            self.holds = {} if late or self.fixed_due is not None else holds
        self.state = "paused" if self.holds else "running"
        self.stopped_at, self.stopped_by = None, None
        if self.state == "running":
            self.due = self.due if late else self.due_from(self.since)
        self.known = [*self.stretches]
        self.hold_due(self.since, fact)

    def back(self, fact: Fact) -> None:
        """The case is open again: due instants that lay behind it never warned anybody."""
        self.stretches = self.known
        if self.state == "running":
            self.hold_due(fact["occurred_at"], fact)

    def change_terms(
        self, definition: Definition, rungs: list[dict[str, Any]], budget: int, at: int, cause: Fact
    ) -> None:
        """New rules from an instant on: what was used stays used. One unit is left at least, for
        nobody is late by a term that nobody knew; who was late before stays so."""
        if self.state == "stopped":  # it hears of them when it is reopened
            self.unheard.append((definition, rungs, budget, at, cause))
            return
        self.take_terms(definition, rungs, budget, at, cause)

    def take_terms(
        self, definition: Definition, rungs: list[dict[str, Any]], budget: int, at: int, cause: Fact
    ) -> None:
        """The new rules hold."""
        if self.late_by(at):
            return
        if self.state == "running":
            self.count_until(at)
            self.since = at
            self.stretches[-1]["end"] = at
        more = self.budget // self.grain - self.first_budget
        self.budget = max(budget + more, self.consumed + 1) * self.grain
        self.first_budget = self.budget // self.grain - more
        self.definition, self.rungs = definition, rungs
        if self.state == "running":
            self.new_due(at, cause)

    # --- what it says ---

    @property
    def ended(self) -> bool:
        """Whether it was an ending of the case that stopped it."""
        return self.stopped_by is not None and self.stopped_by["type"] in ENDINGS

    @property
    def consumed(self) -> int:
        """Whole units used up to the stop, the pause or the last change."""
        return self.spent // self.grain

    def outcome(self) -> str:
        """How it ended; early is by one whole unit or more, and a day begun is a day used."""
        if self.stopped_at is None:
            return ""
        if self.late_by(self.stopped_at):
            return "late"
        return "early" if self.saved() > 0 else "on_time"

    def saved(self) -> int:
        """Whole units that were left."""
        assert self.stopped_at is not None
        if self.unit == "instant":
            return 0
        last = self.segments[-1]
        tomorrow = self.days.day_end(self.stopped_at)
        if self.unit == "working_day" and last["kind"] == "counted":
            return self.days.closes(tomorrow, self.due) if self.due > tomorrow else 0
        if self.unit == "calendar_day" and last["kind"] == "counted":
            self.spent -= last["used"]
            left = self.budget - self.spent - self.used(last["begin"], tomorrow)
            self.spent += last["used"]
            return max(0, left)
        return max(0, self.budget // self.grain - self.consumed)
