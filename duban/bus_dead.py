"""Dead letters: what no consumer can read, kept whole so that it can be driven again.

A dead letter has the original key, value and headers. Headers of its own say where it lay and
why it was put aside: `dlq.topic`, `dlq.partition`, `dlq.offset`, `dlq.reason` (a short code),
`dlq.detail` (a sentence), `dlq.consumer`, `dlq.at` (epoch ms). What is driven again carries
`dlq.retry_of` ("dead-letters/partition/offset") at its old place, and a mark is written behind the
letter: a record with header `dlq.retried` (the letter's offset), an empty value and no
`dlq.topic`, which readers of dead letters pass over.
"""

import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import NamedTuple, Protocol

DEAD_LETTERS = "dead-letters"
PREFIX = "dlq."
RETRY_OF = "dlq.retry_of"
RETRIED = "dlq.retried"
NULL_VALUE = "dlq.null_value"
DETAIL_CHARS_MAX = 1000

Headers = list[tuple[str, bytes]]


class RecordLike(Protocol):
    """What a consumer hands in: any client's record has these."""

    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Sequence[tuple[str, bytes]]: ...


class Letter(NamedTuple):
    """A dead letter read back: where it came from, why it is here, and the original bytes."""

    topic: str
    partition: int
    offset: int
    reason: str
    detail: str
    consumer: str
    at: int
    key: bytes | None
    value: bytes | None
    headers: Headers


def dead_letter(
    record: RecordLike, reason: str, detail: str, consumer: str, at: int | None = None
) -> tuple[str, bytes | None, bytes | None, Headers]:
    """(topic, key, value, headers) of the dead letter for a record.

    `reason` is a short code people filter by; `detail` a sentence, cut at 1,000 characters. `at`
    is system time in epoch ms (default now).
    """
    own = {
        "topic": record.topic,
        "partition": str(record.partition),
        "offset": str(record.offset),
        "reason": reason,
        "detail": detail[:DETAIL_CHARS_MAX],
        "consumer": consumer,
        "at": str(time.time_ns() // 1_000_000 if at is None else at),
    }
    kept = [(name, value or b"") for name, value in record.headers if not name.startswith(PREFIX)]
    headers = kept + [(PREFIX + name, text.encode()) for name, text in own.items()]
    headers += [(RETRY_OF, value) for name, value in record.headers if name == RETRY_OF]
    if record.value is None:
        headers.append((NULL_VALUE, b"1"))  # a retry must send null again, not empty bytes
    return DEAD_LETTERS, record.key, record.value if record.value is not None else b"", headers


def original(record: RecordLike) -> Letter:
    """Read a record of `dead-letters` back. Raises `ValueError` when it is no dead letter."""
    own = {name: value for name, value in record.headers if name.startswith(PREFIX)}

    def text(name: str) -> str:
        return own.get(PREFIX + name, b"").decode("utf-8", "replace")

    if not text("topic"):
        raise ValueError(f"{record.topic}/{record.partition}/{record.offset} is no dead letter")
    return Letter(
        topic=text("topic"),
        partition=int(text("partition")),
        offset=int(text("offset")),
        reason=text("reason"),
        detail=text("detail"),
        consumer=text("consumer"),
        at=int(text("at") or 0),
        key=record.key,
        value=None if NULL_VALUE in own else record.value,
        headers=[(name, value) for name, value in record.headers if not name.startswith(PREFIX)],
    )


def retry_mark(
    place: RecordLike, letter: Letter, at: int | None = None
) -> tuple[str, bytes | None, bytes, Headers]:
    """(topic, key, value, headers) of the mark that the letter at `place` was driven again."""
    stamp = time.time_ns() // 1_000_000 if at is None else at
    headers = [(RETRIED, str(place.offset).encode()), (PREFIX + "at", str(stamp).encode())]
    return DEAD_LETTERS, letter.key, b"", headers


def is_retry_mark(record: RecordLike) -> bool:
    """Whether a record of `dead-letters` only says that another one was driven again."""
    return any(name == RETRIED for name, _ in record.headers)


def mark_of(record: RecordLike) -> tuple[int, int]:
    """(partition, offset) of the letter that a mark speaks of."""
    value = next(value for name, value in record.headers if name == RETRIED)
    return record.partition, int(value)


class Found(NamedTuple):
    """A dead letter, the record it lies in, and whether it was driven again."""

    place: RecordLike
    letter: Letter
    retried: bool


def letters(records: Iterable[RecordLike]) -> list[Found]:
    """The letters among the records of `dead-letters`, in order; each mark lies behind its letter.

    What something else wrote there has no place to be driven to, and is left out.
    """
    kept = list(records)
    marked = {mark_of(record) for record in kept if is_retry_mark(record)}
    found = []
    for record in kept:
        with suppress(ValueError):
            if not is_retry_mark(record):
                retried = (record.partition, record.offset) in marked
                found.append(Found(record, original(record), retried))
    return found
