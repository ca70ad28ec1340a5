"""Events to bytes and back.

Written as Avro single-object encoding (`C3 01`, eight bytes of CRC-64-AVRO, body), or in
Confluent framing (`00`, four bytes of schema id, body) where a registry is configured. Readers
accept both by the first bytes. A writer's schema is found by fingerprint among the local files and
those learned from topic `reference`; a record is read as the newest version known here.
"""

import io
import json
from collections.abc import Mapping
from operator import attrgetter
from typing import Any, NamedTuple

import fastavro
from fastavro.read import SchemaResolutionError
from fastavro.schema import SchemaParseException

from duban import avro
from duban.avro import CodecError, EventSchema, RetryLater, UnknownSchema, fingerprint
from duban.events import NOBODY, Actor, Basis, Event, Evidence
from duban.registry import RegistryAway, registry

__all__ = [
    "CodecError", "RegistryAway", "RetryLater", "UnknownSchema", "decode", "decode_record",
    "encode", "encode_record", "event_of", "fingerprint", "learn", "record_of", "schema_published",
]  # fmt: skip

MAGIC, MAGIC_LENGTH = b"\xc3\x01", 10
CONFLUENT, CONFLUENT_LENGTH = b"\x00", 5
MAX_BYTES = 1_000_000  # what fits a topic's max.message.bytes with key, headers and framing

# What fastavro raises on values or bytes that are not what the schema says.
MISFITS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
# Envelope fields that are the same in an Event and in its record.
PLAIN = (
    "event_id", "tenant_id", "hall_id", "subject_type", "subject_id", "seq", "occurred_at",
    "recorded_at", "channel", "causation_id", "correlation_id", "corrects_event_id", "note",
    "historical",
)  # fmt: skip


_plain_of = attrgetter(*PLAIN)


class Reader(NamedTuple):
    """How to read bodies of one header. `reader` is None where the writer's schema is our newest;
    `known` is false for a type that this version of the product does not have."""

    type: str
    writer: Any
    reader: Any
    known: bool


_readers: dict[bytes, Reader] = {}  # by the header's bytes


def encode(event: Event) -> bytes:
    """The bytes of an event; raises as `encode_record` does."""
    return encode_record(event.type, record_of(event))


def encode_record(event_type: str, record: Mapping[str, Any]) -> bytes:
    """The bytes of a flat record: envelope fields and own fields side by side, instants in ms.

    Raises CodecError("unknown_type"), CodecError("unwritable") for fields the type does not have,
    lacks or has with another kind of value, CodecError("too_large") beyond what a topic takes;
    RegistryAway where a registry is set but away.
    """
    schema = avro.newest().get(event_type)
    if schema is None:
        raise CodecError("unknown_type", event_type)
    if not record.keys() <= schema.names and (unknown := record.keys() - schema.names - {"type"}):
        raise CodecError("unwritable", f"{event_type} has no field {', '.join(sorted(unknown))}")
    buffer = io.BytesIO()
    buffer.write(_header(schema))
    try:
        fastavro.schemaless_writer(buffer, schema.parsed, record)
    except MISFITS as error:
        raise CodecError("unwritable", f"{event_type}: {error!r}") from error
    if buffer.tell() > MAX_BYTES:
        raise CodecError("too_large", f"{event_type} of {buffer.tell()} bytes")
    return buffer.getvalue()


def decode(value: bytes | None) -> Event:
    """The event in a record's value; raises as `decode_record` does."""
    return event_of(decode_record(value))


def decode_record(value: bytes | None) -> dict[str, Any]:
    """The flat record in a record's value, with its `type`; cheaper than an Event in hot loops.

    Raises CodecError with reason null_value, wrong_magic, truncated, garbled, unknown_type,
    incompatible, no_registry or unknown_schema_id. Raises UnknownSchema where `reference` may yet
    bring the schema, RegistryAway where the registry does not answer: both are RetryLater.
    """
    if value is None:
        raise CodecError("null_value", "a record without a value")
    start = CONFLUENT_LENGTH if value[:1] == CONFLUENT else MAGIC_LENGTH
    found = _readers.get(value[:start]) or _find(value)
    if not found.known:
        raise CodecError("unknown_type", found.type)
    body = io.BytesIO(value)
    body.seek(start)
    record = _read(body, found)
    if body.tell() != len(value):
        left = len(value) - body.tell()
        raise CodecError("garbled", f"{left} bytes left over after {found.type}")
    record["type"] = found.type
    return record


def record_of(event: Event) -> dict[str, Any]:
    """The flat record of an event, without its `type`."""
    record = dict(event.data)
    if not record.keys().isdisjoint(avro.envelope_names()):
        raise CodecError("unwritable", f"{event.type}: data repeats fields of the envelope")
    record.update(zip(PLAIN, _plain_of(event), strict=True))
    record["actor"] = event.actor._asdict()
    record["basis"] = None if event.basis is None else event.basis._asdict()
    record["evidence"] = [item._asdict() for item in event.evidence]
    return record


