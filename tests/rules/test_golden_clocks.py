"""The golden tables in tests/rules/tables/clocks, held against the engine and what ships."""

from pathlib import Path

import pytest

from tests.rules import golden
from tests.rules.golden import Scenario

SCENARIOS = [
    pytest.param(scenario, id=f"{stem}: {scenario.name}") for stem, scenario in golden.scenarios()
]


def first_word(row: golden.Row) -> golden.Row:
    """A row whose clock is written "kind 中文名"."""
    return [row[0].split()[0], *row[1:]]


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_scenario(scenario: Scenario, tmp_path: Path) -> None:
    found = golden.outcome(scenario, tmp_path)
    clocks = sorted(first_word(row) for row in scenario.tables["时钟"])
    assert golden.clock_rows(scenario, found) == clocks
    signals = [[at, kind.split()[0], said] for at, kind, said in scenario.tables.get("预警", [])]
    assert golden.signal_rows(scenario, found) == sorted(signals)
    odd = scenario.settings.get("存疑", "")
    assert sorted({a.code for a in found.view.anomalies}) == sorted(filter(None, odd.split("、")))
    if colour := scenario.settings.get("全案"):
        assert golden.LEVELS[found.signal] == colour
    by_label = {golden.label(clock): clock for clock in found.clocks}
    for name, rows in scenario.tables.items():
        if name.startswith("逐日 "):
            assert golden.day_rows(by_label[name.removeprefix("逐日 ")]) == rows


NO_DAY_LIST = {"legacy_age"}  # two hundred and fifty days


def shipped_kinds(directory: Path) -> set[str]:
    return {
        clock.kind
        for versions in golden.reference(Scenario(""), directory).policies.values()
        for policy in versions
        for clock in policy.clocks
    }


def test_every_kind_that_ships_is_counted_day_by_day_in_some_table(tmp_path: Path) -> None:
    listed = {
        name.removeprefix("逐日 ").partition("/")[0]
        for _, scenario in golden.scenarios()
        for name in scenario.tables
        if name.startswith("逐日 ")
    }
    assert shipped_kinds(tmp_path) - listed == NO_DAY_LIST


def test_every_kind_that_ships_is_counted_in_some_table(tmp_path: Path) -> None:
    kinds = shipped_kinds(tmp_path)
    counted = {
        row[0].split()[0].partition("/")[0]
        for _, scenario in golden.scenarios()
        for row in scenario.tables["时钟"]
    }
    assert kinds - counted == set()
