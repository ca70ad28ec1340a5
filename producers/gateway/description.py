"""What OpenAPI says of the gateway: bodies, answers, security."""

from typing import Any

from duban import contracts
from duban.bus_intake import WRITTEN_BY_PRODUCERS

SUMMARY = "Facts of service halls, in: checked whole, acknowledged by the broker or not at all."
TYPES = [t for t in contracts.event_types() if contracts.topic_of(t) in WRITTEN_BY_PRODUCERS]

EVENT: dict[str, Any] = {
    "title": "Event",
    "description": "An event in JSON form: the envelope's fields, and beside them those of its "
    "type (see the .avsc of the type). Instants are ISO 8601 with an offset.",
    "type": "object",
    "required": ["type", "occurred_at"],
    "anyOf": [{"required": ["subject_id"]}, {"required": ["hall_id"]}],
    "properties": {
        "type": {"type": "string", "enum": TYPES},
        "subject_id": {"type": "string", "description": "The case: hall/local-no."},
        "hall_id": {"type": "string", "description": "The hall, of a fact about no case."},
        "occurred_at": {"type": "string", "format": "date-time"},
        "recorded_at": {"type": "string", "format": "date-time"},
        "event_id": {"type": "string", "format": "uuid"},
        "row_key": {"type": "string", "description": "Names the row where no event_id does."},
    },
    "additionalProperties": True,
}
PROBLEM = {
    "type": "object",
    "required": ["line", "field", "reason"],
    "properties": {
        "line": {"type": "integer", "minimum": 1},
        "field": {"type": "string"},
        "reason": {"type": "string"},
    },
}
ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {"type": "string"},
        "problems": {"type": "array", "items": PROBLEM},
    },
}
RETRY_AFTER = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds."}}
ACCEPTED = {
    "description": "The broker has acknowledged every event.",
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["accepted", "event_ids"],
                "properties": {
                    "accepted": {"type": "integer", "minimum": 1},
                    "event_ids": {"type": "array", "items": {"type": "string", "format": "uuid"}},
                },
            }
        }
    },
}


def _refusal(description: str, **more: Any) -> dict[str, Any]:
    content = {"application/json": {"schema": ERROR}}
    return {"description": description, "content": content, **more}


REFUSALS: dict[int | str, dict[str, Any]] = {
    400: _refusal("Nothing in the body is JSON as announced."),
    401: _refusal("No token, or none that is in force."),
    403: _refusal("The token may not write these events."),
    413: _refusal("The body is larger than the gateway reads."),
    415: _refusal("Neither JSON nor NDJSON."),
    422: _refusal(
        "Lines that are no event or break their contract; line, field and reason are listed."
    ),
    503: _refusal("The broker is away; send the same rows again.", headers=RETRY_AFTER),
}
HEALTH_BODY = {
    "type": "object",
    "required": ["status", "broker", "tokens"],
    "properties": {
        "status": {"enum": ["ok", "starting"]},
        "broker": {"type": "boolean"},
        "tokens": {"type": "boolean"},
    },
}
HEALTH: dict[int | str, dict[str, Any]] = {
    status: {"description": said, "content": {"application/json": {"schema": HEALTH_BODY}}}
    for status, said in ((200, "It can work."), (503, "It has not reached the broker yet."))
}
POST_EVENTS: dict[str, Any] = {
    "parameters": [
        {
            "name": "Idempotency-Key",
            "in": "header",
            "required": False,
            "schema": {"type": "string", "maxLength": 200},
            "description": "The same key and body give the same event ids.",
        }
    ],
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": EVENT},
            "application/x-ndjson": {
                "schema": {"type": "string", "description": "One event in JSON form a line."}
            },
        },
    },
}
