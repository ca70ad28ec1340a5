"""The whole hall in business time: facts in the order they are recorded, and the ticks between.

A tick comes every fifteen minutes from opening to an hour after closing, also at noon; nights and
days of rest take bigger steps. Nothing depends on the wall clock or on how fast it is read.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from heapq import heappop, heappush
from random import Random
from typing import NamedTuple
from zoneinfo import ZoneInfo

from duban.events import Event
from producers.simulator import demand, flows
from producers.simulator.city import City
from producers.simulator.story import Story, pick

TICK_MINUTES = 15
REST_HOURS = (6, 12, 18, 24)
NIGHT_HOURS = (6, 20, 22, 24)
# On the first day the first of each goes past red and recovers, so that a newcomer sees it early.
SHOWN = ("company-express", "housing-fund")


class Tick(NamedTuple):
    """Business time has reached `at` (ms); everything recorded before it has been told."""

    at: int
    working: bool


class Arrival(NamedTuple):
    """A case that comes in: when, what for, where, how."""

    at: int
    item_code: str
    window: str
    channel: str
    order: float


@dataclass(frozen=True, slots=True)
class Plan:
    """What makes a run: the same plan gives the same events, byte for byte."""

    city: City
    seed: int
    start: date
    days: int  # working days of the hall
    share: float = 1.0  # of the daily demand


class Waiting:
    """Facts that are not recorded yet, handed out in the order of recording."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, str, int, str, Event]] = []

    def add(self, facts: Iterable[Event]) -> None:
        """Facts, each recorded at an instant of its own."""
        for fact in facts:
            place = (fact.recorded_at, fact.subject_id, fact.seq, fact.event_id)
            heappush(self._heap, (*place, fact))

    def until(self, at: int) -> Iterator[Event]:
        """Those that are recorded up to an instant."""
        while self._heap and self._heap[0][0] <= at:
            yield heappop(self._heap)[-1]


def events(plan: Plan) -> Iterator[Event | Tick]:
    """Facts and ticks of so many working days. A tick at `t` follows every fact recorded by `t`."""
    calendar = plan.city.calendar()
    waiting = Waiting()
    day, done = plan.start, 0
    while done < plan.days:
        for story in stories(plan, day, first=done == 0):
            waiting.add(story.facts)
        working = calendar.is_working(day)
        done += working
        for at in ticks(plan, day):
            yield from waiting.until(at)
            yield Tick(at, working)
        day += timedelta(days=1)


def ticks(plan: Plan, day: date) -> list[int]:
    """Instants of a day at which business time is told, rising, the last at midnight."""
    calendar = plan.city.calendar()
    if not calendar.is_working(day):
        return [_instant(plan, day, hour) for hour in REST_HOURS]
    shifts = calendar.day(day).shifts
    opens, closes = _instant(plan, day, 0), _instant(plan, day, 0)
    opens += min(start for start, _ in shifts) * 60_000
    closes += max(end for _, end in shifts) * 60_000
    step = TICK_MINUTES * 60_000
    found = set(range(opens, closes + 4 * step + 1, step)) | {closes}
    found |= {_instant(plan, day, hour) for hour in NIGHT_HOURS}
    return sorted(found)


def _instant(plan: Plan, day: date, hour: int) -> int:
    zone = ZoneInfo(plan.city.calendar().zone)
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
    return int((midnight + timedelta(hours=hour)).timestamp() * 1000)


def stories(plan: Plan, day: date, first: bool = False) -> Iterator[Story]:
    """The cases that come in on a day, each told to its end."""
    shown = set(SHOWN) if first else set()
    for number, arrival in enumerate(_arrivals(plan, day), start=1):
        story = _opened(plan, day, number, arrival)
        story.fate = _fate(story)
        if arrival.item_code in shown and arrival.channel == "counter":
            shown.discard(arrival.item_code)
            story.fate = "red"
        flows.tell(story)
        yield story


