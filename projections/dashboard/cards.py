"""The six figures as cards: the number, its parts, then the comparison. Never a bare percentage."""

from dataclasses import dataclass

from projections.dashboard.figures import Counts
from projections.dashboard.filters import Filter
from projections.dashboard.rows import tone_of
from projections.dashboard.sentences import Speaker, growth, number, percent, signed
from projections.dashboard.words import say


@dataclass(frozen=True, slots=True)
class Card:
    """One figure, ready to be shown; `tone` is the class that colours the number."""

    key: str
    title: str
    unit: str
    value: str
    parts: str
    compared: str
    definition: str
    href: str
    tone: str = ""


def cards(c: Counts, speaker: Speaker, hall: str = "") -> list[Card]:
    """The cards of the overview, in reading order."""
    lines = {
        "accepted_today": _flow(speaker, c.accepted, c.accepted_before, _intake(speaker, c)),
        "closed_today": _flow(speaker, c.closed, c.closed_before, _closed(speaker, c)),
        "on_time_rate": _rate(
            speaker, (c.kept, c.judged), (c.kept_before, c.judged_before), _kept_tone(c)
        ),
        "signals_today": _signals(speaker, c),
        "overdue_open": _overdue(speaker, c),
        "satisfaction": _satisfaction(speaker, c),
    }
    lang = speaker.lang
    return [
        Card(
            key=key,
            title=say(f"figure.{key}", lang),
            unit=say(f"unit.{key}", lang),
            value=value,
            parts=parts,
            compared=compared,
            definition=say(f"definition.{key}", lang),
            href=Filter(figure=key, hall=hall).url(),
            tone=tone,
        )
        for key, (value, parts, compared, tone) in lines.items()
    ]


Line = tuple[str, str, str, str]


def _flow(speaker: Speaker, count: int, before: int, parts: str) -> Line:
    compared = _compared(speaker, "week", growth(count, before) if before or count else "", before)
    return number(count), parts, compared, ""


def _intake(speaker: Speaker, c: Counts) -> str:
    counter = say("part.counter", speaker.lang, n=number(c.accepted - c.accepted_online))
    return f"{counter} · {say('part.online', speaker.lang, n=number(c.accepted_online))}"


def _closed(speaker: Speaker, c: Counts) -> str:
    early = say("part.early", speaker.lang, n=number(c.closed_early))
    return f"{early} · {say('part.late', speaker.lang, n=number(c.closed_late))}"


def _rate(
    speaker: Speaker, share: tuple[int, int], before: tuple[int, int], tone: str = ""
) -> Line:
    parts = say("part.ratio", speaker.lang, a=number(share[0]), b=number(share[1]))
    if not share[1]:
        parts = say("part.nothing", speaker.lang)
    return percent(*share), parts, _months(speaker, share, before), tone


def _months(speaker: Speaker, share: tuple[int, int], before: tuple[int, int]) -> str:
    if not before[1] or not share[1]:
        return say("compare.none_month", speaker.lang)
    points = 100 * (share[0] / share[1] - before[0] / before[1])
    return say("compare.month", speaker.lang, d=signed(round(points, 2), 2))


def _kept_tone(c: Counts) -> str:
    if not c.judged:
        return ""
    return tone_of(c.kept / c.judged)


def _signals(speaker: Speaker, c: Counts) -> Line:
    yellow = say("part.yellow", speaker.lang, n=number(c.warned_yellow))
    parts = f"{yellow} · {say('part.red', speaker.lang, n=number(c.warned_red))}"
    difference = signed(c.warned - c.warned_before)
    compared = say("compare.day", speaker.lang, d=difference)
    return number(c.warned), parts, compared, "warn" if c.warned else ""


def _overdue(speaker: Speaker, c: Counts) -> Line:
    if not c.overdue or c.oldest_due is None:
        return number(c.overdue), say("part.none_overdue", speaker.lang), "", ""
    longest = say("part.longest", speaker.lang, span=speaker.span(c.oldest_due, speaker.now))
    red = say("part.red", speaker.lang, n=number(c.overdue_red))
    return number(c.overdue), longest, red, "bad"


def _satisfaction(speaker: Speaker, c: Counts) -> Line:
    share = (c.good, c.rated)
    value, parts, compared, tone = _rate(speaker, share, (c.good_before, c.rated_before))
    if c.rated:
        answered = say("part.answered", speaker.lang, p=percent(c.rated, c.month_closed))
        parts = f"{parts} · {answered}"
    return value, parts, compared, tone


def _compared(speaker: Speaker, period: str, difference: str, before: int) -> str:
    if not before:
        return say("compare.none", speaker.lang)
    return say(f"compare.{period}", speaker.lang, d=difference)
