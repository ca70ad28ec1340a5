"""Events to bytes and back: the wire as the Avro specification has it, and whatever arrives."""

import io
import json
import random
from pathlib import Path

import fastavro
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from duban import avro, codec, contracts
from duban.events import Actor, Event
from duban.launch import SCHEMAS
from tests.contracts.generated import events

EMPTY = 0xC15D213AA4D7A795
TABLE = []
for _byte in range(256):
    _mark = _byte
    for _ in range(8):
        _mark = (_mark >> 1) ^ (EMPTY if _mark & 1 else 0)
    TABLE.append(_mark)


def crc64(data: bytes) -> int:
    """CRC-64-AVRO as the specification's Java prints it, independent of fastavro."""
    mark = EMPTY
    for byte in data:
        mark = (mark >> 8) ^ TABLE[(mark ^ byte) & 0xFF]
    return mark


def zigzag(number: int) -> bytes:
    value, out = (number << 1) ^ (number >> 63), bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def text(value: str) -> bytes:
    return zigzag(len(value.encode())) + value.encode()


RATING = Event(
    type="RatingGiven",
    event_id="0192f0c1-0000-7000-8000-000000000001",
    hall_id="luannan",
    subject_id="luannan/1",
    occurred_at=1_790_000_000_000,
    recorded_at=1_790_000_000_500,
    actor=Actor("a", "applicant"),
    data={"level": 5, "dims": {"attitude": 4}, "tags": ["一次办好"]},
)


def rating_body(event_id=RATING.event_id, channel=0, causation=0, identified=b"\0"):
    """The body of RATING, written by hand from the schema."""
    return b"".join(
        [
            text(event_id), text("default"), text("luannan"), text("case"),
            text("luannan/1"), zigzag(0), zigzag(1_790_000_000_000), zigzag(1_790_000_000_500),
            text("a"), text("applicant"), text(""), text(""),
            zigzag(channel), zigzag(causation), zigzag(0), zigzag(0),  # three optional ids
            zigzag(0), zigzag(0), zigzag(0), b"\0",  # basis, evidence, note, historical
            zigzag(5), zigzag(1), text("attitude"), zigzag(4), zigzag(0),
            zigzag(0), identified, text(""), zigzag(1), text("一次办好"), zigzag(0),
        ]
    )  # fmt: skip


def header(event_type="RatingGiven"):
    return b"\xc3\x01" + contracts.schema(event_type).fingerprint.to_bytes(8, "little")


@pytest.mark.parametrize(
    ("schema", "signed"),
    [  # from the Avro project's own test data, share/test/data/schema-tests.txt
        ("null", 7195948357588979594),
        ("boolean", -6970731678124411036),
        ("int", 8247732601305521295),
        ("long", -3434872931120570953),
        ("float", 5583340709985441680),
        ("double", -8181574048448539266),
        ("bytes", 5746618253357095269),
        ("string", -8142146995180207161),
    ],
)
def test_fingerprints_are_those_of_the_specification(schema, signed):
    assert codec.fingerprint(schema) == signed % (1 << 64) == crc64(f'"{schema}"'.encode())


def test_the_fingerprint_sees_neither_docs_nor_defaults_nor_logical_types():
    instant = {"type": "long", "logicalType": "timestamp-millis"}
    field = {"doc": "When.", "name": "at", "type": instant, "default": 0, "format": "x"}
    schema = {"doc": "D.", "version": 1, "namespace": "a.b", "type": "record", "name": "R"}
    canonical = b'{"name":"a.b.R","type":"record","fields":[{"name":"at","type":"long"}]}'
    assert codec.fingerprint({**schema, "fields": [field]}) == crc64(canonical)


def test_the_wire_is_marker_fingerprint_and_body():
    wire = header() + rating_body()
    assert codec.encode(RATING) == wire
    read = codec.decode(wire)
    filled = {"source": "mass", "identified": False, "invitation_id": ""}
    assert read.data == {**RATING.data, **filled}
    assert read.actor == RATING.actor
    assert read.occurred_at == 1_790_000_000_000


