"""From a record of `case-events` to a fact of a case, or to the reason why it can be none.

The hot path stays on the flat record that the codec gives: an `Event` would cost as much again.
"""

import hashlib
from collections.abc import Mapping
from typing import Any, NamedTuple

from duban import codec, contracts
from duban.access import ALL_HALLS
from duban.case import Fact, kept
from duban.events import NOBODY, Actor, rank
from duban.ids import identify
from streams.records import Record

SENDER = "duban_hall"  # header: the hall whose token the gateway saw

Flat = Mapping[str, Any]
Refusal = tuple[str, str]  # a short reason, a detail


class Told(NamedTuple):
    """A readable record: its fields side by side, and whether each keeps its own rules."""

    record: Record
    flat: Flat
    sound: bool


def read(record: Record, final: bool) -> Told | Refusal:
    """The event of a record, or why it cannot be read. Raises `RetryLater` where its schema may yet
    come; with `final` only where the registry is away."""
    try:
        flat = codec.decode_record(record.value)
    except codec.RetryLater as error:
        if not final or not isinstance(error, codec.UnknownSchema):
            raise
        return "unknown_schema", str(error)
    except codec.CodecError as error:
        return error.reason, error.detail
    return Told(record, flat, contracts.is_sound(flat))


def problem(told: Told, now: int | None) -> Refusal | None:
    """Why a readable event cannot be a fact here, or None. `now` is business time, where known."""
    record, flat, sound = told
    event_type, case = flat["type"], flat["subject_id"]
    if contracts.topic_of(event_type) != record.topic:
        return "wrong_topic", f"{event_type} does not belong on {record.topic}"
    if record.key is None or record.key.decode("utf-8", "replace") != case:
        return "wrong_key", f"the key is not the case {case}"
    try:
        if sound:
            contracts.check_sound(flat, now)
        else:
            contracts.check(codec.event_of(dict(flat)), now)
    except contracts.ContractError as error:
        return "schema_rules", str(error)
    return None


def fact_of(flat: Flat, record: Record) -> Fact:
    """What the rules read of an event; the record's bytes tell two bodies under one id apart.

    Ids of a guest, a hall that the case is not in, are in a space of their own: a guest can neither
    double nor correct what another hall has said.
    """
    sender = _guest(flat["subject_id"], record)
    event_id, corrects, actor = flat["event_id"], flat["corrects_event_id"], flat["actor"]
    if sender:
        event_id = identify(sender, event_id)
        corrects = corrects and identify(sender, corrects)
    return Fact(
        flat["occurred_at"],
        rank(flat["type"]),
        flat["recorded_at"],
        event_id,
        flat["type"],
        hashlib.blake2b(record.value or b"", digest_size=8).hexdigest(),
        Actor(**actor) if any(actor.values()) else NOBODY,
        flat["channel"],
        corrects,
        flat["historical"],
        kept(flat["type"], flat),
        sender,
    )


def _guest(case: str, record: Record) -> str:
    """The hall whose token brought a record, where the case is not its own; else ""."""
    for name, value in record.headers:
        if name == SENDER:
            hall = value.decode("utf-8", "replace")
            return "" if hall in (ALL_HALLS, case.partition("/")[0]) else hall
    return ""
