"""Records of the score job's sources: points, and facts of halls, or why one is neither."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from duban import codec, contracts
from duban.closings import NO_POLICY, refusal
from duban.policy import Reference
from streams.records import Record


@dataclass(slots=True)
class Found:
    """What a batch says, flat, and records that say nothing, each with a reason and a detail. A
    closing that closes nothing is both: what is published later may let it close something."""

    told: list[tuple[dict[str, Any], Record]] = field(default_factory=list)
    dead: list[tuple[Record, str, str]] = field(default_factory=list)


def read(records: Sequence[Record], final: bool, reference: Reference) -> Found:
    """Raises `RetryLater` where a schema may yet come, unless `final`."""
    found = Found()
    for record in records:
        try:
            event = codec.decode_record(record.value)
        except codec.RetryLater as error:
            if not final or not isinstance(error, codec.UnknownSchema):
                raise
            found.dead.append((record, "unknown_schema", str(error)))
        except codec.CodecError as error:
            found.dead.append((record, error.reason, error.detail))
        else:
            if problem := _problem(record, event):
                found.dead.append((record, *problem))
                continue
            found.told.append((event, record))
            if refused := _not_closable(event, reference):
                found.dead.append((record, *refused))
    return found


def _problem(record: Record, event: Mapping[str, Any]) -> tuple[str, str] | None:
    """Why a readable event has no place here, as (reason, detail), or None."""
    type_ = event["type"]
    if record.topic == contracts.HALL_TOPIC:
        if contracts.topic_of(type_) != contracts.HALL_TOPIC:
            return "wrong_topic", f"{type_} is no fact of a hall"
    elif type_ != "ScorePointPosted":
        return "wrong_topic", f"{type_} is no point"
    if record.key is None or record.key.decode("utf-8", "replace") != event["hall_id"]:
        return "wrong_key", f"the key is not the hall {event['hall_id']}"
    if fault := contracts.unsound(event):
        return "schema_rules", fault
    return None


def _not_closable(event: Mapping[str, Any], reference: Reference) -> tuple[str, str] | None:
    """Why a closing closes nothing, as things stand. One that names a policy which nobody has
    published simply waits for it."""
    if event["type"] != "PeriodClosed":
        return None
    asked = event["hall_id"], event["policy_id"], event["period"]
    refused = refusal(reference, *asked, event["recorded_at"])
    if refused is None or refused.code == NO_POLICY:
        return None
    return refused.code, refused.reason
