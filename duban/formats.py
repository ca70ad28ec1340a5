"""Forms of strings that schemas name in `format`: a test and its meaning in words."""

import json
import re
from collections.abc import Callable
from datetime import date
from functools import cache
from zoneinfo import ZoneInfo

UUID_PATTERN = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")  # one id has one spelling


def _pattern(expression: str) -> Callable[[str], bool]:
    matches = re.compile(expression).fullmatch
    return lambda text: matches(text) is not None


def _text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair, which no UTF-8 can carry
        return False
    return True


def _id(text: str) -> bool:
    return text.isprintable() and not text.isspace()


def _date(text: str) -> bool:
    try:
        return len(text) == len("YYYY-MM-DD") and bool(date.fromisoformat(text))
    except ValueError:
        return False


def _json(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


@cache
def _zone(text: str) -> bool:
    try:
        return bool(ZoneInfo(text).key)
    except (LookupError, ValueError, OSError):
        return False


FORMATS: dict[str, tuple[Callable[[str], bool], str]] = {
    "": (_text, "text that UTF-8 can carry"),
    "id": (_id, "printable characters on one line"),
    "date": (_date, "a date, YYYY-MM-DD"),
    "time": (_pattern(r"([01][0-9]|2[0-3]):[0-5][0-9]|24:00"), "a time of day, HH:MM"),
    "period": (
        _pattern(r"[12][0-9]{3}(-(0[1-9]|1[0-2]|Q[1-4]|H[12]))?"),
        "a period: YYYY-MM, YYYY-Q1, YYYY-H1 or YYYY",
    ),
    "decimal": (_pattern(r"-?[0-9]{1,15}(\.[0-9]{1,4})?"), "a decimal number such as 120.50"),
    "hex16": (_pattern(r"[0-9a-f]{16}"), "16 hex digits"),
    "sha256": (_pattern(r"[0-9a-f]{64}"), "64 hex digits"),
    "zone": (_zone, "an IANA time zone"),
    "json": (_json, "a JSON object as text"),
}
