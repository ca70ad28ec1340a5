"""The vocabulary of the rule tests: given facts, when time passes, then messages."""

from datetime import date, datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5
from zoneinfo import ZoneInfo

from duban.assess import Assessment, assess
from duban.calendars import DayRule
from duban.case import Fact, Facts, evolve
from duban.clocks import UPSTREAM
from duban.events import Actor, rank
from duban.policy import (
    ClockDef,
    Extension,
    Item,
    Policy,
    Reference,
    Rung,
    ScorePolicy,
    ScoreRule,
)
from duban.worktime import build

ZONE = ZoneInfo("Asia/Shanghai")
CASE = "sujiatun/2026-1"
GROUNDS = frozenset({"hearing", "inspection", "expert_review", UPSTREAM})
STOPS = ("DecisionMade", "CaseClosed", "CaseRefused")
PROMISE_LADDER = (
    Rung("reminder", -1, to=("handler",)),
    Rung("yellow", 0, to=("handler", "chief_rep")),
    Rung("red", 1, to=("centre_manager",)),
    Rung("escalate", 5, to=("efficiency_office",)),
)
NATIONAL_DAY = [DayRule(date(2026, 10, d), "holiday", "国庆节") for d in range(1, 8)]
MAKE_UP = [DayRule(date(2026, 10, 10), "makeup"), DayRule(date(2026, 9, 20), "makeup")]
POLICY = Policy(
    "default",
    "1",
    0,
    (
        ClockDef("promise", "item.promise", "item", ("CaseAccepted",), STOPS, GROUNDS, None,
                 "promise", 3),
        ClockDef("imposed", "due_at", "instant", ("DeadlineImposed",), STOPS, frozenset(), None,
                 "promise", 2),
        ClockDef("statutory", "item.statutory", "item", ("CaseAccepted",), STOPS, GROUNDS,
                 Extension(1, 10, "organ_head"), "statutory", 1),
    ),
    {"promise": PROMISE_LADDER, "statutory": (Rung("reminder", -3), Rung("red", 0))},
)  # fmt: skip
REFERENCE = Reference(
    items={
        "sign": (Item("sign", "1", "户外广告", 0, promise=3, statutory=20, window_id="w1"),),
        "firm": (Item("firm", "1", "公司设立", 0, promise=55, unit="working_minute"),),
    },
    policies={"default": (POLICY,)},
    scores=(
        ScorePolicy(
            "1",
            0,
            (ScoreRule("late", "outcome:late", -5), ScoreRule("good", "rating:5", 0.2)),
        ),
    ),
    calendars={"": build([*NATIONAL_DAY, *MAKE_UP], version="cn@2026-1")},
)


def at(text: str) -> int:
    """Instant of a local time such as "2026-09-28 16:30", in ms."""
    return int(datetime.fromisoformat(text).replace(tzinfo=ZONE).timestamp() * 1000)


def said(instant: int) -> str:
    """The other way round."""
    return datetime.fromtimestamp(instant / 1000, ZONE).strftime("%Y-%m-%d %H:%M")


def fact(type_: str, when: str, *, recorded: str = "", of: str = "", **data: Any) -> Fact:
    """A fact of the case; `of` names the fact that it corrects or voids, by its name."""
    name = f"{type_} {when} {sorted(data.items())}"
    told = at(recorded or when)
    target = name_of(of) if of else None
    if type_ == "EventVoided":
        data["voids_event_id"] = target
    return Fact(
        at(when), rank(type_), told, name_of(name), type_, digest=name_of(name + str(told)),
        actor=Actor("", "handler", "", "w1"), corrects=None if type_ == "EventVoided" else target,
        data=data,
    )  # fmt: skip


def name_of(name: str) -> str:
    """The event id of a named fact."""
    return str(uuid5(NAMESPACE_URL, name))


def told(*facts: Fact) -> Facts:
    """Facts as a case keeps them, taken in in the given order."""
    kept = Facts()
    for one in facts:
        kept = evolve(kept, one)
    return kept


def when(now: str, *facts: Fact, reference: Reference = REFERENCE) -> Assessment:
    """What the case amounts to at a local time."""
    return assess(CASE, "sujiatun", told(*facts), reference, at(now))


def signals(assessment: Assessment, kind: str = "promise") -> list[str]:
    """Signals of one clock that are out, as "yellow 2026-10-09 17:00", in order."""
    out = [o for o in assessment.outputs.values() if o.type == "SignalRaised"]
    of_kind = sorted((o for o in out if o.data["clock_kind"] == kind), key=lambda o: o.at)
    return [f"{o.data['level']} {said(o.at)}" for o in of_kind]


def due(assessment: Assessment, kind: str = "promise") -> str:
    """Due instant of one clock, local."""
    return said(next(c.due_at for c in assessment.clocks if c.kind == kind))
