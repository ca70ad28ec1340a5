"""`duban rank`: the month's top three and bottom three windows."""

import re
from typing import Annotated, Any

import typer

from duban.cli.output import fail, out, say_json, say_table
from duban.cli.plain import plain
from duban.warehouse import WarehouseError, metric

MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


def register(app: typer.Typer) -> None:
    """Add `duban rank`."""
    app.command("rank", help="Top three and bottom three of a month. 月评比：前三、后三。")(command)


def command(
    month: Annotated[str, typer.Option(help="YYYY-MM. 月份。")],
    hall: Annotated[str, typer.Option(help="One hall only. 大厅。")] = "",
    minimum: Annotated[int, typer.Option(min=1, help="Fewer postings: no place. 最少计分。")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Rank windows by their score; ties share a place, so three places may hold more windows."""
    if not MONTH.fullmatch(month):
        fail(f"{month!r} is no month.", "Write it as 2026-09.", status=2)
    try:
        answer = metric("rank", month=month, hall=hall, minimum_n=minimum)
    except WarehouseError as error:
        fail(str(error), error.next_step)
    rows = [{k: plain(v) for k, v in row.items()} for row in answer.dicts()]
    sides = {side: [_entry(r) for r in rows if r["side"] == side] for side in ("top", "bottom")}
    if as_json:
        say_json({"month": month, "hall": hall, "ranked": len(rows), **sides})
        return
    if not rows:
        out.print(f"{month} 没有可评比的窗口。")
        return
    for side, title in (("top", "前三"), ("bottom", "后三")):
        say_table(
            ("名次", "大厅", "窗口", "得分", "按时", "超期", "评价", "满意"),
            (
                (
                    e["place"], e["hall_id"], e["window_id"], f"{e['score']:g}", e["on_time"],
                    e["late"], e["ratings"], e["satisfied"],
                )
                for e in sides[side]
            ),
            title=f"{month} {title}",
        )  # fmt: skip


def _entry(row: dict[str, Any]) -> dict[str, Any]:
    kept = ("place", "hall_id", "score", "points", "n", "on_time", "late", "ratings", "satisfied")
    return {"window_id": row["subject"], **{name: row[name] for name in kept}}
