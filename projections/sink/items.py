"""Rows of the catalogue: the versions of items, and withdrawals, among all reference data."""

from collections.abc import Iterator, Mapping
from typing import Any

from projections.sink.record import Poison, Record, TableRow, first_wins, instant, place, read_event

ITEM_KEY = b"item:"
_TERMS = ("statutory", "upper", "promise")


def item(record: Record) -> Iterator[TableRow]:
    """A version of an item, or its withdrawal; other reference data is no row."""
    if record.value is None or not (record.key or b"").startswith(ITEM_KEY):
        return
    event = read_event(record)
    effective_from = instant(event["effective_from"])
    if effective_from is None:
        raise Poison("bad_time", "effective_from lies before 1970 or after 2200")
    yield (
        "items",
        (
            event["tenant_id"],
            event["hall_id"],
            event["item_code"],
            event["version"],
            event["event_id"],
            event["type"],
            effective_from,
            *_content(event),
            event["recorded_at"],
            *place(record),
            first_wins(event),
        ),
    )


def _content(event: Mapping[str, Any]) -> tuple[Any, ...]:
    """What a version says of the item; a withdrawal says nothing."""
    texts = ("name", "class", "domain", "level", "case_class", "window_id")
    materials = event.get("materials", ())
    return (
        *(event.get(name, "") for name in texts),
        *(event.get(name) for name in _TERMS),
        event.get("unit", ""),
        len(materials),
        sum(m["required"] for m in materials),
        bool(event.get("basis_texts")),
        bool(event.get("rules")),
        bool(event.get("procedure") or event.get("steps")),
        event.get("in_hall", False),
        event.get("decides_in_hall", False),
    )
