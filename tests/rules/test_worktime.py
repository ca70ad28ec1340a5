"""Properties of working time, against a day-by-day oracle that knows nothing of bisection."""

from datetime import date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from duban.due import due
from duban.reference import SHIPPED, load, reference_from
from duban.worktime import (
    OFFICE,
    BeyondCalendar,
    Calendar,
    DayRule,
    Hours,
    Override,
    build,
)

ZONES = ("Asia/Shanghai", "Europe/Amsterdam", "America/Sao_Paulo", "Asia/Kathmandu")
HOLIDAYS = [DayRule(date(2026, 10, day), "holiday", "国庆节", "no. 7") for day in range(1, 8)]
MAKEUP = [DayRule(date(2026, 10, 10), "makeup", "国庆节", "no. 7")]
OWN = [
    Override(date(2026, 10, 3), ((540, 720),), "值班"),
    Override(date(2026, 10, 14), (), "闭厅"),
    Override(date(2026, 10, 16), ((540, 720),), "半天"),
]
EVENING = Hours((((480, 690), (750, 1020), (1080, 1260)),) * 6 + ((),))
MINUTE = 60_000


@cache
def calendar(zone: str) -> Calendar:
    return build(
        HOLIDAYS + MAKEUP,
        [Hours(), Hours(EVENING.weekly, date(2026, 11, 1))],
        OWN,
        zone,
        2025,
        2028,
        date(2026, 12, 31),
    )


def at(text: str, zone: str = "Asia/Shanghai") -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)


FIRST, LAST = at("2026-09-15T00:00"), at("2027-03-15T00:00")
instants = st.integers(FIRST, LAST)
zones = st.sampled_from(ZONES)
unhurried = settings(deadline=None)  # building a calendar is in the first example's time


def shifts_of(c: Calendar, on: date) -> list[tuple[int, int]]:
    """Shifts of a date as instants, by wall time, one by one."""
    midnight = datetime(on.year, on.month, on.day)  # noqa: DTZ001  the zone is put on below
    zone = ZoneInfo(c.zone)

    def instant(minutes: int) -> int:
        wall = midnight + timedelta(minutes=minutes)
        return int(wall.replace(tzinfo=zone).timestamp()) * 1000

    return [(instant(a), instant(b)) for a, b in c.day(on).shifts]


def closes(c: Calendar, a: int, b: int) -> list[int]:
    """The oracle: closes in (a, b] by walking over the dates."""
    on, found = c.date_of(a), []
    while on <= c.date_of(b):
        if shifts := shifts_of(c, on):
            found.append(shifts[-1][1])
        on += timedelta(days=1)
    return [close for close in found if a < close <= b]


@unhurried
@given(zones, instants, st.integers(1, 60))
def test_the_nth_close_is_the_nth_close(zone: str, start: int, n: int) -> None:
    c = calendar(zone)
    found = c.nth_close(start, n)
    assert c.closes_between(start, found) == n
    walked = closes(c, start, found)
    assert len(walked) == n
    assert walked[-1] == found


@unhurried
@given(zones, instants, st.integers(1, 60))
def test_between_a_start_of_any_hour_and_its_due_date_lie_the_days_of_the_term(
    zone: str, start: int, n: int
) -> None:
    c = calendar(zone)
    assert c.closes_between(c.day_end(start), c.add_days(start, n)) == n
    due_at = c.calendar_due(start, n)
    rolled = c.date_of(due_at) - c.date_of(start) - timedelta(days=n)
    assert c.days_between(start, c.day_start(due_at)) == n + rolled.days
    assert rolled.days == 0 or not c.is_working(c.date_of(start) + timedelta(days=n))


@unhurried
@given(zones, instants, st.integers(0, 5000))
def test_minutes_added_are_minutes_between(zone: str, start: int, minutes: int) -> None:
    c = calendar(zone)
    due_at = c.add_minutes(start, minutes)
    assert c.minutes_between(start, due_at) == minutes
    assert minutes == 0 or c.worked_ms(start, due_at - 1) == minutes * MINUTE - 1


