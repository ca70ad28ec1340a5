"""`duban emit`: one event from the command line, or NDJSON from a file or standard input."""

import json
import os
import sys
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any, NoReturn
from zoneinfo import ZoneInfo

import httpx
import typer

from duban.bus import BrokerAway, DeliveryError, Producer
from duban.bus_intake import BadRows, Row, RowProblem, Sender, events_of, parse_lines
from duban.bus_make import fact_now, iso
from duban.cli.output import err, fail, out, say_json, say_table
from duban.settings import settings

NDJSON = "application/x-ndjson"
SHOWN_MAX = 50


def register(app: typer.Typer) -> None:
    """Add `duban emit`."""
    app.command("emit")(emit)


def emit(
    event_type: Annotated[
        str, typer.Argument(metavar="TYPE|-", help="Event type; '-' reads NDJSON from stdin.")
    ] = "",
    case: Annotated[str, typer.Option(help="Case it is about: hall/local-no.")] = "",
    hall: Annotated[str, typer.Option(help="Hall, where the fact is about no case.")] = "",
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="FIELD=VALUE", help="A field; the value is JSON or text."),
    ] = None,
    at: Annotated[str, typer.Option(help="When it happened, ISO 8601; default now.")] = "",
    window: Annotated[str, typer.Option(help="Window at which it happened.")] = "",
    actor: Annotated[str, typer.Option(help="Who did it: a reference, never a name.")] = "",
    actor_role: Annotated[str, typer.Option(help="Role of who did it, such as handler.")] = "",
    key: Annotated[str, typer.Option(help="Idempotency key: the same key, the same ids.")] = "",
    file: Annotated[Path | None, typer.Option(help="File of NDJSON, one event a line.")] = None,
    journal: Annotated[
        Path | None, typer.Option(help="Append the id of each acknowledged event to this file.")
    ] = None,
    http: Annotated[bool, typer.Option("--http", help="Through the gateway, not Kafka.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Send one event, or NDJSON. All rows are checked first; one bad row and nothing is sent.

    发送一个事件，或从文件、标准输入读取 NDJSON；先整体校验，有错则一条也不发。
    """
    if bool(event_type) == bool(file):
        fail("Name an event type, or '-' for stdin, or --file.", "duban emit --help", 2)
    if file or event_type == "-":
        rows = _rows_of(file, as_json)
    else:
        who = {"id": actor, "role": actor_role, "window_id": window}
        rows = [_row(event_type, case, hall, at, who, set_ or [])]
        key = key or os.urandom(16).hex()  # the same command twice is two facts
    send = _through_gateway if http else partial(_through_kafka, journal=journal)
    ids = send(rows, key, as_json)
    if as_json:
        say_json({"sent": len(ids), "event_ids": ids})
    else:
        out.print(f"已确认 {len(ids)} 条事件 · {len(ids)} acknowledged", highlight=False)


def _row(
    event_type: str, case: str, hall: str, at: str, who: dict[str, str], sets: list[str]
) -> Row:
    """The row that options describe; `--set` may also name envelope fields, also `actor.org_id`."""
    value: dict[str, Any] = {"type": event_type, "occurred_at": _instant(at)}
    if case:
        value |= {"subject_id": case}
    elif hall:
        value |= {"subject_type": "hall", "subject_id": hall, "hall_id": hall}
    if actor := {name: text for name, text in who.items() if text}:
        value["actor"] = actor
    for assignment in sets:
        name, equals, text = assignment.partition("=")
        if not equals or not name:
            fail(f"--set {assignment!r} is not FIELD=VALUE.", status=2)
        inner, _, leaf = name.rpartition(".")
        target = value.setdefault(inner, {}) if inner else value
        target[leaf] = _value(text)
    return Row(1, value, b"")


def _value(text: str) -> Any:
    """JSON where it is an object, list, number, truth value or quoted text; else the text."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _instant(text: str) -> str:
    """ISO with offset; a time without one is meant in the zone of the settings."""
    if not text:
        return iso(fact_now())
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        fail(f"--at {text!r} is not an ISO 8601 time.", "--at 2026-09-28T16:30+08:00", 2)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(settings().zone))
    return moment.isoformat()


def _rows_of(file: Path | None, as_json: bool) -> list[Row]:
    try:
        if file is None:
            return parse_lines(sys.stdin.buffer)
        with file.open("rb") as lines:
            return parse_lines(lines)
    except OSError as error:
        fail(f"{file}: {error.strerror}", status=2)
    except BadRows as error:
        _report(error.problems, as_json)


def _through_kafka(
    rows: list[Row], key: str, as_json: bool, journal: Path | None = None
) -> list[str]:
    sender = Sender("cli", key, settings().tenant)
    try:
        events = events_of(rows, sender, fact_now())
        with Producer(journal=journal) as producer:
            producer.send_many(events)
    except BadRows as error:
        _report(error.problems, as_json)
    except (BrokerAway, DeliveryError, LookupError) as error:
        fail(str(error))
    return [event.event_id for event in events]


def _through_gateway(rows: list[Row], key: str, as_json: bool) -> list[str]:
    s = settings()
    headers = {
        "Authorization": f"Bearer {s.gateway_token.get_secret_value()}",
        "Content-Type": NDJSON,
        **({"Idempotency-Key": key} if key else {}),
    }
    body = b"\n".join(row.text or json.dumps(row.value).encode() for row in rows)
    try:
        url = f"{s.url('gateway')}/api/v1/events"
        answer = httpx.post(url, content=body, headers=headers, timeout=60)
    except httpx.HTTPError as error:
        fail(f"No gateway at {s.url('gateway')}: {error}", "duban up, or set DUBAN_GATEWAY_URL")
    said = answer.json() if "json" in answer.headers.get("content-type", "") else {}
    if problems := said.get("problems"):
        lines = [rows[p["line"] - 1].line for p in problems]
        found = zip(lines, problems, strict=True)
        _report([RowProblem(line, p["field"], p["reason"]) for line, p in found], as_json)
    if answer.status_code != httpx.codes.ACCEPTED:
        fail(f"The gateway said {answer.status_code}: {said.get('error', answer.text[:200])}")
    ids: list[str] = said["event_ids"]
    return ids


def _report(problems: list[RowProblem], as_json: bool) -> NoReturn:
    """Say what is wrong in which row, and leave with status 1; nothing was sent."""
    if as_json:
        say_json({"sent": 0, "problems": [p._asdict() for p in problems]})
        raise SystemExit(1)
    rows = [(p.line, p.field or "—", p.reason) for p in problems[:SHOWN_MAX]]
    say_table(("行 line", "字段 field", "原因 reason"), rows)
    if len(problems) > SHOWN_MAX:
        err.print(f"… and {len(problems) - SHOWN_MAX} more")
    fail(
        f"{len(problems)} 处错误，一条也没有发送 · nothing was sent.",
        "Mend the rows and send again.",
    )
