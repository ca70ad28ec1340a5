"""All clocks of one kind on a case: what starts, stops and holds them, fact after fact."""

from typing import Any

from tests.model.oracle.clock import Clock, Definition
from tests.model.oracle.days import Days
from tests.model.oracle.life import Case, Fact, place
from tests.model.oracle.published import Table

NEW_MATTERS = (
    "OpinionReceived", "NegativeReviewOpened", "SupervisionOrdered", "RectificationOrdered",
    "RectificationRejected",
    "ReviewRectified",
)  # fmt: skip


class Track:
    """The clocks of a kind. `days_of` gives the calendar by which a clock of a definition,
    with its anchor and key, is counted: that of the day on which it stopped."""

    def __init__(self, facts: list[Fact], policy: Table, item: Table | None, days_of: Any) -> None:
        self.facts, self.policy, self.item, self.days_of = facts, policy, item, days_of
        self.definition: Definition | None = None
        self.rungs: list[Table] = []
        self.clocks: list[Clock] = []
        self.case = Case()
        self.past: list[Fact] = []
        self.now: Fact = {}

    def define(self, kind: str, policy: Table) -> None:
        """What a policy says of the kind, the defaults written out; nothing where it has none."""
        found = [c for c in policy["clocks"] if c["kind"] == kind]
        self.definition = {"unit": "working_day", **found[0]} if found else None
        if found:
            ladder = policy["ladders"].get(found[0].get("ladder", ""))
            self.rungs = ladder["rungs"] if ladder else []

    def take(self, fact: Fact) -> None:
        """One fact more of the case."""
        self.case.live(fact)
        self.now = fact
        if self.definition is not None:
            if self.definition["unit"] == "instant":
                self._take_for_dates(fact, self.definition)
            else:
                self._take(fact, self.definition)
        self.past.append(fact)

    def _take(self, fact: Fact, definition: Definition) -> None:
        there_before = list(self.clocks)
        stopped = self._stop(fact, definition)
        if fact["type"] in definition["start"] and self.fits(fact, definition.get("when", {})):
            for key in keys(fact, definition):
                self._start(fact, definition, key)
        if not stopped:
            for clock in there_before:
                self._touch(clock, fact)

    def _stop(self, fact: Fact, definition: Definition) -> bool:
        """Whether it is a fact that stops clocks of the kind; it stops those of its key."""
        if not self.stops(fact, definition):
            return False
        key = key_of(fact, definition)
        for clock in self.clocks:
            if clock.state != "stopped" and key in ("", clock.key):
                clock.stop(fact)
        return True

    def stops(self, fact: Fact, definition: Definition) -> bool:
        """Whether a fact is one that stops clocks of the kind."""
        fits = self.fits(fact, definition.get("stop_when", {}))
        return fact["type"] in definition["stop"] and fits

    def _start(self, fact: Fact, definition: Definition, key: str) -> None:
        own = [clock for clock in self.clocks if clock.key == key]
        running = [clock for clock in own if clock.state != "stopped"]
        if running and definition.get("before"):  # a hearing that is put off, or brought forward
            told = self.make(fact, definition, key, running[-1].anchor)
            if told is not None:
                running[-1].redate(told.fixed_due, fact)
        if running:
            return
        if own and not definition.get("repeats"):
            return
        if self.settled(definition, key):
            return
        clock = self.make(fact, definition, key)
        if clock is not None:
            clock.start()
            clock.begin_held(self.in_force(clock))
            self.clocks.append(clock)
            if ending := self.ended_before(fact, definition, key):
                clock.stop(ending, at=fact["occurred_at"])

    def settled(self, definition: Definition, key: str) -> bool:
        """Whether what the kind is about was settled, such as a case that is accepted."""
        for past in self.past:
            final = past["type"] in definition.get("final", []) and self.stops(past, definition)
            if final and key_of(past, definition) in ("", key):
                return True
        return False

    def ended_before(self, fact: Fact, definition: Definition, key: str) -> Fact | None:
        """The fact that had ended the case before this one, told in the wrong order, if any. What
        can only begin after the end, such as a bad review, has come in the right order."""
        if fact["type"] in NEW_MATTERS:
            return None
        ending = None
        for past in self.past:
            if past["type"] == "CaseReopened":
                ending = None
            elif past["type"] in ("DecisionMade", "CaseClosed") and self.stops(past, definition):
                ending = past if key_of(past, definition) in ("", key) else ending
        return ending

    def in_force(self, clock: Clock) -> dict[tuple[str, str], Fact]:
        """The pauses that were told before now, concern a clock and have not ended: an ending of
        the case ends none (行政许可法 art 45 excludes the time that the review itself takes)."""
        holds: dict[tuple[str, str], Fact] = {}
        for fact in [*self.past, self.now]:
            begun, ended = pause_of(fact), end_of(fact)
            if begun and fact is not self.now and concerns(fact, clock):
                if clock.lawful(begun[0], fact):
                    holds[begun] = fact
            elif ended and concerns(fact, clock):
                for name in held(holds, *ended):
                    del holds[name]
        return holds

    def _touch(self, clock: Clock, fact: Fact) -> None:
        """What a fact does to a clock that was there before."""
        match fact["type"]:
            case "ClockExclusionStarted" | "ForwardedUp" if concerns(fact, clock):
                clock.pause(fact, pause_of(fact) or ("", ""))
            case "ClockExclusionEnded" | "UpstreamReplied" if concerns(fact, clock):
                clock.resume(fact, held(clock.holds, *(end_of(fact) or ("", ""))))
            case "ExtensionGranted" if key_of(fact, clock.definition) in ("", clock.key):
                clock.extend(fact)
            case "CaseReopened":
                self._reopen(clock, fact)

    def _reopen(self, clock: Clock, fact: Fact) -> None:
        """Go on, go on without the closed time, or begin anew, as the policy says for the cause."""
        last = [c for c in self.clocks if c.key == clock.key][-1]
        if clock is not last or clock.state != "stopped" or not clock.ended:
            return
        if self.settled(self.definition or clock.definition, clock.key):
            return
        usual = self.policy.get("reopen_mode", "continue")
        mode = self.policy.get("reopen_by_cause", {}).get(fact["data"].get("cause", ""), usual)
        definition = self.definition or clock.definition
        accepted = {"CaseAccepted", "CaseDeemedAccepted"} & {*definition["start"]}
        of_the_case = definition.get("governs") or accepted or definition["unit"] == "instant"
        if mode != "new_clock" or not of_the_case:
            self._go_on(clock, fact, minus_closed=mode != "continue")
            return
        budget, unit = self.term(clock.terms, definition, clock.key)
        if clock.fixed_due is not None:
            budget, unit = clock.first_budget, clock.unit
            if definition.get("effect") and clock.fixed_due <= fact["occurred_at"]:
                return
        if (budget and unit not in ("instant", "item", "unknown")) or clock.fixed_due is not None:
            days: Days = self.days_of(definition, fact, clock.key)
            anew = Clock(definition, clock.key, fact, days, budget or 0, unit)
            anew.fixed_due, anew.terms, anew.rungs = clock.fixed_due, clock.terms, self.rungs
            anew.start()
            anew.begin_held(self.in_force(anew))
            self.clocks.append(anew)

    def _go_on(self, clock: Clock, fact: Fact, minus_closed: bool) -> None:
        """A clock that goes on. Where the closed time counts, pauses in it do not. What was told
        before the clock began is no part of it, though the case had been ended even before that."""
        ending = clock.stopped_by
        clock.reopen(fact, minus_closed, self.in_force(clock))
        when = [place(f) for f in self.past if ending and f["id"] == ending["id"]]
        for told in [] if minus_closed else self.past:
            if place(told) > max(*when, place(clock.anchor)) and (pause_of(told) or end_of(told)):
                self._touch(clock, told)
        clock.back(fact)

    # --- imposed dates ---

    def _take_for_dates(self, fact: Fact, definition: Definition) -> None:
        """An imposed date binds whenever it was told, and an ending that was told before it has
        ended it; a later date counts from its own telling on."""
        there_before = list(self.clocks)
        stopped = self._stop(fact, definition)
        if fact["type"] in definition["start"] and self.fits(fact, definition.get("when", {})):
            for key in keys(fact, definition):
                self._impose(fact, definition, key)
        if not stopped:
            for clock in there_before:
                if fact["type"] == "CaseReopened":
                    self._reopen(clock, fact)

    def _impose(self, fact: Fact, definition: Definition, key: str) -> None:
        clock = self.make(fact, definition, key)
        own = [c for c in self.clocks if c.key == key]
        if clock is None:
            return
        clock.start()
        if own and (own[-1].state != "stopped" or not definition.get("repeats")):
            own[-1].redate(clock.fixed_due, fact)
            return
        self.clocks.append(clock)
        if not own and self.past and not definition.get("repeats"):
            self._catch_up(clock, definition)

    def _catch_up(self, clock: Clock, definition: Definition) -> None:
        """What the case lived through before the date was told has happened to its clock too."""
        clock.since = clock.stretches[0]["begin"] = self.past[0]["occurred_at"]
        for fact in self.past:
            if clock.state == "stopped":
                if fact["type"] == "CaseReopened" and clock.ended:
                    clock.reopen(fact, minus_closed=False, holds={})
                    clock.back(fact)
            elif self.stops(fact, definition) and key_of(fact, definition) in ("", clock.key):
                clock.stop(fact)

    # --- terms ---

    def make(
        self, fact: Fact, definition: Definition, key: str, anchor: Fact | None = None
    ) -> Clock | None:
        """The clock a fact starts, with its ladder, or None where it has no term. What only moves
        a date is counted by the days of the clock that it moves, which has that anchor."""
        clock = self._made(fact, definition, key, anchor or fact)
        if clock is not None:
            clock.rungs = self.rungs
        return clock

    def _made(self, fact: Fact, definition: Definition, key: str, anchor: Fact) -> Clock | None:
        days: Days = self.days_of(definition, anchor, key)
        if definition["unit"] == "instant":
            due = fact["data"].get(definition.get("due_field", "due_at"))
            if due is None or (definition.get("effect") and due <= fact["occurred_at"]):
                return None  # silence answers nothing that was not asked yet
            return Clock(definition, key, fact, days, due, "instant")
        budget, unit = self.term(fact, definition, key)
        if not budget or unit in ("instant", "item", "unknown"):
            return None
        clock = Clock(definition, key, fact, days, budget, unit)
        if before := definition.get("before"):
            at = fact["data"].get(before)
            if at is None:
                return None
            clock.fixed_due = days.nth_close(days.midnight(days.date_of(at)), 1 - budget)
        return clock

    def term(self, fact: Fact, definition: Definition, key: str) -> tuple[int | None, str]:
        """Budget and unit, from where the definition says that they stand."""
        budget: Any = definition.get("budget", 0)
        unit = definition.get("unit", "working_day")
        fallback = definition.get("fallback", 0)
        if unit == "item":
            unit = (self.item or {}).get("unit", "working_day") if self.item else "item"
        if isinstance(budget, int):
            return budget or fallback, unit
        where, _, name = budget.partition(".")
        if where == "item":
            return (self.item or {}).get(name) or fallback, unit
        if where == "fact":
            return fact["data"].get(name) or fallback, unit
        if where == "step":
            steps = {s["step"]: s.get("budget") for s in (self.item or {}).get("steps", [])}
            return steps.get(fact["data"].get("step")) or fallback, unit
        branch = self.branch(key or str(fact["data"].get("branch_id") or ""))
        if branch and branch.get("budget"):
            return branch["budget"], branch.get("unit", "working_day")
        return fallback, unit

    def branch(self, key: str) -> Table | None:
        """The last word of the case's groups about a branch."""
        groups = [f for f in self.facts if f["type"] == "ParallelGroupOpened"]
        told = [b for g in groups for b in g["data"].get("branches", []) if b["branch_id"] == key]
        return told[-1] if told else None

    def fits(self, fact: Fact, wanted: dict[str, list[str]]) -> bool:
        """Whether each field that is named has one of the values named."""
        return all(self.text(fact, name) in values for name, values in wanted.items())

    def text(self, fact: Fact, name: str) -> str:
        """A field as text; the class of the case and its item are the case's where the fact is
        silent."""
        value = fact["data"].get(name)
        if name == "case_class" and not value:
            item = self.item or {}
            value = self.case.case_class or item.get("case_class", "permit" if self.item else "")
        if name == "item_code" and not value:
            value = self.case.item_code
        if isinstance(value, bool):
            return "true" if value else "false"
        return "" if value is None else str(value)


