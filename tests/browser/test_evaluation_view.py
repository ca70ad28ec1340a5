"""What the pages of evaluation say, without a browser: names, periods, moves, causes, reasons."""

import pytest

from duban.bus_make import make
from duban.contracts import ContractError
from duban.honours import HELD, Honour
from duban.policy import Reference
from duban.proposals import Proposal
from duban.ranking import Entry
from duban.score_policy import ScorePolicy, ScoreRule
from projections.dashboard.causes import about, details
from projections.dashboard.evaluation import (
    Asked,
    period_name,
    points,
    score,
    short_period,
    subject_name,
)
from projections.dashboard.ledger import wanted
from projections.dashboard.ledger_queries import Cause
from projections.dashboard.measures import BOARD, Wanted, _board
from projections.dashboard.names import Names, Post
from projections.dashboard.proposals import whose, why
from projections.dashboard.ranking import Shown, because, line, moved
from projections.dashboard.record_form import Begun, form
from projections.dashboard.refusals import clauses, together

NAMES = Names(
    Reference(names={"h": "某区政务服务中心", "h/tax": "税务窗口"}),
    posts={"h-tax-01": Post("h/tax", "chief_rep")},
)
ASKED = Asked(hall="h", policy="window-month", period="2026-09")
SHOWN = Shown(ASKED, ScorePolicy("1", 0, ()), "window", (), closed=True)
BEGUN = Begun(1_764_213_000_000, "Asia/Shanghai", "3f9a")  # 2025-11-27 11:10
ENTRY = Entry("tax", 2, 98.6, -1.4, 13, 7, 1, 10, 9, "良好", ("top",))


def test_an_honour_without_a_year_is_on_the_board_of_none() -> None:
    def honour(subject: str, period: str) -> Honour:
        return Honour("e", "h", "window", subject, "good_deeds", "", BOARD, "honesty", period, 0,
                      None, HELD)  # fmt: skip

    found = [honour("tax", ""), honour("police", "2025")]
    board = _board(found, Wanted("h", "honours"), NAMES, "zh")
    assert "police" in board
    assert "tax" not in board
    assert _board(found[:1], Wanted("h", "honours"), NAMES, "zh") == ""


@pytest.mark.parametrize(
    ("period", "whole", "short"),
    [
        ("2026-09", "2026 年 9 月", "9 月"),
        ("2026-Q3", "2026 年三季度", "三季度"),
        ("2026-H1", "2026 年上半年", "上半年"),
        ("2026", "2026 年", "2026"),
    ],
)
def test_a_period_is_said_as_people_say_it(period: str, whole: str, short: str) -> None:
    assert (period_name(period, "zh"), short_period(period, "zh")) == (whole, short)


def test_a_person_is_called_by_window_role_and_desk_never_by_a_reference() -> None:
    assert subject_name(NAMES, "h", "h-tax-01", "staff", "zh") == "税务窗口首席代表 01"
    assert subject_name(NAMES, "h", "h-other-07", "staff", "zh") == "工作人员 07"
    assert subject_name(NAMES, "h", "tax", "window", "zh") == "税务窗口"
    assert subject_name(NAMES, "h", "", "hall", "zh") == "某区政务服务中心"


@pytest.mark.parametrize(
    ("place", "before", "said"),
    [
        (2, 5, ("up", "▲ 3")),
        (5, 2, ("down", "▼ 3")),
        (2, 2, ("", "持平")),
        (2, None, ("", "上期未列")),
    ],
)
def test_a_move_is_an_arrow_and_a_number(place: int, before: int | None, said: object) -> None:
    assert moved(place, before, "zh") == said


def test_numbers_keep_two_decimals_and_a_real_minus() -> None:
    assert [score(100.0), score(98.6), score(98.65)] == ["100.0", "98.6", "98.65"]
    assert [points(0.2), points(-5.0), points(0.0)] == ["+0.2", "−5", "0"]


def test_a_line_shows_numerators_the_interval_and_who_answered() -> None:
    shown = line(ENTRY, SHOWN, {"tax": 3}, {"tax": (10, 25)}, NAMES, "zh")
    assert shown.on_time_parts == "7 ÷ 8"
    assert shown.satisfied_parts == "9 ÷ 10"
    assert shown.interval == "区间 60–98 %"
    assert shown.answered == "评价参与率 40.0\u00a0% (10 ÷ 25)"
    assert shown.tags == (("top", "前三"),)


def test_every_figure_of_a_line_leads_to_the_points_behind_it() -> None:
    shown = line(ENTRY, SHOWN, {}, {}, NAMES, "zh")
    own = "/windows/h/tax?policy=window-month&period=2026-09"
    assert shown.href == own
    hrefs = (shown.n_href, shown.on_time_href, shown.satisfied_href)
    assert hrefs == tuple(f"{own}&cause={c}" for c in ("every", "outcome", "rating"))


