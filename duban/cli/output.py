"""How commands speak: tables for people, one JSON object for scripts, errors with the next step."""

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

from rich.console import Console
from rich.table import Table
from rich.text import Text

out = Console()
err = Console(stderr=True, soft_wrap=True)  # a terminal wraps by itself; a log must not be cut


def say_json(value: Any) -> None:
    """Print one JSON value on one line of standard output."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, default=str) + "\n")
    sys.stdout.flush()


def say_table(columns: Sequence[str], rows: Iterable[Sequence[Any]], title: str = "") -> None:
    """Print rows as a table for people; cells are text, never markup."""
    table = Table(title=title or None, header_style="bold", title_justify="left")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*("" if cell is None else Text(str(cell)) for cell in row))
    out.print(table)


def fail(what: str, next_step: str = "", status: int = 1) -> NoReturn:
    """Say what was wrong and what to do, then leave with `status` (1 failed, 2 wrong use)."""
    err.print(Text.assemble(("✗ ", "bold red"), what))
    if next_step:
        err.print(Text(f"  → {next_step}"))
    raise SystemExit(status)
