"""Which topic fills which table, and the columns that a row is made of.

Every topic has exactly one *marker* table: it is filled last, and what lies in it, offset and
identity, says how far the topic got. Column order here is the order of values in a row.
"""

from typing import NamedTuple

PLACE = ("kafka_topic", "kafka_partition", "kafka_offset")

COLUMNS: dict[str, tuple[str, ...]] = {
    "events": (
        "tenant_id", "hall_id", "case_id", "event_id", "event_type", "subject_type", "subject_id",
        "seq", "occurred_at", "recorded_at", "actor_id", "actor_role", "org_id", "window_id",
        "channel", "causation_id", "correlation_id", "corrects_event_id", "basis", "evidence",
        "note", "historical", "payload", "ingested_at", *PLACE, "version",
    ),
    "sla_events": (
        "tenant_id", "hall_id", "case_id", "event_id", "event_type", "occurred_at", "recorded_at",
        "causation_id", "historical", "clock_id", "clock_kind", "level", "window_id", "due_at",
        "payload", "ingested_at", *PLACE, "version",
    ),
    "cases": (
        "tenant_id", "hall_id", "case_id", "item_code", "item_name", "case_class", "window_id",
        "org_id", "staff_id", "applicant_ref", "applicant_class", "channel", "project_id",
        "status", "policy_state", "submitted_at", "accepted_at", "decided_at", "closed_at",
        "decision", "due_at", "due_kind", "provisional", "outcome", "late_minutes", "saved_days",
        "signal", "facts", "historical", "anomalies", "rating", "version", "is_deleted", *PLACE,
    ),
    "clocks": (
        "tenant_id", "hall_id", "case_id", "clock_id", "kind", "clock_key", "item_code",
        "window_id", "state", "started_at", "due_at", "stopped_at", "budget", "unit", "consumed",
        "units_used", "outcome", "late_minutes", "saved", "provisional", "policy_version",
        "calendar_version", "anchor_event_id", "segments", "version", "is_deleted", *PLACE,
    ),
    "alerts": (
        "tenant_id", "hall_id", "alert_id", "event_id", "event_type", "case_id", "window_id",
        "clock_id", "clock_kind", "level", "rung", "due_at", "at", "to_roles", "item_name",
        "reason", "acknowledged_by", "historical", "occurred_at", "ingested_at", *PLACE, "version",
    ),
    "score_points": (
        "tenant_id", "hall_id", "period", "policy_id", "subject_type", "subject_kind", "subject",
        "point_id", "rule_id", "axis", "points", "cause_event_id", "cause_type",
        "cause_recorded_at", "case_id", "at", "reverses", "score_policy_version", "historical",
        "ingested_at", *PLACE, "version",
    ),
    "scores": (
        "tenant_id", "hall_id", "period", "policy_id", "subject_type", "subject_kind", "subject",
        "points", "n", "on_time", "late", "ratings", "satisfied", "score", "axes", "grade",
        "policy_version", "version", *PLACE,
    ),
    "rankings": (
        "tenant_id", "hall_id", "policy_id", "period", "revision", "ranking_id", "policy_version",
        "reason", "cut_event_id", "cut_at", "published_at", "ranked", "subject_kind", "subject",
        "place", "score", "points", "n", "on_time", "late", "ratings", "satisfied", "grade",
        "sides", *PLACE, "version",
    ),
    "ranking_measures": (
        "tenant_id", "hall_id", "policy_id", "period", "revision", "subject_kind", "subject",
        "measure", "scope", "because", *PLACE, "version",
    ),
    "items": (
        "tenant_id", "hall_id", "item_code", "item_version", "event_id", "event_type",
        "effective_from", "name", "class", "domain", "level", "case_class", "window_id",
        "statutory", "upper", "promise", "unit", "materials", "required", "is_based", "is_ruled",
        "is_ordered", "in_hall", "decides_in_hall", "recorded_at", *PLACE, "version",
    ),
    "dead_letters": (
        "source_topic", "source_partition", "source_offset", "reason", "detail", "consumer", "at",
        "record_key", "record_value", *PLACE, "version",
    ),
    "business_clock": ("kafka_partition", "at", "version"),
}  # fmt: skip


# Tables of absolute rows: within a batch the last row of a key stands for those before it.
KEYS: dict[str, tuple[str, ...]] = {
    "cases": ("hall_id", "case_id"),
    "clocks": ("hall_id", "case_id", "clock_id"),
    "scores": ("hall_id", "period", "subject", "policy_id"),
    "business_clock": ("kafka_partition",),
}


class Feed(NamedTuple):
    """Where a topic's rows go. `identity` names the column that, with the offset, tells a stored
    row from one of a topic that was made anew."""

    marker: str
    identity: str
    others: tuple[str, ...] = ()


FEEDS: dict[str, Feed] = {
    "case-events": Feed("events", "event_id", ("business_clock",)),
    "hall-events": Feed("events", "event_id"),
    "sla-events": Feed("sla_events", "event_id"),
    "case-state": Feed("cases", "case_id", ("clocks",)),
    "alerts": Feed("alerts", "event_id"),
    "score-points": Feed("score_points", "point_id"),
    "score-state": Feed("scores", "subject", ("rankings", "ranking_measures")),
    "reference": Feed("items", "event_id"),
    "dead-letters": Feed("dead_letters", "source_offset"),
}
