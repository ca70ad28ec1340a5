"""`duban query`: a named metric, or one statement of read-only SQL."""

from datetime import UTC, datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from duban.bus import BrokerAway
from duban.cli.headings import heading
from duban.cli.output import fail, out, say_json, say_table
from duban.cli.plain import plain
from duban.derivation import zone_of
from duban.settings import settings
from duban.warehouse import (
    Answer,
    MetricError,
    WarehouseError,
    business_now,
    load_metric,
    metric,
    metric_names,
    query,
)


def register(app: typer.Typer) -> None:
    """Add `duban query`."""
    app.command("query", help="A metric, or read-only SQL. 查指标或只读 SQL。")(command)


def command(
    name: Annotated[str, typer.Argument(help="Metric; without one, all are listed. 指标。")] = "",
    sql: Annotated[str, typer.Option(help="One reading statement instead. 一条只读 SQL。")] = "",
    hall: Annotated[str, typer.Option(help="One hall only. 大厅。")] = "",
    month: Annotated[str, typer.Option(help="YYYY-MM. 月份。")] = "",
    where: Annotated[
        list[str] | None, typer.Option(help="NAME=VALUE, another parameter of the metric. 参数。")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Ask the warehouse; exit 2 for a metric or a filter that does not exist."""
    if name and sql:
        fail("Give a metric or --sql, not both.", "duban query --help", status=2)
    try:
        if not name and not sql:
            _list(as_json)
            return
        as_of = 0 if sql else business_now()
        answer = query(sql) if sql else _ask(name, as_of, _filters(hall, month, where or []))
    except MetricError as error:
        fail(str(error), "duban query", status=2)
    except WarehouseError as error:
        fail(str(error), error.next_step)
    except (BrokerAway, LookupError) as error:
        fail(f"读不到大厅的时区：{error}", f"--where zone={settings().zone}")
    if as_json:
        rows = [[plain(cell) for cell in row] for row in answer.rows]
        told = {"as_of": _iso(as_of)} if as_of else {}
        say_json({"columns": list(answer.columns), "rows": rows, **told})
    else:
        _show(name, answer, as_of)


def _ask(name: str, as_of: int, filters: dict[str, str]) -> Answer:
    taken = load_metric(name).parameters
    given: dict[str, Any] = dict(filters)
    if "now" in taken:
        given["now"] = as_of
    if "zone" in taken and "zone" not in filters:
        given["zone"] = zone_of(filters.get("hall", ""))
    return metric(name, **given)


def _iso(at: int) -> str:
    zone = ZoneInfo(settings().zone)
    return datetime.fromtimestamp(at / 1000, UTC).astimezone(zone).isoformat(timespec="seconds")


def _filters(hall: str, month: str, where: list[str]) -> dict[str, str]:
    pairs = [part.partition("=") for part in where]
    if wrong := [name for name, equals, _ in pairs if not equals]:
        raise MetricError(f"--where takes NAME=VALUE, not {wrong[0]!r}.")
    if any(name == "now" for name, _, _ in pairs):
        raise MetricError("now is business time; it is not given by --where.")
    given = {"hall": hall, "month": month} | {name: value for name, _, value in pairs}
    return {name: value for name, value in given.items() if value}


def _list(as_json: bool) -> None:
    metrics = [load_metric(name) for name in metric_names()]
    if as_json:
        columns = ["name", "title_zh", "title_en", "definition_zh", "definition_en", "parameters"]
        rows = [
            [m.name, *m.titles.values(), *m.definitions.values(), sorted(m.parameters)]
            for m in metrics
        ]
        say_json({"columns": columns, "rows": rows})
        return
    language = settings().language
    say_table(
        ("指标", "名称", "口径", "参数"),
        (
            (m.name, m.titles[language], m.definitions[language], ", ".join(_taken(m.parameters)))
            for m in metrics
        ),
    )


def _taken(parameters: Any) -> list[str]:
    return sorted(set(parameters) - {"now", "zone"})


def _show(name: str, answer: Answer, as_of: int) -> None:
    title = ""
    if name:
        found, language = load_metric(name), settings().language
        title = f"{found.titles[language]}（{found.unit}）"
    columns = [heading(c) for c in answer.columns] if name else answer.columns
    say_table(columns, ([plain(cell) for cell in row] for row in answer.rows), title)
    if name:
        out.print(
            f"[dim]{found.definitions[language]} 数据截至 {_iso(as_of)}。[/]", highlight=False
        )
