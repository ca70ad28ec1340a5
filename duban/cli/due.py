"""`duban due`: when a term runs out, day by day, from the calendar alone; no stack needed."""

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from duban.cli.output import fail, out, say_json, say_table
from duban.due import DayUsed, Due, Pause, due
from duban.policy import Reference
from duban.reference import SHIPPED, BadReference, load, reference_from
from duban.settings import settings
from duban.words import UNITS, WHY
from duban.worktime import UNPUBLISHED, BeyondCalendar, Calendar

WEEKDAYS = "一二三四五六日"


def register(app: typer.Typer) -> None:
    """Add `duban due`."""
    app.command("due", help="When a term runs out, day by day. 推算到期日，逐日说明。")(command)


def command(
    start: Annotated[str, typer.Option("--from", help="Start, such as 2026-09-28T16:30+08:00.")],
    days: Annotated[int | None, typer.Option(help="Term in days. 天数。")] = None,
    minutes: Annotated[int | None, typer.Option(help="Term in working minutes. 分钟数。")] = None,
    unit: Annotated[str, typer.Option(help="working_day or calendar_day, for --days.")] = "",
    hall: Annotated[str, typer.Option(help="Hall whose hours apply. 大厅。")] = "",
    window: Annotated[str, typer.Option(help="Window of that hall. 窗口。")] = "",
    pause: Annotated[
        list[str] | None,
        typer.Option(help="FROM/TO, may be repeated; dates are whole days. 扣除。"),
    ] = None,
    reference: Annotated[Path, typer.Option(help="Directory of reference files.")] = SHIPPED,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Derive a due instant and show how each day contributed."""
    unit, budget = _term(days, minutes, unit)
    calendar = _calendar(reference, hall, window)
    begin = _instant(start, calendar.zone, "--from")
    pauses = [_pause(text, calendar.zone) for text in pause or ()]
    try:
        found = due(calendar, unit, begin, budget, pauses)
    except BeyondCalendar as error:
        fail(f"到期日超出日历范围：{error}", "请检查 --from 和 --days", status=2)
    if as_json:
        say_json(_json(calendar, begin, unit, budget, found))
    else:
        _print(calendar, begin, unit, budget, found)


def _term(days: int | None, minutes: int | None, unit: str) -> tuple[str, int]:
    if (days is None) == (minutes is None):
        fail("给出 --days 或 --minutes 之一。", "例：--days 20", status=2)
    if minutes is not None and unit in ("", "working_minute"):
        unit, budget = "working_minute", minutes
    elif days is not None and unit in ("", "working_day", "calendar_day"):
        unit, budget = unit or "working_day", days
    else:
        fail(f"--unit {unit} 与所给期限不符。", "working_day、calendar_day 配 --days", status=2)
    if budget < 1:
        fail("期限至少为 1。", status=2)
    return unit, budget


def _calendar(directory: Path, hall: str, window: str) -> Calendar:
    try:
        published: Reference = reference_from(load(directory), settings().zone)
    except BadReference as error:
        fail(f"参考数据有误：\n{error}", f"请改正 {directory} 中的文件")
    name = f"{hall}/{window}" if window else hall
    if name and name not in published.names:
        halls = "、".join(sorted(name for name in published.names if "/" not in name))
        fail(f"没有登记 {name}。", f"已登记的大厅：{halls}", status=2)
    calendar = published.calendar(hall, window)
    if calendar is None:
        fail("没有日历。", "请先发布 calendars/*.toml")
    return calendar


def _instant(text: str, zone: str, option: str) -> int:
    """Epoch ms of an ISO time; without an offset it is local time of the calendar."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        fail(f"{option} 看不懂时间 {text}。", "例：2026-09-28T16:30+08:00", status=2)
    at = at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone))
    return int(at.timestamp() * 1000)


def _pause(text: str, zone: str) -> Pause:
    first, _, last = text.partition("/")
    if not last:
        fail(f"--pause {text} 应写作 起/止。", "例：--pause 2026-10-12/2026-10-16", status=2)
    if len(last) == len("2026-10-16"):  # a whole day: to its end
        try:
            last = f"{date.fromisoformat(last) + timedelta(days=1)}T00:00"
        except ValueError:
            fail(f"--pause 看不懂日期 {last}。", status=2)
    pause = _instant(first, zone, "--pause"), _instant(last, zone, "--pause")
    if pause[1] <= pause[0]:
        fail(f"--pause {text} 的止早于起。", status=2)
    return pause


def _local(calendar: Calendar, at: int) -> datetime:
    return datetime.fromtimestamp(at / 1000, ZoneInfo(calendar.zone))


def _json(calendar: Calendar, begin: int, unit: str, budget: int, found: Due) -> dict[str, Any]:
    at = _local(calendar, found.at)
    lines = [
        {
            "date": line.day.date.isoformat(),
            "counted": line.used > 0,
            "n": line.total if line.used else 0,
            "why": line.why,
            "name": line.day.name,
            "source": line.day.source,
            "used": line.used,
        }
        for line in found.days
    ]
    return {
        "due": at.isoformat(),
        "due_date": at.date().isoformat(),
        "provisional": found.provisional,
        "from": _local(calendar, begin).isoformat(),
        "unit": unit,
        "budget": budget,
        "calendar": calendar.version,
        "published_through": calendar.published_through.isoformat(),
        "days": lines,
    }


def _print(calendar: Calendar, begin: int, unit: str, budget: int, found: Due) -> None:
    at = _local(calendar, found.at)
    minutes = unit == "working_minute"
    rows = [
        (
            line.day.date,
            f"星期{WEEKDAYS[line.day.date.weekday()]}",
            ("" if not line.used else f"{line.used} 分" if minutes else f"第 {line.total} 日"),
            _reason(line),
            "尚未公布，按每周作息推定" if line.day.source == UNPUBLISHED else line.day.source,
        )
        for line in found.days
    ]
    start = f"{_local(calendar, begin):%Y-%m-%d %H:%M}"
    say_table(("日期", "星期", "计入", "说明", "依据"), rows, f"{start} 起 {budget} {UNITS[unit]}")
    weekday = WEEKDAYS[at.weekday()]
    out.print(
        f"到期：[bold]{at:%Y-%m-%d %H:%M}[/]（星期{weekday}，{calendar.zone}）", highlight=False
    )
    if found.provisional:
        year = calendar.published_through.year + 1
        out.print(f"[yellow]暂定[/]：{year} 年放假安排尚未公布，公布后可能变动。", highlight=False)


def _reason(line: DayUsed) -> str:
    text = WHY[line.why]
    day_kind = WHY[line.day.kind]
    if line.why in ("start_day", "paused", "rolled") and line.day.kind != "workday":
        text = f"{text}（{day_kind}）"
    return f"{text} · {line.day.name}" if line.day.name else text
