"""Words in two languages, Chinese first: `say("figure.accepted_today", "zh")`."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from duban.sentences import Lang

__all__ = ["HERE", "Lang", "keys", "name_of", "say"]

HERE = Path(__file__).parent


@cache
def _words() -> dict[str, dict[str, list[str]]]:
    words = _read("words.toml")
    for section, more in _read("evaluation.toml").items():
        words.setdefault(section, {}).update(more)
    return words | {"happened": _read("events.toml")}


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((HERE / name).read_text(encoding="utf-8"))


def say(key: str, lang: Lang, **parts: object) -> str:
    """The words under `section.key`, with `{name}` filled in. Raises `KeyError` when unknown."""
    section, _, name = key.partition(".")
    words = _words()[section][name][0 if lang == "zh" else 1]
    return words.format(**parts) if parts else words


def name_of(section: str, code: str, lang: Lang) -> str:
    """A code as people say it; for one that nobody has named, the section's word for the rest."""
    if not code:
        return _words()[section].get("none", ["", ""])[0 if lang == "zh" else 1]
    known = _words()[section]
    return say(f"{section}.{code if code in known else 'unknown'}", lang)


def keys() -> frozenset[str]:
    """Every key there is; tests compare it with the keys that pages use."""
    return frozenset(f"{section}.{name}" for section, words in _words().items() for name in words)
