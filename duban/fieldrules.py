"""What schemas demand of values beyond their types, as one quick yes or no for a decoded record.

Whoever decoded a record knows its types to be right. This looks at the rest (forms, lengths,
bounds) and is never milder than `jsonform`, which says what is wrong where the answer is no.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from operator import call
from typing import Any

from duban.formats import FORMATS, UUID_PATTERN
from duban.jsonform import (
    EARLIEST,
    LATEST,
    MAX_ITEMS,
    WHOLE,
    Attributes,
    longest_of,
    may_be_empty,
    parts_of,
)

Rule = Callable[[Any], bool]


def compile_rules(fields: Iterable[dict[str, Any]]) -> Rule:
    """Whether a decoded record with these fields keeps every rule of theirs."""
    fields = tuple(fields)
    found = {f["name"]: _rule(f["type"], f) for f in fields}
    rules = {name: rule for name, rule in found.items() if rule is not None}
    of_whole = parts_of(fields)

    def keeps(record: Mapping[str, Any]) -> bool:
        return all(map(call, rules.values(), map(record.__getitem__, rules)))

    if not of_whole:
        return keeps
    return lambda record: keeps(record) and all(record[p] <= record[w] for p, w in of_whole)


def _rule(schema: Any, attributes: Attributes) -> Rule | None:
    """The rule of a field; None where any value of its type will do."""
    if isinstance(schema, list):
        inner = _rule(next(branch for branch in schema if branch != "null"), attributes)
        return inner and _optional(inner)
    kind = schema if isinstance(schema, str) else schema["type"]
    logical = "" if isinstance(schema, str) else schema.get("logicalType", "")
    if logical == "timestamp-millis":
        return lambda value: EARLIEST <= value < LATEST
    if logical == "uuid":
        return lambda value: UUID_PATTERN.fullmatch(value) is not None
    match kind:
        case "boolean" | "enum":
            return None
        case "string":
            return _string(attributes)
        case "record":
            return compile_rules(schema["fields"])
        case "array":
            return _many(_rule(schema["items"], _of_items(attributes)))
        case "map":
            values = _many(_rule(schema["values"], _of_items(attributes)))
            keys = _many(_string({"format": "id"}))
            return lambda value: keys(value.keys()) and values(value.values())
    return _number(kind, attributes)


def _of_items(attributes: Attributes) -> Attributes:
    return {k: v for k, v in attributes.items() if k != "default"}


def _optional(inner: Rule) -> Rule:
    return lambda value: value is None or inner(value)


def _string(attributes: Attributes) -> Rule:
    form = attributes.get("format", "")
    longest, empty, fits = longest_of(attributes), may_be_empty(attributes), FORMATS[form][0]
    if not form:  # what was UTF-8 can be UTF-8 again
        return lambda value: len(value) <= longest
    if empty:
        return lambda value: not value or (len(value) <= longest and fits(value))
    return lambda value: 0 < len(value) <= longest and fits(value)


def _number(kind: str, attributes: Attributes) -> Rule:
    lowest, highest = WHOLE.get(kind, (-math.inf, math.inf))
    lowest, highest = attributes.get("min", lowest), attributes.get("max", highest)
    return lambda value: lowest <= value <= highest and math.isfinite(value)


def _many(item: Rule | None) -> Rule:
    if item is None:
        return lambda values: len(values) <= MAX_ITEMS
    return lambda values: len(values) <= MAX_ITEMS and all(map(item, values))
