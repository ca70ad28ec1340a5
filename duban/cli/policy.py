"""`duban policy what-if DIR`: which open cases would move, before a policy is published."""

from pathlib import Path
from typing import Annotated, Any

import typer

from duban.bus import BrokerAway
from duban.cli.apply import load_or_fail, reasons
from duban.cli.output import fail, out, progress, say_json, say_table
from duban.cli.words import iso, word
from duban.derivation import open_cases
from duban.publish import plan
from duban.reference import key
from duban.warehouse import WarehouseError
from duban.what_if import NEWLY, NO_LONGER, Moved, WhatIf, published, what_if

OVERDUE = {NEWLY: "变为超期", NO_LONGER: "不再超期", "": ""}

policies = typer.Typer(no_args_is_help=True, help="Policies about time. 时限政策。")


def register(app: typer.Typer) -> None:
    """Add `duban policy`."""
    app.add_typer(policies, name="policy")


@policies.callback()
def _group() -> None:
    """Keeps `what-if` a command of its own."""


@policies.command("what-if")
def command(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Directory of .toml files.")],
    hall: Annotated[str, typer.Option(help="One hall only. 大厅。")] = "",
    limit: Annotated[int, typer.Option(min=0, help="Print at most so many clocks.")] = 100,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Which open cases would move if DIR were applied. 发布之前先看哪些在办件会变动。"""
    wanted = load_or_fail(directory)
    try:
        known = published()
        found = plan(wanted, known)
        if found.refused or found.ignored:
            fail("不能发布，无从推算：\n" + "\n".join(reasons(found)), f"请改正 {directory}")
        with progress("推算在办件", open_cases(hall)) as seen:
            would = what_if(known, found.new, hall, seen)
    except BrokerAway as error:
        fail(str(error), "先启动：duban up")
    except WarehouseError as error:
        fail(str(error), error.next_step or "duban status")
    if as_json:
        say_json(_json(would, [key(event) for event in found.new]))
    else:
        _print(would, len(found.new), limit)


def _json(would: WhatIf, new: list[str]) -> dict[str, Any]:
    clocks = [
        {
            "case": moved.case_id,
            "kind": moved.kind,
            "key": moved.key,
            "old_due": iso(moved.old_due),
            "new_due": iso(moved.new_due),
            "provisional": moved.provisional,
            "overdue": moved.overdue,
        }
        for moved in would.clocks
    ]
    return {
        "at": iso(would.at),
        "new": new,
        "looked_at": would.looked_at,
        "moved": would.cases(),
        "newly_overdue": would.cases(NEWLY),
        "no_longer_overdue": would.cases(NO_LONGER),
        "clocks": clocks,
    }


def _print(would: WhatIf, new: int, limit: int) -> None:
    if would.clocks and limit:
        columns = ("办件", "时钟", "原应办结", "将应办结", "")
        say_table(columns, (_row(moved) for moved in would.clocks[:limit]))
    if len(would.clocks) > limit:
        out.print(f"另有 {len(would.clocks) - limit} 个时钟未列出（--limit）。", highlight=False)
    out.print(
        f"新版本 {new} 个，按 {(iso(would.at) or '')[:16]} 推算：查看在办件 {would.looked_at} 件，"
        f"变动 {would.cases()} 件，变为超期 {would.cases(NEWLY)} 件，"
        f"不再超期 {would.cases(NO_LONGER)} 件。未发布任何内容。",
        highlight=False,
    )


def _row(moved: Moved) -> tuple[str, ...]:
    kind = word("clock", moved.kind)
    named = f"{kind}（{moved.key}）" if moved.key else kind
    old, new = (iso(at) for at in (moved.old_due, moved.new_due))
    unsure = "（暂定）" if moved.provisional else ""
    return (
        moved.case_id,
        named,
        old[:16].replace("T", " ") if old else "无",
        new[:16].replace("T", " ") + unsure if new else "无",
        OVERDUE[moved.overdue],
    )
