"""Words for what tables hold: the same ones as on the screens, read from their files.

Keys without a word are shown as they are, so a new event type is never hidden.
"""

import tomllib
from datetime import UTC, datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from duban.launch import PROGRAMS
from duban.settings import settings

SCREENS = PROGRAMS / "projections" / "dashboard"


@cache
def _table(file: str) -> dict[str, Any]:
    path = SCREENS / file
    return tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def _pick(pair: list[str] | None, key: str) -> str:
    return pair[0 if settings().language == "zh" else 1] if pair else key


def word(section: str, key: str) -> str:
    """What people say for a key of a section: status, level, clock, state, outcome …"""
    return _pick(_table("words.toml").get(section, {}).get(key), key) if key else ""


def event_word(event_type: str) -> str:
    """What people say for an event type."""
    return _pick(_table("events.toml").get(event_type), event_type)


def follows_word(measure: str) -> str:
    """What people say for a measure that a policy or a trigger names."""
    return _pick(_table("evaluation.toml").get("follows", {}).get(measure), measure)


def moment(at: datetime | None, zone: str, seconds: bool = False) -> str:
    """An instant in a hall's zone, to the minute; empty for none."""
    if at is None:
        return ""
    form = "%Y-%m-%d %H:%M:%S" if seconds else "%Y-%m-%d %H:%M"
    return at.astimezone(ZoneInfo(zone)).strftime(form)


def iso(at: int | None) -> str | None:
    """An instant in ms in the zone of the settings, to the minute; None for none."""
    if at is None:
        return None
    zone = ZoneInfo(settings().zone)
    return datetime.fromtimestamp(at / 1000, UTC).astimezone(zone).isoformat(timespec="minutes")
