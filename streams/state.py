"""A case as the worker keeps it, and as it goes to topic `case-state`.

The record is Avro (`schemas/state/CaseState`): rows for whoever projects, and `core`, which is the
worker's own: msgpack of facts and of what has been emitted, led by a version number.
"""

import io
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import fastavro
import msgspec
from cramjam import lz4

from duban import avro
from duban.alerting import UNDO, Output
from duban.assess import Assessment
from duban.case import Facts
from duban.clocks import Clock
from duban.launch import SCHEMAS

CORE_VERSION = 1
FRAME_LENGTH = 10


def _schemas() -> dict[bytes, Any]:
    """Every version of the record by the frame that it begins with, oldest first."""
    files = sorted((SCHEMAS / "state/CaseState").glob("*.avsc"), key=lambda p: int(p.stem))
    raws = (json.loads(path.read_text(encoding="utf-8")) for path in files)
    return {
        b"\xc3\x01" + avro.fingerprint(raw).to_bytes(8, "little"): avro.parse(raw) for raw in raws
    }


_SCHEMAS = _schemas()
FRAME, _SCHEMA = list(_SCHEMAS.items())[-1]


class Core(NamedTuple):
    """What a worker needs to go on with a case. `changing` says that time may yet change it, so
    that it belongs in memory; records from before there was a store of closed cases lack it."""

    v: int
    facts: Facts
    emitted: tuple[Output, ...]
    taken_back: frozenset[str]
    changing: bool = True


class Peek(NamedTuple):
    """A core of which only the ends are read."""

    v: int
    facts: msgspec.Raw
    emitted: msgspec.Raw
    taken_back: msgspec.Raw
    changing: bool = True


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
    """A case while it is worked on. `size` is about how many bytes its state takes up; `shelved`
    says that it was found among the closed ones."""

    case_id: str
    hall_id: str
    tenant_id: str
    facts: Facts = field(default_factory=Facts)
    emitted: dict[str, Output] = field(default_factory=dict)
    taken_back: frozenset[str] = frozenset()
    version: int = 0
    size: int = 0
    shelved: bool = False
    versions: Versions = UNNAMED


class Stored(NamedTuple):
    """What a record of `case-state` says to a worker. `changing`: see `Core`."""

    tenant_id: str
    version: int
    core: bytes
    versions: Versions = UNNAMED
    changing: bool = True


class Packed(msgspec.Struct, gc=False):
    """A case at rest in memory: its core as LZ4 takes a third of its objects' memory, and the
    garbage collector need not look at it. `wake` is the instant of its entry in the heap."""

    tenant_id: str
    version: int
    squeezed: bytes
    versions: Versions
    wake: int | None


_encode_core = msgspec.msgpack.Encoder().encode
_encode_json = msgspec.json.Encoder().encode
_decode_core = msgspec.msgpack.Decoder(Core).decode
_peek = msgspec.msgpack.Decoder(Peek).decode


def pack(held: Held, changing: bool) -> bytes:
    """The core of a case."""
    emitted = tuple(held.emitted.values())
    return _encode_core(Core(CORE_VERSION, held.facts, emitted, held.taken_back, changing))


def at_rest(stored: Stored, wake: int | None = None) -> Packed:
    """The case as it lies in memory."""
    squeezed = bytes(lz4.compress_block(stored.core))
    return Packed(stored.tenant_id, stored.version, squeezed, stored.versions, wake)


def taken_up(packed: Packed) -> Stored:
    """The way back."""
    core = bytes(lz4.decompress_block(packed.squeezed))
    return Stored(packed.tenant_id, packed.version, core, packed.versions)


def unpack(case_id: str, stored: Stored) -> Held:
    """The case of a record, ready to be worked on."""
    core = _decode_core(stored.core)
    return Held(
        case_id=case_id,
        hall_id=hall_of(case_id),
        tenant_id=stored.tenant_id,
        facts=core.facts,
        emitted={o.id: o for o in core.emitted},
        taken_back=core.taken_back,
        version=stored.version,
        size=len(stored.core),
        versions=stored.versions,
    )


def hall_of(case_id: str) -> str:
    """The hall that a case belongs to: its id is `hall/local-no`."""
    return case_id.partition("/")[0]


def encode(held: Held, assessment: Assessment, core: bytes) -> bytes:
    """The value of the case's record in `case-state`; `core` is the case packed."""
    record = {
        "version": held.version,
        "tenant_id": held.tenant_id,
        "hall_id": held.hall_id,
        "case_id": held.case_id,
        "case": case_row(assessment, len(held.facts.ordered)),
        "clocks": [clock_row(c, assessment) for c in assessment.clocks] + _gone(held, assessment),
        "core": core,
    }
    buffer = io.BytesIO()
    buffer.write(FRAME)
    fastavro.schemaless_writer(buffer, _SCHEMA, record)
    return buffer.getvalue()


def decode(value: bytes) -> Stored:
    """What a record's value says to a worker; raises `ValueError` where a worker of another
    version wrote it."""
    buffer = io.BytesIO(value)
    written = _SCHEMAS.get(buffer.read(FRAME_LENGTH))
    if written is None:
        raise ValueError(f"case-state that begins with {value[:FRAME_LENGTH].hex()}")
    record = fastavro.schemaless_reader(buffer, written, None)
    assert isinstance(record, dict)
    peek = _peek(record["core"])
    if peek.v != CORE_VERSION:
        raise ValueError(f"case-state of version {peek.v}; this worker reads {CORE_VERSION}")
    return Stored(
        tenant_id=sys.intern(record["tenant_id"]),
        version=record["version"],
        core=record["core"],
        versions=_versions_in(record["clocks"]),
        changing=peek.changing,
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
        "due_at": clock.due_at,
        "provisional": clock.provisional,
        "outcome": clock.outcome,
        "late_minutes": 0 if clock.stopped_at is None else clock.late_minutes(clock.stopped_at),
        "clock_id": clock.id,
        "kind": clock.kind,
        "clock_key": clock.key,
        "item_code": assessment.view.item_code,
        "window_id": assessment.view.window_id,
        "state": clock.state,
        "started_at": clock.anchor.occurred_at,
        "stopped_at": clock.stopped_at,
        "budget": 0 if clock.unit == "instant" else clock.budget,
        "unit": clock.unit,
        "units_used": clock.units_used,
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
    return _encode_json(rows).decode()


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
