"""What a case earns its window, its handler, the chief representative and the hall."""

from dataclasses import replace

import pytest

from duban.causes import Cause
from duban.periods import period_of
from duban.policy import Post
from duban.score_policy import ScorePolicy, ScoreRule
from duban.scoring import points_of
from duban.tally import Tally, counters, millionths
from tests.given import REFERENCE, at, fact, when
from tests.rules.test_clocks import ACCEPTED, SUBMITTED
from tests.rules.test_order import run

IN_TIME = fact("DecisionMade", "2026-09-29 10:00", decision="approved")
TOO_LATE = fact("DecisionMade", "2026-10-20 10:00", decision="approved")
END = "2026-12-01 09:00"
KEPT = ScoreRule("kept", "outcome:on_time", 0.1)
RULES = (*REFERENCE.scores[0].rules, KEPT)
FIRST = ScorePolicy("1", 0, RULES)
SCORED = replace(REFERENCE, scores=(FIRST,))
STRICTER = ScorePolicy("2", at("2026-09-01 00:00"), (ScoreRule("late", "outcome:late", -9),))


def rating(level, moment="2026-10-15 09:00", source="mass", **more):
    return fact("RatingGiven", moment, level=level, source=source, **more)


LATE = ("late", -5, "2026-10")


def earned(*facts, reference=SCORED, now=END):
    """Rule, points and month of every point of a case."""
    case = when(now, SUBMITTED, ACCEPTED, *facts, reference=reference)
    found = [o.data for o in case.outputs.values() if o.type == "ScorePointPosted"]
    return sorted((d["rule_id"], d["points"], d["period"]) for d in found)


# --- points ---


@pytest.mark.parametrize(
    ("told", "points"),
    [
        ([IN_TIME], [("kept", 0.1, "2026-09")]),
        ([TOO_LATE], [LATE]),
        ([], [LATE]),  # it has not ended yet
        ([rating(5)], [("good", 0.2, "2026-10"), LATE]),
        ([IN_TIME, rating(4)], [("kept", 0.1, "2026-09")]),  # no rule is about it
        ([TOO_LATE, rating(5, source="leader")], [LATE]),
        ([IN_TIME, rating(5)], [("good", 0.2, "2026-10"), ("kept", 0.1, "2026-09")]),
    ],
)
def test_a_case_earns_by_its_outcome_and_by_the_citizens_rating(told, points):
    assert earned(*told) == points


def test_the_month_of_a_point_is_that_of_its_cause_in_the_halls_zone():
    assert period_of(at("2026-09-30 23:59"), "Asia/Shanghai") == "2026-09"
    assert period_of(at("2026-10-01 00:00"), "Asia/Shanghai") == "2026-10"
    assert period_of(at("2026-10-01 00:00"), "Asia/Urumqi") == "2026-09"
    kept = ("kept", 0.1, "2026-09")
    assert earned(IN_TIME, rating(5, "2026-09-30 23:59")) == [("good", 0.2, "2026-09"), kept]


def test_a_case_costs_from_the_moment_its_term_has_run_out_and_not_again_when_it_ends():
    assert earned(now="2026-10-08 17:00") == []
    assert earned(now="2026-10-08 17:01") == [LATE]
    later = fact("DecisionMade", "2026-11-20 10:00", decision="approved")
    assert earned(later) == [LATE]
    [open_, ended] = [when(END, SUBMITTED, ACCEPTED, *more).outputs for more in ((), (later,))]
    points = [{n for n, o in out.items() if o.type == "ScorePointPosted"} for out in (open_, ended)]
    assert points[0] == points[1] != set()


def test_what_is_no_application_has_no_outcome_to_earn_by():
    filed = fact("ComplaintFiled", "2026-09-28 09:00")
    answered = fact("ComplaintAnswered", "2026-11-20 10:00")
    case = when(END, filed, answered, reference=SCORED)
    assert not [o for o in case.outputs.values() if o.type == "ScorePointPosted"]


def test_an_applicant_who_withdraws_is_not_scored_as_staff():
    own = TOO_LATE._replace(actor=TOO_LATE.actor._replace(id="citizen-9", role="applicant"))
    assert gained(own, policies=(about("staff"),)) == []


