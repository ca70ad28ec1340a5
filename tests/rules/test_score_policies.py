"""The score policies that ship, counted by hand: the monthly table of a hundred points, and each
preset; and what a policy may not say."""

from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duban.causes import Cause
from duban.reference import SHIPPED, BadReference, load, reference_from
from duban.score_policy import Axis, ScorePolicy
from duban.scoring import points_of
from duban.tally import Scored, Tally, millionths
from tests.given import at

DAY = at("2026-09-10 10:00")
PRESETS = sorted((SHIPPED / "presets").glob("*.toml"))


@cache
def shipped(policy_id: str) -> ScorePolicy:
    """The policy in force in September 2026."""
    files = [SHIPPED / "scores.toml", *PRESETS]
    reference = reference_from([event for path in files for event in load(path)])
    return next(p for p in reference.score_policies(DAY) if p.policy_id == policy_id)


def scored(policy: ScorePolicy, *causes: Any) -> Scored:
    """What causes come to: a name, or a name with fields; times, where a number follows."""
    tally = Tally()
    for number, cause in enumerate(causes):
        on, data, times = (cause, {}, 1) if isinstance(cause, str) else (*cause, 1)[:3]
        data = {"source": "mass", **data}
        for turn in range(times):
            made = Cause(on, f"{number} {turn}", on, DAY, DAY, data, {policy.subject: "w1"})
            for point in points_of(made, [policy], "Asia/Shanghai"):
                said = point.data
                rule = (said["score_policy_version"], said["rule_id"], said["axis"])
                tally.add(rule, millionths(said["points"]), 1)
    return tally.scored(policy)


def absent(half_days: float) -> tuple[str, dict[str, Any]]:
    return "AttendanceExcepted", {"kind": "absent", "half_days": half_days}


def finding(category: str, times: int = 1) -> tuple[str, dict[str, Any], int]:
    return "FindingRaised", {"category": category}, times


def month(score: float) -> tuple[str, dict[str, Any]]:
    """A month's ranking in which somebody had a score."""
    return "rank:window-month:all", {"score": score}


def appraised(source: str, level: int) -> tuple[str, dict[str, Any]]:
    return "AppraisalGiven", {"source": source, "level": level}


LATE, ON_TIME = "outcome:late", "outcome:on_time"


@pytest.mark.parametrize(
    ("causes", "score", "grade"),
    [
        ([], 100.0, "合格"),
        ([LATE], 95.0, "合格"),
        ([(LATE, {}, 3)], 85.0, "合格"),
        ([(LATE, {}, 9)], 85.0, "合格"),  # 承诺: fifteen at most
        ([absent(1)], 97.0, "合格"),
        ([absent(1.5)], 95.5, "合格"),
        ([absent(20)], 80.0, "合格"),  # 考勤: twenty at most
        ([("AttendanceExcepted", {"kind": "leave", "half_days": 9})], 100.0, "合格"),
        ([finding("refused", 2), finding("no_reason")], 94.0, "合格"),
        ([finding("refused", 9)], 85.0, "合格"),  # 受理: fifteen at most
        ([finding("fees", 1)], 95.0, "合格"),
        ([finding("fees", 5)], 90.0, "合格"),  # 收费: ten at most
        ([finding("files", 7), finding("image", 7)], 95.0, "合格"),  # 档案 three, 卫生 two
        ([absent(20), LATE], 75.0, "整改"),
        ([absent(20), (LATE, {}, 3), finding("refused", 9)], 50.0, "不合格"),
        # every promise kept is worth five, however many there were, and every rating the best five
        ([ON_TIME, "rating:3"], 105.0, "合格"),
        ([(ON_TIME, {}, 500), "rating:3"], 105.0, "合格"),
        ([(ON_TIME, {}, 9)], 105.0, "合格"),  # nobody rated: no bad mark, and no good one
        ([(ON_TIME, {}, 50), ("rating:5", {}, 50)], 110.0, "合格"),
        ([(ON_TIME, {}, 97), (LATE, {}, 3), "rating:4"], 92.35, "合格"),
        ([(ON_TIME, {}, 970), (LATE, {}, 30), ("rating:4", {}, 100)], 92.35, "合格"),
        (["rating:5", "rating:4", "rating:3", "rating:2", "rating:1"], 100.0, "合格"),
        ([("rating:1", {}, 30)], 95.0, "合格"),
        ([("PraiseReceived", {"count": 40})], 103.0, "合格"),  # 表扬: three at most
        ([finding("attitude"), finding("conduct"), finding("off_system", 9)], 90.0, "合格"),
        ([finding("hygiene")], 99.0, "合格"),
        ([("PraiseReceived", {"count": 4})], 102.0, "合格"),
        ([("ScoreAdjusted", {"points": -1.5})], 98.5, "合格"),
    ],
)
def test_the_monthly_table_of_a_hundred_points(causes, score, grade):
    found = scored(shipped("window-month"), *causes)
    assert (found.score, found.grade) == (score, grade)