@unhurried
@given(zones, instants, st.integers(1, 5000))
def test_minutes_before_is_the_latest_such_instant(zone: str, end: int, minutes: int) -> None:
    c = calendar(zone)
    begin = c.minutes_before(end, minutes)
    assert c.worked_ms(begin, end) == minutes * MINUTE
    assert c.worked_ms(begin + 1, end) == minutes * MINUTE - 1


@unhurried
@given(zones, instants, instants)
def test_worked_time_is_the_sum_over_shifts(zone: str, one: int, other: int) -> None:
    c, a, b = calendar(zone), min(one, other), max(one, other)
    on, total = c.date_of(a), 0
    while on <= c.date_of(b):
        for start, end in shifts_of(c, on):
            total += max(0, min(b, end) - max(a, start))
        on += timedelta(days=1)
    assert c.worked_ms(a, b) == total


@unhurried
@given(zones, instants, st.integers(1, 120))
def test_calendar_days_end_on_a_working_day(zone: str, start: int, n: int) -> None:
    c = calendar(zone)
    due_at = c.calendar_due(start, n)
    meant = c.date_of(start) + timedelta(days=n)
    assert c.date_of(due_at) >= meant
    assert due_at == shifts_of(c, c.date_of(due_at))[-1][1]
    between = (meant + timedelta(days=i) for i in range((c.date_of(due_at) - meant).days))
    assert not any(c.is_working(day) for day in between)
    assert c.days_between(start, c.day_end(start)) == 1


@unhurried
@given(zones, instants, instants, instants)
def test_counts_add_up_and_never_fall(zone: str, a: int, b: int, d: int) -> None:
    c = calendar(zone)
    for count in (c.closes_between, c.minutes_between, c.worked_ms, c.days_between):
        assert count(a, b) + count(b, d) == count(a, d)
        assert (count(a, b) >= 0) or b < a


@unhurried
@given(zones, instants, st.integers(0, 10**9), st.integers(1, 40))
def test_a_later_start_is_never_due_earlier(zone: str, start: int, later: int, n: int) -> None:
    c = calendar(zone)
    for add in (c.add_days, c.add_minutes, c.calendar_due):
        assert add(start, n) <= add(start + later, n)
        assert add(start, n) <= add(start, n + 1)


@unhurried
@given(zones, instants, st.integers(1, 40))
def test_steps_to_and_fro_between_closes(zone: str, start: int, n: int) -> None:
    c = calendar(zone)
    close = c.nth_close(start, 1)
    assert c.before_close(c.after_close(close, n), n) == close
    assert c.after_close(close, n) == c.nth_close(close, n)
    assert c.before_close(start, n) < c.day_start(start)
    assert c.closes_between(c.before_close(start, n), c.day_start(start)) == n - 1


@unhurried
@given(zones, instants)
def test_local_midnights(zone: str, instant: int) -> None:
    c = calendar(zone)
    on = datetime.fromtimestamp(instant / 1000, ZoneInfo(zone)).date()
    assert c.date_of(instant) == on
    assert c.day_start(instant) <= instant < c.day_end(instant)
    assert c.date_of(c.day_end(instant)) == on + timedelta(days=1)


@unhurried
@given(
    zones,
    instants,
    st.integers(1, 30),
    st.sampled_from(("working_day", "calendar_day", "working_minute")),
    st.lists(
        st.tuples(st.integers(0, 40 * 86_400_000), st.integers(1, 10 * 86_400_000)), max_size=3
    ),
)
def test_a_pause_takes_nothing_from_the_term(
    zone: str, start: int, n: int, unit: str, gaps: list[tuple[int, int]]
) -> None:
    c = calendar(zone)
    pauses = [(start + begin, start + begin + length) for begin, length in gaps]
    found = due(c, unit, start, n, pauses)
    assert sum(day.used for day in found.days) == n
    assert found.at >= due(c, unit, start, n).at
    assert found.days[-1].day.date == c.date_of(found.at - 1)