def test_a_reopened_case_earns_by_its_last_end_alone():
    reopened = fact("CaseReopened", "2026-09-29 15:00", cause="quality")
    assert earned(IN_TIME, reopened, now="2026-09-29 16:00") == []
    assert earned(IN_TIME, reopened) == [LATE]  # its term went on and has run out
    again = fact("DecisionMade", "2026-09-30 10:00", decision="approved")
    assert earned(IN_TIME, reopened, again) == [("kept", 0.1, "2026-09")]


def test_a_score_policy_published_after_a_cause_is_not_for_it():
    later = replace(STRICTER, published_at=at("2026-10-25 09:00"))
    assert earned(TOO_LATE, reference=replace(SCORED, scores=(FIRST, later))) == earned(TOO_LATE)
    in_time = replace(STRICTER, published_at=at("2026-09-01 00:00"))
    both = replace(SCORED, scores=(FIRST, in_time))
    assert earned(TOO_LATE, reference=both) == [("late", -9, "2026-10")]


def about(subject, *rules, **more):
    """A policy of another kind of subject."""
    made = rules or (KEPT, *REFERENCE.scores[0].rules)
    return ScorePolicy("1", 0, made, policy_id=f"{subject}-{len(more)}", subject=subject, **more)


def gained(*facts, policies, **more):
    """Policy, subject, points and period of every point of a case."""
    reference = replace(REFERENCE, scores=policies, **more)
    case = when(END, SUBMITTED, ACCEPTED, *facts, reference=reference)
    found = [o.data for o in case.outputs.values() if o.type == "ScorePointPosted"]
    return sorted((d["policy_id"], d["subject"], d["points"], d["period"]) for d in found)


def test_policies_run_side_by_side_each_for_its_own_subject_and_period():
    of_hall = about("hall", period="quarter")
    policies = (FIRST, about("staff"), of_hall)
    assert gained(TOO_LATE, policies=policies) == [
        ("hall-1", "sujiatun", -5, "2026-Q4"), ("window-month", "w1", -5, "2026-10"),
    ]  # fmt: skip
    handled = TOO_LATE._replace(actor=TOO_LATE.actor._replace(id="s7"))
    assert ("staff-0", "s7", -5, "2026-10") in gained(handled, policies=policies)


def test_a_chief_representative_earns_by_the_post_held_at_the_cause():
    chiefs = {"sujiatun/w1": (Post("new", at("2026-10-15 00:00")), Post("old", 0))}
    policies = (about("chief_rep"),)
    assert gained(IN_TIME, rating(5), policies=policies, chiefs=chiefs) == [
        ("chief_rep-0", "new", 0.2, "2026-10"), ("chief_rep-0", "old", 0.1, "2026-09"),
    ]  # fmt: skip
    assert gained(IN_TIME, policies=policies) == []


def test_ratings_of_peers_and_leaders_count_where_a_rule_names_them():
    peers = ScoreRule("peers", "rating:5", 3.0, where={"source": "peer"})
    told = (rating(5, source="peer"), rating(5, "2026-10-16 09:00"))
    assert gained(*told, policies=(about("window", peers),)) == [("window-0", "w1", 3.0, "2026-10")]


def test_a_rule_asks_for_fields_of_its_cause_and_multiplies_by_a_number_of_it():
    granted = ScoreRule("granted", "outcome:late", -1.0, where={"decision": "approved"})
    refused = ScoreRule("refused", "outcome:late", -9.0, where={"decision": "rejected"})
    level = ScoreRule("level", "rating:4", 0.5, per="level")
    policy = about("window", granted, refused, level)
    assert [p[2] for p in gained(TOO_LATE, rating(4), policies=(policy,))] == [-1.0, 2.0]


# --- points that are out, and points taken back ---


def sums(*arrivals, reference=SCORED):
    """What the points sent add up to by rule and month, facts coming in in this order."""
    turns = [at(END) + i for i in range(len(arrivals))]
    _, events = run(arrivals, turns, reference)
    total = {}
    for event in events:
        if event.type == "ScorePointPosted":
            key = event.data["rule_id"], event.data["period"]
            total[key] = round(total.get(key, 0) + event.data["points"], 6)
    return {key: points for key, points in total.items() if points}


