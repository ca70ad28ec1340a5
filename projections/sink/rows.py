"""Records into rows: pure, and the same record always gives the same rows.

A row is a tuple in the order of `tables.COLUMNS`. A record that cannot be read, or that no column
can hold, raises `Poison` with the reason that goes into its dead letter.
"""

import base64
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

import msgspec

from duban.avro import CodecError, RetryLater, newest
from duban.bus_dead import is_retry_mark, original
from duban.codec import decode_record
from projections.sink.state import decode_state

Row = tuple[Any, ...]
TableRow = tuple[str, Row]

FIRST_VERSION = 2**62  # minus recorded_at: of two bodies under one id the one recorded first wins
LATEST_MS = 7_258_118_400_000  # the year 2200; a sender's seconds-for-milliseconds go the other way
_UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}").fullmatch
_json = msgspec.json.Encoder().encode


class Poison(Exception):
    """This record can never become a row; `reason` is one word, `detail` a sentence."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason, self.detail = reason, detail


class Record(Protocol):
    """What is read of a consumer's record; aiokafka's has these."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Any


def rows(record: Record) -> list[TableRow]:
    """The rows of one record, the marker's last; empty for records that only keep a place.

    Raises `Poison`, or the codec's `RetryLater` where a writer's schema may yet come.
    """
    try:
        return list(_MAKERS[record.topic](record))
    except RetryLater:
        raise
    except CodecError as error:
        raise Poison(error.reason, error.detail) from error


def _place(record: Record) -> Row:
    return record.topic, record.partition, record.offset


def _read(record: Record) -> dict[str, Any]:
    event = decode_record(record.value)
    if not _UUID(event["event_id"]):
        raise Poison("bad_event_id", "event_id is no UUID")
    if not (0 <= event["occurred_at"] < LATEST_MS and 0 <= event["recorded_at"] < LATEST_MS):
        raise Poison("bad_time", "occurred_at or recorded_at lies before 1970 or after 2200")
    return event


def _first_wins(event: Mapping[str, Any]) -> int:
    version: int = FIRST_VERSION - event["recorded_at"]
    return version


def _payload(event: Mapping[str, Any]) -> str:
    own = newest()[event["type"]].own
    return _json({name: event[name] for name in own}).decode()


def _instant(value: Any) -> int | None:
    """An optional instant; one that no column can hold becomes none."""
    return value if value is not None and 0 <= value < LATEST_MS else None


def _fact(record: Record) -> Iterator[TableRow]:
    event = _read(record)
    if event["type"] == "ClockTicked":
        yield "business_clock", (record.partition, event["at"], event["at"])
        return
    actor, basis, evidence = event["actor"], event["basis"], event["evidence"]
    yield (
        "events",
        (
            event["tenant_id"],
            event["hall_id"],
            event["subject_id"] if record.topic == "case-events" else "",
            event["event_id"],
            event["type"],
            event["subject_type"],
            event["subject_id"],
            max(0, event["seq"]),
            event["occurred_at"],
            event["recorded_at"],
            actor["id"],
            actor["role"],
            actor["org_id"],
            actor["window_id"],
            event["channel"],
            event["causation_id"] or "",
            event["correlation_id"] or "",
            event["corrects_event_id"] or "",
            _json(basis).decode() if basis else "",
            _json(evidence).decode() if evidence else "",
            event["note"] or "",
            event["historical"],
            _payload(event),
            record.timestamp,
            *_place(record),
            _first_wins(event),
        ),
    )


def _sla_event(record: Record) -> Iterator[TableRow]:
    event = _read(record)
    yield (
        "sla_events",
        (
            event["tenant_id"],
            event["hall_id"],
            event["subject_id"],
            event["event_id"],
            event["type"],
            event["occurred_at"],
            event["recorded_at"],
            event["causation_id"] or "",
            event["historical"],
            event.get("clock_id", ""),
            event.get("clock_kind") or event.get("kind", ""),
            event.get("level", ""),
            event.get("window_id", ""),
            _instant(event.get("due_at")),
            _payload(event),
            record.timestamp,
            *_place(record),
            _first_wins(event),
        ),
    )