def _arrivals(plan: Plan, day: date) -> list[Arrival]:
    rng = Random(f"{plan.seed}|{day.isoformat()}")
    works = plan.city.calendar().is_working(day)
    share = plan.share * (1.0 if works else demand.REST_DAY_SHARE)
    at = _instant(plan, day, 12)
    found = []
    for code, daily in demand.DAILY.items():
        item = plan.city.reference.item(code, at)
        for _ in range(_count(rng, daily * share) if item else 0):
            found.append(_arrival(plan, day, rng, code, item.window_id if item else "", works))
    for window in _without_items(plan, at) if works else ():
        for code, daily in demand.DAILY_PER_WINDOW.items():
            for _ in range(_count(rng, daily * plan.share)):
                arrival = _arrival(plan, day, rng, code, window, works)
                found.append(arrival._replace(channel="hotline"))
    return sorted(found, key=lambda arrival: (arrival.at, arrival.order))


def demanded(plan: Plan, year: int) -> float:
    """Cases that the hall's whole demand brings in a year, on the average."""
    hotline = len(_without_items(plan, _instant(plan, plan.start, 12)))
    daily = sum(demand.DAILY.values())
    working = daily + hotline * sum(demand.DAILY_PER_WINDOW.values())
    calendar, day = plan.city.calendar(), date(year, 1, 1)
    cases = 0.0
    while day.year == year:
        cases += working if calendar.is_working(day) else daily * demand.REST_DAY_SHARE
        day += timedelta(days=1)
    return cases


def _count(rng: Random, mean: float) -> int:
    """A whole number around a mean: a Poisson draw by Knuth's product."""
    limit, product, count = 2.718281828459045**-mean, rng.random(), 0
    while product > limit:
        product *= rng.random()
        count += 1
    return count


def _arrival(plan: Plan, day: date, rng: Random, code: str, window: str, works: bool) -> Arrival:
    channel = pick(rng, demand.CHANNELS) if works else "online"
    calendar = plan.city.calendar(window)
    midnight = _instant(plan, day, 0)
    if channel in ("online", "mobile"):
        at = midnight + int(rng.triangular(7, 22, 11) * 3_600_000)
    else:
        busy = rng.betavariate(1.3, 1.8)  # mornings are fuller
        length = calendar.minutes_between(midnight, calendar.day_end(midnight))
        at = calendar.add_minutes(midnight, 1 + int(busy * max(1, length - 45)))
        at += rng.randrange(60_000)
    return Arrival(at, code, window, channel, rng.random())


def _without_items(plan: Plan, at: int) -> list[str]:
    items = (plan.city.reference.item(code, at) for code in demand.DAILY)
    busy = {item.window_id for item in items if item}
    return [window for window in plan.city.windows if window not in busy]


def _opened(plan: Plan, day: date, number: int, arrival: Arrival) -> Story:
    case_id = f"{plan.city.hall}/{day:%Y%m%d}-{number:04d}"
    return Story(
        rng=Random(f"{plan.seed}|{case_id}"),
        case_id=case_id,
        item=plan.city.item(arrival.item_code, arrival.at),
        window=arrival.window,
        calendar=plan.city.calendar(arrival.window),
        steps=plan.city.steps.get(arrival.item_code, ()),
        at=arrival.at,
        care=care_of(plan, arrival.window),
        channel=arrival.channel,
    )


def care_of(plan: Plan, window: str) -> float:
    """A window's own factor: above 1 it is late more often than others."""
    return Random(f"{plan.seed}|{window}").choice((0.2, 0.5, 0.8, 1.0, 1.3, 2.5))


def _fate(story: Story) -> str:
    late = demand.LATE_SHARE * story.care
    stalled = demand.STALLED_SHARE * story.care
    red = late * demand.RED_SHARE
    fates = (("late", late - red), ("red", red), ("stalled", stalled))
    return pick(story.rng, (*fates, ("kept", 1 - late - stalled)))