def event_of(record: dict[str, Any]) -> Event:
    """The Event of a flat record, which is used up."""
    actor, basis, evidence = record.pop("actor"), record.pop("basis"), record.pop("evidence")
    plain = {name: record.pop(name) for name in PLAIN}
    return Event(
        type=record.pop("type"),
        actor=Actor(**actor) if any(actor.values()) else NOBODY,
        basis=None if basis is None else Basis(**basis),
        evidence=tuple(Evidence(**item) for item in evidence),
        data=record,
        **plain,
    )


def learn(schema_json: str) -> int:
    """Take in a writer schema that `SchemaPublished` brought; returns its fingerprint, counted
    from the text itself. Raises CodecError("bad_schema") where it is not the schema of an event."""
    try:
        mark, found = fingerprint(_loaded(schema_json)), _reader(schema_json)
    except (SchemaParseException, RecursionError, *MISFITS) as error:
        raise CodecError("bad_schema", repr(error)) from error
    _readers.setdefault(_single_object_header(mark), found)
    return mark


def schema_published(event_type: str, at: int) -> Event:
    """The fact that brings our writer schema of a type to every reader, for topic `reference`."""
    schema = avro.newest()[event_type]
    mark = f"{schema.fingerprint:016x}"
    return Event(
        type="SchemaPublished",
        event_id=avro.schema_id(schema),
        subject_type="schema",
        subject_id=f"{mark}@{schema.version}",
        occurred_at=at,
        recorded_at=at,
        channel="system",
        data={
            "fingerprint": mark,
            "schema_json": schema.text,
            "name": f"{avro.NAMESPACE}.{schema.type}",
            "version": schema.version,
        },
    )


def _read(body: io.BytesIO, found: Reader) -> dict[str, Any]:
    try:
        record: dict[str, Any] = fastavro.schemaless_reader(body, found.writer, found.reader)
    except EOFError as error:
        raise CodecError("truncated", f"{found.type} ends early") from error
    except SchemaResolutionError as error:
        raise CodecError("incompatible", f"{found.type}: {error}") from error
    except MISFITS as error:
        # Where a single byte is wanted and there is none, fastavro indexes into nothing.
        ended = isinstance(error, IndexError) and not body.read(1)
        reason = "truncated" if ended else "garbled"
        raise CodecError(reason, f"{found.type}: {error!r}") from error
    return record


def _header(schema: EventSchema) -> bytes:
    known = registry()
    if known is None:
        return _single_object_header(schema.fingerprint)
    return CONFLUENT + known.id_of(schema).to_bytes(4, "big")


def _single_object_header(mark: int) -> bytes:
    return MAGIC + mark.to_bytes(8, "little")


def _find(value: bytes) -> Reader:
    """The reader of a header not met before; raises for one that leads nowhere."""
    if value[:1] == CONFLUENT:
        return _find_by_id(value[:CONFLUENT_LENGTH])
    if value[: len(MAGIC)] != MAGIC[: len(value)]:
        raise CodecError("wrong_magic", f"begins with {value[:2].hex()}")
    if len(value) < MAGIC_LENGTH:
        raise CodecError("truncated", f"{len(value)} bytes are no header")
    for schema in avro.all_schemas():
        _readers.setdefault(_single_object_header(schema.fingerprint), _reader(schema.text))
    header = value[:MAGIC_LENGTH]
    if header not in _readers:
        raise UnknownSchema(int.from_bytes(header[len(MAGIC) :], "little"))
    return _readers[header]


def _find_by_id(header: bytes) -> Reader:
    if len(header) < CONFLUENT_LENGTH:
        raise CodecError("truncated", f"{len(header)} bytes are no header")
    known = registry()
    if known is None:
        raise CodecError("no_registry", "Confluent framing, but DUBAN_SCHEMA_REGISTRY_URL is unset")
    schema_id = int.from_bytes(header[1:], "big")
    return _readers.setdefault(header, _reader(known.schema(schema_id)))


def _loaded(schema_json: str) -> dict[str, Any]:
    try:
        raw = json.loads(schema_json)
        if raw["type"] == "record" and avro.parse(raw):
            return dict(raw)
    except (SchemaParseException, *MISFITS) as error:
        raise CodecError("bad_schema", repr(error)) from error
    raise CodecError("bad_schema", "not a record")


def _reader(schema_json: str) -> Reader:
    """How to read what was written with a schema: as our newest version of its type."""
    raw = _loaded(schema_json)
    name = f"{raw['namespace']}.{raw['name']}" if raw.get("namespace") else raw["name"]
    ours = avro.newest().get(name.removeprefix(f"{avro.NAMESPACE}."))
    writer = avro.parse(raw)
    if ours is None:
        return Reader(name, writer, None, False)
    same = fingerprint(raw) == ours.fingerprint
    return Reader(ours.type, writer, None if same else ours.parsed, True)
