"""What the rules alone say of the simulated hall: the answer that a whole stack must give too."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date
from functools import cache

from duban.assess import Assessment, assess
from duban.case import Fact, Facts, evolve
from duban.events import Event, rank
from producers.simulator import demand
from producers.simulator.city import City, load
from producers.simulator.feed import Plan, Tick, events

START = date(2026, 4, 20)  # 劳动节 and the make-up Saturday of 9 May lie ahead


@cache
def city() -> City:
    """The hall as its reference files have it."""
    return load(demand.HALL)


@cache
def run(seed: int = 1, days: int = 15) -> tuple[Event | Tick, ...]:
    """Everything that a run tells."""
    return tuple(events(Plan(city(), seed, START, days)))


def facts(found: Sequence[Event | Tick]) -> list[Event]:
    """The facts of a run, without the ticks."""
    return [event for event in found if isinstance(event, Event)]


def cases(found: Sequence[Event | Tick]) -> dict[str, list[Event]]:
    """Facts by case."""
    by_case: dict[str, list[Event]] = defaultdict(list)
    for event in facts(found):
        by_case[event.subject_id].append(event)
    return by_case


@cache
def outcome(seed: int = 1, days: int = 15) -> tuple[Assessment, ...]:
    """Every case of a run as the rules see it at the last tick."""
    found = run(seed, days)
    now = found[-1]
    assert isinstance(now, Tick)
    return tuple(_assessed(case_id, told, now.at) for case_id, told in cases(found).items())


def signals(found: Sequence[Assessment]) -> dict[str, str]:
    """Signals that are out at the end: level by id."""
    return {
        output.id: str(output.data["level"])
        for case in found
        for output in case.outputs.values()
        if output.type == "SignalRaised"
    }


def figures(seed: int, days: int) -> dict[str, int]:
    """The numbers that a demo of this seed ends with."""
    found = outcome(seed, days)
    ended = Counter(case.governing.outcome for case in found if case.governing)
    closed = sum(case.view.ended_at is not None for case in found)
    levels = Counter(signals(found).values())
    return {
        "cases": len(found),
        "closed": closed,
        "on_time": ended["early"] + ended["on_time"],
        "late": ended["late"],
        "open": len(found) - closed,
        "reminders": levels["reminder"],
        "yellow": levels["yellow"],
        "red": levels["red"],
        "events_emitted": len(facts(run(seed, days))),
        "events_projected": len(facts(run(seed, days))),
    }


def _assessed(case_id: str, told: Sequence[Event], now: int) -> Assessment:
    state = Facts()
    for e in told:
        place = (e.occurred_at, rank(e.type), e.recorded_at, e.event_id, e.type)
        state = evolve(state, Fact(*place, actor=e.actor, channel=e.channel, data=e.data))
    return assess(case_id, demand.HALL, state, city().reference, now)
