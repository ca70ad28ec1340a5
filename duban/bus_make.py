"""Make events from what a caller has at hand: fields by keyword, or a JSON object of a sender."""

import hashlib
import os
import time
import uuid
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from kafka.partitioner import murmur2

from duban import contracts
from duban.bus_read import business_now
from duban.events import Actor, Basis, Event
from duban.settings import settings

NAMESPACE = uuid.UUID("6f2f7a52-0a3a-5f0e-9d3e-6475626e0001")  # of this product; never changes
KEYED_BY_HALL = frozenset({"hall-events", "score-points", "score-state"})


def new_id(at_ms: int | None = None) -> str:
    """A time-ordered UUID (version 7, RFC 9562): 48 bits of milliseconds, then randomness."""
    stamp = now_ms() if at_ms is None else at_ms
    value = (stamp & (1 << 48) - 1) << 80 | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) | 7 << 76
    return str(uuid.UUID(int=value & ~(3 << 62) | 2 << 62))


def stable_id(source: str, key: str, index: int) -> str:
    """The id that the same row of the same source has each time: uuid5(source, key, index)."""
    name = f"{source}\n{key}\n{index}".encode()
    digest = hashlib.sha1(NAMESPACE.bytes + name, usedforsecurity=False).digest()[:16]
    value = int.from_bytes(digest, "big") & ~(0xF << 76 | 3 << 62) | 5 << 76 | 2 << 62
    text = f"{value:032x}"  # uuid.uuid5's own arithmetic, at a third of its time
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def now_ms() -> int:
    """Wall time in epoch ms."""
    return time.time_ns() // 1_000_000


def fact_now() -> int:
    """Business time that new facts are stamped with, epoch ms; with ticks up to a second old."""
    if settings().business_time == "wall":
        return now_ms()
    return _ticked(int(time.monotonic()))


@lru_cache(maxsize=1)
def _ticked(_second: int) -> int:
    return business_now()


def iso(at: datetime | int) -> str:
    """ISO-8601 in UTC with milliseconds; a datetime must know its offset. Raises ValueError for
    what is no time of this calendar."""
    if isinstance(at, datetime):
        if at.tzinfo is None:
            raise ValueError("a time needs an offset, such as +08:00")
        at = int(at.timestamp() * 1000)
    try:
        return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds")
    except (OverflowError, OSError, ValueError) as error:
        raise ValueError("a time must lie between 1900 and 2200") from error


def key_of(topic: str, event: Event) -> bytes:
    """Kafka key of an event: its case; the hall, or kind:id@version, where topics.toml says so."""
    if topic in KEYED_BY_HALL:
        return event.hall_id.encode()
    if topic == "reference":
        return f"{event.subject_type}:{event.subject_id}".encode()
    return event.subject_id.encode()


def partition_of(key: bytes, partitions: int) -> int:
    """Partition that Kafka's own (Java) default partitioner gives a key."""
    hashed: int = murmur2(key)
    return (hashed & 0x7FFFFFFF) % partitions


def headers_of(event: Event) -> list[tuple[str, bytes]]:
    """CloudEvents headers (binary mode), so that any tool can tell events apart undecoded."""
    source = f"/halls/{event.hall_id}" if event.hall_id else "/duban"
    return [
        ("ce_specversion", b"1.0"),
        ("ce_id", event.event_id.encode()),
        ("ce_type", event.type.encode()),
        ("ce_source", source.encode()),
        ("ce_time", _ce_time(event.occurred_at)),
        ("content-type", b"application/avro"),
    ]


@lru_cache(maxsize=4096)  # messages about one case speak of a few instants again and again
def _ce_time(at: int) -> bytes:
    moment = datetime.fromtimestamp(at / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").encode()


def make(
    event_type: str,
    *,
    case: str = "",
    hall: str = "",
    at: datetime | int | None = None,
    actor: Actor | None = None,
    basis: Basis | None = None,
    **fields: Any,
) -> Event:
    """An event from its fields, checked against its contract; raises `ContractError`.

    `case` is "hall/local-no"; where there is no case, `hall` is the subject unless `subject_id`
    is given. `at` is when it happened (aware datetime or epoch ms; default now). Other fields
    are the envelope's (channel, note …) and those of the type.
    """
    now = fact_now()
    flat: dict[str, Any] = {
        "type": event_type,
        "event_id": new_id(),
        "occurred_at": iso(now if at is None else at),
        "recorded_at": iso(now),
        **{name: iso(v) if isinstance(v, datetime) else v for name, v in fields.items()},
    }
    if case:
        flat |= {"subject_id": case, "hall_id": hall or case.partition("/")[0]}
    elif hall:
        flat = {"subject_type": "hall", "subject_id": hall, "hall_id": hall, **flat}
    if actor is not None:
        flat["actor"] = actor._asdict()
    if basis is not None:
        flat["basis"] = basis._asdict()
    return contracts.from_json(flat, now=now)


def tick_at(at: int) -> Event:
    """The fact that business time has reached an instant (epoch ms)."""
    return Event(
        type="ClockTicked",
        event_id=stable_id("duban/ticks", str(at), 0),
        subject_type="time",
        subject_id="business-time",
        occurred_at=at,
        recorded_at=at,
        channel="system",
        data={"at": at},
    )
