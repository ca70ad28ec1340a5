"""A small simulated year on a real stack: twelve rankings, each place made of its points."""

import json
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.demo.proof import proved
from duban import warehouse
from duban.reference import SHIPPED, load, reference_from
from tests.flows import plain_scores as plain
from tests.judged import judged, posted
from tests.paper import html_rows, pdf_text
from tests.rest import wait_stored
from tests.stack import Stack, wait_for
from tests.year import MONTHS, PRESETS, YEAR, monthly_for_few, rows, tell

pytestmark = pytest.mark.stack

POLICY = "window-month"
RANKED = """
SELECT period, subject, place, score, n, sides FROM rankings_now
WHERE policy_id = {policy:String} ORDER BY period, subject
"""
CLOSES = """
SELECT count() FROM events_now
WHERE event_type = 'PeriodClosed' AND JSONExtractString(payload, 'period') = {period:String}
"""
HONOURED = """
SELECT subject FROM ranking_measures_now
WHERE policy_id = {policy:String} AND period = {period:String} AND measure = 'honour'
"""


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A year of the hall, told and stored."""
    with judged(tmp_path_factory.mktemp("year")) as made:
        tell(made, presets=True)
        yield made


def ranked() -> dict[str, dict[str, tuple[Any, ...]]]:
    """(place, score, n, sides) by period and subject."""
    found: dict[str, dict[str, tuple[Any, ...]]] = defaultdict(dict)
    for period, subject, *rest in rows(RANKED, policy=POLICY):
        found[period][subject] = tuple(rest)
    return found


def recomputed(period: str) -> dict[str, tuple[int, float, int]]:
    """(place, score, n) of a month from the points alone, by the published policy."""
    policy = tomllib.loads(monthly_for_few())["score"][0]
    earned = posted(POLICY, period)
    scores = {name: plain.score(policy, points) for name, points in earned.items()}
    return {
        name: (1 + sum(other > own for other in scores.values()), own, len(earned[name]))
        for name, own in scores.items()
    }


def places(month: str) -> dict[str, tuple[int, float, int]]:
    """Place, score and points that stand of each window, as published last."""
    return {name: values[:3] for name, values in ranked()[month].items()}


def test_twelve_rankings_come_out_and_each_place_follows_from_the_points(year: Stack) -> None:
    wait_for(lambda: sorted(ranked()) == MONTHS, "twelve rankings", 120, 0.5)
    for month in MONTHS:
        # A year told at once: the last revision follows the last points by a moment.
        wait_for(
            lambda month=month: places(month) == recomputed(month), f"places of {month}", 120, 1
        )
        assert len(places(month)) > 5


@pytest.mark.parametrize("month", MONTHS)
def test_every_place_of_a_month_is_reproduced_from_its_points_by_one_command(
    year: Stack, month: str
) -> None:
    wait_for(lambda: places(month) == recomputed(month), "the last revision", 120, 1)
    said = year.json("score", "--all", "--period", month, "--hall", "sujiatun")
    assert (said["differ"], said["checked"]) == (0, len(said["scores"]))
    shown = {s["subject"]: (s["place"], s["score"], s["n"]) for s in said["scores"] if s["n"]}
    assert shown == places(month)


def test_every_place_of_every_policy_follows_from_its_points(year: Stack) -> None:
    found = proved()
    assert found.rankings >= 12 * 5 + 4 * 2 + 2 + 4  # months, quarters, halves, years
    assert found.places_checked > 12 * 5 * 5
    assert found.places_differ == 0


def test_a_ranking_names_top_bottom_and_the_red_flag(year: Stack) -> None:
    for month, entries in ranked().items():
        sides = {side for *_, sides in entries.values() for side in sides}
        assert {"top", "bottom", "flag"} <= sides, month
        tops = [place for place, *_, sides in entries.values() if "top" in sides]
        assert max(tops) <= 3


def test_a_fact_that_came_after_the_cut_has_revised_its_months_ranking(year: Stack) -> None:
    reasons = {reason for (reason,) in rows("SELECT reason FROM rankings WHERE revision > 0")}
    assert "late_fact" in reasons


def test_the_annual_pack_has_the_years_rankings_and_whom_they_nominate(
    year: Stack, tmp_path: Path
) -> None:
    said = year.json("report", "--hall", "sujiatun", "--year", str(YEAR), "--out", str(tmp_path))
    page = Path(said["files"][0]).read_text(encoding="utf-8")
    headings = re.findall(r"<h2>[一二三四五六七八九十]+、(.*?)</h2>", page)
    assert {"年底考核", "年度考核", "群众满意窗口", "推荐表彰"} <= set(headings)
    names = reference_from([*load(SHIPPED), *load(PRESETS)]).names
    asked = {"policy": "satisfied-window", "period": str(YEAR)}
    honoured = [names[f"sujiatun/{who}"] for (who,) in rows(HONOURED, **asked)]
    nominated = [
        row for row in html_rows(page) if row[1:] == ["群众满意窗口", f"前三名（{YEAR}年度）"]
    ]
    assert sorted(row[0] for row in nominated) == sorted(honoured)
    assert honoured
    text = pdf_text(Path(said["files"][2]).read_bytes())
    assert all("".join(row) in text for row in nominated)


def test_closing_a_month_again_changes_nothing(year: Stack) -> None:
    before = rows("SELECT count(), max(revision) FROM rankings")
    [(closed,)] = rows(CLOSES, period=MONTHS[0])  # by each policy
    year.run("close", "--period", MONTHS[0], "--hall", "sujiatun", check=True)
    wait_stored(lambda: rows(CLOSES, period=MONTHS[0]) == [(closed + 1,)], "closed again")
    assert rows("SELECT count(), max(revision) FROM rankings") == before


def test_a_score_or_a_place_that_its_points_do_not_bear_out_is_told(year: Stack) -> None:
    """Last here: somebody gives a window ten points, in the warehouse and nowhere else."""
    month = MONTHS[1]
    last = max(ranked()[month].items(), key=lambda entry: entry[1][0])[0]
    warehouse.connect("writer").command(
        "INSERT INTO score_points SELECT * REPLACE (generateUUIDv4() AS point_id, 10 AS points,"
        f" '' AS axis) FROM score_points FINAL WHERE policy_id = '{POLICY}' AND reverses = ''"
        f" AND period = '{month}' AND subject = '{last}' LIMIT 1"
    )
    told = year.run("score", "--all", "--period", month, "--hall", "sujiatun", "--json")
    assert told.returncode == 1
    said = json.loads(told.stdout)
    differ = {score["subject"] for score in said["scores"] if not score["agrees"]}
    assert last in differ
    assert said["differ"] == len(differ)
    [theirs] = [score for score in said["scores"] if score["subject"] == last]
    assert theirs["n"] == theirs["live"]["n"] + 1 == theirs["ranking"]["n"] + 1
