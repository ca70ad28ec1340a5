"""Closed periods: what is published, what revises it and why, and what places carry to the year."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from duban.events import Actor
from duban.score_policy import Axis, Consequence, Grade, ScorePolicy, ScoreRule
from tests.given import at
from tests.scored import (
    Hall,
    case_point,
    closed,
    hall_fact,
    in_turn,
    places,
    sums,
    taken_back,
    void,
)  # fmt: skip

RULES = (
    ScoreRule("kept", "outcome:on_time", 1.0),
    ScoreRule("late", "outcome:late", -5.0),
    ScoreRule("adjusted", "ScoreAdjusted", 1.0, per="points"),
)
MONTH = ScorePolicy(
    "1", 0, RULES, top=1, bottom=1, grades=(Grade("good", 100.0), Grade("poor", 0.0)),
    measures=(Consequence("bottom:2", "talk", "hall"), Consequence("grade:poor", "rectification")),
)  # fmt: skip
YEAR = ScorePolicy(
    "1", 0,
    (ScoreRule("best", "rank:window-month:top", 2.0),
     ScoreRule("worst", "rank:window-month:bottom", -1.0),
     ScoreRule("flagged", "rank:window-month:flag", 0.5)),
    policy_id="window-year", period="year",
)  # fmt: skip
CUT = "2026-10-08 09:00"
LATER = "2026-10-12 09:00"
SEPTEMBER = [
    case_point("a1", 1.0, subject="w1"),
    case_point("a2", 1.0, subject="w1"),
    case_point("b1", 1.0, subject="w2"),
    case_point("c1", -5.0, subject="w3", rule="late"),
]
CLOSE = closed("2026-09", CUT)
PLACES = [(1, "w1", 102.0), (2, "w2", 101.0), (3, "w3", 95.0)]


def test_a_period_that_is_not_closed_has_no_ranking():
    assert in_turn(SEPTEMBER, MONTH).rankings() == []


def test_a_closed_period_is_published_with_places_sides_and_figures():
    [found] = in_turn([*SEPTEMBER, CLOSE], MONTH).rankings()
    assert (found["type"], found["revision"], found["reason"]) == ("RankingPublished", 0, "")
    assert (found["cut_event_id"], found["cut_at"]) == (CLOSE.event_id, at(CUT))
    assert places(found) == PLACES
    first, _, last = found["entries"]
    assert (first["sides"], last["sides"]) == (["top", "flag"], ["bottom"])
    assert (first["on_time"], last["late"], first["grade"], last["grade"]) == (2, 1, "good", "poor")
    assert [(m["subject"], m["measure"]) for m in found["measures"]] == [("w3", "rectification")]


def test_closing_twice_changes_nothing_whichever_closing_is_read_first():
    second = closed("2026-09", LATER)
    for told in ((CLOSE, second), (CLOSE, CLOSE), (CLOSE, second, CLOSE)):
        hall = in_turn([*SEPTEMBER, *told], MONTH)
        [found] = hall.rankings()
        assert found["cut_event_id"] == CLOSE.event_id
    hall = Hall(MONTH).read(*SEPTEMBER, second, live=False).read(CLOSE, live=False)
    hall.work()
    assert [r["cut_event_id"] for r in hall.rankings()] == [CLOSE.event_id]


def test_a_cause_recorded_after_the_cut_revises_and_says_that_it_was_late():
    late = case_point("c2", -5.0, subject="w2", rule="late", recorded=LATER)
    for told in ((*SEPTEMBER, CLOSE, late), (late, CLOSE, *SEPTEMBER)):
        hall = Hall(MONTH).read(*told, live=False)
        hall.work()
        first, second = hall.rankings()
        assert places(first) == PLACES
        assert (second["type"], second["revision"]) == ("RankingRevised", 1)
        assert second["reason"] == "late_fact"
        assert places(second)[1] == (2, "w2", 96.0)


def test_a_point_taken_back_after_the_cut_revises_as_a_correction():
    hall = in_turn([*SEPTEMBER, CLOSE, taken_back(SEPTEMBER[3], LATER)], MONTH)
    *_, found = hall.rankings()
    assert (found["revision"], found["reason"]) == (1, "correction")
    assert places(found) == PLACES[:2]  # no point of the third stands any more


def test_a_cause_recorded_by_the_cut_that_is_counted_after_it_makes_a_recount():
    hall = Hall(MONTH).read(*SEPTEMBER[:2], CLOSE).read(*SEPTEMBER[2:])
    assert [r["reason"] for r in hall.rankings()] == ["", "recount"]
    assert places(hall.rankings()[-1]) == PLACES


@pytest.mark.parametrize(
    ("period", "when", "why"),
    [
        ("2026-09", "2026-09-30 17:30", "not_over"),
        ("2026-09", "2026-09-30 23:59", "not_over"),
        ("2027-09", CUT, "not_over"),
        ("2026-Q3", CUT, "not_its_period"),
        ("2026", "2027-01-08 09:00", "not_its_period"),
    ],
)
def test_a_period_that_is_not_over_or_none_of_the_policys_is_not_closed_and_says_why(
    period, when, why
):
    hall = in_turn([*SEPTEMBER, closed(period, when)], MONTH)
    assert hall.rankings() == []
    [(reason, detail)] = hall.aside
    assert reason == why
    assert period in detail
    hall.read(CLOSE)
    assert [places(r) for r in hall.rankings()] == [PLACES]


def test_a_month_may_be_closed_from_its_last_midnight_on_in_the_zone_of_the_hall():
    hall = in_turn([*SEPTEMBER, closed("2026-09", "2026-10-01 00:00")], MONTH)
    assert [places(r) for r in hall.rankings()] == [PLACES]


def test_a_closing_that_waited_for_its_policy_closes_no_period_that_the_policy_does_not_have():
    hall = in_turn([*SEPTEMBER, closed("2026", "2027-01-08 09:00"),
                    closed("2026-09", "2026-09-30 17:30"), CLOSE])  # fmt: skip
    assert hall.aside == []
    hall.publish(MONTH)
    assert [(r["period"], r["cut_event_id"]) for r in hall.rankings()] == [
        ("2026-09", CLOSE.event_id)
    ]


def test_a_closing_that_was_refused_closes_once_a_later_version_has_that_period():
    yearly = replace(MONTH, version="2", period="year", effective_from=at("2025-12-01 00:00"))
    told = [case_point("year", 1.0, "2026-09-10 10:00", period="2026"),
            closed("2026", "2027-01-08 09:00")]  # fmt: skip
    hall = in_turn(told, MONTH)
    assert (hall.rankings(), [reason for reason, _ in hall.aside]) == ([], ["not_its_period"])
    hall.publish(MONTH, yearly)
    known = in_turn(told, MONTH, yearly)
    assert [places(r) for r in hall.rankings()] == [places(r) for r in known.rankings()] != []


def test_an_appeal_that_was_upheld_revises_only_where_points_move():
    decided = hall_fact("d", "RankingAppealDecided", LATER, policy_id="window-month",
                        period="2026-09", upheld=True)  # fmt: skip
    adjusted = hall_fact("adj", "ScoreAdjusted", "2026-10-12 10:00", "w3", points=4.0,
                         period="2026-09")  # fmt: skip
    assert len(in_turn([*SEPTEMBER, CLOSE, decided], MONTH).rankings()) == 1
    *_, found = in_turn([*SEPTEMBER, CLOSE, decided, adjusted], MONTH).rankings()
    assert (found["reason"], places(found)[2]) == ("appeal", (3, "w3", 99.0))
    rejected = hall_fact("r", "RankingAppealDecided", LATER, policy_id="window-month",
                         period="2026-09", upheld=False)  # fmt: skip
    *_, found = in_turn([*SEPTEMBER, CLOSE, rejected, adjusted], MONTH).rankings()
    assert found["reason"] == "late_fact"


@pytest.mark.parametrize(
    ("decisions", "why"),
    [
        ([("w3", 12, True, "system")], "late_fact"),
        ([("w3", 12, True, "head"), ("w3", 13, False, "system")], "appeal"),
        ([("w3", 12, True, "head"), ("w3", 13, False, "head")], "late_fact"),
        ([("w3", 12, False, "head"), ("w3", 13, True, "head")], "appeal"),
        ([("w3", 12, True, "head"), ("w2", 13, False, "head")], "appeal"),
    ],
)
def test_people_decide_appeals_and_of_several_decisions_on_a_place_the_last_stands(decisions, why):
    told = [
        replace(
            hall_fact(f"d{day}", "RankingAppealDecided", f"2026-10-{day} 09:00", subject,
                      policy_id="window-month", period="2026-09", upheld=is_upheld),
            actor=Actor("a-1", role),
        )
        for subject, day, is_upheld, role in decisions
    ]  # fmt: skip
    adjusted = hall_fact("adj", "ScoreAdjusted", "2026-10-14 10:00", "w3", points=4.0,
                         period="2026-09")  # fmt: skip
    for order in (told, told[::-1]):
        *_, found = in_turn([*SEPTEMBER, CLOSE, *order, adjusted], MONTH).rankings()
        assert found["reason"] == why


def test_an_appeal_that_is_upheld_after_another_one_is_the_reason_once_more():
    hall = in_turn([*SEPTEMBER, CLOSE], MONTH)
    for day, points in ((12, 4.0), (14, 1.0)):
        about = {"period": "2026-09", "recorded": f"2026-10-{day} 09:00"}
        decided = hall_fact(f"d{day}", "RankingAppealDecided", about["recorded"], "w3",
                            policy_id="window-month", upheld=True, **about)  # fmt: skip
        hall.read(decided, hall_fact(f"adj{day}", "ScoreAdjusted", about["recorded"], "w3",
                                     points=points, **about))  # fmt: skip
    assert [r["reason"] for r in hall.rankings()] == ["", "appeal", "appeal"]


def test_a_voided_closing_publishes_nothing_and_takes_back_nothing():
    name = f"close window-month 2026-09 {CUT}"
    assert Hall(MONTH).read(*SEPTEMBER, void("v", name, LATER), CLOSE).rankings() == []
    hall = in_turn([*SEPTEMBER, CLOSE], MONTH).read(void("v", name, LATER))
    assert len(hall.rankings()) == 1
    hall.read(case_point("e", 1.0, subject="w2", recorded=LATER))
    assert [r["revision"] for r in hall.rankings()] == [0, 1]


def live(told, *policies):
    """A hall that published after each fact whatever followed from it."""
    hall = Hall(*policies)
    for event in told:
        hall.read(event)
    return hall


@pytest.mark.parametrize("changed", ["voided", "corrected", "voided twice"])
def test_points_that_come_back_after_the_cut_count_once_by_it_live_or_caught_up(changed):
    praise = ScorePolicy("1", 0, (ScoreRule("praise", "PraiseReceived", 5.0, per="count"),))
    told = [hall_fact("p", "PraiseReceived", "2026-09-10 10:00"),
            closed("2026-09", "2026-10-01 09:00")]  # fmt: skip
    if changed == "corrected":
        told += [hall_fact("c", "PraiseReceived", "2026-09-10 10:00", recorded="2026-10-02 09:00",
                           of="p", count=3), void("cv", "c", "2026-10-03 09:00")]  # fmt: skip
    else:
        told += [void("v", "p", "2026-10-02 09:00"), void("vv", "v", "2026-10-03 09:00")]
    if changed == "voided twice":
        told += [void("w", "p", "2026-10-04 09:00"), void("ww", "w", "2026-10-05 09:00")]
    for hall in (live(told, praise), in_turn(told, praise)):
        first, last = hall.rankings()[0], hall.rankings()[-1]
        assert [(e["subject"], e["points"], e["n"]) for e in first["entries"]] == [("w1", 5.0, 1)]
        assert first["entries"] == last["entries"]


@pytest.mark.parametrize("cut", [1, 2, 3, 4])
def test_what_is_taken_back_again_by_a_fact_told_late_takes_nothing_from_before_it_came_back(cut):
    praise = ScorePolicy("1", 0, (ScoreRule("praise", "PraiseReceived", 5.0, per="count"),))
    told = [hall_fact("p", "PraiseReceived", "2026-09-10 10:00"),
            void("v", "p", "2026-10-02 09:00"), void("vv", "v", "2026-10-04 09:00"),
            void("w", "p", "2026-10-03 09:00"),
            closed("2026-09", f"2026-10-0{cut} 12:00")]  # fmt: skip
    first = in_turn(told, praise).rankings()[0]
    assert [e["points"] for e in first["entries"]] == ([5.0] if cut == 1 else [])


@pytest.mark.parametrize("restart", [False, True])
def test_what_revises_a_ranking_whose_closing_was_voided_goes_to_the_tenant_of_the_hall(restart):
    told = [replace(event, tenant_id="acme") for event in (
        *SEPTEMBER, CLOSE, void("v", f"close window-month 2026-09 {CUT}", LATER),
        case_point("b2", 5.0, subject="w2", recorded=LATER),
    )]  # fmt: skip
    hall = live(told[:-1], MONTH, YEAR)
    if restart:
        hall.restart()
    hall.read(told[-1])
    assert [e.data["revision"] for e in hall.said("RankingPublished", "RankingRevised")] == [0, 1]
    said = hall.said("RankingPublished", "RankingRevised", "ScoreState") + hall.points()
    assert {e.tenant_id for e in said} == {"acme"}


def test_two_months_at_the_bottom_lead_to_a_talk_also_where_the_first_is_revised_later():
    october = [
        case_point(f"{p.event_id}+", p.data["points"], "2026-10-10 10:00", p.data["subject"],
                   rule=p.data["rule_id"], period="2026-10")
        for p in SEPTEMBER
    ]  # fmt: skip
    rescue = case_point("r", 9.0, subject="w3", recorded=LATER)
    told = [*SEPTEMBER, CLOSE, *october, closed("2026-10", "2026-11-09 09:00")]
    hall = in_turn(told, MONTH)
    talks = [m for r in hall.rankings() for m in r["measures"] if m["measure"] == "talk"]
    assert [(m["subject"], m["because"]) for m in talks] == [("w3", "bottom 2026-09, 2026-10")]
    hall.read(rescue)
    last = {r["period"]: r for r in hall.rankings()}
    assert last["2026-10"]["revision"] == 1
    assert "talk" not in {m["measure"] for m in last["2026-10"]["measures"]}


def test_places_carry_to_the_year_and_follow_revisions():
    hall = in_turn([*SEPTEMBER, CLOSE], MONTH, YEAR)
    year = {key[1]: s["points"] for key, s in hall.scores().items() if key[0] == "window-year"}
    assert year == {"w1": 2.5, "w3": -1.0}
    hall.read(case_point("b2", 5.0, subject="w2", recorded=LATER))
    year = {key[1]: s["points"] for key, s in hall.scores().items() if key[0] == "window-year"}
    assert year == {"w1": 0.0, "w2": 2.5, "w3": -1.0}
    carried = [p for p in hall.points() if p.data["policy_id"] == "window-year"]
    assert {p.data["cause_type"] for p in carried} == {"RankingPublished"}
    assert {p.data["cause_event_id"] for p in carried} == {CLOSE.event_id}
    assert {p.data["period"] for p in carried} == {"2026"}


ALL = ScoreRule("ranked", "rank:window-month:all", 0.0)
WHOLE_YEAR = replace(YEAR, rules=(*YEAR.rules, ALL))


def test_two_halls_that_close_a_month_under_one_event_id_each_carry_their_places():
    hall = Hall(MONTH, YEAR)
    for name in ("a", "b"):
        hall.read(case_point(f"{name}1", 1.0, hall=name),
                  replace(CLOSE, subject_id=name, hall_id=name))  # fmt: skip
    carried = [p for p in hall.points() if p.data["rule_id"] == "best"]
    assert len({p.data["point_id"] for p in carried}) == 2
    scored = {e.hall_id for e in hall.said("ScoreState") if e.data["policy_id"] == "window-year"}
    assert scored == {"a", "b"}


def test_who_was_never_first_nor_last_is_ranked_in_the_year_at_the_base():
    hall = in_turn([*SEPTEMBER, CLOSE, closed("2026", "2027-01-08 09:00", "window-year")], MONTH,
                   WHOLE_YEAR)  # fmt: skip
    [found] = hall.rankings("window-year")
    assert places(found) == [(1, "w1", 102.5), (2, "w2", 100.0), (3, "w3", 99.0)]


def test_who_has_too_few_points_for_a_place_in_the_month_belongs_to_the_year_all_the_same():
    hall = in_turn([*SEPTEMBER, CLOSE], replace(MONTH, minimum_n=2), WHOLE_YEAR)
    assert {key[1] for key in hall.scores() if key[0] == "window-year"} == {"w1", "w2", "w3"}


def test_who_first_comes_into_the_month_by_a_late_fact_comes_into_the_year_with_it():
    hall = in_turn([*SEPTEMBER, CLOSE], MONTH, WHOLE_YEAR)
    hall.read(late := case_point("n", 0.5, subject="w9", recorded=LATER))
    assert hall.scores()["window-year", "w9", "2026"]["score"] == 100.0
    hall.read(taken_back(late, LATER))
    assert hall.scores()["window-year", "w9", "2026"]["n"] == 0


def test_a_year_may_take_over_the_scores_of_its_months_as_their_mean():
    mean = ScorePolicy(
        "1", 0, (ScoreRule("months", ALL.on, 1.0, per="score", axis="months"),), base=0.0,
        policy_id="window-year", period="year", axes=(Axis("months", how="mean"),),
    )  # fmt: skip
    october = case_point("o", -5.0, "2026-10-10 10:00", rule="late", period="2026-10")
    hall = in_turn([*SEPTEMBER, CLOSE, october, closed("2026-10", "2026-11-09 09:00")], MONTH, mean)
    assert hall.scores()["window-year", "w1", "2026"]["score"] == (102.0 + 95.0) / 2
    assert hall.scores()["window-year", "w3", "2026"]["score"] == 95.0
    hall.read(case_point("b2", 5.0, subject="w1", recorded=LATER))
    assert hall.scores()["window-year", "w1", "2026"]["score"] == (107.0 + 95.0) / 2


@pytest.mark.parametrize("restart", [False, True])
def test_places_of_months_closed_before_count_in_a_year_whose_policy_comes_later(restart):
    hall = in_turn([*SEPTEMBER, CLOSE], MONTH)
    if restart:
        hall.references.publish(MONTH, WHOLE_YEAR)
        hall.restart()
        hall.work()
    else:
        hall.publish(MONTH, WHOLE_YEAR)
    year = {key[1]: s["score"] for key, s in hall.scores().items() if key[0] == "window-year"}
    assert year == {"w1": 102.5, "w2": 100.0, "w3": 99.0}
    assert len(hall.rankings()) == 1  # the month's own places are as they were


def test_no_ranking_earns_points_in_itself():
    circle = ScorePolicy("1", 0, (*RULES, *YEAR.rules), top=1, bottom=1)
    assert in_turn([*SEPTEMBER, CLOSE], circle).points() == []


def test_terms_are_those_of_the_version_in_force_when_the_period_begins():
    stricter = ScorePolicy("2", at("2026-09-15 00:00"), RULES, base=80.0, published_at=0)
    hall = in_turn([*SEPTEMBER, CLOSE], MONTH, stricter)
    assert places(hall.rankings()[0]) == PLACES
    hall.read(case_point("x", 1.0, "2026-10-05 10:00", period="2026-10"))
    assert hall.scores()["window-month", "w1", "2026-10"]["score"] == 81.0


def test_a_ranking_waits_for_its_policy():
    hall = in_turn([*SEPTEMBER, CLOSE])
    assert hall.rankings() == []
    hall.publish(MONTH)
    assert places(hall.rankings()[0]) == PLACES


# --- any order ---


@st.composite
def month(draw: st.DrawFn):
    """Points of three windows, told in time or late, some taken back; closings; adjustments."""
    made = []
    for number in range(draw(st.integers(1, 8))):
        recorded = draw(st.sampled_from(["2026-09-20 10:00", LATER, "2026-10-20 10:00"]))
        rule, points = draw(st.sampled_from([("kept", 1.0), ("late", -5.0)]))
        one = case_point(f"p{number}", points, subject=draw(st.sampled_from(["w1", "w2", "w3"])),
                         recorded=recorded, rule=rule)  # fmt: skip
        made.append(one)
        if draw(st.integers(0, 3)) == 0:
            made.append(taken_back(one, "2026-10-21 10:00"))
    for number in range(draw(st.integers(0, 2))):
        points = draw(st.sampled_from([3.0, -2.5]))
        made.append(hall_fact(f"adj{number}", "ScoreAdjusted", "2026-10-15 10:00", "w2",
                              points=points, period="2026-09"))  # fmt: skip
    closings = draw(st.lists(st.sampled_from([CUT, LATER]), min_size=1, max_size=2))
    return [*made, *(closed("2026-09", when, name=f"c{i}") for i, when in enumerate(closings))]


def final(hall):
    last = hall.rankings()[-1]
    return {k: v for k, v in last.items() if k not in ("type", "revision", "reason")}


@settings(max_examples=120, deadline=None)
@given(st.data(), month())
def test_a_ranking_depends_on_what_was_told_and_not_on_the_order(data, month):
    plain = Hall(MONTH, YEAR).read(*month, live=False)
    plain.work()
    other = Hall(MONTH, YEAR)
    for event in data.draw(st.permutations([*month, month[0]])):
        other.read(event, live=data.draw(st.booleans()))
        if data.draw(st.integers(0, 4)) == 0:
            other.restart()
    other.work()
    same = {"cut_event_id", "cut_at"}
    assert {k: v for k, v in final(other).items() if k not in same} == {
        k: v for k, v in final(plain).items() if k not in same
    }
    assert sums(other.points()) == sums(plain.points())
    revisions = [r["revision"] for r in other.rankings()]
    assert revisions == list(range(len(revisions)))
    assert other.says_nothing_after_a_restart()


@settings(max_examples=100, deadline=None)
@given(month())
def test_every_score_is_base_and_points_within_the_limits(month):
    hall = Hall(MONTH).read(*month)
    for entry in hall.rankings()[-1]["entries"]:
        assert entry["score"] == max(0.0, min(110.0, 100.0 + entry["points"]))
    standing = sums([e for e in month if e.type == "ScorePointPosted"] + hall.points())
    live = {k: s["points"] for k, s in hall.scores().items() if s["points"]}
    assert live == standing


@pytest.mark.parametrize("limit", [1, 2, 50])
def test_what_one_partition_says_does_not_hang_on_how_much_it_does_at_once(limit):
    hall = Hall(MONTH, YEAR).read(*SEPTEMBER, CLOSE, live=False)
    while hall.job.next_due() == 0:
        hall._turn(hall.job.fire(None, limit))
    assert places(hall.rankings()[-1]) == PLACES
    assert {s["subject"] for s in hall.scores().values()} == {"w1", "w2", "w3"}
