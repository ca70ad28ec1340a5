"""Rows of how things stand: cases with their clocks, scores; and the dead letters."""

import base64
from collections.abc import Iterator

from duban.bus_dead import is_retry_mark, original
from duban.codec import decode_record
from projections.sink.record import Poison, Record, TableRow, place
from projections.sink.state import decode_state


def score(record: Record) -> Iterator[TableRow]:
    """The standing of a window or person in a month."""
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
            *place(record),
        ),
    )


CASE = (
    "item_code", "item_name", "case_class", "window_id", "org_id", "staff_id", "applicant_ref",
    "applicant_class", "channel", "project_id", "status", "policy_state", "submitted_at",
    "accepted_at", "decided_at", "closed_at", "decision", "due_at", "due_kind", "provisional",
    "outcome", "late_minutes", "saved_days", "signal", "facts", "historical", "anomalies", "rating",
)  # fmt: skip
CLOCK = (
    "clock_id", "kind", "clock_key", "item_code", "window_id", "state", "started_at", "due_at",
    "stopped_at", "budget", "unit", "consumed", "units_used", "outcome", "late_minutes", "saved",
    "provisional", "policy_version", "calendar_version", "anchor_event_id", "segments",
)  # fmt: skip

# What records of before clocks had keys lack.
KEYLESS = {"clock_key": "", "units_used": 0}


def case(record: Record) -> Iterator[TableRow]:
    """A case, after its clocks."""
    if _keeps_place(record):
        return
    state = decode_state(record.value or b"")
    whose = state["tenant_id"], state["hall_id"], state["case_id"]
    version, where = state["version"], place(record)
    for clock in state["clocks"]:
        values = tuple({**KEYLESS, **clock}[name] for name in CLOCK)
        yield "clocks", (*whose, *values, version, int(clock["is_deleted"]), *where)
    case = state["case"]
    yield "cases", (*whose, *(case[name] for name in CASE), version, 0, *where)


def _keeps_place(record: Record) -> bool:
    """The worker's own position, or the tombstone of a key: neither is a row."""
    return record.value is None or (record.key or b"").startswith(b"__")


def letter(record: Record) -> Iterator[TableRow]:
    """A dead letter, by where its record lay."""
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
            *place(record),
            record.offset + 1,
        ),
    )
