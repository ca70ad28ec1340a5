"""Golden tables of clocks: Markdown that a lawyer can read, and what is needed to check it.

A file is a title, some words on the rule, and scenarios (`## …`). A scenario tells the facts of a
case (案情) up to an instant (截至) and what must follow: its clocks (时钟), the signals that are
out (预警), what is questionable (存疑), the case's own colour
(全案) and, day by day, how a term was counted (逐日). Every day in
these files was counted from the notice or article it names, apart from the engine.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5
from zoneinfo import ZoneInfo

from duban import contracts
from duban.assess import Assessment, assess
from duban.case import Fact, Facts, evolve, kept
from duban.clocks import Clock
from duban.events import Event, rank
from duban.explain import explain
from duban.policy import Reference
from duban.reference import SHIPPED, load, reference_from
from duban.words import OUTCOMES, WHY

NAMES = re.compile(r"^(大厅|窗口|时区|截至|只看|存疑|全案|案情|时钟|预警|逐日 [\w/-]+)：(.*)$")
TABLES = Path(__file__).parent / "tables" / "clocks"
UNITS = {"working_day": "工作日", "calendar_day": "自然日", "working_minute": "分钟", "instant": ""}
LEVELS = {"none": "无", "reminder": "提醒", "yellow": "黄牌预警", "red": "红牌预警"}
DEEMED = {"acceptance": "视为受理", "consent": "视为同意", "renewal": "视为准予延续"}
GROUNDS = {
    "hearing": "听证", "expert_review": "专家评审", "testing": "检测", "quarantine": "检疫",
    "inspection": "检验", "appraisal": "鉴定",
}  # fmt: skip
LATER = ("due_at", "hearing_at", "expires_at", "from")  # fields that hold an instant
Row = list[str]


@dataclass
class Scenario:
    """One `##` of a file: settings by name, tables by name, a TOML block of further reference."""

    name: str
    settings: dict[str, str] = field(default_factory=dict)
    tables: dict[str, list[Row]] = field(default_factory=dict)
    toml: str = ""

    @property
    def zone(self) -> ZoneInfo:
        """Zone in which the times of this scenario are written."""
        return ZoneInfo(self.settings.get("时区", "Asia/Shanghai"))

    @property
    def hall(self) -> str:
        """Hall of the case."""
        return self.settings.get("大厅", "sujiatun")

    def at(self, text: str) -> int:
        """Instant (ms) of a local time."""
        return int(datetime.fromisoformat(text).replace(tzinfo=self.zone).timestamp() * 1000)

    def said(self, at: int | None) -> str:
        """The other way round; empty for none."""
        if at is None:
            return ""
        return datetime.fromtimestamp(at / 1000, self.zone).strftime("%Y-%m-%d %H:%M")


def scenarios() -> Iterator[tuple[str, Scenario]]:
    """(file stem, scenario) of all files."""
    for path in sorted(TABLES.glob("*.md")):
        for part in path.read_text(encoding="utf-8").split("\n## ")[1:]:
            yield path.stem, parse(part)


def parse(text: str) -> Scenario:
    """One scenario. Settings are lines "名：值"; a line "名：" names the table below it."""
    head, _, body = text.partition("\n")
    found = Scenario(head.strip())
    if block := re.search(r"```toml\n(.*?)```", body, re.S):
        found.toml = block[1]
        body = body.replace(block[0], "")
    name = ""
    for line in body.splitlines():
        if line.startswith("|"):
            found.tables.setdefault(name, []).append(
                [c.strip() for c in line.strip("|").split("|")]
            )
        elif told := re.match(
            r"^(大厅|窗口|时区|截至|只看|存疑|全案|案情|时钟|预警|逐日 [\w/-]+)：(.*)$", line
        ):
            name = told[1]
            if told[2]:
                found.settings[name] = told[2].strip()
    found.tables = {name: rows[2:] for name, rows in found.tables.items()}
    return found


@cache
def shipped() -> tuple[Event, ...]:
    """The reference data that ships, as events."""
    return tuple(load(SHIPPED))


@cache
def _plain() -> Reference:
    return reference_from(shipped())


def reference(scenario: Scenario, directory: Path) -> Reference:
    """What ships, and what the scenario adds in its TOML block."""
    if not scenario.toml:
        return _plain()
    (directory / "own.toml").write_text(scenario.toml, encoding="utf-8")
    return reference_from([*shipped(), *load(directory)])


def outcome(scenario: Scenario, directory: Path) -> Assessment:
    """What the engine makes of the scenario."""
    told = Facts()
    case = f"{scenario.hall}/1"
    for number, row in enumerate(scenario.tables["案情"], start=1):
        told = evolve(told, _fact(scenario, case, number, row))
    now = scenario.at(scenario.settings["截至"])
    return assess(case, scenario.hall, told, reference(scenario, directory), now)


def _fact(scenario: Scenario, case: str, number: int, row: Row) -> Fact:
    when, what, said = row
    event_type = what.split()[0]
    data = dict(_field(scenario, part) for part in re.split(r"[;；]\s*", said) if part)
    recorded = scenario.at(str(data.pop("recorded"))) if "recorded" in data else scenario.at(when)
    event = Event(
        type=event_type,
        event_id=str(uuid5(NAMESPACE_URL, f"{case}|{number}")),
        subject_id=case,
        occurred_at=scenario.at(when),
        recorded_at=recorded,
        hall_id=scenario.hall,
        data=data,
    )
    contracts.check(event)
    place = (event.occurred_at, rank(event_type), event.recorded_at, event.event_id)
    actor = event.actor._replace(role="handler", window_id=scenario.settings.get("窗口", ""))
    return Fact(*place, event_type, actor=actor, data=kept(event_type, data))


def _field(scenario: Scenario, part: str) -> tuple[str, Any]:
    name, _, text = part.strip().partition("=")
    value: Any = text
    if name == "branches":
        value = [_branch(b) for b in text.split(",")]
    elif name in LATER:
        value = scenario.at(text)
    elif text in ("true", "false"):
        value = text == "true"
    elif re.fullmatch(r"\d+", text):
        value = int(text)
    return name, value


def _branch(text: str) -> dict[str, Any]:
    """A branch as "规划局:3工作日", or without a term."""
    org, _, term = text.strip().partition(":")
    number = re.match(r"\d*", term)
    assert number is not None
    unit = next((u for u, said in UNITS.items() if said and term.endswith(said)), "working_day")
    budget = int(number[0]) if number[0] else None
    return {"branch_id": org, "org": org, "hall_id": "", "item_code": "", "budget": budget,
            "unit": unit}  # fmt: skip


# --- what followed, as the tables say it -------------------------------------------------------


def looked_at(scenario: Scenario, kind: str) -> bool:
    """Whether the scenario is about clocks of a kind; all, unless it names some."""
    only = scenario.settings.get("只看")
    return only is None or kind in re.split(r"[、,，\s]+", only)


def clock_rows(scenario: Scenario, found: Assessment) -> list[Row]:
    """Rows of 时钟: kind, start, term, due, stop, outcome."""
    clocks = [c for c in found.clocks if looked_at(scenario, c.kind)]
    return sorted(_clock_row(scenario, c) for c in clocks)


def _clock_row(scenario: Scenario, clock: Clock) -> Row:
    instant = clock.unit == "instant"
    due = scenario.said(clock.due_at) + ("（暂定）" if clock.provisional else "")
    stop = "扣除中" if clock.state == "paused" else scenario.said(clock.stopped_at)
    outcome = OUTCOMES[clock.outcome] + (str(clock.saved) if clock.outcome == "early" else "")
    return [
        label(clock),
        scenario.said(clock.anchor.occurred_at),
        "" if instant else f"{clock.budget}{UNITS[clock.unit]}",
        due,
        stop,
        outcome,
    ]


def label(clock: Clock) -> str:
    """ "kind", or "kind/key" for one of several."""
    return f"{clock.kind}/{clock.key}" if clock.key else clock.kind


def signal_rows(scenario: Scenario, found: Assessment) -> list[Row]:
    """Rows of 预警: when, of which kind of clock, what; deemed outcomes stand among them."""
    rows = []
    for output in found.outputs.values():
        if output.type == "SignalRaised" and looked_at(scenario, output.data["clock_kind"]):
            said = LEVELS[output.data["level"]]
            rows.append([scenario.said(output.at), output.data["clock_kind"], said])
        elif output.type == "DeemedOutcomeReached":
            said = DEEMED[output.data["outcome"]]
            rows.append([scenario.said(output.at), output.data["clock_kind"] or "absence", said])
    return sorted(rows)


def day_rows(clock: Clock) -> list[Row]:
    """Rows of 逐日: date, number of the day where it counts, why, where that is written."""
    return [
        [line.date.isoformat(), str(line.n) if line.used else "", WHY[line.why], _source(line)]
        for line in explain(clock)
    ]


def _source(line: Any) -> str:
    ground, _, notice = line.source.partition(" ")
    return f"{GROUNDS[ground]} {notice}" if line.why == "excluded" else line.source
