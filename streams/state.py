"""A case as the worker keeps it, and as it goes to topic `case-state`.

The record is Avro (`schemas/state/CaseState`): rows for whoever projects, and `core`, which is the
worker's own: msgpack of facts and of what has been emitted, led by a version number. Every form in
that folder is read, `WRITTEN` is written. A new form comes as one to be read, and is written from
the next version on: so each version reads what the one before it wrote, and the one after.
"""

import io
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
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
from duban.reviews import SET_ASIDE

WRITTEN = 3
CORE_VERSION = 1
FRAME_LENGTH = 10


def _forms() -> dict[int, tuple[bytes, Any]]:
    """Every form of the record by its number: the frame that it begins with, and its schema."""
    files = (SCHEMAS / "state/CaseState").glob("*.avsc")
    raws = {int(path.stem): json.loads(path.read_text(encoding="utf-8")) for path in files}
    return {
        number: (b"\xc3\x01" + avro.fingerprint(raw).to_bytes(8, "little"), avro.parse(raw))
        for number, raw in raws.items()
    }


_FORMS = _forms()
FRAME, _SCHEMA = _FORMS[WRITTEN]
# The fields before the rows are all that a restore reads; Avro has no need of what follows.
_ROWS = ("case", "clocks")


def _head(schema: Any) -> Any:
    """What is read of a record: its head, or the whole where the rows say what a head lacks."""
    head = [field for field in schema["fields"] if field["name"] not in _ROWS]
    is_enough = "wake" in {field["name"] for field in head}
    return {**schema, "fields": head} if is_enough else schema


_HEADS = {frame: _head(schema) for frame, schema in _FORMS.values()}


class Core(NamedTuple):
    """What a worker needs to go on with a case. `changing` says in records of older shape what
    the record itself says now."""

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
    return _once([c.policy_version for c in clocks], [c.calendar.version for c in clocks])


def _versions_in(rows: Sequence[Mapping[str, Any]]) -> Versions:
    alive = [row for row in rows if not row["is_deleted"]]
    return _once([r["policy_version"] for r in alive], [r["calendar_version"] for r in alive])


def _once(policies: Sequence[str], calendars: Sequence[str]) -> Versions:
    made = Versions(frozenset(policies), frozenset(calendars))
    return _versions.setdefault(made, made)


@dataclass(slots=True)
class Held:
    """A case while it is worked on. `size` is about how many bytes its state takes up."""

    case_id: str
    hall_id: str
    tenant_id: str
    facts: Facts = field(default_factory=Facts)
    emitted: dict[str, Output] = field(default_factory=dict)
    taken_back: frozenset[str] = frozenset()
    version: int = 0
    size: int = 0
    versions: Versions = UNNAMED


class Stored(msgspec.Struct, gc=False):
    """A case at rest, as a record of `case-state` brings it and as it lies in memory: its core as
    an LZ4 block takes a third of its objects' memory, and the garbage collector need not look at
    it. `changing`: time may yet change it. `wake`: when it has something to say by itself."""

    tenant_id: str
    version: int
    squeezed: bytes
    versions: Versions = UNNAMED
    changing: bool = True
    wake: int | None = None


_encode_core = msgspec.msgpack.Encoder().encode
_encode_json = msgspec.json.Encoder().encode
_decode_core = msgspec.msgpack.Decoder(Core).decode
_peek = msgspec.msgpack.Decoder(Peek).decode


def at_rest(held: Held, changing: bool, wake: int | None) -> Stored:
    """A case put down; `changing` and `wake` are what the last look at it said."""
    emitted = tuple(held.emitted.values())
    core = Core(CORE_VERSION, held.facts, emitted, held.taken_back, changing)
    squeezed = _squeeze(_encode_core(core))
    return Stored(held.tenant_id, held.version, squeezed, held.versions, changing, wake)


