"""What facts propose which measure, read from `schemas/triggers.toml`."""

import tomllib
from functools import cache
from typing import Any

from duban.launch import SCHEMAS
from duban.proposals import AGAIN, Trigger


@cache
def triggers() -> tuple[Trigger, ...]:
    """All triggers, in the order of the file."""
    found = tomllib.loads((SCHEMAS / "triggers.toml").read_text(encoding="utf-8"))["trigger"]
    return tuple(map(_trigger, found))


def _trigger(one: dict[str, Any]) -> Trigger:
    made = Trigger(**one | {"name": tuple(one["name"]), "also": tuple(one.get("also", ()))})
    if (made.also or made.on.startswith(AGAIN)) and not made.within_days:
        raise ValueError(f"trigger on {made.on}: within_days is missing")
    return made