def test_start_day_of_any_hour_gives_one_due_date() -> None:
    c = calendar("Asia/Shanghai")
    expected = at("2026-10-12T17:00")
    assert {c.add_days(at(f"2026-10-09T{hour:02}:30"), 2) for hour in range(24)} == {expected}


def test_zero_days_is_the_close_still_ahead() -> None:
    c = calendar("Asia/Shanghai")
    assert c.add_days(at("2026-09-28T16:30"), 0) == at("2026-09-28T17:00")
    assert c.add_days(at("2026-09-30T17:00"), 0) == at("2026-10-03T12:00")


def test_rungs_around_a_due_instant_that_is_no_close() -> None:
    c = calendar("Asia/Shanghai")
    noon, night, sunday = at("2026-10-13T12:00"), at("2026-10-13T23:59"), at("2026-10-18T23:59")
    assert c.before_close(noon, 1) == c.before_close(night, 1) == at("2026-10-12T17:00")
    assert c.after_close(noon, 1) == c.after_close(night, 1) == at("2026-10-15T17:00")
    assert c.before_close(sunday, 1) == at("2026-10-16T12:00")


def test_what_a_day_is_and_why() -> None:
    c = calendar("Asia/Shanghai")
    kinds = {day: c.day(date(2026, 10, day)).kind for day in (1, 3, 8, 10, 11, 14, 16)}
    assert kinds == {
        1: "holiday", 3: "hall_work", 8: "workday", 10: "makeup", 11: "weekend", 14: "hall_rest",
        16: "hall_work",
    }  # fmt: skip
    assert c.day(date(2026, 10, 10)).shifts == OFFICE
    assert c.day(date(2027, 1, 4)).source == "unpublished"
    assert [c.provisional(at(t)) for t in ("2026-12-31T23:59", "2027-01-01T00:00")] == [False, True]


def test_explain_marks_days_outside_the_stretch() -> None:
    c = calendar("Asia/Shanghai")
    lines = c.explain(at("2026-10-12T18:00"), at("2026-10-15T12:00"), start_day_excluded=False)
    assert [line.why for line in lines] == ["before_start", "workday", "hall_rest", "after_end"]
    assert [line.n for line in lines] == [0, 1, 0, 0]


def test_other_years_are_tabulated_when_asked() -> None:
    small = build(HOLIDAYS, zone="Asia/Shanghai", first_year=2026, last_year=2026)
    assert small.nth_close(at("2026-12-31T18:00"), 300) == small.nth_close(
        at("2027-12-31T18:00"), 39
    )
    assert small.closes_between(at("1999-01-04T00:00"), at("1999-01-10T00:00")) == 5
    assert small.before_close(at("2026-01-01T12:00"), 3) == at("2025-12-29T17:00")
    with pytest.raises(BeyondCalendar):
        small.nth_close(at("2026-01-01T00:00"), 10**6)
    with pytest.raises(BeyondCalendar):
        build([], Hours(((),) * 7)).nth_close(at("2026-01-01T00:00"), 1)


@pytest.mark.parametrize(
    "shifts", [((600, 540),), ((540, 720), (700, 800)), ((540, 1441),), ((-1, 60),)]
)
def test_impossible_shifts_are_refused(shifts: tuple[tuple[int, int], ...]) -> None:
    with pytest.raises(ValueError, match="within one day"):
        build([], Hours((shifts,) * 7))


def test_working_days_of_a_year_as_published() -> None:
    """2024: 366 days, 104 weekend days, 19 weekdays off, 8 weekend days worked."""
    national = reference_from(load(SHIPPED)).calendar("")
    assert national is not None
    days = {}
    for year in (2024, 2025, 2026):
        first, last = at(f"{year}-01-01T00:00"), at(f"{year}-12-31T23:59")
        days[year] = national.closes_between(first, last)
    assert days == {2024: 251, 2025: 248, 2026: 248}
    assert national.published_through == date(2026, 12, 31)
