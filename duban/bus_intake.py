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
from duban.closings import NO_POLICY, refusal
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
    """One JSON object of a sender, the line it began on, its own text, and why it is none."""

    line: int
    value: dict[str, Any]
    text: bytes
    fault: RowProblem | None = None


class Sender(NamedTuple):
    """Who hands rows in: `source` scopes the ids made here, `key` is the Idempotency-Key."""

    source: str
    key: str = ""
    tenant: str = "default"
    allow: Callable[[Event], str] | None = None  # "" or the reason why it may not write this


def parse_object(body: bytes) -> list[Row]:
    """The one JSON object of a body. Raises `BadRows` of kind malformed."""
    return _some([_row(1, body.removeprefix(BOM))])


def parse_lines(lines: Iterable[bytes]) -> list[Row]:
    """The rows of NDJSON; blank lines are passed over. A line that is no JSON is a row with its
    fault, so that `events_of` names it among all others. Raises `BadRows` of kind malformed where
    no line is any better."""
    texts = (
        (n, (raw.removeprefix(BOM) if n == 1 else raw).strip()) for n, raw in enumerate(lines, 1)
    )
    return _some([_row(number, text) for number, text in texts if text])


def _some(rows: list[Row]) -> list[Row]:
    faults = [row.fault for row in rows if row.fault]
    if len(faults) == len(rows):
        raise BadRows(faults or [RowProblem(1, "", "there is no event in it")], "malformed")
    return rows


def _row(line: int, text: bytes) -> Row:
    value = _parsed(text, line)
    if isinstance(value, RowProblem):
        return Row(line, {}, text, value)
    return Row(line, value, text)


def events_of(rows: Iterable[Row], sender: Sender, now: int) -> list[Event]:
    """The events of rows, all of them or none: raises `BadRows` with every problem of every row.

    `now` is business time in epoch ms; it fills `recorded_at` where a row has none.
    """
    events: list[Event] = []
    problems: list[RowProblem] = []
    refused: list[RowProblem] = []
    ids = _Ids(sender)
    for index, row in enumerate(rows):
        if row.fault:
            problems.append(row.fault)
            continue
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
        raise BadRows(sorted(problems + refused, key=lambda problem: problem.line))
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
    defaults |= of_hall(row.value)
    _not_derived(row.value.get("type"))
    event = contracts.from_json(row.value, now=now, defaults=defaults)
    if event.type == "PeriodClosed":
        _closes_what_is_over(event, now)
    return event


def _closes_what_is_over(event: Event, now: int) -> None:
    """Held against what is published, which senders of other facts need not read. Raises
    `BrokerAway` where that is out of reach."""
    from duban.derivation import reference

    asked = event.hall_id, event.data["policy_id"], event.data["period"]
    refused = refusal(reference(), *asked, min(event.recorded_at, now))
    if refused:
        field = "policy_id" if refused.code == NO_POLICY else "period"
        raise ContractError([contracts.Problem(field, refused.reason)])


def of_hall(value: Mapping[str, Any]) -> dict[str, Any]:
    """What may be left out of a row about a hall: it is about the hall that it belongs to."""
    try:
        if contracts.topic_of(value["type"]) != "hall-events":
            return {}
    except (KeyError, TypeError):
        return {}  # no type at all, as the contract will say
    hall = value.get("hall_id", value.get("subject_id"))
    return {"hall_id": hall, "subject_type": "hall", "subject_id": hall} if hall else {}


def _not_derived(event_type: Any) -> None:
    """Said first and alone: no field would make such a row one that a producer may write."""
    try:
        topic = contracts.topic_of(event_type)
    except (KeyError, TypeError):
        return  # no type at all, as the contract will say
    if topic not in WRITTEN_BY_PRODUCERS:
        raise ContractError([contracts.Problem("type", "is derived: only the streams write it")])


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
