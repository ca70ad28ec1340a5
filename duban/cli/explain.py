"""`duban explain CASE`: each clock of a case, its due date derived day by day."""

from datetime import UTC, datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from duban.bus import BrokerAway
from duban.cli.output import fail, out, say_json, say_table
from duban.derivation import explain_case
from duban.settings import settings
from duban.warehouse import WarehouseError

KINDS = {"promise": "承诺时限", "statutory": "法定时限", "imposed": "指定期限"}
STATES = {"running": "计时中", "paused": "依法扣除中", "stopped": "已停止"}
OUTCOMES = {"early": "提前", "on_time": "按时", "late": "超期", "": ""}
UNITS = {"working_day": "个工作日", "calendar_day": "个自然日", "working_minute": "个工作分钟"}
WHY = {
    "workday": "工作日",
    "weekend": "休息日",
    "holiday": "法定节假日",
    "makeup": "调休上班",
    "hall_work": "本厅上班",
    "hall_rest": "本厅休息",
    "start_day": "当天不计",
    "excluded": "依法扣除",
    "upstream": "上级时间",
    "not_closed": "未到下班",
    "imposed": "指定期限",
}


def register(app: typer.Typer) -> None:
    """Add `duban explain`."""
    app.command("explain", help="How each due date came about. 逐日说明到期日的由来。")(command)


def command(
    case: Annotated[str, typer.Argument(help="Case id, such as hall/2026-1. 办件编号。")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Derive each clock of a case day by day."""
    try:
        clocks = explain_case(case)
    except (WarehouseError, BrokerAway) as error:
        fail(str(error), "duban status")
    if not clocks:
        fail(f"没有查到办件 {case} 的时钟。", f"先看办件经过：duban case {case}")
    for clock in clocks:
        clock["due_at"] = _iso(clock["due_at"])
        clock["started_at"] = _iso(clock["started_at"])
        clock["stopped_at"] = clock["stopped_at"] and _iso(clock["stopped_at"])
    if as_json:
        say_json({"case": case, "clocks": clocks})
        return
    for clock in clocks:
        _show(clock)


def _show(clock: dict[str, Any]) -> None:
    term = "" if clock["budget"] is None else f" {clock['budget']} {UNITS[clock['unit']]}"
    state = OUTCOMES[clock["outcome"]] or STATES[clock["state"]]
    unsure = "（暂定：该年放假安排尚未公布）" if clock["provisional"] else ""
    kind = KINDS.get(clock["kind"], clock["kind"])
    out.print(f"\n[bold]{kind}{term}[/] · {state} · 到期 {clock['due_at'][:16]}{unsure}")
    out.print(f"[dim]{clock['source']}[/]")
    rows = (
        (d["date"], WHY.get(d["why"], d["why"]), d["n"] if d["counted"] else "—", d["source"])
        for d in clock["days"]
    )
    say_table(("日期", "", "计至", "依据"), rows)


def _iso(at: int) -> str:
    zone = ZoneInfo(settings().zone)
    return datetime.fromtimestamp(at / 1000, UTC).astimezone(zone).isoformat(timespec="minutes")
