"""`duban proposals`: measures that facts and rankings call for, for people to decide."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Annotated

import typer

from duban.bus import BrokerAway
from duban.cli.output import fail, out, say_json, say_table
from duban.cli.words import follows_word, moment
from duban.derivation import zone_of
from duban.proposals import ANSWERED, NOT_TRACKED, OPEN, Proposal
from duban.proposed import METRICS, proposed
from duban.warehouse import WarehouseError, metric

_STATES = {OPEN: "待定", ANSWERED: "已处置", NOT_TRACKED: "不跟踪"}


def register(app: typer.Typer) -> None:
    """Add `duban proposals`."""
    app.command("proposals", help="Measures that are called for. 处置建议，由人决定。")(command)


def command(
    hall: Annotated[str, typer.Option(help="One hall only. 大厅。")] = "",
    month: Annotated[str, typer.Option(help="Of one month, 2026-09. 月份。")] = "",
    subject: Annotated[str, typer.Option(help="Window, person or branch. 对象。")] = "",
    all_: Annotated[bool, typer.Option("--all", help="Answered ones too. 含已处置的。")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Show what facts and published rankings call for and nobody has acted on yet."""
    try:
        found = _asked(hall)
        zones = {p.hall_id: zone_of(p.hall_id) for p in found}
    except WarehouseError as error:
        fail(str(error), error.next_step)
    except (BrokerAway, LookupError) as error:
        fail(f"读不到大厅的时区：{error}", "duban up")
    shown = [
        p for p in found
        if (all_ or p.state != ANSWERED) and month in ("", p.month) and subject in ("", p.subject)
    ]  # fmt: skip
    if as_json:
        say_json({"proposals": len(shown), "list": [p._asdict() for p in shown]})
    elif not shown:
        out.print("没有待决定的处置建议。")
    else:
        _show(shown, zones)


def _asked(hall: str) -> list[Proposal]:
    zone = zone_of(hall)
    return proposed({name: list(metric(name, hall=hall, zone=zone).dicts()) for name in METRICS})


def _show(found: Iterable[Proposal], zones: Mapping[str, str]) -> None:
    rows = [
        (
            moment(datetime.fromtimestamp(p.at / 1000, UTC), zones[p.hall_id]), p.hall_id,
            p.subject, follows_word(p.measure), p.because, p.n,
            _STATES[p.state],
        )
        for p in found
    ]  # fmt: skip
    columns = ("时间", "大厅", "对象", "建议", "事由", "件数", "状态")
    say_table(columns, rows, title=f"处置建议 {len(rows)} 件，由人决定")
