"""`duban overdue`: what is late now, the longest first."""

from typing import Annotated

import typer

from duban.cli.halls import speaker
from duban.cli.output import fail, out, say_json, say_table
from duban.cli.plain import plain
from duban.cli.words import moment, word
from duban.warehouse import WarehouseError, business_now, metric


def register(app: typer.Typer) -> None:
    """Add `duban overdue`."""
    app.command("overdue", help="Open cases past their due instant. 超期未结清单。")(command)


def command(
    hall: Annotated[str, typer.Option(help="One hall only. 大厅。")] = "",
    limit: Annotated[int, typer.Option(min=1, help="At most so many. 最多列出。")] = 1000,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """List open cases that are overdue at business time."""
    try:
        now = business_now()
        answer = metric("overdue", hall=hall, limit=limit, now=now)
    except WarehouseError as error:
        fail(str(error), error.next_step)
    if as_json:
        rows = [{k: plain(v) for k, v in row.items()} for row in answer.dicts()]
        say_json({"overdue": len(rows), "cases": rows})
        return
    if not answer.rows:
        out.print("没有超期办件。")
        return
    say_table(
        ("办件", "窗口", "事项", "状态", "预警", "应办结", "已超期"),
        (
            (
                row["case_id"],
                row["window_id"],
                row["item_name"] or row["item_code"],
                word("status", row["status"]),
                word("level", row["signal"]),
                moment(row["due_at"], by.calendar.zone),
                by.span(round(row["due_at"].timestamp() * 1000), now, row["unit"]),
            )
            for row in answer.dicts()
            for by in [speaker(row["hall_id"], now)]
        ),
        title=f"超期未结 {len(answer.rows)} 件",
    )
