"""The table of mechanisms keeps true: each setting, fact, command, page and test is there."""

import re
from pathlib import Path

import pytest
import typer

from duban.avro import newest
from duban.cli import application
from duban.metrics import metric_names

ROOT = Path(__file__).parent.parent
GUIDE = ROOT / "docs/guides/mechanisms.md"
NOTHING = "—"
WHOLE = r"(?<![\w-])%s(?![\w-])"


def mechanisms() -> list[list[str]]:
    """The cells of every row."""
    lines = GUIDE.read_text(encoding="utf-8").splitlines()
    rows = [line.strip("| ").split(" | ") for line in lines if line.startswith("| ")]
    return [row for row in rows if row[0] != "机制"]


ROWS = mechanisms()
ROUTES = {
    route
    for page in (ROOT / "projections/dashboard").glob("*.py")
    for route in re.findall(r'@ui\.page\("([^"]+)"', page.read_text(encoding="utf-8"))
}
COMMANDS = set(typer.main.get_command(application()).commands)  # type: ignore[attr-defined]


def quoted(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def test_each_seed_has_its_mechanisms_and_none_stands_twice():
    names = [row[0] for row in ROWS]
    assert len(names) == len(set(names)) > 60
    assert all(len(row) == 5 for row in ROWS)


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_a_mechanism_is_where_the_table_says(row):
    _, settings, facts, seen, tests = row
    for part in re.split(r"、(?=`)", settings) if settings != NOTHING else []:
        path, _, names = part.strip("`").partition("` ")
        text = (ROOT / path).read_text(encoding="utf-8")
        missing = [n for n in names.split("、") if n and not re.search(WHOLE % re.escape(n), text)]
        assert missing == []
    assert quoted(facts)
    assert set(quoted(facts)) <= set(newest())
    assert quoted(seen)
    for place in quoted(seen):
        assert is_there(place), place
    assert quoted(tests)
    for test in quoted(tests):
        path, _, name = test.partition("::")
        assert f"def {name}(" in (ROOT / path).read_text(encoding="utf-8") or not name, test


def is_there(place: str) -> bool:
    """Whether there is such a page, command or figure."""
    if place.startswith("/"):
        return re.sub(r":\w+}", "}", place) in {re.sub(r":\w+}", "}", route) for route in ROUTES}
    _, command, *metric = place.split()
    return command in COMMANDS and set(metric) <= set(metric_names())