def key_of(fact: Fact, definition: Definition) -> str:
    """What tells clocks of a kind apart on a case, as a fact has it."""
    per = definition.get("per", "")
    return str(fact["data"].get(per) or "") if per else ""


def keys(fact: Fact, definition: Definition) -> list[str]:
    """The keys a fact starts clocks for: a group starts one for each branch."""
    if fact["type"] == "ParallelGroupOpened" and definition.get("per") == "branch_id":
        return [b["branch_id"] for b in fact["data"].get("branches", [])]
    return [key_of(fact, definition)]


def pause_of(fact: Fact) -> tuple[str, str] | None:
    """Ground and branch of the pause that a fact begins."""
    branch = fact["data"].get("branch_id") or ""
    if fact["type"] == "ForwardedUp":
        return "upstream", branch
    begins = fact["type"] == "ClockExclusionStarted"
    return (str(fact["data"].get("ground") or ""), branch) if begins else None


def end_of(fact: Fact) -> tuple[str, str] | None:
    """Ground (or none) and branch of the pause that a fact ends."""
    branch = fact["data"].get("branch_id") or ""
    if fact["type"] == "UpstreamReplied":
        return "upstream", branch
    ends = fact["type"] == "ClockExclusionEnded"
    return (str(fact["data"].get("ground") or ""), branch) if ends else None


def concerns(fact: Fact, clock: Clock) -> bool:
    """Whether a pause, or its end, is about a clock: that of its branch or one of the whole case;
    one of the whole case is about every clock."""
    per, branch = clock.definition.get("per", ""), fact["data"].get("branch_id") or ""
    return branch == "" or per == "" or (per == "branch_id" and branch == clock.key)


def held(holds: dict[tuple[str, str], Fact], ground: str, branch: str) -> list[tuple[str, str]]:
    """What ends of that which holds a clock: the ground named (of any branch where none is named);
    where no ground is named the oldest legal one."""
    names = [name for name in holds if branch in ("", name[1])]
    if ground:
        return [name for name in names if name[0] == ground]
    return [name for name in names if name[0] != "upstream"][:1]