def taken_up(case_id: str, stored: Stored) -> Held:
    """The case, ready to be worked on."""
    packed = bytes(lz4.decompress_block(stored.squeezed))
    core = _decode_core(packed)
    if core.v != CORE_VERSION:
        raise ValueError(f"a core of version {core.v}; this worker reads {CORE_VERSION}")
    return Held(
        case_id=case_id,
        hall_id=hall_of(case_id),
        tenant_id=stored.tenant_id,
        facts=core.facts,
        emitted={o.id: o for o in core.emitted},
        taken_back=core.taken_back,
        version=stored.version,
        size=len(packed),
        versions=stored.versions,
    )


def _squeeze(core: bytes) -> bytes:
    return bytes(lz4.compress_block(core))


def hall_of(case_id: str) -> str:
    """The hall that a case belongs to: its id is `hall/local-no`."""
    return case_id.partition("/")[0]


def encode(held: Held, assessment: Assessment, stored: Stored) -> bytes:
    """The value of the case's record in `case-state`; `stored` is the case at rest."""
    record = {
        "version": stored.version,
        "tenant_id": stored.tenant_id,
        "hall_id": held.hall_id,
        "case_id": held.case_id,
        "changing": stored.changing,
        "wake": stored.wake,
        "policies": sorted(stored.versions.policies),
        "calendars": sorted(stored.versions.calendars),
        "core": stored.squeezed,
        "case": case_row(assessment, sum(f.type != SET_ASIDE for f in held.facts.ordered)),
        "clocks": [clock_row(c, assessment) for c in assessment.clocks] + _gone(held, assessment),
    }
    buffer = io.BytesIO()
    buffer.write(FRAME)
    fastavro.schemaless_writer(buffer, _SCHEMA, record)
    return buffer.getvalue()


def decode(value: bytes) -> Stored:
    """What a whole record's value says to a worker; raises `ValueError` for a form that it does not
    know, and for an old one with another core."""
    buffer = io.BytesIO(value)
    frame = buffer.read(FRAME_LENGTH)
    schema = _HEADS.get(frame)
    if schema is None:
        raise ValueError(f"case-state that begins with {frame.hex()}")
    head: Any = fastavro.schemaless_reader(buffer, schema, None)
    if "wake" not in head:
        return _from_older(head)
    return Stored(
        tenant_id=sys.intern(head["tenant_id"]),
        version=head["version"],
        squeezed=head["core"],
        versions=_once(head["policies"], head["calendars"]),
        changing=head["changing"],
        wake=head["wake"],
    )


def _from_older(record: Mapping[str, Any]) -> Stored:
    """Records from before what a restore needs stood first. Their cases wake at once: when they
    have something to say is not written in them."""
    peek = _peek(record["core"])
    if peek.v != CORE_VERSION:
        raise ValueError(f"case-state of version {peek.v}; this worker reads {CORE_VERSION}")
    return Stored(
        tenant_id=sys.intern(record["tenant_id"]),
        version=record["version"],
        squeezed=_squeeze(record["core"]),
        versions=_versions_in(record["clocks"]),
        changing=peek.changing,
        wake=0 if peek.changing else None,
    )


def remember(output: Output) -> Output:
    """The part of an output that its taking back will need."""
    if output.type in UNDO:
        return output
    kept = ("clock_id", "kind", "item_code", "window_id", "due_at", "new_due")
    return output._replace(data={k: v for k, v in output.data.items() if k in kept})


# Fields of a view that are columns as they are.
_SAME = (
    "item_code", "item_name", "case_class", "window_id", "org_id", "staff_id", "applicant_ref",
    "applicant_class", "channel", "project_id", "status", "submitted_at", "accepted_at",
    "decided_at", "decision", "historical", "rating",
)  # fmt: skip
_same_of = attrgetter(*_SAME)


def case_row(assessment: Assessment, facts: int) -> Mapping[str, Any]:
    """Columns of table `cases`."""
    view, clock = assessment.view, assessment.governing
    row: dict[str, Any] = dict(zip(_SAME, _same_of(view), strict=True))
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
