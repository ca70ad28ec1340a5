"""The pure core and the codec, one call at a time: microseconds per event, no stack."""

import time
from collections.abc import Callable, Sequence
from functools import partial
from random import Random
from statistics import median
from typing import TypeVar

from bench import believable
from bench.run import Run
from duban import codec, reference
from duban.case import evolve
from duban.events import Event
from duban.policy import Reference
from duban.worktime import Calendar
from streams.difference import look_at
from streams.intake import fact_of
from streams.state import Held

T = TypeVar("T")
NS_A_US = 1000
DUE_STARTS = 2_000
THREE_WEEKS, THREE_YEARS = 15, 750  # working days


def measure(run: Run) -> None:
    """Rules on lifecycles as they come, codec both ways, due dates near and far."""
    run.say("rules, codec and due dates")
    told = believable.past(run.sizes.rules)
    published = reference.reference_from(reference.load(reference.SHIPPED))
    _rules(run, told, published)
    _codec(run, told)
    calendar = published.calendar(believable.HALL, "")
    if calendar is not None:
        _due_dates(run, calendar)


def _rules(run: Run, told: Sequence[Event], published: Reference) -> None:
    """Evolve and look at the case after each single fact, as of when it was recorded."""
    held: dict[str, Held] = {}
    took: list[float] = []
    for offset, event in enumerate(told):
        record = believable.record(offset, event)
        fact = fact_of(codec.decode_record(record.value), record)
        case = held.setdefault(
            event.subject_id, Held(event.subject_id, event.hall_id, event.tenant_id)
        )
        begun = time.perf_counter_ns()
        case.facts = evolve(case.facts, fact)
        look_at(case, published, event.recorded_at, event.event_id)
        took.append((time.perf_counter_ns() - begun) / NS_A_US)
    run.counted("rules.events", len(took))
    run.counted("rules.cases", len(held))
    run.found("rules.median_us", median(took), "µs/event", "evolve + look_at")
    run.found("rules.p99_us", sorted(took)[int(len(took) * 0.99)], "µs/event")


def _codec(run: Run, told: Sequence[Event]) -> None:
    values = [codec.encode(event) for event in told]
    run.found("codec.encode_us", _each(codec.encode, told), "µs/event", "median")
    run.found("codec.decode_us", _each(codec.decode, values), "µs/event", "median")


def _due_dates(run: Run, calendar: Calendar) -> None:
    rng = Random(1)
    now = time.time_ns() // 1_000_000
    starts = [now - rng.randrange(365 * 86_400_000) for _ in range(DUE_STARTS)]
    for name, days in (("3_weeks", THREE_WEEKS), ("3_years", THREE_YEARS)):
        # The first call makes the table reach far enough.
        calendar.add_days(max(starts), days)
        took = _each(partial(_add_days, calendar, days), starts)
        run.found(f"due.{name}_us", took, "µs", f"{days} working days, median")


def _add_days(calendar: Calendar, days: int, start: int) -> int:
    return calendar.add_days(start, days)


def _each(work: Callable[[T], object], inputs: Sequence[T]) -> float:
    took = []
    for given in inputs:
        begun = time.perf_counter_ns()
        work(given)
        took.append(time.perf_counter_ns() - begun)
    return median(took) / NS_A_US
