"""Rows of what happened: facts, what the clocks did, warnings, points."""

from collections.abc import Iterator, Mapping
from typing import Any

from duban.contracts import topic_of, unsound
from projections.sink.record import (
    Poison,
    Record,
    TableRow,
    first_wins,
    instant,
    json_text,
    payload,
    place,
    read_event,
)


def fact(record: Record) -> Iterator[TableRow]:
    """A fact of case-events; a tick of business time goes to a table of its own."""
    event = read_event(record)
    if event["type"] == "ClockTicked":
        yield "business_clock", (record.partition, event["at"], event["at"])
    else:
        yield _row_of(record, event)


def hall_fact(record: Record) -> Iterator[TableRow]:
    """A fact of hall-events. The worker judges what lies on case-events; here it is done at the
    table: a type of another topic, or under the key of another hall, is no fact of this one, nor is
    what breaks the rules of its fields, which no score counts either."""
    event = read_event(record)
    event_type, hall = event["type"], event["hall_id"]
    if topic_of(event_type) != record.topic:
        raise Poison("wrong_topic", f"{event_type} does not belong on {record.topic}")
    if record.key is None or record.key.decode("utf-8", "replace") != hall:
        raise Poison("wrong_key", f"the key is not the hall {hall}")
    if fault := unsound(event):
        raise Poison("schema_rules", fault)
    yield _row_of(record, event)


def _row_of(record: Record, event: Mapping[str, Any]) -> TableRow:
    actor, basis, evidence = event["actor"], event["basis"], event["evidence"]
    return (
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
            json_text(basis) if basis else "",
            json_text(evidence) if evidence else "",
            event["note"] or "",
            event["historical"],
            payload(event),
            record.timestamp,
            *place(record),
            first_wins(event),
        ),
    )


def sla_event(record: Record) -> Iterator[TableRow]:
    """What a clock did."""
    event = read_event(record)
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
            instant(event.get("due_at")),
            payload(event),
            record.timestamp,
            *place(record),
            first_wins(event),
        ),
    )


def alert(record: Record) -> Iterator[TableRow]:
    """What happened to a warning."""
    event = read_event(record)
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
            instant(event["due_at"]),
            instant(event["at"]) or event["occurred_at"],
            event["to_roles"],
            event["item_name"],
            event.get("reason", ""),
            event.get("acknowledged_by", ""),
            event["historical"],
            event["occurred_at"],
            record.timestamp,
            *place(record),
            record.offset + 1,
        ),
    )


def point(record: Record) -> Iterator[TableRow]:
    """One posting of points."""
    event = read_event(record)
    yield (
        "score_points",
        (
            event["tenant_id"],
            event["hall_id"],
            event["period"],
            event["policy_id"],
            event["subject_type"],
            event["subject_kind"],
            event["subject"],
            event["point_id"],
            event["rule_id"],
            event["axis"],
            event["points"],
            event["cause_event_id"] or "",
            event["cause_type"],
            instant(event["cause_recorded_at"]),
            event["case_id"],
            instant(event["at"]) or event["occurred_at"],
            event["reverses"] or "",
            event["score_policy_version"],
            event["historical"],
            record.timestamp,
            *place(record),
            record.offset + 1,
        ),
    )
