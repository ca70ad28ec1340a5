"""Who caused a delay: the working minutes by which a clock ended late, shared among those who held
the case.

The rule is ours (decision record 0016). Each budgeted step has its own working days, counted as the
clock counts them; what a holder used beyond them weighs, and so does what the others held after the
due instant. The delay is shared in proportion to these weights. Where nobody is over a budget it
falls on who held the case between the due instant and the end. Largest remainders make the shares
add up to the delay exactly.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

from duban.alerting import Output, Subject
from duban.case import ENDINGS, Fact
from duban.clocks import Clock
from duban.custody import OWNER, Duty, Holder, Stretch, stretches
from duban.ids import identify
from duban.policy import Item
from duban.worktime import Calendar

Weights = Mapping[Holder, Fraction]


class Share(NamedTuple):
    """A part of a delay, in whole working minutes, and whose it is."""

    step: str
    org: str
    staff: str
    party: str
    minutes: int


def delay_outputs(
    subject: Subject, clocks: Iterable[Clock], standing: Sequence[Fact], item: Item | None
) -> Iterator[Output]:
    """`DelayAttributed` for every clock that ended late, its parts in the order of their size."""
    for clock in clocks:
        if clock.stopped_at is None:
            continue
        late = clock.late_minutes(clock.stopped_at)
        if late <= 0:
            continue
        for share in delay_of(clock, standing, item, clock.stopped_at):
            parts = {**share._asdict(), "of_minutes": late}
            name = identify(clock.id, "delay", clock.due_at, *parts.values())
            about = {"clock_id": clock.id, "clock_kind": clock.kind}
            named = {"item_code": subject.item_code, "window_id": subject.window_id}
            data = {**about, **parts, **named}
            at = clock.stopped_at
            yield Output(name, "DelayAttributed", at, data, subject.historical)


def delay_of(clock: Clock, standing: Sequence[Fact], item: Item | None, now: int) -> list[Share]:
    """The delay of a clock up to its stop, or up to `now` (ms) while it runs, shared among those
    who held the case; empty where it is not late. The minutes add up to `late_minutes`.

    A term of the applicant's is the owner's to answer for; one that ended with the case was a right
    that nobody used, and delayed nobody.
    """
    end = clock.stopped_at if clock.stopped_at is not None else now
    late = clock.late_minutes(end)
    if late <= 0:
        return []
    if clock.definition.side == "applicant":
        unused = clock.stopped_by is not None and clock.stopped_by.type in ENDINGS
        return [] if unused else [Share("", "", "", OWNER, late)]
    begin = min(clock.anchor.occurred_at, clock.due_at)
    held = stretches(standing, begin, end, duty_of(clock))
    steps = item.steps if item else {}
    weights = _over_budget(clock, held, steps, end) if _budgeted(held, steps) else {}
    shares = proportion(weights or _after(clock.calendar, held, clock.due_at), late)
    return sorted(shares, key=lambda s: (-s.minutes, s))


def duty_of(clock: Clock) -> Duty:
    """A branch or step answers for its own term alone. To send up and to chase is the hall's duty
    while another holds the case, unless the term is one of the authority above."""
    definition = clock.definition
    chased = definition.side == "organ" and "ForwardedUp" in definition.starts
    return Duty(definition.per, clock.key, above=not chased)


def _budgeted(held: Iterable[Stretch], steps: Mapping[str, int]) -> bool:
    return any(h.step in steps for s in held for h in s.holders if h.episode is not None)


def _after(calendar: Calendar, held: Iterable[Stretch], due_at: int) -> Weights:
    """Working minutes that each held the case after the due instant."""
    weights: defaultdict[Holder, Fraction] = defaultdict(Fraction)
    for stretch in held:
        _weigh(weights, calendar, stretch, due_at)
    return weights


def _weigh(
    weights: defaultdict[Holder, Fraction], calendar: Calendar, stretch: Stretch, since: int
) -> None:
    """Add the minutes of a stretch after `since`, in equal parts to those who held it."""
    minutes = calendar.minutes_between(max(stretch.begin, since), max(stretch.end, since))
    for holder in stretch.holders:
        if minutes:
            weights[holder._replace(episode=None)] += Fraction(minutes, len(stretch.holders))


def _over_budget(
    clock: Clock, held: Sequence[Stretch], steps: Mapping[str, int], end: int
) -> Weights:
    """Minutes over each budget; empty unless a budgeted step is over its own."""
    weights: defaultdict[Holder, Fraction] = defaultdict(Fraction)
    counted = list(_counted(clock, held, end))
    turns: defaultdict[Holder, list[Stretch]] = defaultdict(list)
    for stretch in counted:
        holder = stretch.holders[0]
        if holder.episode is not None and holder.step in steps:
            turns[Holder(holder.step, episode=holder.episode)].append(stretch)
    for turn, stretch_of in turns.items():
        over = _spent_at(clock.calendar, stretch_of, turn.episode or 0, steps[turn.step])
        for stretch in stretch_of if over is not None else ():
            _weigh(weights, clock.calendar, stretch, over or 0)
    if weights:
        for stretch in held:
            holder = stretch.holders[0]
            if holder.episode is None or holder.step not in steps:
                _weigh(weights, clock.calendar, stretch, clock.due_at)
    return weights


def _counted(clock: Clock, held: Iterable[Stretch], end: int) -> Iterator[Stretch]:
    """The parts of stretches in which the clock ran; a pause is nobody's time."""
    running = [s for s in clock.segments if s.kind == "counted"]
    for stretch in held:
        for segment in running:
            begin = max(stretch.begin, segment.begin)
            until = min(stretch.end, end if segment.end is None else segment.end)
            if begin < until:
                yield Stretch(begin, until, stretch.holders)


def _spent_at(
    calendar: Calendar, turn: Sequence[Stretch], assigned: int, budget: int
) -> int | None:
    """Instant at which a turn of a step has used up its working days, or None. The day on which it
    was assigned is not counted (民法典 art 201)."""
    left, first = budget, calendar.day_end(assigned)
    for stretch in turn:
        since = max(stretch.begin, first)
        used = calendar.closes_between(since, stretch.end) if stretch.end > since else 0
        if used >= left:
            return calendar.nth_close(since, left)
        left -= used
    return None


def proportion(weights: Weights, total: int) -> list[Share]:
    """`total` whole minutes in proportion to weights, by largest remainders: nothing is lost and
    nothing is gained. Ties go by the holders' own order; shares of nothing are left out."""
    whole = sum(weights.values(), Fraction())
    if not whole:
        return []
    exact = {holder: total * weight / whole for holder, weight in weights.items()}
    shares = {holder: int(share) for holder, share in exact.items()}
    missing = total - sum(shares.values())
    by_remainder = sorted(exact, key=lambda h: (shares[h] - exact[h], h[:4]))
    for holder in by_remainder[:missing]:
        shares[holder] += 1
    return [Share(*holder[:4], minutes) for holder, minutes in shares.items() if minutes]
