"""What every kind of row needs of a record: its place, its decoded event, times that fit."""

from collections.abc import Mapping
from typing import Any, Protocol

import msgspec

from duban.avro import newest
from duban.codec import decode_record
from duban.formats import UUID_PATTERN

Row = tuple[Any, ...]
TableRow = tuple[str, Row]

FIRST_VERSION = 2**62  # minus recorded_at: of two bodies under one id the one recorded first wins
LATEST_MS = 7_258_118_400_000  # the year 2200; a sender's seconds-for-milliseconds go the other way
_encode = msgspec.json.Encoder().encode


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


def json_text(value: Any) -> str:
    """Compact JSON."""
    return _encode(value).decode()


def place(record: Record) -> Row:
    """Topic, partition and offset."""
    return record.topic, record.partition, record.offset


def read_event(record: Record) -> dict[str, Any]:
    """The event in a record, flat; raises `Poison` for an id or a time that no column holds."""
    event = decode_record(record.value)
    if not UUID_PATTERN.fullmatch(event["event_id"]):
        raise Poison("bad_event_id", "event_id is no UUID in small letters")
    if not (0 <= event["occurred_at"] < LATEST_MS and 0 <= event["recorded_at"] < LATEST_MS):
        raise Poison("bad_time", "occurred_at or recorded_at lies before 1970 or after 2200")
    return event


def first_wins(event: Mapping[str, Any]) -> int:
    """A version under which, of two bodies with one id, the one recorded first stands."""
    version: int = FIRST_VERSION - event["recorded_at"]
    return version


def payload(event: Mapping[str, Any]) -> str:
    """The fields beyond the envelope as JSON."""
    own = newest()[event["type"]].own
    return json_text({name: event[name] for name in own})


def instant(value: Any) -> int | None:
    """An optional instant; one that no column can hold becomes none."""
    return value if value is not None and 0 <= value < LATEST_MS else None