def test_a_golden_record_stays_readable_for_ever():
    golden = bytes.fromhex((Path(__file__).parent / "rating_given_1.hex").read_text())
    assert golden == codec.encode(RATING)
    assert codec.decode(golden).data["tags"] == ["一次办好"]


@pytest.mark.parametrize("event_type", contracts.event_types())
@settings(max_examples=8, suppress_health_check=list(HealthCheck), deadline=None)
@given(data=st.data())
def test_every_type_goes_to_bytes_and_back(event_type, data):
    event = contracts.from_json(data.draw(events(event_type)))
    read = codec.decode(codec.encode(event))
    assert read == event
    assert contracts.from_json(contracts.to_json(read)) == event
    contracts.check(read)


def unwritable(**data):
    return Event("RatingGiven", RATING.event_id, "h/1", 1, 1, hall_id="h", data=data)


@pytest.mark.parametrize(
    ("event", "reason", "said"),
    [
        (Event("NoSuchThing", "x", "h/1", 1, 1), "unknown_type", "NoSuchThing"),
        (unwritable(level=3, stars=1), "unwritable", "no field stars"),
        (unwritable(), "unwritable", "level"),
        (unwritable(level="three"), "unwritable", "RatingGiven"),
        (unwritable(level=3, source="nobody"), "unwritable", "nobody"),
        (unwritable(level=3, note="n"), "unwritable", "envelope"),
        (unwritable(level=3, tags=["长" * 400] * 1000), "too_large", "1202089 bytes"),
    ],
)
def test_an_event_that_does_not_fit_its_type_is_not_written(event, reason, said):
    with pytest.raises(codec.CodecError) as caught:
        codec.encode(event)
    assert caught.value.reason == reason
    assert said in caught.value.detail


HUGE = zigzag(1 << 60)
BROKEN = {
    "null value": (None, "null_value"),
    "no bytes": (b"", "truncated"),
    "half a header": (header()[:5], "truncated"),
    "half a confluent header": (b"\0\0\0", "truncated"),
    "json": (b'{"type":"RatingGiven","level":5}', "wrong_magic"),
    "magic of a later version": (b"\xc3\x02" + header()[2:] + rating_body(), "wrong_magic"),
    "confluent framing without a registry": (b"\0\0\0\0\7" + rating_body(), "no_registry"),
    "no body": (header(), "truncated"),
    "body cut": (header() + rating_body()[:-3], "truncated"),
    "bytes left over": (header() + rating_body() + b"\0", "garbled"),
    "a string of a length beyond all memory": (header() + HUGE + rating_body(), "truncated"),
    "a string of negative length": (header() + zigzag(-9) + rating_body(), "truncated"),
    "a list longer than its bytes": (header() + rating_body()[:-15] + HUGE, "truncated"),
    "not utf-8": (header() + rating_body().replace(b"luannan", b"luan\xff\xfe\xfd"), "garbled"),
    "a symbol the enum does not have": (header() + rating_body(channel=99), "garbled"),
    "a branch the union does not have": (header() + rating_body(causation=7), "garbled"),
    "a record of the case's state": (b"\xc3\x01" + bytes(8) + rating_body(), "unknown_schema"),
}


@pytest.mark.parametrize(("value", "reason"), BROKEN.values(), ids=BROKEN)
def test_broken_bytes_give_their_reason(value, reason, monkeypatch):
    monkeypatch.setattr(codec, "registry", lambda: None)
    with pytest.raises(codec.CodecError) as caught:
        codec.decode(value)
    assert caught.value.reason == reason
    assert isinstance(caught.value, codec.RetryLater) == (reason == "unknown_schema")


def example_bytes():
    for path in sorted((SCHEMAS / "examples").glob("*/*.json")):
        yield codec.encode(contracts.from_json(json.loads(path.read_text(encoding="utf-8"))))


def test_a_record_cut_anywhere_is_truncated():
    for value in example_bytes():
        for length in random.Random(len(value)).sample(range(len(value)), 20):
            with pytest.raises(codec.CodecError) as caught:
                codec.decode(value[:length])
            assert caught.value.reason == "truncated"