@pytest.mark.parametrize(
    ("policy", "causes", "score", "grade"),
    [
        ("luannan-month", [LATE, finding("attitude"), ("FeedbackCardReceived", {"level": 1})],
         74.0, ""),
        ("luannan-month", [(ON_TIME, {}, 16), (LATE, {}, 4), ("FeedbackCardReceived", {"level": 5}),
                           "rating:4", "rating:3"], 102.5, ""),
        ("dujiangyan-window",
         [LATE, (ON_TIME, {}, 9), "rating:5", ("PraiseReceived", {"count": 2})],
         106.0, ""),
        ("dujiangyan-star", [(ON_TIME, {}, 30), "rating:4"], 107.5, ""),
        ("dujiangyan-chief", ["rating:1"], 95.0, ""),
        ("dujiangyan-year", [("rank:dujiangyan-window:flag", {}, 3),
                             "rank:dujiangyan-window:bottom"], 104.0, ""),
        # five, two and three tenths of a hundred: (5 + 3) / 2 × 10 + 4 × 4 + 3 × 6
        ("hunan-review", ["rating:5", ("AppraisalGiven", {"source": "mass", "level": 3}),
                          ("AppraisalGiven", {"source": "peer", "level": 4}),
                          ("AppraisalGiven", {"source": "leader", "level": 3}),
                          ("AppraisalGiven", {"source": "self", "level": 1})], 74.0, ""),
        # no leader said anything: (4 × 10 + 4 × 4) × 20 / 14
        ("hunan-review", ["rating:5", "rating:3",
                          ("AppraisalGiven", {"source": "peer", "level": 4})], 80.0, ""),
        # people alone: five of five; nine of ten satisfied are 4.5 of five
        ("hunan-review", ["rating:5"], 100.0, ""),
        ("hunan-review", [("SurveyClosed", {"share": 0.9})], 90.0, ""),
        # a colleague's rating of a case: (5 × 10 + 2 × 4) × 20 / 14; a leader's: 50 + 8 + 1 × 6
        ("hunan-review", ["rating:5", ("rating:2", {"source": "peer"})], 82.8571, ""),
        ("hunan-review", ["rating:5", ("rating:2", {"source": "peer"}),
                          ("rating:1", {"source": "leader"})], 64.0, ""),
        ("hunan-review", ["rating:5", ("rating:1", {"source": "self"})], 100.0, ""),
        ("hunan-review", [], 0.0, ""),
        ("hunan-year", ["rank:hunan-review:top", ("HonourGranted", {"kind": "model_window"}),
                        ("HonourGranted", {"kind": "recommended"})], 107.0, ""),
        ("hunan-year", [("InspectionDone", {"findings": 4}), LATE], 96.0, ""),
        # 群众满意窗口: 推荐 10, 考核得分 95 of 40 in 100, 领导点评 4 × 4, 群众评议 6 × 4.5
        ("satisfied-window",
         [("HonourGranted", {"kind": "recommended"}), ("HonourGranted", {"kind": "star"}),
          month(100.0), month(90.0), appraised("leader", 4), appraised("mass", 5), "rating:4",
          appraised("self", 1), appraised("peer", 1)], 91.0, ""),
        ("satisfied-window", [], 0.0, ""),
        ("notice-half", [month(85.0), month(72.0)], 78.5, "整改"),
        ("notice-half", [month(60.0), month(58.0)], 59.0, "不合格"),
        ("notice-year", [month(100.0), month(80.0)], 90.0, "合格"),
        ("stars", [(ON_TIME, {}, 80), ("rating:4", {}, 5), ("rating:5", {}, 5)], 98.75, "五星"),
        ("stars", [(ON_TIME, {}, 98), (LATE, {}, 2), "rating:3"], 94.0, "四星"),
        ("stars", [("AdmonitionIssued", {})], 80.0, "二星"),
        ("stars", [("AdmonitionIssued", {}), (ON_TIME, {}, 4), LATE], 75.0, "一星"),
        ("supervision-quarter", [], 100.0, "优秀"),
        ("supervision-quarter", [(ON_TIME, {}, 97), (LATE, {}, 3)], 97.0, "优秀"),
        ("supervision-quarter", [(ON_TIME, {}, 900), (LATE, {}, 100)], 90.0, "良好"),
        ("supervision-quarter", [LATE], 60.0, "合格"),  # one case alone leads to nothing
        ("stars", [LATE], 80.0, "二星"),
        ("supervision-quarter", ["breach:step", "breach:forward_send", "sign:repeat_notice"],
         97.0, "优秀"),
        ("supervision-quarter", [("breach:step", {}, 30)], 80.0, "合格"),  # twenty at most
        ("supervision-hall", [], 100.0, "优秀"),
        ("supervision-hall", [(ON_TIME, {}, 9), LATE, "rating:5", "rating:3", "rating:4",
                              "rating:2"], 70.0, "合格"),  # 10 for a tenth late, 20 at most
        ("supervision-hall", [("InspectionDone", {"by": "external", "findings": 3}),
                              ("InspectionDone", {"by": "internal", "findings": 9})],
         94.0, "良好"),
        ("supervision-quarter", [("CardIssued", {"colour": "red"}, 4), finding("fees")],
         55.0, "不合格"),
    ],
)  # fmt: skip
def test_each_preset_counted_by_hand(policy, causes, score, grade):
    found = scored(shipped(policy), *causes)
    assert (found.score, found.grade) == (score, grade)


