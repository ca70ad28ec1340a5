"""Random cases: lives that halls could tell, and some that none would.

A case is drawn from the kinds of clock that its item's policy defines: every event type that
starts, stops, holds or lengthens one of them is drawn, with the fields that the definitions ask
for; now and then any fact that the contracts know. Facts come late and doubled, are corrected and
voided.
"""

import json
import random
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from tests.model.oracle.ladder import alert_name
from tests.model.oracle.life import OWN_LIVES, Fact
from tests.model.worlds import ROOT, World

EVENTS = ROOT / "schemas" / "events"
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
BEGIN = int(datetime(2026, 1, 5, tzinfo=UTC).timestamp() * 1000)
SPAN = 330 * DAY
GROUNDS = ("hearing", "testing", "expert_review", "inspection", "bidding")
BRANCHES = ("", "b1", "b2", "b3")
CHOICES: dict[str, tuple[Any, ...]] = {
    "branch_id": BRANCHES,
    "step": ("survey", "review", "inspection", "relay"),
    "ground": GROUNDS,
    "written_notice_no": ("N-1", "N-1", "N-1", ""),
    "preliminary": (False, False, False, True),
    "accepted_by": ("", "", "s-2"),
    "decision": ("approved", "approved", "rejected", "withdrawn", "terminated"),
    "opinion": ("agree", "disagree", "disagree", "agree_forward", "unknown"),
    "answer": ("approved", "rejected", "returned"),
    "cause": ("quality", "bad_review", "new_material", "review_decision"),
    "approver_role": ("organ_head", "organ_head", "government_head", ""),
    "days": (1, 3, 5, 10, 15, 30),
    "clock_kind": ("", "", "", "statutory", "promise"),
    "case_class": ("", "", "forwarded", "reported", "joint"),
    "outcome": ("acceptance", "consent", "consent", "renewal"),
    "complete": (True, False),
    "reason": ("", "", "出差"),
}
# Fields of the types that any policy knows; those that definitions name are added to them.
FIELDS: dict[str, tuple[str, ...]] = {
    "CaseSubmitted": ("preliminary",),
    "CaseAccepted": ("case_class", "accepted_on"),
    "MaterialsReceived": ("complete",),
    "ClockExclusionStarted": ("ground", "written_notice_no", "branch_id"),
    "ClockExclusionEnded": ("ground", "branch_id"),
    "ForwardedUp": ("branch_id",),
    "UpstreamReplied": ("answer", "branch_id"),
    "UpstreamChased": ("branch_id",),
    "ExtensionRequested": ("days",),
    "ExtensionGranted": ("days", "approver_role", "clock_kind"),
    "DecisionMade": ("decision",),
    "CaseReopened": ("cause",),
    "DeadlineImposed": ("due_at",),
    "HandedOver": ("accepted_by",),
    "BranchOpined": ("opinion", "branch_id", "reason"),
    "BranchReceipted": ("branch_id",),
    "BranchAbsent": ("branch_id", "reason"),
    "StepAssigned": ("step",),
    "StepCompleted": ("step",),
    "DeemedOutcomeConfirmed": ("outcome", "branch_id"),
}
ALWAYS = (
    "ClockExclusionStarted", "ClockExclusionEnded", "ForwardedUp", "UpstreamReplied",
    "ExtensionGranted", "ExtensionRequested", "CaseReopened", "DecisionMade", "CaseClosed",
    "DeadlineImposed", "DeemedOutcomeConfirmed",
)  # fmt: skip


# Corrections, voidings and answers to alerts are drawn about other facts.
ABOUT_FACTS = ("EventVoided", "AlertAcknowledged")


@cache
def fact_types() -> tuple[str, ...]:
    """Every type of fact about a case; ticks of business time are about none."""
    newest = (sorted(d.glob("*.avsc"))[-1] for d in sorted(EVENTS.iterdir()) if d.is_dir())
    written = [json.loads(path.read_text(encoding="utf-8")) for path in newest]
    facts = {w["name"] for w in written if w["topic"] == "case-events"}
    return tuple(sorted(facts - {"ClockTicked"}))