def test_scrambled_bytes_give_an_event_or_a_reason_and_nothing_else():
    chance, outcomes = random.Random(7), set()
    for value in example_bytes():
        for _ in range(40):
            scrambled = bytearray(value)
            for _ in range(chance.randint(1, 4)):
                scrambled[chance.randrange(10, len(value))] = chance.randrange(256)
            try:
                outcomes.add(type(codec.decode(bytes(scrambled))).__name__)
            except codec.CodecError as error:
                outcomes.add(error.reason)
    assert {"Event", "truncated", "garbled"} <= outcomes


# --- writers of other versions -----------------------------------------------------------------


def written_by(raw, record):
    """A record as another program writes it, with a schema of its own."""
    buffer = io.BytesIO(b"\xc3\x01" + codec.fingerprint(raw).to_bytes(8, "little"))
    buffer.seek(10)
    fastavro.schemaless_writer(buffer, avro.parse(raw), record)
    return buffer.getvalue()


def other_version(name="RatingGiven", drop=(), add=()):
    raw = json.loads(contracts.schema("RatingGiven").text)
    kept = [f for f in raw["fields"] if f["name"] not in drop]
    return {**raw, "name": name, "version": 9, "fields": [*kept, *add]}


@pytest.fixture
def forgetful(monkeypatch):
    """A codec that has learned nothing yet, and forgets afterwards."""
    monkeypatch.setattr(codec, "_readers", {})


def test_an_unknown_writer_schema_is_learned_from_what_reference_brings(forgetful):
    stars = {"name": "stars", "type": "int", "default": 0, "doc": "Stars."}
    raw = other_version(drop=["tags"], add=[stars])
    source = next(f for f in raw["fields"] if f["name"] == "source")
    source["type"]["symbols"].insert(0, "press")
    record = {**codec.record_of(RATING), "source": "press", "stars": 4}
    del record["tags"]
    value = written_by(raw, record)
    with pytest.raises(codec.UnknownSchema) as caught:
        codec.decode(value)
    assert caught.value.fingerprint == codec.fingerprint(raw)
    assert codec.learn(json.dumps(raw)) == codec.fingerprint(raw)
    read = codec.decode(value)
    assert read.data["tags"] == []  # ours has it, the writer did not: the default
    assert "stars" not in read.data  # the writer has it, we do not
    assert read.data["source"] == "unknown"  # a symbol newer than ours
    assert read.data["level"] == 5


def test_a_type_that_this_version_does_not_have_says_so(forgetful):
    raw = other_version(name="BannerReceived")
    codec.learn(json.dumps(raw))
    with pytest.raises(codec.CodecError, match="unknown_type") as caught:
        codec.decode(written_by(raw, codec.record_of(RATING)))
    assert not isinstance(caught.value, codec.RetryLater)


def test_a_writer_that_broke_the_contract_is_incompatible(forgetful):
    level = {"name": "level", "type": "string", "doc": "In words."}
    raw = other_version(drop=["level"], add=[level])
    codec.learn(json.dumps(raw))
    value = written_by(raw, codec.record_of(RATING) | {"level": "five"})
    with pytest.raises(codec.CodecError, match="incompatible"):
        codec.decode(value)


@pytest.mark.parametrize("schema", ["", "[]", '"string"', '{"type":"record"}', "null", "{"])
def test_what_is_no_schema_is_not_learned(schema):
    with pytest.raises(codec.CodecError, match="bad_schema"):
        codec.learn(schema)


def test_our_writer_schemas_can_be_published_and_learned():
    for event_type in contracts.event_types():
        fact = codec.schema_published(event_type, 1_790_000_000_000)
        contracts.check(fact, fact.recorded_at)
        assert fact == codec.schema_published(event_type, 1_790_000_000_000)
        read = codec.decode(codec.encode(fact))
        mark = codec.learn(read.data["schema_json"])
        assert mark == contracts.schema(event_type).fingerprint
        assert read.data["fingerprint"] == f"{mark:016x}"