@pytest.mark.parametrize(
    ("policy", "grade", "measures"),
    [
        ("window-month", "整改", {"rectification"}),
        ("window-month", "不合格", {"criticism", "leader_on_duty"}),  # 全市通报, 一把手带班
        ("notice-half", "不合格", {"criticism", "leader_on_duty"}),
        ("supervision-quarter", "不合格", {"recommendation", "rectification"}),
        ("supervision-hall", "不合格", {"recommendation"}),
    ],
)
def test_each_grade_leads_to_what_the_rule_book_names(policy, grade, measures):
    found = {m.measure for m in shipped(policy).measures if m.when == f"grade:{grade}"}
    assert found == measures


def test_every_rule_says_where_its_weight_comes_from():
    for path in (SHIPPED / "scores.toml", *PRESETS):
        for event in load(path):
            assert all(rule["source"] for rule in event.data["rules"]), event.subject_id


def test_whoever_was_ranked_in_a_shorter_period_is_ranked_in_every_year_that_takes_over_places():
    longer = {}
    for event in (event for path in PRESETS for event in load(path)):
        taken = {r["on"].rpartition(":")[::2] for r in event.data["rules"] if "rank:" in r["on"]}
        if taken:
            longer[event.data["policy_id"]] = taken
    assert set(longer) == {
        "dujiangyan-year", "dujiangyan-star-year", "dujiangyan-chief-year", "hunan-year",
        "satisfied-window", "notice-half", "notice-year",
    }  # fmt: skip
    for taken in longer.values():
        assert {of for of, _ in taken} == {of for of, side in taken if side == "all"}


def test_every_policy_counts_what_people_add_or_take_with_approval():
    found = {
        event.data["policy_id"]: scored(
            shipped(event.data["policy_id"]), ("ScoreAdjusted", {"points": -1.5})
        )
        for path in (SHIPPED / "scores.toml", *PRESETS)
        for event in load(path)
    }
    for policy_id, score in found.items():
        assert score.score == max(0.0, shipped(policy_id).base - 1.5), policy_id


def test_presets_are_published_one_by_one_and_never_with_the_rest():
    names = {e.data["policy_id"] for e in load(SHIPPED) if e.type == "ScorePolicyPublished"}
    assert names == {"window-month"}
    assert len(PRESETS) == 6


def test_the_first_version_of_the_table_is_as_it_was_published():
    first, second = (e for e in load(SHIPPED / "scores.toml"))
    assert (first.subject_id, second.subject_id) == ("window@1", "window@2")
    assert (len(first.data["rules"]), first.data["axes"], first.data["minimum"]) == (7, [], 0.0)


# --- sums and limits ---


@given(st.integers(0, 60), st.integers(0, 60), st.integers(2, 40))
def test_what_went_well_counts_by_its_share_and_not_by_how_much_there_was(good, bad, times):
    policy = shipped("window-month")
    once = scored(policy, ON_TIME, ("rating:5", {}, good), ("rating:2", {}, bad))
    more = scored(
        policy, (ON_TIME, {}, times), ("rating:5", {}, good * times), ("rating:2", {}, bad * times)
    )
    assert more.score == once.score


