"""`duban alerts`: the stream of warnings, from any moment on, and live."""

import signal
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from rich.text import Text

from duban import codec, contracts
from duban.bus import BrokerAway, Record, business_now, follow, read_all
from duban.cli.halls import calendar
from duban.cli.output import fail, out, say_json, say_table
from duban.events import Event
from duban.settings import settings
from duban.words import LEVELS

TOPIC = "alerts"
STYLES = {"reminder": "cyan", "yellow": "yellow", "red": "bold red", "escalate": "magenta"}
HAPPENED = {
    "AlertRaised": "发出",
    "AlertNoted": "已签收",
    "AlertEscalated": "升级",
    "AlertCleared": "解除",
    "AlertRetracted": "撤回",
}
COLUMNS = ("时间", "预警", "状态", "案件", "事项", "窗口", "到期")


def register(app: typer.Typer) -> None:
    """Add `duban alerts`."""
    app.command("alerts")(alerts)


def alerts(
    follow_: Annotated[bool, typer.Option("--follow", "-f", help="Go on with new ones.")] = False,
    from_: Annotated[
        str, typer.Option("--from", help="Only from this time on: ISO 8601, or 30m, 2h, 7d ago.")
    ] = "",
    hall: Annotated[str, typer.Option(help="Only this hall.")] = "",
    level: Annotated[str, typer.Option(help="Only reminder, yellow, red or escalate.")] = "",
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON: one object, or one a line with --follow.")
    ] = False,
) -> None:
    """Warnings raised, taken note of, cleared, retracted: the stream itself, replayable.

    预警流水：提醒、黄牌预警、红牌预警；可从任意时刻重放。
    """
    if level and level not in LEVELS:
        fail(f"There is no level {level!r}.", f"Use one of: {', '.join(LEVELS)}.", 2)
    start = _start(from_)
    for number in (signal.SIGINT, signal.SIGTERM):  # a shell's background job ignores SIGINT
        signal.signal(number, signal.default_int_handler)
    try:
        chosen = _chosen(_records(start, follow_), start, hall, level)
        if follow_:
            _stream(chosen, as_json)
            return
        events = sorted(chosen, key=lambda event: (event.data["at"], event.event_id))
        if as_json:
            say_json({"alerts": [_row(event) for event in events]})
        else:
            rows = (_cells(event) for event in events)
            say_table(COLUMNS, rows, title=f"预警 {len(events)} 条")
    except (BrokerAway, LookupError) as error:
        fail(str(error))
    except KeyboardInterrupt:
        raise SystemExit(0) from None


def _start(text: str) -> int | None:
    """Epoch ms of `--from`; spans count back from business time."""
    if not text:
        return None
    spans = {"m": "minutes", "h": "hours", "d": "days"}
    if text[:-1].isdigit() and text[-1] in spans:
        back = timedelta(**{spans[text[-1]]: int(text[:-1])})
        return business_now() - int(back.total_seconds() * 1000)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        fail(f"--from {text!r} is no time.", "--from 2026-11-23T09:00+08:00, or --from 2h", 2)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(settings().zone))
    return int(moment.timestamp() * 1000)


def _records(start: int | None, follow_: bool) -> Iterator[Record]:
    """Records from which an alert at or after `start` can come.

    In wall time a warning is written at or after its instant, so the broker can seek; business
    time that runs on ticks tells nothing of the broker's time, so all are read.
    """
    seek = start if settings().business_time == "wall" else None
    if not follow_:
        return read_all(TOPIC, start=seek)
    if start is None:
        return follow([TOPIC], start="latest")
    return follow([TOPIC], start="earliest" if seek is None else seek)


def _chosen(records: Iterator[Record], start: int | None, hall: str, level: str) -> Iterator[Event]:
    for record in records:
        try:
            event = codec.decode(record.value)
        except codec.CodecError:
            continue  # its consumers put it into dead-letters; `duban doctor` counts it
        if (
            event.type in HAPPENED
            and (start is None or event.data["at"] >= start)
            and (not hall or event.hall_id == hall)
            and (not level or event.data.get("level") == level)
        ):
            yield event


def _stream(events: Iterator[Event], as_json: bool) -> None:
    for event in events:
        if as_json:
            say_json(_row(event))
            continue
        at, kind, *others = _cells(event)
        line = Text.assemble(f"{at} ", (kind, STYLES.get(str(event.data.get("level")), "")))
        out.print(line, *map(Text, others), highlight=False, soft_wrap=True)


def _row(event: Event) -> dict[str, Any]:
    """The event in JSON form, times in the zone of the settings, empty fields left out."""
    return contracts.to_json(event, zone=ZoneInfo(settings().zone), full=False)


def _cells(event: Event) -> tuple[str, ...]:
    data, zone = event.data, calendar(event.hall_id).zone
    return (
        _when(data["at"], zone),
        LEVELS.get(str(data.get("level")), "预警"),
        HAPPENED[event.type],
        event.subject_id,
        str(data.get("item_name") or ""),
        str(data.get("window_id") or ""),
        _when(data["due_at"], zone) if data.get("due_at") else "",
    )


def _when(at: int, zone: str) -> str:
    return datetime.fromtimestamp(at / 1000, ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M:%S")
