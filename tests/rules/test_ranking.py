"""Places, sides, measures: pure rules of a ranking."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duban import ranking
from duban.ranking import Contender, Stood, rank
from duban.score_policy import Consequence, ScorePolicy

POLICY = ScorePolicy("1", 0, ())
SCORES = st.sampled_from([91.0, 95.5, 100.0, 100.1, 103.3, 110.0])
FIELD = st.lists(st.tuples(SCORES, st.integers(0, 4)), max_size=12).map(
    lambda found: [Contender(f"w{i}", score, score - 100, n) for i, (score, n) in enumerate(found)]
)


def placed(contenders, **policy):
    entries = rank(contenders, ScorePolicy("1", 0, (), **policy))
    return {e.subject: e for e in entries if e.place}


def on(side, contenders, **policy):
    return {s for s, e in placed(contenders, **policy).items() if side in e.sides}


def field(*scores):
    return [Contender(chr(97 + i), score, n=5) for i, score in enumerate(scores)]


@given(st.data(), FIELD)
def test_places_do_not_depend_on_the_order_of_arrival(data, contenders):
    assert rank(data.draw(st.permutations(contenders)), POLICY) == rank(contenders, POLICY)


@given(FIELD)
def test_ties_share_a_place_and_the_next_place_leaves_room_for_them(contenders):
    places = placed(contenders)
    for one in places.values():
        better = sum(other.score > one.score for other in places.values())
        assert one.place == better + 1


@given(FIELD, st.integers(1, 4))
def test_top_and_bottom_take_ties_whole_and_share_nobody(contenders, count):
    ranked = placed(contenders, top=count, bottom=count)
    top, bottom = (on(s, contenders, top=count, bottom=count) for s in ("top", "bottom"))
    assert not top & bottom
    for some in (top, bottom):
        scores = {ranked[s].score for s in some}
        assert some == {s for s, e in ranked.items() if e.score in scores}
    assert len(top) >= min(count, len(ranked))
    assert len(top) + len(bottom) >= min(2 * count, len(ranked))


def test_whoever_reaches_the_maximum_shares_the_first_place_and_the_flag():
    found = placed(field(110.0, 110.0, 109.9))
    assert [(e.place, s) for s, e in found.items()] == [(1, "a"), (1, "b"), (3, "c")]
    assert on("flag", field(110.0, 110.0, 109.9)) == {"a", "b"}


@given(FIELD)
def test_too_few_points_give_no_place_and_take_none(contenders):
    entries = rank(contenders, ScorePolicy("1", 0, (), minimum_n=2))
    below = [e for e in entries if e.place == 0]
    assert {e.subject for e in below} == {c.subject for c in contenders if c.n < 2}
    assert all(e.sides == (ranking.BELOW,) for e in below)
    others = [c for c in contenders if c.n >= 2]
    assert entries[: len(others)] == rank(others, POLICY)


def test_nobody_is_at_the_bottom_where_all_are_equal():
    assert on("bottom", field(*[100.5] * 6)) == set()
    assert len(on("top", field(*[100.5] * 6))) == 6


# --- measures ---

LADDER = (
    Consequence("bottom:2", "talk", "hall"),
    Consequence("bottom", "criticism", "city"),
    Consequence("grade:poor", "rectification"),
    Consequence("flag", "honour", "hall"),
    Consequence("worse:2", "rectification", "city"),
)


def follows(scores, earlier=None, grade=""):
    policy = ScorePolicy("1", 0, (), measures=LADDER, top=1, bottom=1)
    entries = rank([c._replace(grade=grade) for c in field(*scores)], policy)
    before = {
        period: {who: Stood(*how) if isinstance(how, tuple) else Stood(how, 0.0)
                 for who, how in stood.items()}
        for period, stood in (earlier or {}).items()
    }  # fmt: skip
    found = ranking.measures(entries, policy, "2026-10", before.get)
    return [(m.subject, m.measure, m.because) for m in found]


def test_the_bottom_two_months_running_leads_to_a_talk():
    worst = {"2026-09": {"c": ["bottom"], "a": ["top"]}}
    assert ("c", "talk", "bottom 2026-09, 2026-10") in follows((103, 102, 99), worst)


@pytest.mark.parametrize(
    "earlier",
    [{}, {"2026-09": {"b": ["bottom"]}}, {"2026-08": {"c": ["bottom"]}}, {"2026-09": {"c": []}}],
)
def test_one_month_at_the_bottom_leads_to_no_talk(earlier):
    assert "talk" not in {m for _, m, _ in follows((103, 102, 99), earlier)}


def test_a_lower_score_twice_running_leads_to_what_the_policy_names():
    falling = {"2026-08": {"b": ([], 105.0), "c": ([], 90.0)},
               "2026-09": {"b": ([], 103.5), "c": ([], 99.5)}}  # fmt: skip
    found = [f for f in follows((103, 102, 99), falling) if f[1] == "rectification"]
    assert found == [("b", "rectification", "worse 2026-08, 2026-09, 2026-10")]


@pytest.mark.parametrize(
    "earlier",
    [
        {"2026-09": {"b": ([], 103.5)}},  # one fall is no run
        {"2026-08": {"b": ([], 103.5)}, "2026-09": {"b": ([], 103.5)}},  # as good is not worse
        {"2026-08": {"b": ([], 105.0)}},  # a period between them is not closed
    ],
)
def test_a_single_fall_leads_to_nothing(earlier):
    assert "rectification" not in {m for _, m, _ in follows((103, 102, 99), earlier)}


def test_sides_and_grades_lead_to_what_the_policy_names():
    assert follows((103, 99)) == [
        ("a", "honour", "flag 2026-10"), ("b", "criticism", "bottom 2026-10"),
    ]  # fmt: skip
    assert ("a", "rectification", "grade:poor 2026-10") in follows((103, 99), grade="poor")


def test_who_has_no_place_meets_with_what_the_grade_names_and_nothing_else():
    policy = ScorePolicy("1", 0, (), measures=LADDER, minimum_n=9)
    entries = rank([c._replace(grade="poor") for c in field(103, 99)], policy)
    found = ranking.measures(entries, policy, "2026-10", lambda _: None)
    assert {(m.subject, m.because) for m in found} == {
        ("a", "grade:poor 2026-10"), ("b", "grade:poor 2026-10"),
    }  # fmt: skip
    praised = replace(policy, measures=(Consequence("grade:poor", "honour"),))
    assert ranking.measures(entries, praised, "2026-10", lambda _: None) == []
    graded = [c._replace(grade="") for c in field(103, 99)]
    assert ranking.measures(rank(graded, policy), policy, "2026-10", lambda _: None) == []
