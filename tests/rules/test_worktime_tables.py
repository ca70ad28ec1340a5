"""The golden tables in tests/rules/tables, row by row: written by hand, readable by a lawyer."""

import re
from collections.abc import Iterator
from datetime import date, datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from duban.due import due
from duban.reference import SHIPPED, load, reference_from
from duban.worktime import OFFICE, Calendar, DayRule, Hours, Override, build

TABLES = Path(__file__).parent / "tables"
UNITS = {"工作日": "working_day", "自然日": "calendar_day", "分钟": "working_minute"}
SUMMER = ((8 * 60 + 30, 12 * 60), (14 * 60 + 30, 18 * 60))
MORNING = ((9 * 60, 12 * 60),)


@cache
def national() -> Calendar:
    """The calendar that ships: 2004 to 2026 as published."""
    calendar = reference_from(load(SHIPPED)).calendar("")
    assert calendar is not None
    return calendar


def shipped_days() -> list[DayRule]:
    """The national days that ship, as rules."""
    days = (
        date.fromordinal(n)
        for n in range(date(2004, 1, 1).toordinal(), date(2027, 1, 1).toordinal())
    )
    found = [national().day(day) for day in days]
    return [
        DayRule(d.date, "holiday" if d.kind == "holiday" else "makeup")
        for d in found
        if d.kind in ("holiday", "makeup")
    ]


@cache
def calendar_of(name: str) -> Calendar:
    """The calendar that a table names."""
    if name == "全国":
        return national()
    if name == "荷兰":
        return build([], zone="Europe/Amsterdam", calendar_id="nl")
    if name == "昼夜":
        always = Hours((((0, 1440),),) * 7)
        return build([], always, zone="Europe/Amsterdam", calendar_id="always")
    assert name == "大厅"
    hours = [
        Hours((OFFICE,) * 5 + ((),) * 2),
        Hours((SUMMER,) * 5 + ((),) * 2, effective_from=date(2026, 6, 1)),
    ]
    own = [
        Override(date(2026, 2, 17), MORNING, "春节值班"),
        Override(date(2026, 2, 18), MORNING, "春节值班"),
        Override(date(2026, 3, 4), (), "闭厅"),
        Override(date(2026, 3, 6), MORNING, "半天"),
    ]
    through = date(2026, 12, 31)
    return build(shipped_days(), hours, own, published_through=through, calendar_id="hall")


def rows(text: str) -> list[list[str]]:
    """Cells of the rows of a table, without its head."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def cases() -> Iterator[object]:
    for path in sorted(TABLES.glob("*.md")):
        text = path.read_text(encoding="utf-8")
        if name := re.search(r"^日历：(\S+)$", text, re.M):
            for row in rows(text):
                yield pytest.param(name[1], row, id=f"{path.stem} {row[0]} {row[1]} {row[2][:16]}")


def instant(text: str, zone: str) -> int:
    at = datetime.fromisoformat(text)
    at = at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone))
    return int(at.timestamp() * 1000)


def test_tables_are_there() -> None:
    assert len(list(cases())) >= 60


@pytest.mark.parametrize(("name", "row"), list(cases()))
def test_row(name: str, row: list[str]) -> None:
    start, term, excluded, expected, provisional, _ = row
    calendar = calendar_of(name)
    number, unit = re.fullmatch(r"(\d+)(\D+)", term).groups()  # type: ignore[union-attr]  # fails loudly
    pauses = []
    for stretch in filter(None, excluded.split("，")):
        first, last = stretch.split(" 至 ")
        pauses.append((instant(first, calendar.zone), instant(last, calendar.zone)))
    found = due(calendar, UNITS[unit], instant(start, calendar.zone), int(number), pauses)
    at = datetime.fromtimestamp(found.at / 1000, ZoneInfo(calendar.zone))
    shown = at.strftime("%Y-%m-%d %H:%M")
    if expected[-6] in "+-":
        shown += f"{at:%z}"[:3] + ":" + f"{at:%z}"[3:]
    assert shown == expected
    assert found.provisional == (provisional == "是")
    assert sum(day.used for day in found.days) == int(number)


def test_every_day_of_the_national_day_case() -> None:
    text = (TABLES / "national-day-2026-days.md").read_text(encoding="utf-8")
    found = due(national(), "working_day", instant("2026-09-28 16:30", "Asia/Shanghai"), 20)
    shown = [
        [day.day.date.isoformat(), str(day.total) if day.used else "", day.why]
        for day in found.days
    ]
    assert shown == rows(text)
    lines = national().explain(instant("2026-09-28 16:30", "Asia/Shanghai"), found.at)
    assert [[str(x.date), str(x.n) if x.counted else "", x.why] for x in lines] == rows(text)
    assert {x.source for x in lines if x.why in ("holiday", "makeup")} == {"国办发明电〔2025〕7号"}
