"""Rows of how things stand: cases with their clocks, scores; and the dead letters."""

import base64
from collections.abc import Iterator, Mapping
from typing import Any

from duban.bus_dead import is_retry_mark, original
from duban.codec import decode_record
from duban.score_policy import DEFAULT_POLICY
from projections.sink.record import Poison, Record, TableRow, place
from projections.sink.state import decode_state


def score(record: Record) -> Iterator[TableRow]:
    """The score of somebody in a period of a policy; or a ranking, whose rows lie elsewhere."""
    if _keeps_place(record):
        return
    event = decode_record(record.value)
    if event["type"] != "ScoreState":
        yield from ranking(record, event)
        return
    counts = (max(0, event[c]) for c in COUNTS)
    policy = event["policy_id"]
    yield (
        "scores",
        (
            event["tenant_id"],
            event["hall_id"],
            event["period"],
            "" if policy == DEFAULT_POLICY else policy,  # rows are older than the column
            event["subject_type"],
            event["subject_kind"],
            event["subject"],
            event["points"],
            *counts,
            event["score"],
            event["axes"],
            event["grade"],
            event["policy_version"],
            max(0, event["version"]),
            *place(record),
        ),
    )


def ranking(record: Record, event: Mapping[str, Any]) -> Iterator[TableRow]:
    """The places of a ranking, and what follows from them."""
    if event["type"] not in ("RankingPublished", "RankingRevised"):
        raise Poison("wrong_topic", f"{event['type']} is neither a score nor a ranking")
    whose = tuple(event[n] for n in ("tenant_id", "hall_id", "policy_id", "period", "revision"))
    said = tuple(event[n] for n in ("event_id", "policy_version", "reason"))
    cut = event["cut_event_id"] or "", event["cut_at"], event["recorded_at"], event["n"]
    kind, where = event["subject_kind"], (*place(record), record.offset + 1)
    for entry in event["entries"]:
        figures = (entry[n] for n in ("subject", "place", "score", "points", *COUNTS, "grade"))
        yield "rankings", (*whose, *said, *cut, kind, *figures, entry["sides"], *where)
    for one in event["measures"]:
        follows = (one[n] for n in ("subject", "measure", "scope", "because"))
        yield "ranking_measures", (*whose, kind, *follows, *where)


COUNTS = ("n", "on_time", "late", "ratings", "satisfied")


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
    """A case, after its clocks; one that is known from a verdict alone, which came before any fact
    of its own, is none yet."""
    if _keeps_place(record):
        return
    state = decode_state(record.value or b"")
    whose = state["tenant_id"], state["hall_id"], state["case_id"]
    version, where = state["version"], place(record)
    for clock in state["clocks"]:
        values = tuple({**KEYLESS, **clock}[name] for name in CLOCK)
        yield "clocks", (*whose, *values, version, int(clock["is_deleted"]), *where)
    case = state["case"]
    unknown = int(case["facts"] == 0)
    yield "cases", (*whose, *(case[name] for name in CASE), version, unknown, *where)


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