@cache
def schema_of(type_: str) -> dict[str, dict[str, Any]]:
    """Fields of a type by name, from its newest schema, without those that all events have."""
    versions = sorted((EVENTS / type_).glob("*.avsc"), key=lambda path: int(path.stem))
    written = json.loads(versions[-1].read_text(encoding="utf-8"))
    common = json.loads((EVENTS.parent / "envelope.avsc").read_text(encoding="utf-8"))
    names = {field["name"] for field in common["fields"]}
    return {f["name"]: f for f in written["fields"] if f["name"] not in names}


def complete(type_: str, data: dict[str, Any], at: int) -> dict[str, Any]:
    """The fields as the schema wants them: of its types, none missing that it asks for."""
    fields = schema_of(type_)
    needed = {name for name, field in fields.items() if "default" not in field}
    given = {k: None if v == "" and k in needed else v for k, v in data.items()}
    given |= {n: "12.50" for n in needed if fields[n].get("format") == "decimal"}
    return {
        name: fitting(fields[name]["type"], given.get(name), at)
        for name in sorted({*data, *needed} & set(fields))
    }


def fitting(type_: Any, value: Any, at: int) -> Any:
    """A value of a type: the one given where it is one, else a plain one."""
    if isinstance(type_, list):
        return None if value is None else fitting(type_[1], value, at)
    name = type_ if isinstance(type_, str) else type_.get("logicalType", type_["type"])
    match name:
        case "boolean":
            return value is True or value == "true"
        case "enum":
            return value if value in type_["symbols"] else type_["symbols"][0]
        case "array":
            return [fitting(type_["items"], one, at) for one in value or ()]
        case "record":
            told = value or {}
            return {f["name"]: fitting(f["type"], told.get(f["name"]), at) for f in type_["fields"]}
        case "timestamp-millis":
            return value if isinstance(value, int) else at
        case "int" | "long":
            return value if isinstance(value, int) else 1
        case "uuid":
            return value or str(UUID(int=at, version=4))
    return value if isinstance(value, str) else "x" if value is None else str(value)


PLAIN = tuple(sorted({*fact_types()} - {*ABOUT_FACTS}))


@dataclass(frozen=True)
class Case:
    """What is given: a hall's facts as they arrive, whether the late notices are out, and now."""

    world: World
    case_id: str
    hall: str
    facts: tuple[Fact, ...]
    late: bool
    now: int
    policy_id: str = "default"
    drawn: Counter[str] = field(default_factory=Counter)


def draw(seed: int, world: World) -> Case:
    """The case of a seed."""
    rng = random.Random(f"case {seed}")
    hall = rng.choice(world.halls)
    item = rng.choice(world.items)
    late = rng.random() < 0.6
    told = world.published[late]
    policy_id = next(i["policy_id"] for i in told.items if i["item_code"] == item)
    policies = [p for p in told.policies if p["policy_id"] == policy_id]
    life = Life(rng, item, [c for p in policies for c in p["clocks"]])
    facts = life.live()
    last = max((f["occurred_at"] for f in facts), default=BEGIN)
    now = last + rng.choice((0, HOUR, DAY, 9 * DAY, 60 * DAY, 300 * DAY))
    case = Case(world, f"{hall}/{seed}", hall, tuple(facts), late, now, policy_id)
    return replace(case, drawn=Counter(f["type"] for f in facts))


