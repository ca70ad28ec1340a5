"""Scores of a simulated hall: live totals, sums over the points in the warehouse, and the ranking
are one and the same, also when points come twice and are taken back."""

import tomllib
from collections.abc import Iterator
from typing import Any

import pytest

from duban import bus, codec, ranking, warehouse
from duban.launch import SCHEMAS
from duban.score_policy import ScorePolicy
from streams.points import PREFIX
from tests.flows import plain_scores as plain
from tests.judged import judged, posted, simulate
from tests.rest import wait_read, wait_stored
from tests.stack import Stack

pytestmark = pytest.mark.stack

# The sums of what was posted, written as a manager would: each posting once, opposite points count
# against.
POINTS = """
SELECT hall_id, subject, period, round(sum(points), 6) AS points, sum(one) AS n,
  sumIf(one, rule_id IN {on_time:Array(String)}) AS on_time,
  sumIf(one, rule_id IN {late:Array(String)}) AS late,
  sumIf(one, rule_id IN {ratings:Array(String)}) AS ratings,
  sumIf(one, rule_id IN {satisfied:Array(String)}) AS satisfied
FROM (
  SELECT hall_id, subject, period, rule_id, points, if(reverses = '', 1, -1) AS one
  FROM score_points FINAL
)
GROUP BY hall_id, subject, period
"""
SCORES = """
SELECT hall_id, subject, period, points, n, on_time, late, ratings, satisfied FROM scores_now
"""


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Two simulated days, with everything stored."""
    with judged(tmp_path_factory.mktemp("scores")) as made:
        simulate(made, "--days", "2")
        wait_read()
        yield made


def rules() -> dict[str, list[str]]:
    """Rule ids by the counter that they move."""
    text = (SCHEMAS / "reference/scores.toml").read_text(encoding="utf-8")
    versions = tomllib.loads(text)["score"]
    about = {rule["rule_id"]: rule["on"] for score in versions for rule in score["rules"]}
    del about["promise-share"]  # a late case is counted by the rule that stands before it
    return {
        "on_time": [r for r, on in about.items() if on == "outcome:on_time"],
        "late": [r for r, on in about.items() if on == "outcome:late"],
        "ratings": [r for r, on in about.items() if on.startswith("rating:")],
        "satisfied": [r for r, on in about.items() if on in ("rating:4", "rating:5")],
    }


def summed() -> set[tuple[Any, ...]]:
    return set(map(tuple, warehouse.query(POINTS, **rules()).rows))


def live() -> set[tuple[Any, ...]]:
    return set(map(tuple, warehouse.query(SCORES).rows))


def published() -> set[tuple[Any, ...]]:
    """The last total of each key on the topic."""
    names = ("points", "n", "on_time", "late", "ratings", "satisfied")
    last = {r.key: r.value for r in bus.read_all("score-state") if r.key.startswith(b"[")}
    events = [codec.decode(value) for value in last.values()]
    return {
        (e.hall_id, e.data["subject"], e.data["period"], *(e.data[n] for n in names))
        for e in events
    }


def stored() -> bool:
    """Whether the sink has all points and the last totals."""
    ids = {codec.decode(r.value).data["point_id"] for r in bus.read_all("score-points")}
    [[count]] = warehouse.query("SELECT uniqExact(point_id) FROM score_points").rows
    return count == len(ids) and live() == published()


def test_live_totals_are_the_sums_over_the_points_in_the_warehouse(hall: Stack) -> None:
    wait_stored(stored, "all points are stored")
    assert live() == summed()
    assert len(live()) > 5
    assert sum(row[5] for row in live()) > 50  # cases on time


def test_points_that_come_twice_change_nothing(hall: Stack) -> None:
    wait_stored(stored, "all points are stored")
    before, said = live(), list(bus.read_all("score-points"))
    with bus.Producer() as producer:
        for r in said:
            producer.send_raw(r.topic, r.key, r.value, r.headers)
    wait_read()
    assert published() == live() == before == summed()
    rows = [r.key for r in bus.read_all("score-state") if r.key.startswith(PREFIX)]
    assert len(rows) == len(set(rows)) == len(said)


def test_a_voided_rating_takes_its_points_back_everywhere(hall: Stack) -> None:
    wait_stored(stored, "all points are stored")
    before = sum(row[7] for row in live())
    found = warehouse.query(
        "SELECT case_id, toString(event_id) FROM events_now WHERE event_type = 'RatingGiven'"
        " AND JSONExtractString(payload, 'source') IN ('', 'mass') LIMIT 3"
    ).rows
    with bus.Producer() as producer:
        for case, rating in found:
            producer.emit("EventVoided", case=case, at=bus.business_now(), voids_event_id=rating,
                          reason="wrong window")  # fmt: skip
    wait_stored(lambda: stored() and sum(r[7] for r in live()) == before - 3, "taken back")
    assert live() == summed()
    [[taken]] = warehouse.query("SELECT count() FROM score_points_now WHERE reverses != ''").rows
    assert taken >= 3


def test_the_ranking_is_made_of_these_totals(hall: Stack) -> None:
    wait_stored(stored, "all points are stored")
    month = max(row[2] for row in live())
    policy = plain.policies()["window-month"]
    contenders = [
        ranking.Contender(subject, plain.score(policy, points), n=len(points))
        for subject, points in posted("window-month", month).items()
    ]
    least = ScorePolicy("1", 0, (), minimum_n=policy["minimum_n"])
    places = [(e.place, e.subject) for e in ranking.rank(contenders, least)]
    said = hall.json("rank", "--month", month)
    assert said["revision"] == "live"
    assert said["ranked"] > 3
    shown = [(e["place"], e["subject"]) for e in said["places"]]
    assert sorted(shown) == sorted(places)
