"""What a sender hands in, as events: parsed, completed and checked whole before anything is sent.

Used by the gateway and by `duban emit`. A row is one JSON object in the JSON form of `contracts`.
A row that names no `event_id` gets one that stays the same when it is sent again: from the
sender's Idempotency-Key and its place, from its `row_key`, or from the row itself.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, NamedTuple

from duban import contracts
from duban.bus_make import stable_id
from duban.contracts import ContractError
from duban.events import Event

BOM = b"\xef\xbb\xbf"
ROW_BYTES_MAX = 512 << 10  # in Avro no larger, so well below what a Kafka record may hold
KEY_CHARS_MAX = 200  # of a row_key or an Idempotency-Key
WRITTEN_BY_PRODUCERS = frozenset({"case-events", "hall-events", "reference"})


class RowProblem(NamedTuple):
    """What is wrong in a row; `line` counts from 1, `field` is a path or "" for the whole row."""

    line: int
    field: str
    reason: str


Kind = Literal["malformed", "invalid", "forbidden"]


class BadRows(ValueError):
    """Rows that cannot be taken: not JSON objects, against the contract, or not theirs to write."""

    def __init__(self, problems: list[RowProblem], kind: Kind = "invalid") -> None:
        super().__init__(f"{len(problems)} problem(s); first: {problems[0]}")
        self.problems = problems
        self.kind: Kind = kind


class Row(NamedTuple):
    """One JSON object of a sender, the line it began on, and its own text."""

    line: int
    value: dict[str, Any]
    text: bytes


class Sender(NamedTuple):
    """Who hands rows in: `source` scopes the ids made here, `key` is the Idempotency-Key."""

    source: str
    key: str = ""
    tenant: str = "default"
    allow: Callable[[Event], str] | None = None  # "" or the reason why it may not write this


def parse_object(body: bytes) -> list[Row]:
    """The one JSON object of a body. Raises `BadRows` of kind malformed."""
    text = body.removeprefix(BOM)
    value = _parsed(text, 1)
    if isinstance(value, RowProblem):
        raise BadRows([value], "malformed")
    return [Row(1, value, text)]


def parse_lines(lines: Iterable[bytes]) -> list[Row]:
    """The rows of NDJSON; blank lines are passed over. Raises `BadRows` with every bad line."""
    rows: list[Row] = []
    problems: list[RowProblem] = []
    for number, raw in enumerate(lines, 1):
        text = (raw.removeprefix(BOM) if number == 1 else raw).strip()
        if not text:
            continue
        value = _parsed(text, number)
        if isinstance(value, RowProblem):
            problems.append(value)
        else:
            rows.append(Row(number, value, text))
    if problems or not rows:
        raise BadRows(problems or [RowProblem(1, "", "there is no event in it")], "malformed")
    return rows


def events_of(rows: Iterable[Row], sender: Sender, now: int) -> list[Event]:
    """The events of rows, all of them or none: raises `BadRows` with every problem of every row.

    `now` is business time in epoch ms; it fills `recorded_at` where a row has none.
    """
    events: list[Event] = []
    problems: list[RowProblem] = []
    refused: list[RowProblem] = []
    ids = _Ids(sender)
    for index, row in enumerate(rows):
        try:
            event = _event(row, ids.take(index, row), sender, now)
        except ContractError as error:
            problems += (RowProblem(row.line, field, reason) for field, reason in error.problems)
            continue
        refusal = sender.allow(event) if sender.allow else ""
        if refusal:
            refused.append(RowProblem(row.line, "subject_id", refusal))
        events.append(event)
    if problems:
        raise BadRows(problems)
    if refused:
        raise BadRows(refused, "forbidden")
    return events


class _Ids:
    """The ids that rows get; equal rows of one batch are told apart by how often they came."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self._seen: Counter[str] = Counter()

    def take(self, index: int, row: Row) -> str:
        """The id for a row that names none, "" for one that does; takes `row_key` out of it."""
        own = row.value.pop("row_key", None)
        if own is not None and not _is_key(own):
            reason = f"must be text of 1 to {KEY_CHARS_MAX} characters"
            raise ContractError([contracts.Problem("row_key", reason)])
        if "event_id" in row.value:
            return ""
        if self._sender.key and own is None:
            return stable_id(self._sender.source, f"key:{self._sender.key}", index)
        key = f"row:{own}" if own is not None else _text_key(row.text)
        self._seen[key] += 1
        return stable_id(self._sender.source, key, self._seen[key] - 1)


def _is_key(value: Any) -> bool:
    if not isinstance(value, str) or not 0 < len(value) <= KEY_CHARS_MAX:
        return False
    return not any("\ud800" <= character <= "\udfff" for character in value)  # UTF-8 has none


def _text_key(text: bytes) -> str:
    return f"sha256:{hashlib.sha256(text).hexdigest()}"


def _event(row: Row, event_id: str, sender: Sender, now: int) -> Event:
    if len(row.text) > ROW_BYTES_MAX:
        raise ContractError([contracts.Problem("", f"is larger than {ROW_BYTES_MAX} bytes")])
    defaults: dict[str, Any] = {"tenant_id": sender.tenant}
    if event_id:
        defaults["event_id"] = event_id
    subject = row.value.get("subject_id")
    if row.value.get("subject_type", "case") == "case" and isinstance(subject, str):
        defaults["hall_id"] = subject.partition("/")[0]
    event = contracts.from_json(row.value, now=now, defaults=defaults)
    if contracts.topic_of(event.type) not in WRITTEN_BY_PRODUCERS:
        raise ContractError([contracts.Problem("type", "is derived: only the streams write it")])
    return event


def _parsed(text: bytes, line: int) -> dict[str, Any] | RowProblem:
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        at = line + error.lineno - 1
        return RowProblem(at, "", f"is not JSON: {error.msg} (column {error.colno})")
    except UnicodeDecodeError:
        return RowProblem(line, "", "is not UTF-8")
    except (ValueError, RecursionError) as error:
        return RowProblem(line, "", f"is not JSON that can be read: {error}")
    if not isinstance(value, Mapping):
        return RowProblem(line, "", "must be a JSON object")
    return dict(value)
