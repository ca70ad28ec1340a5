"""A simulated year on a stack: told in full, with the rankings of all its periods published."""

import tempfile
from pathlib import Path
from typing import Any

from duban import warehouse
from duban.launch import SCHEMAS
from tests.judged import simulate
from tests.rest import wait_stored
from tests.stack import Stack

YEAR, SCALE = 2026, 0.0003
MONTHS = [f"{YEAR}-{month:02d}" for month in range(1, 13)]
PRESETS = SCHEMAS / "reference" / "presets"
CLOSED = """
SELECT policy_id, period FROM rankings_now WHERE hall_id = 'sujiatun' GROUP BY policy_id, period
"""


def monthly_for_few() -> str:
    """The monthly table, published anew with a place for everybody: so small a city has no window
    with ten points in a month."""
    _, head, table = (SCHEMAS / "reference/scores.toml").read_text("utf-8").rpartition("[[score]]")
    for shipped, ours in (('version = "2"', 'version = "3"'), ("minimum_n = 10", "minimum_n = 1")):
        assert table.count(shipped) == 1
        table = table.replace(shipped, ours)
    return head + table


def publish_for_few(stack: Stack) -> None:
    """Put that version in force."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "scores.toml"
        path.write_text(monthly_for_few(), encoding="utf-8")
        stack.run("apply", str(path), check=True)


def tell(stack: Stack, scale: float = SCALE, *, presets: bool = False) -> None:
    """Let the simulator tell the year, and wait until all that follows from it is stored; by the
    score policies that ship, or by the presets beside them too."""
    publish_for_few(stack)
    if presets:
        stack.run("apply", str(PRESETS), check=True)
    simulate(stack, "--year", str(YEAR), "--scale", str(scale))
    wait_stored(lambda: set(MONTHS) <= closed("window-month"), "twelve rankings", 240, 1.0)


def closed(policy: str) -> set[str]:
    """Periods of a policy whose ranking is published and stored."""
    return {period for of, period in rows(CLOSED) if of == policy}


def rows(sql: str, **values: Any) -> list[tuple[Any, ...]]:
    """What the warehouse answers."""
    return [tuple(row) for row in warehouse.query(sql, **values).rows]