def test_at_full_volume_windows_stand_apart_by_how_well_they_did():
    """Some 1,800 cases a month, as 774,000 a year make at 35 windows: no two with other shares of
    promises kept and of good ratings stand at the same score, and none at the limit."""
    scores = {
        (late, level): scored(
            shipped("window-month"),
            (ON_TIME, {}, 1800 - late), (LATE, {}, late), ("rating:5", {}, 900 - level),
            ("rating:3", {}, level),
        ).score
        for late in (0, 1, 2, 9, 40)
        for level in (30, 200)
    }  # fmt: skip
    assert len(set(scores.values())) == len(scores)
    assert max(scores.values()) < 110.0
    for worse, better in (((1, 30), (0, 30)), ((9, 30), (2, 30)), ((0, 200), (0, 30))):
        assert scores[worse] < scores[better]


CAUSES = st.lists(
    st.sampled_from(
        [LATE, "outcome:on_time", "rating:5", "rating:1", absent(1), absent(2.5), finding("fees"),
         finding("refused"), finding("image"), ("PraiseReceived", {"count": 3})]
    ),
    max_size=30,
)  # fmt: skip


@given(st.data(), CAUSES)
def test_a_score_is_base_and_points_within_axes_and_limits_in_any_order(data, causes):
    policy = shipped("window-month")
    found = scored(policy, *causes)
    assert scored(policy, *data.draw(st.permutations(causes))) == found
    limits = {axis.axis: axis.at_most or 5.0 for axis in policy.axes}
    assert all(abs(given) <= limits[name] for name, given in found.axes.items())
    raw = 100 + sum(found.axes.values())
    assert found.score == pytest.approx(max(0.0, min(110.0, raw)))


# --- what a policy may not say ---

HEAD = 'version = "1"\neffective_from = 2026-01-01\n'
RULE = '[[score.rules]]\nrule_id = "a"\non = "outcome:late"\npoints = -1.0\n'


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (RULE.replace("outcome:late", "CaseClosed"), "a type of hall"),
        (RULE.replace("outcome:late", "rank:other:middle"), "rank:POLICY"),
        (RULE + 'axis = "fees"\n', "there is none"),
        (RULE + RULE, "defined twice"),
        (RULE + 'per = "half_days"\n', "no rule reads field half_days"),
        (RULE.replace("outcome:late", "PraiseReceived") + 'per = "kind"\n', "no number"),
        (RULE.replace("outcome:late", "HonourGranted") + 'per = "valid_to"\n', "no number"),
        (RULE + 'per = "level"\n', "no number"),
        (RULE.replace("outcome:late", "rating:1") + 'per = "days"\n', "no number"),
        (RULE.replace("outcome:late", "CardIssued") + 'where = { reason = "x" }\n', "reason"),
        ('[[score.measures]]\nwhen = "grade:A"\nmeasure = "talk"\n' + RULE, "there is none"),
        ('[[score.measures]]\nwhen = "middle"\nmeasure = "talk"\n' + RULE, "match pattern"),
    ],
)
def test_a_policy_that_could_never_work_is_refused_with_the_reason(tmp_path, text, why):
    (tmp_path / "scores.toml").write_text("[[score]]\n" + HEAD + text, encoding="utf-8")
    with pytest.raises(BadReference, match=why):
        load(tmp_path)


def test_limits_that_cross_are_refused(tmp_path):
    text = "[[score]]\nminimum = 200.0\n" + HEAD + RULE
    (tmp_path / "scores.toml").write_text(text, encoding="utf-8")
    with pytest.raises(BadReference, match="above maximum"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("weight", "earned", "score"),
    [
        (-10.0, {"mass": 5, "other": 1}, 40.0),  # nothing is absent: as it stands
        (-10.0, {"mass": 5}, 50.0),  # what would take away is absent: nothing to take over
        (-10.0, {"other": 1}, -10.0),
        (10.0, {"mass": 5}, 100.0),  # the one takes over the other's part
        (10.0, {"mass": 5, "other": 1}, 60.0),
    ],
)
def test_only_means_of_positive_weight_share_what_an_absent_one_could_give(weight, earned, score):
    axes = (Axis("mass", how="mean", weight=10.0), Axis("other", how="mean", weight=weight))
    policy = ScorePolicy("1", 0, (), base=0.0, minimum=-1000.0, axes=axes)
    tally = Tally()
    for axis, points in earned.items():
        tally.add(("1", axis, axis), millionths(points), 1)
    assert tally.scored(policy).score == score
