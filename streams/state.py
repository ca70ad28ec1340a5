"""A case as the worker keeps it, and as it goes to topic `case-state`.

The record is Avro (`schemas/state/CaseState`): rows for whoever projects, and `core`, which is the
worker's own: msgpack of facts and of what has been emitted, led by a version number.
"""

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import fastavro
import msgspec

from duban import avro
from duban.alerting import UNDO, Output
from duban.assess import Assessment
from duban.case import Facts
from duban.clocks import Clock
from duban.launch import SCHEMAS

CORE_VERSION = 1
_RAW = json.loads((SCHEMAS / "state/CaseState/1.avsc").read_text(encoding="utf-8"))
_SCHEMA = avro.parse(_RAW)
FRAME = b"\xc3\x01" + avro.fingerprint(_RAW).to_bytes(8, "little")


class Core(NamedTuple):
    """What a worker needs to go on with a case."""

    v: int
    facts: Facts
    emitted: tuple[Output, ...]
    taken_back: frozenset[str]


class Versions(NamedTuple):
    """Which versions the clocks of a case are counted by."""

    policies: frozenset[str] = frozenset()
    calendars: frozenset[str] = frozenset()


UNNAMED = Versions()
_versions: dict[Versions, Versions] = {}  # a few for all the cases of a worker


def versions(assessment: Assessment) -> Versions:
    """The versions that a case's clocks name."""
    clocks = assessment.clocks
    return _once({c.policy_version for c in clocks}, {c.calendar.version for c in clocks})


def _versions_in(rows: Sequence[Mapping[str, Any]]) -> Versions:
    alive = [row for row in rows if not row["is_deleted"]]
    return _once({r["policy_version"] for r in alive}, {r["calendar_version"] for r in alive})


def _once(policies: set[str], calendars: set[str]) -> Versions:
    made = Versions(frozenset(policies), frozenset(calendars))
    return _versions.setdefault(made, made)


@dataclass(slots=True)
class Held:
    """A case in a worker's memory. `wake` is the instant of its entry in the heap; `size` about
    how many bytes its state takes up."""

    case_id: str
    hall_id: str
    tenant_id: str
    facts: Facts = field(default_factory=Facts)
    emitted: dict[str, Output] = field(default_factory=dict)
    taken_back: frozenset[str] = frozenset()
    version: int = 0
    wake: int | None = None
    open: bool = True
    size: int = 0
    versions: Versions = UNNAMED


_encode_core = msgspec.msgpack.Encoder().encode
_decode_core = msgspec.msgpack.Decoder(Core).decode


def encode(held: Held, assessment: Assessment) -> bytes:
    """The value of the case's record in `case-state`."""
    core = Core(CORE_VERSION, held.facts, tuple(held.emitted.values()), held.taken_back)
    record = {
        "version": held.version,
        "tenant_id": held.tenant_id,
        "hall_id": held.hall_id,
        "case_id": held.case_id,
        "case": case_row(assessment, len(held.facts.ordered)),
        "clocks": [clock_row(c, assessment) for c in assessment.clocks] + _gone(held, assessment),
        "core": _encode_core(core),
    }
    buffer = io.BytesIO()
    buffer.write(FRAME)
    fastavro.schemaless_writer(buffer, _SCHEMA, record)
    return buffer.getvalue()


def decode(value: bytes) -> Held:
    """The case in a record's value, without its place in the heap."""
    buffer = io.BytesIO(value)
    buffer.seek(len(FRAME))
    record = fastavro.schemaless_reader(buffer, _SCHEMA, None)
    assert isinstance(record, dict)
    core = _decode_core(record["core"])
    if core.v != CORE_VERSION:
        raise ValueError(f"case-state of version {core.v}; this worker reads {CORE_VERSION}")
    return Held(
        case_id=record["case_id"],
        hall_id=record["hall_id"],
        tenant_id=record["tenant_id"],
        facts=core.facts,
        emitted={o.id: o for o in core.emitted},
        taken_back=core.taken_back,
        version=record["version"],
        open=record["case"]["closed_at"] is None
        or any(c["state"] in ("running", "paused") for c in record["clocks"]),
        size=len(record["core"]),
        versions=_versions_in(record["clocks"]),
    )


def remember(output: Output) -> Output:
    """The part of an output that its taking back will need."""
    if output.type in UNDO:
        return output
    kept = ("clock_id", "kind", "item_code", "window_id", "due_at", "new_due")
    return output._replace(data={k: v for k, v in output.data.items() if k in kept})


def case_row(assessment: Assessment, facts: int) -> Mapping[str, Any]:
    """Columns of table `cases`."""
    view, clock = assessment.view, assessment.governing
    same = (
        "item_code item_name case_class window_id org_id staff_id applicant_ref applicant_class"
        " channel project_id status submitted_at accepted_at decided_at decision historical rating"
    )
    row: dict[str, Any] = {name: getattr(view, name) for name in same.split()}
    row |= {
        "closed_at": view.ended_at,
        "policy_state": assessment.policy_state,
        "signal": assessment.signal,
        "facts": facts,
        "anomalies": sorted({a.code for a in view.anomalies}),
    }
    return row | (_governed(clock) if clock else {})


def _governed(clock: Clock) -> dict[str, Any]:
    stopped = clock.stopped_at
    return {
        "due_at": clock.due_at,
        "due_kind": clock.kind,
        "provisional": clock.provisional,
        "outcome": clock.outcome,
        "late_minutes": 0 if stopped is None else clock.late_minutes(stopped),
        "saved_days": clock.saved if clock.unit == "working_day" else 0,
    }


def clock_row(clock: Clock, assessment: Assessment) -> Mapping[str, Any]:
    """Columns of table `clocks`."""
    return {
        **_governed(clock),
        "clock_id": clock.id,
        "kind": clock.kind,
        "item_code": assessment.view.item_code,
        "window_id": assessment.view.window_id,
        "state": clock.state,
        "started_at": clock.anchor.occurred_at,
        "stopped_at": clock.stopped_at,
        "budget": 0 if clock.unit == "instant" else clock.budget,
        "unit": clock.unit,
        "consumed": clock.consumed,
        "saved": clock.saved,
        "policy_version": clock.policy_version,
        "calendar_version": clock.calendar.version,
        "anchor_event_id": clock.anchor.event_id,
        "segments": segments_json(clock),
        "is_deleted": False,
    }


def segments_json(clock: Clock) -> str:
    """The stretches of a clock's life as JSON, for the clock strip."""
    rows = [
        {"from": s.begin, "to": s.end, "kind": s.kind, "why": s.why, "notice": s.notice}
        for s in clock.segments
    ]
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":"))


def _gone(held: Held, assessment: Assessment) -> list[Mapping[str, Any]]:
    """Rows that take back clocks which no standing fact supports any more."""
    alive = {c.id for c in assessment.clocks}
    gone = {
        str(o.data["clock_id"]): str(o.data["kind"])
        for o in held.emitted.values()
        if o.type == "ClockSuperseded" and o.data["clock_id"] not in alive
    }
    return [
        {"clock_id": name, "kind": kind, "state": "void", "is_deleted": True}
        for name, kind in gone.items()
    ]
