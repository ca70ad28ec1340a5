"""Values checked against an Avro schema, field by field, with every fault reported at once.

A compiled check takes a value and a path, notes problems and returns the value as the codec wants
it. Two forms are read: JSON, where an instant is ISO-8601 with an offset, and plain, where it is
epoch milliseconds. The schemas carry our own attributes beside Avro's: `format`, `min`, `max`,
`max_length`, `allow_empty`, and `at_most`, which names the field that this one is a part of.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, NamedTuple

from duban.formats import FORMATS, UUID_PATTERN


class Problem(NamedTuple):
    """What is wrong with one field; `field` is a path such as "materials[2].code"."""

    field: str
    reason: str


Check = Callable[[Any, str, list[Problem]], Any]
Attributes = Mapping[str, Any]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
EARLIEST, LATEST = -2_208_988_800_000, 7_258_118_400_000  # 1900 and 2200, UTC: what the tables hold
MAX_TEXT = 4000
MAX_ID = 200
MAX_ITEMS = 1000
WHOLE = {"int": (-(1 << 31), (1 << 31) - 1), "long": (-(1 << 63), (1 << 63) - 1)}


def to_ms(text: str) -> int:
    """Epoch milliseconds of an ISO-8601 instant; ValueError where it has no offset."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("no offset")
    return (moment - EPOCH) // MILLISECOND


def to_iso(ms: int, zone: tzinfo = UTC) -> str:
    """ISO-8601 with offset, to the second where there are no milliseconds."""
    moment = (EPOCH + ms * MILLISECOND).astimezone(zone)
    return moment.isoformat(timespec="milliseconds" if ms % 1000 else "seconds")


def compile_record(fields: Iterable[dict[str, Any]], json_form: bool) -> Check:
    """Check of a record with these fields: unknown and missing ones are problems, defaults fill."""
    fields = tuple(fields)
    parts = [
        (f["name"], _compile(f["type"], f, json_form), "default" not in f, f.get("default"))
        for f in fields
    ]
    names, of_whole = {f["name"] for f in fields}, parts_of(fields)

    def check(value: Any, path: str, problems: list[Problem]) -> Any:
        if not isinstance(value, Mapping):
            problems.append(Problem(path, "must be an object"))
            return None
        prefix = f"{path}." if path else ""
        if not value.keys() <= names:
            unknown = sorted(str(name) for name in value.keys() - names)
            problems.extend(Problem(prefix + name, "is not a field here") for name in unknown)
        result = {}
        for name, part, required, default in parts:
            if name in value:
                result[name] = part(value[name], prefix + name, problems)
            elif required:
                problems.append(Problem(prefix + name, "is missing"))
            else:
                result[name] = default.copy() if isinstance(default, list | dict) else default
        for name, whole in of_whole:
            broken = {problem.field for problem in problems} & {prefix + name, prefix + whole}
            if not broken and result[name] > result[whole]:
                problems.append(Problem(prefix + name, f"must be no more than {whole}"))
        return result

    return check


def parts_of(fields: Iterable[Mapping[str, Any]]) -> tuple[tuple[str, str], ...]:
    """Fields that count a part of what another one counts: (part, whole)."""
    return tuple((f["name"], f["at_most"]) for f in fields if "at_most" in f)


def _compile(schema: Any, attributes: Attributes, json_form: bool) -> Check:
    if isinstance(schema, list):
        inner = [branch for branch in schema if branch != "null"]
        assert len(inner) == 1 and len(schema) == 2, f"only [null, X] unions are used: {schema}"
        return _optional(_compile(inner[0], attributes, json_form))
    if isinstance(schema, str):
        return _primitive(schema, attributes)
    kind = schema["type"]
    if schema.get("logicalType") == "timestamp-millis":
        return _iso_instant if json_form else _plain_instant
    if schema.get("logicalType") == "uuid":
        return _any_uuid if json_form else _uuid
    if kind == "enum":
        return _enum(schema["symbols"])
    if kind == "record":
        return compile_record(schema["fields"], json_form)
    if kind == "array":
        return _array(_compile(schema["items"], _for_items(attributes), json_form))
    if kind == "map":
        return _map(_compile(schema["values"], _for_items(attributes), json_form))
    return _primitive(kind, attributes)


def _for_items(attributes: Attributes) -> Attributes:
    return {k: v for k, v in attributes.items() if k != "default"}


def _primitive(kind: str, attributes: Attributes) -> Check:
    if kind == "string":
        return _string(attributes)
    if kind == "boolean":
        return _boolean
    return _number(kind, attributes)


