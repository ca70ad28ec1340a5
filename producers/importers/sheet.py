"""Pure: a row of a sheet about no case becomes one fact of the hall, in its JSON form. No I/O."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import uuid5

from producers.importers.facts import SPACE, BadTrace, Draft, Place, Values, record_of
from producers.importers.mapping import LogMapping, RowRule
from producers.importers.rows import EQUALS
from producers.importers.source import Trace


def drafts(trace: Trace, mapping: LogMapping, rule: RowRule, place: Place) -> list[Draft]:
    """The facts of the rows of a trace. Raises `BadTrace` for a row without its instant."""
    equals, source = trace.attributes.get(EQUALS, "0"), mapping.source or mapping.name
    made = []
    for line, attributes in trace.events:
        values = Values(line, attributes, place.zone, mapping.time_format)
        at = values.time(rule.at)
        if at is None:
            raise BadTrace(line, f"no value under {rule.at!r}")
        name = f"{place.tenant}|{source}|{place.hall}|{_identity(attributes, rule, equals)}"
        made.append(Draft(line, _envelope(record_of(rule, values, at), name, place)))
    return made


def _identity(attributes: Mapping[str, str], rule: RowRule, equals: str) -> str:
    """What a row is known by: the columns of the key, or all it says and how often it says so."""
    if rule.key:
        return json.dumps([attributes.get(name, "") for name in rule.key], ensure_ascii=False)
    return json.dumps([attributes, equals], sort_keys=True, ensure_ascii=False)


def _envelope(record: dict[str, Any], name: str, place: Place) -> dict[str, Any]:
    return {
        "event_id": str(uuid5(SPACE, name)),
        "tenant_id": place.tenant,
        "hall_id": place.hall,
        "subject_type": "hall",
        "subject_id": place.hall,
        "recorded_at": record["occurred_at"],
        "historical": True,
        **record,
    }