def test_of_two_bodies_of_a_rating_the_one_that_stands_says_the_month():
    first = rating(5, "2026-11-03 09:00")
    earlier = {"occurred_at": at("2026-10-28 09:00"), "recorded_at": first.recorded_at - 1}
    other = first._replace(**earlier, digest="other bytes")
    told, good = (
        (SUBMITTED, ACCEPTED, IN_TIME),
        {("kept", "2026-09"): 0.1, ("good", "2026-10"): 0.2},
    )
    assert sums(*told, first, other) == sums(*told, other, first) == good


def test_a_voided_and_a_corrected_cause_leave_what_stands():
    told = (SUBMITTED, ACCEPTED, TOO_LATE)
    assert sums(*told) == {("late", "2026-10"): -5}
    name = f"DecisionMade 2026-10-20 10:00 {sorted({'decision': 'approved'}.items())}"
    right = fact("DecisionMade", "2026-09-29 11:00", recorded="2026-11-02 09:00", of=name,
                 decision="approved")  # fmt: skip
    assert sums(*told, right) == sums(right, *told) == {("kept", "2026-09"): 0.1}
    void = fact("EventVoided", "2026-11-02 09:00", of=name)
    assert sums(*told, void) == {("late", "2026-10"): -5}  # without an end it is late all the same


# --- reopened with a new clock ---


REOPENS_ANEW = replace(REFERENCE.policies["default"][0], reopen_mode="new_clock")
ANEW = replace(SCORED, policies={"default": (REOPENS_ANEW,)})
REOPENED = fact("CaseReopened", "2026-10-21 09:00", cause="quality")
AGAIN = fact("DecisionMade", "2026-10-22 10:00", decision="approved")


def test_a_new_clock_makes_good_no_promise_that_was_broken_before():
    assert earned(TOO_LATE, REOPENED, AGAIN, reference=ANEW) == [LATE]
    assert earned(TOO_LATE, REOPENED, reference=ANEW, now="2026-10-21 10:00") == [LATE]


def test_a_new_clock_that_is_missed_costs_though_the_first_was_kept():
    reopened = fact("CaseReopened", "2026-10-12 09:00", cause="quality")
    assert earned(IN_TIME, reopened, AGAIN, reference=ANEW) == [LATE]
    in_time = fact("DecisionMade", "2026-10-13 10:00", decision="approved")
    assert earned(IN_TIME, reopened, in_time, reference=ANEW) == [("kept", 0.1, "2026-10")]


# --- counters ---


def counted(*rules):
    """Ratings and satisfied of one rating of five that fulfils whichever of the rules it does."""
    policy = ScorePolicy("1", 0, rules)
    told = rating(5, identified=True)
    cause = Cause("rating:5", told.event_id, told.type, 0, 0, {**told.data, "source": "mass"},
                  {"window": "w1"})  # fmt: skip
    tally = Tally()
    for point in points_of(cause, [policy], "Asia/Shanghai"):
        tally.add(("1", point.data["rule_id"], ""), millionths(point.data["points"]), 1)
    total = tally.total(counters([policy])[policy.policy_id])
    return total.points, total.n, total.ratings, total.satisfied


def test_a_rating_that_fulfils_two_rules_earns_by_both_and_is_one_rating():
    good = ScoreRule("good", "rating:5", 0.2)
    double = ScoreRule("double", "rating:5", 0.3)
    named = ScoreRule("named", "rating:5", 0.5, where={"identified": "true"})
    unnamed = ScoreRule("unnamed", "rating:5", 0.5, where={"identified": "false"})
    assert counted(good) == (0.2, 1, 1, 1)
    assert counted(good, double) == (0.5, 2, 1, 1)
    for rules in ((good, named), (named, good)):
        assert counted(*rules) == (0.7, 2, 1, 1)
    for rules in ((named, unnamed), (unnamed, named)):
        assert counted(*rules) == (0.5, 1, 1, 1)
    by_level = ScoreRule("by-level", "rating:5", 0.1, per="level")
    for rules in ((good, by_level), (by_level, good)):
        assert counted(*rules) == (0.7, 2, 1, 1)
    fives = ScoreRule("fives", "rating:5", 0.2, where={"level": "5"})
    for rules in ((fives, by_level), (by_level, fives)):
        assert counted(*rules) == (0.7, 2, 1, 1)
