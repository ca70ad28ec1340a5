"""What people read: instants, spans, rates, and that every word a page uses is there."""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from duban.worktime import build
from projections.dashboard.freshness import judge
from projections.dashboard.sentences import Speaker, growth, percent, signed
from projections.dashboard.words import HERE, keys, name_of, say

ZONE = ZoneInfo("Asia/Shanghai")
CALENDAR = build(())


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZONE).timestamp() * 1000)


def speaker(now: str = "2026-11-18T14:32") -> Speaker:
    return Speaker("zh", at(now), CALENDAR)


@pytest.mark.parametrize(
    ("instant", "said"),
    [
        ("2026-11-18T15:10", "今日 15:10"),
        ("2026-11-17T09:00", "昨日 09:00"),
        ("2026-11-19T17:00", "明日 17:00"),
        ("2026-11-26T17:00", "11-26 17:00"),
        ("2025-11-18T17:00", "2025-11-18 17:00"),
    ],
)
def test_an_instant_is_said_as_people_say_it(instant: str, said: str) -> None:
    assert speaker().instant(at(instant)) == said


@pytest.mark.parametrize(
    ("due", "said"),
    [
        ("2026-11-18T15:10", "剩 38 分钟"),
        ("2026-11-18T17:00", "剩 2 小时 28 分钟"),
        ("2026-11-19T17:00", "剩 1 个工作日"),
        ("2026-11-23T17:00", "剩 3 个工作日"),  # Thursday, Friday, Monday
        ("2026-11-18T13:32", "超期 1 小时"),
        ("2026-11-17T17:00", "超期不足 1 个工作日"),
        ("2026-11-16T17:00", "超期 1 个工作日"),
        ("2026-11-13T17:00", "超期 2 个工作日"),  # Friday: Monday and Tuesday have closed since
    ],
)
def test_what_is_left_or_over_is_counted_in_working_days(due: str, said: str) -> None:
    assert speaker().left(at(due)) == said


def test_a_clock_of_minutes_counts_the_hours_that_the_hall_works() -> None:
    assert (
        speaker("2026-11-18T11:50").left(at("2026-11-18T13:10"), "working_minute") == "剩 20 分钟"
    )


def test_a_case_that_ended_late_says_by_how_much() -> None:
    ended = at("2026-11-17T17:30")
    assert speaker().left(at("2026-11-16T17:00"), ended=ended) == "超期 1 个工作日"


@pytest.mark.parametrize(
    ("part", "whole", "said"),
    [
        (23411, 23425, "99.94\u00a0%"),
        (23424, 23425, "99.99\u00a0%"),  # never rounded up to a hundred
        (7, 8, "87.5\u00a0%"),
        (2, 3, "66.7\u00a0%"),
        (1, 100_000, "0.01\u00a0%"),  # nor down to nothing
        (5, 5, "100\u00a0%"),
        (0, 5, "0\u00a0%"),
        (0, 0, "—"),
    ],
)
def test_rates_near_a_hundred_show_two_decimals(part: int, whole: int, said: str) -> None:
    assert percent(part, whole) == said


def test_growth_on_a_small_base_is_said_in_pieces() -> None:
    assert growth(9, 3) == "+6"
    assert growth(110, 100) == "+10.0\u00a0%"
    assert signed(-1.5, 1) == "−1.5"
    assert signed(0) == "0"


@pytest.mark.parametrize(
    ("as_of", "still", "answered", "state"),
    [
        (None, 0, True, "wait"),
        (None, 0, False, "away"),
        (99.5, 0, True, "ok"),
        (90.0, 0, True, "behind"),
        (60.0, 5, True, "behind"),
        (60.0, 35, True, "away"),
        (99.5, 0, False, "away"),
    ],
)
def test_freshness_turns_yellow_when_behind_and_red_when_standing_still(
    as_of: float | None, still: float, answered: bool, state: str
) -> None:
    assert judge(as_of, 100.0, still, answered, "Asia/Shanghai").state == state


def test_freshness_says_how_long_the_lag_is() -> None:
    sentence, _ = judge(99.2, 100.0, 0, True, "Asia/Shanghai").said("zh")
    assert sentence == "数据截至 08:01:39，延迟 0.8 秒"


def test_every_word_a_page_uses_is_there_in_both_languages() -> None:
    used: set[str] = set()
    for path in (*HERE.glob("*.py"), *HERE.glob("templates/*.html")):
        text = path.read_text(encoding="utf-8")
        used |= set(re.findall(r"""\bsay\(["']([a-z_]+\.[a-z_0-9]+)["']""", text))
    assert len(used) > 80
    assert used - keys() == set()
    for key in keys():
        assert say(key, "zh").strip()
        assert say(key, "en").strip()


def test_every_event_type_has_a_name_for_people() -> None:
    from duban.contracts import event_types, topic_of

    facts = [t for t in event_types() if topic_of(t) == "case-events" and t != "ClockTicked"]
    unnamed = [t for t in facts if f"happened.{t}" not in keys()]
    assert unnamed == []


def test_roles_grounds_and_clocks_of_the_shipped_policies_have_names() -> None:
    from duban.reference import SHIPPED, load, reference_from

    policies = [p for ps in reference_from(load(SHIPPED)).policies.values() for p in ps]
    roles = {r for p in policies for rungs in p.ladders.values() for rung in rungs for r in rung.to}
    clocks = [c for p in policies for c in p.clocks]
    grounds = {g for c in clocks for g in c.pause_grounds}
    assert [r for r in sorted(roles) if f"role.{r}" not in keys()] == []
    assert [g for g in sorted(grounds) if f"ground.{g}" not in keys()] == []
    assert [c.kind for c in clocks if f"clock.{c.kind}" not in keys()] == []


def test_an_unknown_code_is_never_shown_as_it_is() -> None:
    assert name_of("role", "chief_of_nothing", "zh") == "有关人员"
    assert name_of("ground", "x", "zh") == "依法扣除"
