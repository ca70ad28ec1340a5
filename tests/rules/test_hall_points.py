"""What facts of halls earn, however and in whatever order they are told, corrected and voided."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from duban import codec
from duban.events import Actor
from duban.policy import Post, Reference
from duban.score_policy import Axis, ScorePolicy, ScoreRule
from duban.tally import Tally, millionths
from duban.worktime import build
from streams import hall_facts
from streams.records import Record
from streams.scores_job import ScoresJob
from tests.given import at
from tests.scored import (
    HALL,
    Hall,
    Published,
    case_point,
    closed,
    hall_fact,
    in_turn,
    places,
    sums,
    uuid,
    void,
)  # fmt: skip

WINDOW = ScorePolicy(
    "1",
    0,
    (
        ScoreRule("absent", "AttendanceExcepted", -3.0, where={"kind": "absent"}, per="half_days",
                  axis="attendance"),
        ScoreRule("fees", "FindingRaised", -5.0, where={"category": "fees"}),
        ScoreRule("praise", "PraiseReceived", 0.5, per="count"),
        ScoreRule("card", "CardIssued", -2.0),
        ScoreRule("adjusted", "ScoreAdjusted", 1.0, per="points"),
    ),
    axes=(Axis("attendance", at_most=20.0),),
)  # fmt: skip
OF_HALL = ScorePolicy("1", 0, WINDOW.rules[1:3], policy_id="hall-quarter", subject="hall",
                      period="quarter")  # fmt: skip
OF_STAFF = ScorePolicy("1", 0, WINDOW.rules[1:4], policy_id="staff", subject="staff")
DAY = "2026-09-10 10:00"
PAST = "2026-10-02 09:00"


def earned(*told: Any, policies: tuple[ScorePolicy, ...] = (WINDOW,)) -> dict[Any, float]:
    return sums(in_turn(told, *policies).points())


def test_an_adjustment_of_a_window_is_none_of_its_hall():
    of_hall = replace(OF_HALL, rules=WINDOW.rules)
    own = hall_fact("one", "ScoreAdjusted", DAY, points=-5.0)
    assert earned(own, policies=(WINDOW, of_hall)) == {("window-month", "w1", "2026-09"): -5.0}
    whole = hall_fact("two", "ScoreAdjusted", DAY, "", points=-5.0)
    assert earned(whole, policies=(WINDOW, of_hall)) == {("hall-quarter", HALL, "2026-Q3"): -5.0}


@pytest.mark.parametrize(
    ("type_", "data", "points"),
    [
        ("AttendanceExcepted", {}, -3.0),
        ("AttendanceExcepted", {"half_days": 3.0}, -9.0),
        ("AttendanceExcepted", {"kind": "leave"}, None),
        ("FindingRaised", {}, -5.0),
        ("FindingRaised", {"category": "image"}, None),
        ("PraiseReceived", {"count": 4}, 2.0),
        ("ScoreAdjusted", {"points": -1.5}, -1.5),
        ("ScoreAdjusted", {"points": 2.0, "policy_id": "another"}, None),
        ("PeriodClosed", {"policy_id": "window-month", "period": "2026-08"}, None),
    ],
)
def test_a_fact_earns_by_its_fields(type_, data, points):
    found = earned(hall_fact("one", type_, DAY, **data))
    assert found == ({("window-month", "w1", "2026-09"): points} if points else {})


def test_a_point_names_its_cause_and_what_it_counts_for():
    hall = in_turn([hall_fact("one", "AttendanceExcepted", DAY, recorded=PAST)], WINDOW)
    [point] = hall.points()
    said = {name: point.data[name] for name in (
        "rule_id", "axis", "points", "cause_event_id", "cause_type", "cause_recorded_at",
        "score_policy_version", "subject_kind", "reverses",
    )}  # fmt: skip
    assert said == {
        "rule_id": "absent", "axis": "attendance", "points": -3.0, "cause_event_id": uuid("one"),
        "cause_type": "AttendanceExcepted", "cause_recorded_at": at(PAST),
        "score_policy_version": "1", "subject_kind": "window", "reverses": None,
    }  # fmt: skip
    assert (point.hall_id, point.occurred_at, point.causation_id) == (HALL, at(DAY), uuid("one"))


def test_the_hall_gets_what_its_windows_and_people_get_and_nobody_else_does():
    told = [
        hall_fact("a", "FindingRaised", DAY, "w1"),
        hall_fact("b", "FindingRaised", DAY, "s7", subject_kind="staff"),
        hall_fact("c", "FindingRaised", DAY, "", subject_kind="hall"),
        hall_fact("d", "FindingRaised", DAY, "", subject_kind="window"),
    ]
    assert earned(*told, policies=(WINDOW, OF_HALL, OF_STAFF)) == {
        ("window-month", "w1", "2026-09"): -5.0,
        ("staff", "s7", "2026-09"): -5.0,
        ("hall-quarter", HALL, "2026-Q3"): -20.0,
    }


LENGTHS = ("month", "quarter", "half", "year")


@pytest.mark.parametrize(
    ("named", "when", "counts_in"),
    [
        ("2026-09", PAST, ["2026-09", "2026-Q3", "2026-H2", "2026"]),
        ("2026-06", PAST, ["2026-06", "2026-Q2", "2026-H1", "2026"]),
        ("2025-12", "2026-01-08 09:00", ["2025-12", "2025-Q4", "2025-H2", "2025"]),
        ("2026-Q3", PAST, ["2026-09", "2026-Q3", "2026-H2", "2026"]),  # the month nearest to it
        ("2026", PAST, ["2026-10", "2026-Q4", "2026-H2", "2026"]),
        (None, PAST, ["2026-10", "2026-Q4", "2026-H2", "2026"]),
    ],
)
def test_an_adjustment_counts_in_the_period_of_each_policy_that_its_own_lies_in(
    named, when, counts_in
):
    adjust = hall_fact("one", "ScoreAdjusted", when, points=3.0, period=named)
    policies = tuple(replace(WINDOW, policy_id=f"by-{length}", period=length) for length in LENGTHS)
    assert earned(adjust, policies=policies) == {
        (f"by-{length}", "w1", period): 3.0
        for length, period in zip(LENGTHS, counts_in, strict=True)
    }


def test_an_adjustment_that_names_a_policy_counts_in_no_other():
    year = replace(WINDOW, policy_id="year", period="year")
    adjust = hall_fact("one", "ScoreAdjusted", PAST, points=3.0, period="2026-09", policy_id="year")
    assert earned(adjust, policies=(WINDOW, year)) == {("year", "w1", "2026"): 3.0}


def test_an_axis_takes_no_more_than_its_limit_however_many_days_are_missed():
    told = [hall_fact(str(n), "AttendanceExcepted", DAY, half_days=3.0) for n in range(4)]
    score = in_turn(told, WINDOW).scores()["window-month", "w1", "2026-09"]
    assert (score["points"], score["axes"], score["score"]) == (-36.0, {"attendance": -20.0}, 80.0)


def test_a_correction_posts_the_opposite_point_and_its_own():
    hall = in_turn(
        [
            hall_fact("one", "FindingRaised", DAY, "w1"),
            hall_fact("two", "FindingRaised", DAY, "w2", recorded=PAST, of="one"),
        ],
        WINDOW,
    )
    first, back, second = hall.points()
    assert (back.data["points"], back.data["reverses"]) == (5.0, first.event_id)
    assert back.data["cause_recorded_at"] == at(PAST)
    assert (second.data["subject"], second.data["points"]) == ("w2", -5.0)
    assert sums(hall.points()) == {("window-month", "w2", "2026-09"): -5.0}


def test_a_voided_voiding_gives_the_points_back_under_an_id_of_their_own():
    one = hall_fact("one", "FindingRaised", DAY)
    told = [one, void("v", "one", PAST), void("vv", "v", "2026-10-03 09:00")]
    hall = in_turn(told, WINDOW)
    assert [p.data["points"] for p in hall.points()] == [-5.0, 5.0, -5.0]
    assert len({p.event_id for p in hall.points()}) == 3
    assert hall.scores()["window-month", "w1", "2026-09"]["n"] == 1


def test_a_card_that_was_revoked_or_appealed_costs_nothing_and_a_rejected_appeal_changes_nothing():
    card = hall_fact("card", "CardIssued", DAY)
    reworded = hall_fact("again", "CardIssued", DAY, recorded=PAST, of="card", colour="red")
    revoked = hall_fact("r", "MeasureRevoked", PAST, measure_event_id=uuid("card"))
    decided = hall_fact("d", "MeasureAppealDecided", PAST, measure_event_id=uuid("card"),
                        upheld=False, reason="")  # fmt: skip
    assert earned(card, revoked) == earned(revoked, card) == earned(card, reworded, revoked) == {}
    assert earned(card, decided) == earned(card) == {("window-month", "w1", "2026-09"): -2.0}
    assert earned(card, revoked, void("v", "r", PAST)) == earned(card)


# --- any order ---

DAYS = [f"2026-{month}-{day:02d} 10:00" for month in ("09", "10") for day in (3, 17)]


@st.composite
def told(draw: st.DrawFn) -> list[Any]:
    """Facts about two windows, corrected and voided, some voidings voided."""
    made: list[Any] = []
    names: list[tuple[str, str]] = []
    for number in range(draw(st.integers(1, 7))):
        name, when = f"fact {number}", draw(st.sampled_from(DAYS))
        recorded = f"2026-11-{number + 1:02d} 09:00"
        kind = draw(st.sampled_from(["new", "correction", "void"])) if names else "new"
        if kind == "void":
            target, _ = draw(st.sampled_from(names))
            made.append(void(name, target, recorded))
            names.append((name, "HallFactVoided"))
            continue
        target, type_ = draw(st.sampled_from(names)) if kind == "correction" else ("", "")
        if type_ in ("", "HallFactVoided"):
            target, type_ = "", draw(st.sampled_from(["FindingRaised", "PraiseReceived"]))
        made.append(hall_fact(name, type_, when, draw(st.sampled_from(["w1", "w2"])),
                              recorded=recorded, of=target))  # fmt: skip
        names.append((name, type_))
    return made


def plain(facts: list[Any]) -> dict[Any, float]:
    """What stands, written down without the product's code: the last word of each chain, unless it
    is voided by a voiding that nobody voided."""
    voids = {e.event_id: e.data["voided_event_id"] for e in facts if e.type == "HallFactVoided"}

    def is_void(name: str) -> bool:
        return any(v == name and not is_void(by) for by, v in voids.items())

    total: dict[Any, float] = {}
    words: dict[str, list[Any]] = {}
    first = {e.event_id: e.corrects_event_id for e in facts}
    for event in facts:
        name = event.event_id
        while first.get(name):
            name = first[name]
        if event.type != "HallFactVoided" and not is_void(event.event_id):
            words.setdefault(name, []).append(event)
    for of_chain in words.values():
        corrected = {e.corrects_event_id for e in of_chain}
        last = max((e for e in of_chain if e.event_id not in corrected),
                   key=lambda e: (e.recorded_at, e.event_id))  # fmt: skip
        month = "2026-09" if last.occurred_at < at("2026-10-01 00:00") else "2026-10"
        key = ("window-month", last.data["subject"], month)
        points = -5.0 if last.type == "FindingRaised" else 0.5
        total[key] = round(total.get(key, 0.0) + points, 6)
    return {key: points for key, points in total.items() if points}


@settings(max_examples=150, deadline=None)
@given(st.data(), told())
def test_points_are_those_of_what_stands_in_any_order_doubled_and_restarted(data, told):
    arrivals = data.draw(st.permutations([*told, *told[:2]]))
    hall = Hall(WINDOW)
    for event in arrivals:
        hall.read(event, live=data.draw(st.booleans()))
        if data.draw(st.integers(0, 4)) == 0:
            hall.restart()
    hall.work()
    assert sums(hall.points()) == plain(told)
    live = {k: s["points"] for k, s in hall.scores().items() if s["points"]}
    assert live == plain(told)
    assert hall.says_nothing_after_a_restart()


@settings(max_examples=60, deadline=None)
@given(told())
def test_a_policy_published_afterwards_but_for_then_gives_what_it_would_have_given(told):
    late = Hall()
    late.read(*told)
    assert late.points() == []
    late.publish(WINDOW)
    assert sums(late.points()) == plain(told)
    late.restart()
    assert late.job.next_due() in (None, 0)
    late.work()
    assert sums(late.points()) == plain(told)


@settings(max_examples=150, deadline=None)
@given(told(), st.integers(1, 7))
def test_what_is_read_in_one_go_counts_by_the_cut_as_it_stood_then(told, day):
    cut = closed("2026-09", f"2026-11-{day:02d} 12:00")
    found = {
        ("window-month", entry["subject"], "2026-09"): entry["points"]
        for entry in in_turn([*told, cut], WINDOW).rankings()[0]["entries"]
        if entry["points"]
    }
    stood = plain([fact for fact in told if fact.recorded_at <= cut.recorded_at])
    assert found == {key: points for key, points in stood.items() if key[2] == "2026-09"}


# --- what is no fact ---


def test_what_is_no_fact_of_this_hall_is_laid_aside():
    job = ScoresJob(0, Published(WINDOW))
    good = codec.encode(hall_fact("one", "FindingRaised", DAY))
    records = [
        Record("hall-events", 0, n, 0, key, value, ())
        for n, (key, value) in enumerate([(b"pengzhou", good), (HALL.encode(), b"{}"),
                                          (HALL.encode(), good)])
    ]  # fmt: skip
    result = job.apply(records, None)
    assert [why for _, why, _ in result.dead] == ["wrong_key", "wrong_magic"]
    assert next(key for key, _ in result.state) == hall_facts.key_of(f"{HALL}/{uuid('one')}")


def test_no_hall_takes_back_or_replaces_what_another_one_told():
    mine = hall_fact("one", "FindingRaised", DAY, hall="a")
    void_of_b = hall_fact("v", "HallFactVoided", PAST, hall="b", voided_event_id=uuid("one"))
    twin = hall_fact("one", "FindingRaised", PAST, hall="b")
    for told in ((mine, void_of_b, twin), (twin, void_of_b, mine)):
        points = in_turn(told, WINDOW).points()
        assert sums(p for p in points if p.hall_id == "a") == {
            ("window-month", "w1", "2026-09"): -5
        }
        assert len({p.data["point_id"] for p in points}) == len(points)


@pytest.mark.parametrize(
    ("type_", "data"),
    [("ScoreAdjusted", {"points": 0.5}), ("PraiseReceived", {"case_id": "a/2026-1"})],
)
def test_two_halls_that_use_one_event_id_each_have_their_points(type_, data):
    hall = in_turn([hall_fact("one", type_, DAY, hall=name, **data) for name in ("a", "b")], WINDOW)
    assert len({p.data["point_id"] for p in hall.points()}) == 2
    scores = {e.hall_id: e.data["points"] for e in hall.said("ScoreState")}
    assert scores == {"a": 0.5, "b": 0.5}


@pytest.mark.parametrize("other", [{"points": 3.0}, {"points": 5.0, "subject": "w2"}])
def test_of_two_bodies_under_one_id_the_one_recorded_first_counts(other):
    late = hall_fact("one", "ScoreAdjusted", DAY, recorded=PAST, points=5.0)
    first = hall_fact("one", "ScoreAdjusted", DAY, **other)
    who = other.get("subject", "w1")
    for told in ((late, first), (first, late)):
        found = {key: points for key, points in earned(*told).items() if points}
        assert found == {("window-month", who, "2026-09"): other["points"]}


def test_what_people_decided_no_program_takes_back():
    card = hall_fact("card", "CardIssued", DAY, colour="yellow", reason="x")
    revoked = hall_fact("r", "MeasureRevoked", PAST, measure_event_id=uuid("card"), reason="x")
    by_a_program = replace(revoked, actor=Actor("cron", "system"))
    assert earned(card, by_a_program) == {("window-month", "w1", "2026-09"): -2.0}
    assert not any(earned(card, revoked).values())


def test_a_survey_weighs_as_one_by_its_share_and_one_that_nobody_answered_not_at_all():
    share = ScorePolicy("1", 0, (ScoreRule("survey", "SurveyClosed", 5.0, per="share"),))
    told = [
        hall_fact("s1", "SurveyClosed", "2026-09-10 10:00", n=400, satisfied=300),
        hall_fact("s2", "SurveyClosed", "2026-09-11 10:00", "w2", n=0, satisfied=0),
    ]
    points = [(e.data["subject"], e.data["points"]) for e in in_turn(told, share).points()]
    assert points == [("w1", 3.75)]


def test_an_axis_whose_last_point_is_taken_back_is_absent_again():
    judged = ScorePolicy(
        "1", 0,
        (ScoreRule("mass", "AppraisalGiven", 1.0, "", {"source": "mass"}, "level", "mass"),
         ScoreRule("leader", "AppraisalGiven", 1.0, "", {"source": "leader"}, "level", "leader")),
        base=0.0,
        axes=(Axis("mass", how="mean", weight=12.0), Axis("leader", how="mean", weight=8.0)),
    )  # fmt: skip
    people = hall_fact("m", "AppraisalGiven", "2026-09-10 10:00", source="mass", level=4)
    leader = hall_fact("l", "AppraisalGiven", "2026-09-10 10:00", source="leader", level=1)
    gone = void("v", "l", "2026-09-12 10:00")
    for told, score in (
        ((people,), 80.0),
        ((people, leader), 56.0),
        ((people, leader, gone), 80.0),
    ):
        [found] = in_turn(told, judged).scores().values()
        assert found["score"] == score
        assert set(found["axes"]) == ({"mass", "leader"} if score == 56.0 else {"mass"})


def test_a_sum_whose_points_were_all_taken_back_is_absent_again():
    policy = ScorePolicy("1", 0, (), axes=(Axis("fees", at_most=5.0), Axis("praise")))
    tally = Tally()
    tally.add(("1", "fees", "fees"), millionths(-2.0), 1)
    tally.add(("1", "praise", "praise"), millionths(1.0), 1)
    tally.add(("1", "praise", "praise"), millionths(-1.0), 1)
    assert tally.scored(policy).axes == {"fees": -2.0, "praise": 0.0}  # two stand, and even out
    tally.add(("1", "fees", "fees"), millionths(2.0), -1)
    assert tally.scored(policy).axes == {"praise": 0.0}
    tally.add(("1", "fees", "fees"), millionths(3.0), -1)  # taken back before it is known
    assert tally.scored(policy).axes == {"fees": 3.0, "praise": 0.0}


def test_axes_on_other_scales_share_what_an_absent_one_could_give_by_their_limits():
    """考核得分 of a hundred counts for forty, people's levels for thirty, a leader's for twenty."""
    assessed = Axis("assessed", how="mean", weight=0.4, at_most=40.0)
    axes = (
        assessed,
        Axis("people", how="mean", weight=6.0),
        Axis("leader", how="mean", weight=4.0),
    )
    policy = ScorePolicy("1", 0, (), base=0.0, axes=axes)

    def score(**means):
        tally = Tally()
        for axis, points in means.items():
            tally.add(("1", axis, axis), millionths(points), 1)
        return tally.scored(policy).score

    assert score(assessed=100.0, people=5.0, leader=5.0) == 90.0
    assert score(assessed=100.0, leader=5.0) == 90.0  # people: 30 over 60
    assert score(assessed=50.0, people=5.0) == pytest.approx((20 + 30) * 90 / 70, abs=1e-4)
    assert score(leader=1.0) == 18.0


def test_a_score_is_rounded_once():
    """Seventeen marks of 79.75 in all and one of 4, nobody's by a leader: 89.87394957… in all, of
    which the parts, rounded first, make 89.87395."""
    weights = {"mass": 10.0, "peer": 4.0, "leader": 6.0}
    axes = tuple(Axis(name, how="mean", weight=weight) for name, weight in weights.items())
    tally = Tally()
    tally.add(("1", "mass", "mass"), millionths(79.75), 17)
    tally.add(("1", "peer", "peer"), millionths(4.0), 1)
    found = tally.scored(ScorePolicy("1", 0, (), base=0.0, axes=axes))
    assert found.score == 89.8739
    assert found.axes == {"mass": 67.016807, "peer": 22.857143}


@pytest.mark.parametrize(
    ("points", "per", "best"),
    [
        (1.0, "share", 1.0),  # a survey, 60 of 100 at best: its weight is 60
        (1.0, "level", 5.0),
        (4.0, "", 4.0),
        (2.0, "half_days", 10.0),  # without a limit: as much as a level
    ],
)
def test_a_mean_without_a_limit_leaves_what_its_best_cause_would_have_earned(points, per, best):
    rules = (
        ScoreRule("survey", "SurveyClosed", points, per=per, axis="survey"),
        ScoreRule("levels", "rating:5", 5.0, axis="people"),
        ScoreRule("fine", "FindingRaised", -10.0, axis="fines"),
    )
    weight = 60.0 / best
    axes = (Axis("survey", how="mean", weight=weight), Axis("people", how="mean", weight=8.0),
            Axis("fines", how="mean"))  # fmt: skip
    policy = ScorePolicy("1", 0, rules, base=0.0, axes=axes)

    def score(**means):
        tally = Tally()
        for axis, mean in means.items():
            tally.add(("1", axis, axis), millionths(mean), 1)
        return tally.scored(policy).score

    assert score(survey=best, people=5.0) == 100.0
    assert score(people=5.0) == score(survey=best) == 100.0
    assert score(people=4.0, fines=-10.0) == 70.0  # 32 of 40 stand for 100, a fine as it is


def test_facts_count_by_the_months_of_the_hall_also_where_its_zone_is_published_after_them():
    late_evening = hall_fact("one", "FindingRaised", "2026-09-30 23:30", category="fees")
    hall = in_turn([late_evening], WINDOW)
    assert sums(hall.points()) == {("window-month", "w1", "2026-09"): -5.0}
    tokyo = build([], zone="Asia/Tokyo", version="1")
    hall.references.current = Reference(scores=(WINDOW,), calendars={HALL: tokyo})
    hall.job.reference_changed()
    hall.work()
    found = {key: points for key, points in sums(hall.points()).items() if points}
    assert found == {("window-month", "w1", "2026-10"): -5.0}


# --- what a person does at a counter ---

FIRST_HALF = Post("s7", 0, at("2026-09-16 00:00"), f"{HALL}/w1")
SECOND_HALF = Post("s7", at("2026-09-16 00:00"), None, f"{HALL}/w2")


def of_person(name: str, type_: str, when: str, **data: Any) -> Any:
    return hall_fact(name, type_, when, "s7", subject_kind="staff", **data)


def test_a_window_answers_for_those_who_have_a_post_at_it_then():
    hall = Hall(WINDOW, OF_STAFF)
    hall.post(s7=(SECOND_HALF, FIRST_HALF))
    hall.read(
        of_person("early", "AttendanceExcepted", "2026-09-10 09:00"),
        of_person("late", "FindingRaised", "2026-09-20 09:00"),
        of_person("praised", "PraiseReceived", "2026-09-21 09:00", count=2),
    )
    assert sums(hall.points()) == {
        ("window-month", "w1", "2026-09"): -3.0,
        ("window-month", "w2", "2026-09"): -4.0,
        ("staff", "s7", "2026-09"): -4.0,  # its own policy asks for no attendance
    }


def test_the_post_taken_last_counts_until_its_end_and_one_beside_the_counter_for_none():
    at_w1 = Post("s7", 0, None, f"{HALL}/w1")
    stand_in = Post("s7", at("2026-09-12 00:00"), at("2026-09-14 00:00"), f"{HALL}/w2")
    office = Post("s7", at("2026-09-20 00:00"), None, HALL)
    hall = Hall(WINDOW)
    hall.post(s7=(office, stand_in, at_w1))
    for day in (10, 13, 16, 21):
        hall.read(of_person(f"on {day}", "AttendanceExcepted", f"2026-09-{day} 09:00"))
    assert sums(hall.points()) == {
        ("window-month", "w1", "2026-09"): -6.0, ("window-month", "w2", "2026-09"): -3.0,
    }  # fmt: skip


def test_a_post_told_while_a_worker_was_away_is_seen_when_it_is_back():
    hall = Hall(WINDOW)
    hall.read(of_person("absent", "AttendanceExcepted", "2026-09-10 09:00"))
    posts = {f"{HALL}/s7": (FIRST_HALF,)}
    hall.references.current = replace(hall.references.current, posts=posts)
    hall.restart()
    hall.work()
    assert sums(hall.points()) == {("window-month", "w1", "2026-09"): -3.0}


def test_a_post_moves_no_facts_but_those_of_its_person():
    hall = Hall(WINDOW)
    hall.read(
        of_person("absent", "AttendanceExcepted", "2026-09-10 09:00"),
        hall_fact("window's", "AttendanceExcepted", "2026-09-10 09:00"),
    )
    written = len(hall.topic)
    hall.post(s8=(replace(FIRST_HALF, staff_id="s8"),))
    assert (len(hall.topic), hall.job.next_due()) == (written, None)


def test_work_that_waits_is_done_in_turns_of_at_most_so_many_looks():
    hall = Hall(WINDOW)
    hall.read(*(hall_fact(f"{n}", "AttendanceExcepted", "2026-09-10 09:00") for n in range(9)))
    hall.references.publish(WINDOW, replace(OF_HALL, policy_id="hall-later"))
    hall.job.reference_changed()
    turns = 0
    while hall.job.next_due() == 0:
        assert len(hall.job.fire(None, 3).outputs) <= 3
        turns += 1
    assert turns >= 3


def test_a_post_that_is_told_late_moves_what_was_earned_before():
    hall = Hall(WINDOW)
    hall.read(of_person("absent", "AttendanceExcepted", "2026-09-10 09:00"))
    assert sums(hall.points()) == {}
    hall.post(s7=(FIRST_HALF,))
    assert sums(hall.points()) == {("window-month", "w1", "2026-09"): -3.0}
    hall.restart()
    hall.work()
    hall.post(s7=(replace(FIRST_HALF, unit_id=f"{HALL}/w9"),))
    assert sums(hall.points()) == {("window-month", "w9", "2026-09"): -3.0}


def test_a_voiding_and_a_late_post_lead_to_one_ranking_whichever_is_read_first():
    praised = of_person("praised", "PraiseReceived", "2026-09-10 09:00", count=2)
    voided = void("void", "praised", "2026-10-12 09:00")
    moved = replace(FIRST_HALF, unit_id=f"{HALL}/w2")
    last = []
    for order in (("void", "post"), ("post", "void")):
        hall = Hall(WINDOW)
        hall.post(s7=(FIRST_HALF,))
        hall.read(*(case_point(name, 1.0, subject=name) for name in ("w1", "w2")), praised)
        for told in order:
            hall.read(voided) if told == "void" else hall.post(s7=(moved,))
        hall.read(closed("2026-09", "2026-10-08 09:00"))
        last.append((places(hall.rankings()[-1]), sums(hall.points())))
    assert last[0] == last[1]
    assert [place for place, *_ in last[0][0]] == [1, 1]


def test_what_is_given_to_a_person_or_decided_against_one_is_not_the_windows():
    hall = Hall(WINDOW)
    hall.post(s7=(FIRST_HALF,))
    hall.read(of_person("card", "CardIssued", "2026-09-10 09:00"))
    hall.read(hall_fact("elsewhere", "AttendanceExcepted", "2026-09-10 09:00", "s8",
                        subject_kind="staff"))  # fmt: skip
    assert sums(hall.points()) == {}