class Life:
    """Draws the facts of one case."""

    def __init__(self, rng: random.Random, item: str, clocks: list[dict[str, Any]]) -> None:
        self.rng, self.item = rng, item
        self.fields: dict[str, set[str]] = {}
        self.values: dict[str, set[str]] = {}
        self.instants: set[str] = set()
        for clock in clocks:
            self._learn(clock)
        self.types = sorted({t for c in clocks for t in (*c["start"], *c["stop"])} | set(ALWAYS))
        self.starts = sorted({t for c in clocks for t in c["start"]})
        self.silent = [(s, c) for c in clocks if c.get("effect") for s in c["start"]]
        self.pairs = [(s, t) for c in clocks for s in c["start"] for t in c["stop"]]
        self.at = BEGIN + rng.randrange(SPAN) // MINUTE * MINUTE
        self.facts: list[Fact] = []

    def _learn(self, clock: dict[str, Any]) -> None:
        """Which fields of which types a definition looks at, and which values it knows."""
        named = [clock.get("per", ""), *clock.get("when", {})]
        for type_ in clock["start"]:
            names = {*named}
            if clock.get("unit") == "instant":
                names.add(clock.get("due_field", "due_at"))
                self.instants.add(clock.get("due_field", "due_at"))
            if clock.get("before"):
                names.add(clock["before"])
                self.instants.add(clock["before"])
            budget = clock.get("budget", 0)
            if isinstance(budget, str) and budget.startswith("fact."):
                names.add(budget[5:])
            if budget == "step":
                names.add("step")
            self.fields.setdefault(type_, set()).update(names - {""})
        for type_ in clock["stop"]:
            names = {clock.get("per", ""), *clock.get("stop_when", {})}
            self.fields.setdefault(type_, set()).update(names - {""})
        for values in (clock.get("when", {}), clock.get("stop_when", {})):
            for name, known in values.items():
                self.values.setdefault(name, set()).update(known)

    # --- a life ---

    def live(self) -> list[Fact]:
        """All facts, in the order in which they arrive."""
        rng = self.rng
        if rng.random() < 0.12:
            return self._own_life()
        if rng.random() < 0.9:
            self._tell("CaseSubmitted")
        if rng.random() < 0.3:
            self._tell("SupplementRequested")
            self._tell("SupplementReceived")
        if rng.random() < 0.8:
            self._tell("CaseAccepted")
            if rng.random() < 0.2:
                self._tell("ExtensionGranted")
        if rng.random() < 0.15:
            self._tell("ParallelGroupOpened")
        for _ in range(rng.choice((1, 2, 4, 6, 9, 14))):
            self._happen()
        if rng.random() < 0.5:
            self._tell(rng.choice(("DecisionMade", "DecisionMade", "CaseClosed", "CaseRefused")))
        return self._told()

    def _own_life(self) -> list[Fact]:
        """A case that is no application: a complaint, a project, an order."""
        rng = self.rng
        opener = rng.choice(sorted(OWN_LIVES))
        self._tell(opener)
        for _ in range(rng.choice((1, 3, 6))):
            self._happen()
        if rng.random() < 0.7:
            self._tell(OWN_LIVES[opener], like=self.facts[0])
        for _ in range(rng.choice((0, 0, 2))):
            self._happen()
        return self._told()

    def _happen(self) -> None:
        """Something: a start with its stop, a pause, or anything at all."""
        rng, how = self.rng, self.rng.random()
        if how < 0.35 and self.pairs:
            start, stop = rng.choice(self.pairs)
            self._tell(start)
            if rng.random() < 0.6:
                self._tell(stop, like=self.facts[-1])
        elif how < 0.55:
            self._hold()
        elif how < 0.62 and self.silent:
            self._keep_silent()
        elif how < 0.7:
            self._tell(rng.choice(("DecisionMade", "CaseClosed", "CaseRefused")))
            self._tell("CaseReopened")
        elif how < 0.9:
            self._tell(rng.choice(self.types))
        else:
            self._tell(rng.choice(PLAIN))

    def _hold(self) -> None:
        """A pause and, mostly, its end; some overlap."""
        begun, ended = self.rng.choice(
            (
                ("ClockExclusionStarted", "ClockExclusionEnded"),
                ("ForwardedUp", "UpstreamReplied"),
            )
        )
        self._tell(begun)
        first = self.facts[-1]
        if self.rng.random() < 0.3:
            self._tell("ClockExclusionStarted")
            if self.rng.random() < 0.6:
                self._tell("ClockExclusionEnded", like=self.facts[-1])
        if self.rng.random() < 0.8:
            self._tell(ended, like=first)

    def _keep_silent(self) -> None:
        """A term with an effect in law runs out; somebody may confirm what follows."""
        start, clock = self.rng.choice(self.silent)
        self._tell(start)
        self.at += self.rng.choice((5, 9, 20)) * DAY
        if clock.get("per") == "branch_id" and self.rng.random() < 0.4:
            self._tell("BranchAbsent", like=self.facts[-1])
        if self.rng.random() < 0.7:
            self._tell("DeemedOutcomeConfirmed", like=self.facts[-1])
            self.facts[-1]["data"]["outcome"] = clock["effect"]["outcome"]

    def _tell(self, type_: str, like: Fact | None = None) -> None:
        """One fact more, some time after the last."""
        rng = self.rng
        self.at = self._later(self.at)
        told = self.at + rng.choice((0, 0, 0, 0, 0, 20 * MINUTE, 2 * DAY, 12 * DAY))
        data = self._data(type_)
        if like and rng.random() < 0.9:
            shared = ("branch_id", "step", "ground", "ticket_no")
            data |= {k: v for k, v in like["data"].items() if k in shared and k in data}
        fact: Fact = {
            "id": str(UUID(int=rng.getrandbits(128), version=4)), "type": type_,
            "occurred_at": self.at, "recorded_at": told, "data": data, "corrects": None,
            "window": rng.choice(("", "", "", "w1", "w2")),
            "role": rng.choice((*["handler"] * 36, "system", "applicant")),
        }  # fmt: skip
        self.facts.append(fact)

    def _later(self, at: int) -> int:
        """An instant after another: soon, in some days, or at an hour that rules turn on."""
        rng = self.rng
        at += rng.choice((0, 1, 30, 90, 700, 1500, 3000, 7000, 14000)) * MINUTE
        if rng.random() < 0.4:
            minute = rng.choice((480, 540, 720, 780, 1020, 1019, 1021, 1, 1439, 600, 990))
            offset = rng.choice((8, 8, 8, 0, -5)) * HOUR
            at = (at + offset) // DAY * DAY + minute * MINUTE - offset + rng.choice((0, DAY))
        elif rng.random() < 0.1:
            at += rng.randrange(MINUTE)
        return at

    def _data(self, type_: str) -> dict[str, Any]:
        """The fields of a fact that any rule looks at."""
        rng = self.rng
        names = {*FIELDS.get(type_, ()), *self.fields.get(type_, set())} & set(schema_of(type_))
        data = {name: self._value(name) for name in sorted(names)}
        if type_ == "CaseSubmitted":
            data["item_code"] = self.item if rng.random() < 0.97 else "nobody-knows"
        if type_ == "ParallelGroupOpened":
            data = {"branches": [self._branch(b) for b in BRANCHES[1:] if rng.random() < 0.8]}
        if type_ == "ClockExclusionEnded" and rng.random() < 0.3:
            del data["ground"]
        if type_ == "DeemedOutcomeConfirmed" and rng.random() < 0.2:
            data["from"] = self.at - rng.randrange(20) * DAY
        return complete(type_, {k: v for k, v in data.items() if v is not None}, self.at)

    def _branch(self, name: str) -> dict[str, Any]:
        budget = self.rng.choice((None, 2, 6))
        unit = self.rng.choice(("working_day", "working_day", "calendar_day", "working_minute"))
        return {"branch_id": name, "budget": budget, "unit": unit}

    def _value(self, name: str) -> Any:
        rng = self.rng
        if name == "accepted_on":
            return None if rng.random() < 0.8 else self.at + rng.randrange(-9, 3) * DAY
        if name in self.instants or name.endswith(("_at", "_by")):
            if name in ("answer_by", "expires_at") and rng.random() < 0.4:
                return None
            return self._later(self.at + rng.randrange(-3, 40) * DAY)
        choices = {*CHOICES.get(name, ()), *self.values.get(name, ())}
        if name == "preliminary":
            return rng.choice(CHOICES[name])
        if name in CHOICES and rng.random() < 0.7:
            return rng.choice(CHOICES[name])
        return rng.choice(sorted(choices, key=str)) if choices else rng.choice(("", "k1", "k2"))

    # --- how it is told ---

    def _told(self) -> list[Fact]:
        """Corrections, voidings and doubles, and the order of arrival."""
        rng = self.rng
        told = list(self.facts)
        for fact in self.facts:
            chance = rng.random()
            if chance < 0.06:
                told.append(self._corrected(fact))
                if rng.random() < 0.3:
                    told.append(self._corrected(told[-1]))
            elif chance < 0.11:
                told.append(self._voided(fact))
                if rng.random() < 0.2:
                    told.append(self._voided(told[-1]))
            elif chance < 0.13:
                told.append({**fact, "recorded_at": fact["recorded_at"] + DAY,
                             "occurred_at": fact["occurred_at"] + HOUR})  # fmt: skip
            elif chance < 0.2:
                told.append(fact)
        told.sort(key=lambda f: f["recorded_at"])
        if rng.random() < 0.3:
            rng.shuffle(told)
        return told

    def _again(self, fact: Fact, **changed: Any) -> Fact:
        told = fact["recorded_at"] + self.rng.choice((10 * MINUTE, 3 * DAY))
        name = str(UUID(int=self.rng.getrandbits(128), version=4))
        return {**fact, "id": name, "recorded_at": told, **changed}

    def _corrected(self, fact: Fact) -> Fact:
        at = fact["occurred_at"] + self.rng.choice((-2 * DAY, -HOUR, 0, HOUR, 3 * DAY))
        data = {**fact["data"], **({} if self.rng.random() < 0.5 else self._data(fact["type"]))}
        if fact["type"] == "EventVoided":
            data = fact["data"]
        return self._again(fact, occurred_at=at, data=data, corrects=fact["id"])

    def _voided(self, fact: Fact) -> Fact:
        data = {"voids_event_id": fact["id"], "reason": "录入有误"}
        at = fact["recorded_at"] + MINUTE
        return self._again(fact, type="EventVoided", occurred_at=at, data=data, corrects=None)


def acknowledged(case: Case, signals: list[tuple[Any, dict[str, Any]]], seed: int) -> Case:
    """The case with somebody's answer to some of the alerts that its clocks raised."""
    rng = random.Random(f"seen {seed}")
    more = []
    for clock, signal in signals:
        if rng.random() < 0.3:
            at = signal["at"] + rng.choice((0, HOUR, 3 * DAY, 10 * DAY))
            more.append(
                {
                    "id": str(UUID(int=rng.getrandbits(128), version=4)),
                    "type": "AlertAcknowledged", "occurred_at": at, "recorded_at": at,
                    "data": {"alert_id": alert_name(clock, signal)}, "corrects": None,
                    "window": "", "role": "chief_rep",
                }
            )  # fmt: skip
    drawn = case.drawn + Counter(f["type"] for f in more)
    return replace(case, facts=(*case.facts, *more), drawn=drawn) if more else case


def local(at: int, offset_hours: int = 8) -> str:
    """An instant in Beijing time, for people to read."""
    wall = datetime.fromtimestamp(at / 1000, UTC) + timedelta(hours=offset_hours)
    return wall.strftime("%Y-%m-%d %H:%M:%S").removesuffix(":00")
