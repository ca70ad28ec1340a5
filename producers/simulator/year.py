"""A year of a city: cases as in the feed, the hall's diary beside them, and every period's close.

Seed 002 counts 774,000 cases; `scale` says how many of them are told. Ticks are few: business time
is told at opening, at noon, at closing and at midnight, since a year has no one to watch a minute.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property

from duban.events import Event
from producers.simulator import feed, merits, sanctions, staff, upkeep
from producers.simulator.diary import Page, officer
from producers.simulator.feed import Plan, Tick, Waiting
from producers.simulator.sanctions import Earlier

CASES = 774_000
CLOSED_ON = 3  # a period is closed on this working day of the month that follows
TAIL_DAYS = 45  # after the year: what is open is finished, the last periods are closed
TICKS = (8.5, 12.0, 17.0, 24.0)  # hours


@dataclass(frozen=True)
class Year:
    """What makes a simulated year: the same gives the same events, byte for byte."""

    plan: Plan  # its start is the first day; its working days are those of the year
    scale: float = 0.001

    @cached_property
    def working(self) -> list[date]:
        """Working days of the year, rising."""
        first, calendar = self.plan.start, self.plan.city.calendar()
        days = (first + timedelta(n) for n in range(366))
        return [day for day in days if day.year == first.year and calendar.is_working(day)]

    @cached_property
    def share(self) -> float:
        """What part of the county hall's demand is told."""
        return CASES * self.scale / feed.demanded(self.plan, self.plan.start.year)


def events(year: Year) -> Iterator[Event | Tick]:
    """Facts and ticks of the year, in order of recording."""
    plan = replace(year.plan, share=year.share)
    numbers = {day: number for number, day in enumerate(year.working)}
    waiting, earlier = Waiting(), Earlier()
    day = plan.start
    waiting.add(staff.posted(_page(plan, day)))
    last = date(plan.start.year, 12, 31) + timedelta(TAIL_DAYS)
    while day <= last:
        page = _page(plan, day)
        if day.year == plan.start.year:
            for story in feed.stories(plan, day):
                waiting.add(story.facts)
                merits.thanks(page, story)
        if (number := numbers.get(day)) is not None:
            upkeep.routine(page, number)
            merits.honours(page, number)
            sanctions.duties(page, number, earlier)
        closes(page, plan)
        waiting.add(page.facts)
        for hour in TICKS:
            at = page.at(hour)
            yield from waiting.until(at)
            yield Tick(at, number is not None)
        day += timedelta(1)


def _page(plan: Plan, day: date) -> Page:
    care = [feed.care_of(plan, window) for window in plan.city.windows]
    return Page(plan.seed, plan.city.hall, plan.city.windows, care, plan.city.calendar(), day)


def closes(page: Page, plan: Plan) -> None:
    """Close what ended: on the third working day after it, months first, years last."""
    if page.of_month != CLOSED_ON:
        return
    manager = officer(page.hall, "centre_manager")
    ended = periods_before(page.day.replace(day=1))
    for kind, policies in plan.city.scores.items():
        if kind not in ended or int(ended[kind][:4]) != plan.start.year:
            continue
        at = page.at(14 + list(ended).index(kind))
        for policy_id in policies:
            page.note("PeriodClosed", at, manager, policy_id=policy_id, period=ended[kind])
    if "month" in ended and int(ended["month"][:4]) == plan.start.year:
        page.note("ReportIssued", page.at(16.5), manager, kind="bulletin",
                  period=ended["month"], to=["windows", "departments"])  # fmt: skip


def periods_before(first: date) -> dict[str, str]:
    """The periods that end on the day before the first of a month, by kind."""
    end = first - timedelta(1)
    found = {"month": f"{end:%Y-%m}"}
    if end.month % 3 == 0:
        found["quarter"] = f"{end.year}-Q{end.month // 3}"
    if end.month % 6 == 0:
        found["half"] = f"{end.year}-H{end.month // 6}"
    if end.month == 12:
        found["year"] = f"{end.year}"
    return found