def _alert(record: Record) -> Iterator[TableRow]:
    event = _read(record)
    yield (
        "alerts",
        (
            event["tenant_id"],
            event["hall_id"],
            event["alert_id"],
            event["event_id"],
            event["type"],
            event["case_id"] or event["subject_id"],
            event["window_id"],
            event["clock_id"],
            event["clock_kind"],
            event["level"],
            event["rung"],
            _instant(event["due_at"]),
            _instant(event["at"]) or event["occurred_at"],
            event["to_roles"],
            event["item_name"],
            event.get("reason", ""),
            event.get("acknowledged_by", ""),
            event["historical"],
            event["occurred_at"],
            record.timestamp,
            *_place(record),
            record.offset + 1,
        ),
    )


def _point(record: Record) -> Iterator[TableRow]:
    event = _read(record)
    yield (
        "score_points",
        (
            event["tenant_id"],
            event["hall_id"],
            event["period"],
            event["subject_type"],
            event["subject"],
            event["point_id"],
            event["rule_id"],
            event["points"],
            event["cause_event_id"] or "",
            event["case_id"],
            _instant(event["at"]) or event["occurred_at"],
            event["reverses"] or "",
            event["score_policy_version"],
            event["historical"],
            record.timestamp,
            *_place(record),
            record.offset + 1,
        ),
    )


def _score(record: Record) -> Iterator[TableRow]:
    if _keeps_place(record):
        return
    event = decode_record(record.value)
    counts = (max(0, event[c]) for c in ("n", "on_time", "late", "ratings", "satisfied"))
    yield (
        "scores",
        (
            event["tenant_id"],
            event["hall_id"],
            event["period"],
            event["subject_type"],
            event["subject"],
            event["points"],
            *counts,
            max(0, event["version"]),
            *_place(record),
        ),
    )


CASE = (
    "item_code", "item_name", "case_class", "window_id", "org_id", "staff_id", "applicant_ref",
    "applicant_class", "channel", "project_id", "status", "policy_state", "submitted_at",
    "accepted_at", "decided_at", "closed_at", "decision", "due_at", "due_kind", "provisional",
    "outcome", "late_minutes", "saved_days", "signal", "facts", "historical", "anomalies", "rating",
)  # fmt: skip
CLOCK = (
    "clock_id", "kind", "item_code", "window_id", "state", "started_at", "due_at", "stopped_at",
    "budget", "unit", "consumed", "outcome", "late_minutes", "saved", "provisional",
    "policy_version", "calendar_version", "anchor_event_id", "segments",
)  # fmt: skip


def _case(record: Record) -> Iterator[TableRow]:
    if _keeps_place(record):
        return
    state = decode_state(record.value or b"")
    whose = state["tenant_id"], state["hall_id"], state["case_id"]
    version, place = state["version"], _place(record)
    for clock in state["clocks"]:
        values = tuple(clock[name] for name in CLOCK)
        yield "clocks", (*whose, *values, version, int(clock["is_deleted"]), *place)
    case = state["case"]
    yield "cases", (*whose, *(case[name] for name in CASE), version, 0, *place)


def _keeps_place(record: Record) -> bool:
    """The worker's own position, or the tombstone of a key: neither is a row."""
    return record.value is None or (record.key or b"").startswith(b"__")


def _letter(record: Record) -> Iterator[TableRow]:
    if is_retry_mark(record):
        return
    try:
        letter = original(record)
    except ValueError as error:
        raise Poison("no_dead_letter", str(error)) from error
    yield (
        "dead_letters",
        (
            letter.topic,
            letter.partition,
            letter.offset,
            letter.reason,
            letter.detail,
            letter.consumer,
            letter.at,
            base64.b64encode(letter.key or b"").decode(),
            base64.b64encode(letter.value or b"").decode(),
            *_place(record),
            record.offset + 1,
        ),
    )


_MAKERS: dict[str, Callable[[Record], Iterator[TableRow]]] = {
    "case-events": _fact,
    "hall-events": _fact,
    "sla-events": _sla_event,
    "case-state": _case,
    "alerts": _alert,
    "score-points": _point,
    "score-state": _score,
    "dead-letters": _letter,
}