@pytest.mark.parametrize(
    ("on", "said"),
    [
        ("outcome:late", "超期办结"),
        ("rating:5", "评价：非常满意"),
        ("AttendanceExcepted", "考勤异常"),
        ("rank:window-month:bottom", "评比结果：后三"),
        ("SomethingElse", "规则 r"),
    ],
)
def test_the_cause_of_a_point_is_named_by_what_its_rule_is_about(on: str, said: str) -> None:
    assert about(ScoreRule("r", on, 1.0), "r", "zh") == said


def test_the_fact_behind_a_point_says_what_is_particular_about_it() -> None:
    absent = Cause("AttendanceExcepted", "", {"kind": "absent", "half_days": 2.0})
    assert details(absent, "zh") == "缺勤 · 2 个半天"
    data = {"severity": "major", "category": "delay", "party": "duty_lead"}
    found = Cause("FindingRaised", "", data)
    assert details(found, "zh") == "较重 · 拖延 · 大厅值班长"
    card = Cause("CardIssued", "", {"colour": "yellow", "reason": "多件超期"})
    assert details(card, "zh") == "黄牌警告 · 多件超期"


def test_why_a_measure_follows_names_the_side_and_its_periods() -> None:
    assert because("bottom 2026-08, 2026-09", "zh") == "后三：2026 年 8 月、2026 年 9 月"
    assert because("grade:不合格 2026-Q3", "zh") == "不合格：2026 年三季度"


def test_the_form_offers_the_windows_and_the_people_of_its_hall() -> None:
    shown = form("h", "TalkHeld", NAMES, "zh", {}, BEGUN)
    assert '<option value="tax" data-kind="window">税务窗口</option>' in shown
    assert '<option value="h-tax-01" data-kind="staff">税务窗口首席代表 01</option>' in shown


@pytest.mark.parametrize(
    ("type_", "fields", "zh", "en"),
    [
        ("TalkHeld", {"subject": "tax"}, "“事由”没有填写", "“Reason” is missing"),
        (
            "CardIssued", {"subject": "tax", "reason": "晚" * 4001, "colour": "pink"},
            "“种类”填写不合要求；“事由”超过 4000 字",
            "“Kind” must be one of yellow, red, unknown; “Reason” is longer than 4000 characters",
        ),
        (
            "PraiseReceived", {"subject": "tax", "kind": "banner", "case_id": "九" * 201},
            "“有关办件号”超过 200 字", "“Case number” is longer than 200 characters",
        ),
    ],
)  # fmt: skip
def test_what_is_refused_is_said_in_the_words_of_the_form(
    type_: str, fields: dict[str, str], zh: str, en: str
) -> None:
    with pytest.raises(ContractError) as caught:
        make(type_, hall="h", **fields)
    for lang, said in (("zh", zh), ("en", en)):
        assert together(clauses(caught.value, type_, lang), lang) == said


def test_a_proposal_says_which_facts_call_for_it_and_how_many() -> None:
    late = Proposal("h", "window", "w1", "red_card", "breach:step", "", "2025-09", 3, 0, ("a",))
    assert why(late, NAMES, "zh") == "环节超时 · 2025 年 9 月 · 3 件"
    assert whose(late._replace(subject="tax"), NAMES, "zh") == "税务窗口"
    party = late._replace(subject_kind="party", subject="duty_lead")
    assert whose(party, NAMES, "zh") == "大厅值班长"
    assert whose(late._replace(subject_kind="org", subject="planning"), NAMES, "zh") == "planning"
    named = "grade:不合格 2025-09"
    ranked = late._replace(cause="ranking:window-month", because=named, n=1)
    assert why(ranked, NAMES, "zh") == f"窗口月评比 · {because(named, 'zh')}"


def test_a_figure_opens_the_points_that_it_counts_and_a_late_case_once():
    rules = (
        ScoreRule("late", "outcome:late", -5.0), ScoreRule("share", "outcome:late", 0.0),
        ScoreRule("kept", "outcome:on_time", 5.0), ScoreRule("five", "rating:5", 5.0),
        ScoreRule("peer", "rating:5", 5.0, where={"source": "peer"}),
    )  # fmt: skip
    versions = [ScorePolicy("1", 0, rules)]
    assert wanted("outcome", versions) == ["kept", "late"]
    assert wanted("rating", versions) == ["five"]
    assert wanted("share", versions) == ["share"]
    assert wanted("every", versions) is wanted("", versions) is None
