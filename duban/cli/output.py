"""How commands speak: tables for people, one JSON object for scripts, errors with the next step."""

import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

BAR_AFTER_S = 2.0
LONG_LINE = (
    10_000  # columns: a file or a pipe has no edge to wrap at, and a wrapped cell defeats grep
)


def _width() -> int | None:
    """As wide as the terminal, or as COLUMNS says; None leaves that to the console."""
    return None if sys.stdout.isatty() or "COLUMNS" in os.environ else LONG_LINE


out = Console(width=_width())
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


@contextmanager
def progress(label: str, total: int) -> Iterator[Callable[[int], None]]:
    """A bar on standard error for work that takes longer than two seconds; gives the function
    that says how much is done. None where nobody looks at a terminal."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    bar = Progress(*columns, console=err, transient=True, disable=not sys.stderr.isatty())
    task, shown_from = bar.add_task(label, total=total), time.monotonic() + BAR_AFTER_S

    def seen(done: int) -> None:
        bar.update(task, completed=done)
        if not bar.live.is_started and time.monotonic() > shown_from:
            bar.start()

    try:
        yield seen
    finally:
        bar.stop()
