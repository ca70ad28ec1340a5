"""Boards of honour and their quotas, read from `schemas/boards.toml`."""

import tomllib
from functools import cache

from duban.honours import Quotas
from duban.launch import SCHEMAS


@cache
def quotas() -> Quotas:
    """Places by board and class."""
    boards = tomllib.loads((SCHEMAS / "boards.toml").read_text(encoding="utf-8"))["boards"]
    return {
        (board, name): int(found["places"])
        for board, described in boards.items()
        for name, found in described["classes"].items()
    }
