"""How a due date came about: each day from the start, counted or not, and why.

What the hall tells a citizen who asks: the number of each counted day, the notice behind each day
that is not, the ground and notice number of each exclusion.
"""

from datetime import date, timedelta
from typing import NamedTuple

from duban.clocks import Clock, Segment


class DayLine(NamedTuple):
    """One date of a clock. `used` is in the clock's unit, `n` what has been used so far; `why` is
    a kind of day (workday, weekend, holiday, makeup, hall_rest, hall_work) or start_day, event_day,
    excluded, upstream, closed, rolled, not_closed, imposed; `source` names the notice, ground or
    article."""

    date: date
    used: int
    n: int
    why: str
    source: str = ""


def explain(clock: Clock) -> list[DayLine]:
    """Every day of a clock from its start to its stop, or to its due date while it runs.

    The days used add up to what the clock will have consumed by then. A term that is counted back
    is told back: from the day of the event to the last day that is left, adding up to the budget.
    """
    if clock.unit == "instant":
        source = clock.anchor.type
        return [DayLine(clock.calendar.date_of(clock.due_at), 0, 0, "imposed", source)]
    if clock.definition.before:
        return _counted_back(clock)
    end = clock.stopped_at if clock.stopped_at is not None else _horizon(clock)
    lines, n, at = [], 0, clock.anchor.occurred_at
    while at <= end:
        close, before = clock.calendar.day_end(at), n
        n = clock.consumed_by(_until(clock, close, end))
        lines.append(_line(clock, at, close, n - before, n))
        at = close
    return lines


def _counted_back(clock: Clock) -> list[DayLine]:
    """The day of the event, which is not counted, and each day before it down to the due day."""
    on = clock.calendar.date_of(_event_ahead(clock))
    last, n = clock.calendar.date_of(clock.due_at - 1), 0  # a day may end with midnight
    lines = [DayLine(on, 0, 0, "event_day", "民法典 第二百零一条")]
    while (on := on - timedelta(days=1)) >= last:
        day = clock.calendar.day(on)
        n += day.works
        lines.append(DayLine(on, int(day.works), n, day.kind, day.source))
    return lines


def _event_ahead(clock: Clock) -> int:
    """Instant (ms) of the event that the term in force is counted back from."""
    causes = [regime.cause for regime in clock.regimes if regime.due_at == clock.due_at]
    dates = [cause.data.get(clock.definition.before) for cause in (clock.anchor, *causes)]
    return int(next(at for at in reversed(dates) if at is not None))


def _horizon(clock: Clock) -> int:
    """Where the derivation of a clock that has not stopped ends."""
    return max(clock.due_at, clock.segments[-1].begin)


def _until(clock: Clock, close: int, end: int) -> int:
    """How far a day is told; of a clock that runs on, the last calendar day to its midnight."""
    running = clock.stopped_at is None and clock.unit == "calendar_day"
    return close if running else min(close, end)


def _is_start_day(clock: Clock, at: int) -> bool:
    if clock.unit == "working_minute" or clock.definition.start_day:
        return False
    return clock.calendar.date_of(at) == clock.calendar.date_of(clock.anchor.occurred_at)


def _line(clock: Clock, begin: int, end: int, used: int, n: int) -> DayLine:
    on = clock.calendar.date_of(begin)
    day = clock.calendar.day(on)
    if used or (not day.works and clock.unit != "calendar_day"):
        return DayLine(on, used, n, day.kind, day.source)
    if _is_start_day(clock, begin):
        return DayLine(on, 0, n, "start_day", "民法典 第二百零一条")
    if clock.unit == "calendar_day" and n >= clock.budget and begin <= clock.due_at:
        return DayLine(on, 0, n, "rolled", "民法典 第二百零三条")
    held = next((s for s in clock.segments if _holds(s, begin, end)), None)
    if held is not None:
        return DayLine(on, 0, n, held.kind, " ".join(filter(None, (held.why, held.notice))))
    return DayLine(on, 0, n, "not_closed")


def _holds(segment: Segment, begin: int, end: int) -> bool:
    if segment.kind == "counted":
        return False
    return segment.begin < end and (segment.end is None or segment.end > begin)
