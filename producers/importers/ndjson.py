"""NDJSON: each line is one fact in its JSON form, as the gateway and `duban emit` take it."""

import json
from collections.abc import Iterator
from typing import Any, BinaryIO
from uuid import uuid5

from duban.bus_intake import of_hall
from producers.importers.facts import SPACE, Draft, Place
from producers.importers.source import Reject


def read(stream: BinaryIO, place: Place) -> Iterator[Draft | Reject]:
    """Facts of the file, marked historical. One without an id gets one made of its content, so
    equal lines are one fact; one without `recorded_at` was recorded when it occurred."""
    for line, raw in enumerate(stream, start=1):
        if not raw.strip():
            continue
        try:
            given = json.loads(raw)
        except (ValueError, RecursionError) as error:
            yield Reject(line, f"not JSON: {error}", events=1)
            continue
        if isinstance(given, dict):
            yield Draft(line, _completed(given, place))
        else:
            yield Reject(line, "not a JSON object", events=1)


def _completed(given: dict[str, Any], place: Place) -> dict[str, Any]:
    content = json.dumps(given, sort_keys=True, ensure_ascii=False)
    record = {
        "event_id": str(uuid5(SPACE, f"{place.tenant}|ndjson|{content}")),
        "tenant_id": place.tenant,
        **of_hall(given),
        **given,
        "historical": True,
    }
    if "recorded_at" not in record and "occurred_at" in record:
        record["recorded_at"] = record["occurred_at"]
    return record