def _optional(inner: Check) -> Check:
    def check(value: Any, path: str, problems: list[Problem]) -> Any:
        return None if value is None else inner(value, path, problems)

    return check


def _boolean(value: Any, path: str, problems: list[Problem]) -> Any:
    if not isinstance(value, bool):
        problems.append(Problem(path, "must be true or false"))
    return value


def _number(kind: str, attributes: Attributes) -> Check:
    lowest, highest = WHOLE.get(kind, (-math.inf, math.inf))
    lowest, highest = attributes.get("min", lowest), attributes.get("max", highest)
    types = (int,) if kind in WHOLE else (int, float)
    name = "a whole number" if kind in WHOLE else "a number"

    def check(value: Any, path: str, problems: list[Problem]) -> Any:
        if isinstance(value, bool) or not isinstance(value, types):
            problems.append(Problem(path, f"must be {name}"))
        elif not (lowest <= value <= highest and math.isfinite(value)):
            problems.append(Problem(path, f"must be {name} from {lowest} to {highest}"))
        return value

    return check


def longest_of(attributes: Attributes) -> int:
    """How many characters a string may have."""
    default = MAX_ID if attributes.get("format") == "id" else MAX_TEXT
    return int(attributes.get("max_length", default))


def may_be_empty(attributes: Attributes) -> bool:
    """Whether a string may be empty: free text may, a form only where the schema says so."""
    free = not attributes.get("format") or attributes.get("default") == ""
    return bool(free or attributes.get("allow_empty"))


def _string(attributes: Attributes) -> Check:
    fits, meaning = FORMATS[attributes.get("format", "")]
    longest, empty = longest_of(attributes), may_be_empty(attributes)

    def check(value: Any, path: str, problems: list[Problem]) -> Any:
        if not isinstance(value, str):
            problems.append(Problem(path, "must be a string"))
        elif not value:
            if not empty:
                problems.append(Problem(path, "must not be empty"))
        elif len(value) > longest:
            problems.append(Problem(path, f"is longer than {longest} characters"))
        elif not fits(value):
            problems.append(Problem(path, f"must be {meaning}"))
        return value

    return check


def _enum(symbols: list[str]) -> Check:
    allowed = frozenset(symbols)

    def check(value: Any, path: str, problems: list[Problem]) -> Any:
        if not isinstance(value, str) or value not in allowed:
            problems.append(Problem(path, f"must be one of {', '.join(symbols)}"))
        return value

    return check


def _any_uuid(value: Any, path: str, problems: list[Problem]) -> Any:
    small = value.lower() if isinstance(value, str) else ""
    if not UUID_PATTERN.fullmatch(small):
        problems.append(Problem(path, "must be a uuid"))
        return value
    return small


def _uuid(value: Any, path: str, problems: list[Problem]) -> Any:
    if not isinstance(value, str) or not UUID_PATTERN.fullmatch(value):
        problems.append(Problem(path, "must be a uuid in small letters"))
    return value


def _iso_instant(value: Any, path: str, problems: list[Problem]) -> Any:
    try:
        if not isinstance(value, str):
            raise ValueError(value)
        return _plain_instant(to_ms(value), path, problems)
    except (ValueError, OverflowError):
        problems.append(Problem(path, "must be an ISO-8601 time with an offset"))
        return None


def _plain_instant(value: Any, path: str, problems: list[Problem]) -> Any:
    if isinstance(value, bool) or not isinstance(value, int):
        problems.append(Problem(path, "must be epoch milliseconds"))
    elif not EARLIEST <= value < LATEST:
        problems.append(Problem(path, "must lie between 1900 and 2200"))
    return value


def _array(item: Check) -> Check:
    def check(value: Any, path: str, problems: list[Problem]) -> Any:
        if not isinstance(value, list | tuple):
            problems.append(Problem(path, "must be a list"))
            return value
        if len(value) > MAX_ITEMS:
            problems.append(Problem(path, f"has more than {MAX_ITEMS} items"))
            return value
        return [item(one, f"{path}[{i}]", problems) for i, one in enumerate(value)]

    return check


def _map(item: Check) -> Check:
    keys = _string({"format": "id"})

    def check(value: Any, path: str, problems: list[Problem]) -> Any:
        if not isinstance(value, Mapping):
            problems.append(Problem(path, "must be an object"))
            return value
        if len(value) > MAX_ITEMS:
            problems.append(Problem(path, f"has more than {MAX_ITEMS} items"))
            return value
        for key in value:
            keys(key, path, problems)
        return {key: item(one, f"{path}.{key}", problems) for key, one in value.items()}

    return check
