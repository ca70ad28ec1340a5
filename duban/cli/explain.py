"""`duban explain CASE`: each clock of a case, its due date derived day by day."""

from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from duban.bus import BrokerAway
from duban.cli.halls import calendar, hall_of
from duban.cli.output import fail, out, say_json, say_table
from duban.cli.words import word
from duban.derivation import explain_case
from duban.warehouse import WarehouseError
from duban.words import OUTCOMES, STATES, UNITS, WHY


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
    zone = ZoneInfo(calendar(hall_of(case)).zone)
    for clock in clocks:
        clock["due_at"] = _iso(clock["due_at"], zone)
        clock["started_at"] = _iso(clock["started_at"], zone)
        clock["stopped_at"] = clock["stopped_at"] and _iso(clock["stopped_at"], zone)
    if as_json:
        say_json({"case": case, "clocks": clocks})
        return
    for clock in clocks:
        _show(clock)


def _show(clock: dict[str, Any]) -> None:
    term = "" if clock["budget"] is None else f" {clock['budget']} {UNITS[clock['unit']]}"
    state = OUTCOMES[clock["outcome"]] or STATES[clock["state"]]
    unsure = "（暂定：该年放假安排尚未公布）" if clock["provisional"] else ""
    kind = clock["name"] + (f"（{clock['of']}）" if clock["of"] else "")
    out.print(f"\n[bold]{kind}{term}[/] · {state} · 到期 {clock['due_at'][:16]}{unsure}")
    out.print(f"[dim]{clock['source']}[/]")
    out.print(f"[dim]政策 {clock['policy']} · 日历 {clock['calendar']}[/]", highlight=False)
    rows = (
        (d["date"], WHY.get(d["why"], d["why"]), d["n"] if d["counted"] else "—", d["source"])
        for d in clock["days"]
    )
    say_table(("日期", "", "计至", "依据"), rows)
    if clock["delay"]:
        whole = sum(part["minutes"] for part in clock["delay"])
        out.print(f"[bold]延误 {whole} 工作分钟[/]，由谁造成：")
        say_table(("责任方", "环节", "单位", "经办", "工作分钟"), map(_part, clock["delay"]))


def _part(part: dict[str, Any]) -> tuple[Any, ...]:
    held = part["step"], part["org"], part["staff"]
    return word("party", part["party"]), *held, part["minutes"]


def _iso(at: int, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(at / 1000, zone).isoformat(timespec="minutes")
