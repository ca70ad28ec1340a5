"""From published notices and opening hours to calendars, one per hall or window that has hours.

The national notice of each year is the last published version of it. Over it lie the hall's hours
and days, over those the window's. Calendars are kept per content, so building again is free.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from duban.events import Event
from duban.policy import version_order
from duban.worktime import Calendar, DayRule, Hours, Override, Shifts, build

Data = Mapping[str, Any]
NATIONAL = "cn"


def effective(event: Event) -> int:
    """Instant from which a version holds."""
    return int(event.data.get("effective_from", event.occurred_at))


def natural(event: Event) -> tuple[str, tuple[tuple[int, str], ...]]:
    """Subject and version, numbers in it compared as numbers: 9 before 10."""
    name, _, version = event.subject_id.rpartition("@")
    return name, version_order(version)


def calendars(
    national: Sequence[Event], hours: Sequence[Event], zone: str = "Asia/Shanghai"
) -> dict[str, Calendar]:
    """Calendars by scope: "" the national one, "hall", "hall/window"."""
    scopes = by_scope(hours)
    made = {"": calendar_of("", national, (), (), zone)}
    for scope, own in scopes.items():
        made[scope] = calendar_of(scope, national, _of_hall(scopes, scope), own, zone)
    return made


def by_scope(hours: Sequence[Event]) -> dict[str, list[Event]]:
    """Hours of each hall and of each window that has its own."""
    scopes: dict[str, list[Event]] = defaultdict(list)
    for event in hours:
        scopes[str(event.data["scope_id"])].append(event)
    return dict(scopes)


def _of_hall(scopes: Mapping[str, Sequence[Event]], scope: str) -> Sequence[Event]:
    """Hours of the hall that a window is in."""
    return scopes.get(scope.split("/")[0], ()) if "/" in scope else ()


def calendar_of(
    scope: str,
    national: Sequence[Event],
    hall: Sequence[Event],
    own: Sequence[Event],
    zone: str,
    years: tuple[int, int] | None = None,
) -> Calendar:
    """The calendar of a scope; `years` are written out at once (default: all, and five more)."""
    found = _years(national)
    rules = tuple(rule for year in sorted(found) for rule in _rules(found[year]))
    version = "+".join([_version_names(found), *(f"hours:{e.subject_id}" for e in (*hall, *own))])
    through = _published_through(found)
    if not own:
        return _build(scope, rules, (Hours(),), (), zone, through, version, years)
    layers = _Layers(hall, own)
    days = layers.overrides()
    zone_of = str(own[-1].data.get("zone") or zone)
    return _build(scope, rules, layers.periods(), days, zone_of, through, version, years)


def national_calendars(
    made: Mapping[str, Calendar],
    national: Sequence[Event],
    hours: Sequence[Event],
    zone: str = "Asia/Shanghai",
) -> dict[str, Calendar]:
    """The national working days by hall: its zone and the hours of its week, but not its days of
    rest, nor those of its own (行政许可法 art 82); of `made`, its calendar, where these agree."""
    found = {}
    for scope, own in by_scope(hours).items():
        if "/" not in scope:
            alike = all(_nationally(event) == event for event in own)
            found[scope] = made[scope] if alike else national_of(scope, national, own, zone)
    return found


def national_of(
    hall: str,
    national: Sequence[Event],
    own: Sequence[Event],
    zone: str,
    years: tuple[int, int] | None = None,
) -> Calendar:
    """The national working days at the hours of one hall's week, given by `own`."""
    weekly = [_nationally(event) for event in own]
    return calendar_of(f"{hall}#{NATIONAL}", national, (), weekly, zone, years)


def _nationally(event: Event) -> Event:
    """A hall's hours as terms of law are counted by them: Monday to Friday, without days of its
    own. Where it rests on one of these, business is taken to stop when its first working day's
    does."""
    weekly = event.data.get("weekly") or ()
    named = {int(day["weekday"]): day for day in weekly if day.get("shifts")}
    first = named[min(named)] if named else {}
    week = [{**named.get(day, first), "weekday": day} for day in range(1, 6)] if first else ()
    if named.keys() == set(range(1, 6)):
        week = weekly
    if not event.data.get("days") and week == weekly:
        return event
    return replace(event, data={**event.data, "weekly": week, "days": ()})


@lru_cache(maxsize=256)
def _build(
    scope: str,
    rules: tuple[DayRule, ...],
    hours: tuple[Hours, ...],
    overrides: tuple[Override, ...],
    zone: str,
    through: date,
    version: str,
    years: tuple[int, int] | None,
) -> Calendar:
    last = through.year + 5 if through.year > 1990 else 2031
    first = min((rule.date.year for rule in rules), default=2004)
    first, last = years or (first, last)
    name = scope or NATIONAL
    return build(rules, hours, overrides, zone, first, last, through, version, name)


def _years(national: Sequence[Event]) -> dict[int, Event]:
    """The version in force of each year: the last published, then the highest number."""
    years: dict[int, Event] = {}
    ranked = sorted(national, key=lambda e: (e.occurred_at, natural(e)))
    for event in ranked:
        if event.data["calendar_id"] == NATIONAL:
            years[int(event.data["year"])] = event
    return years


def _rules(event: Event) -> list[DayRule]:
    source = str(event.data.get("doc_no") or "")
    rules = []
    for day in event.data["days"]:
        works = day["kind"] in ("makeup", "work")
        shifts = _shifts(day.get("hours") or ()) or None
        on = date.fromisoformat(day["date"])
        rules.append(
            DayRule(on, "makeup" if works else "holiday", day.get("name", ""), source, shifts)
        )
    return rules


def _published_through(years: Mapping[int, Event]) -> date:
    """End of the unbroken run of published years; nothing published: everything provisional."""
    if not years:
        return date(1970, 1, 1)
    last = min(years)
    while last + 1 in years:
        last += 1
    return date(last, 12, 31)


def _version_names(years: Mapping[int, Event]) -> str:
    """All versions used, runs of years with one version together: "cn:2004-2025@1,2026@2"."""
    runs: list[list[Any]] = []
    for year in sorted(years):
        version = years[year].data["version"]
        if runs and runs[-1][1] == year - 1 and runs[-1][2] == version:
            runs[-1][1] = year
        else:
            runs.append([year, year, version])
    names = [f"{a}@{v}" if a == b else f"{a}-{b}@{v}" for a, b, v in runs]
    return f"{NATIONAL}:{','.join(names)}"


def _shifts(shifts: Iterable[Data]) -> Shifts:
    def minutes(text: str) -> int:
        hour, minute = text.split(":")
        return int(hour) * 60 + int(minute)

    return tuple((minutes(s["start"]), minutes(s["end"])) for s in shifts)


class _Layers:
    """A hall's hours and, over them, a window's; each version holds from its day to the next."""

    def __init__(self, hall: Sequence[Event], own: Sequence[Event]) -> None:
        self._layers = [_by_date(hall), _by_date(own)]
        self._dates = sorted({start for layer in self._layers for start, _ in layer})

    def periods(self) -> tuple[Hours, ...]:
        """Weekly hours from each date on: the window's own, else the hall's, else the usual."""
        return tuple(self._hours_on(start) for start in self._dates) or (Hours(),)

    def overrides(self) -> tuple[Override, ...]:
        """Own days, each from the version in force on it; the window's come last and win."""
        found = []
        for layer in self._layers:
            for index, (start, event) in enumerate(layer):
                end = layer[index + 1][0] if index + 1 < len(layer) else date.max
                begin = date.min if index == 0 else start
                found += [o for o in self._days(event) if begin <= o.date < end]
        return tuple(found)

    def _hours_on(self, on: date) -> Hours:
        weekly, source = Hours().weekly, ""
        for layer in self._layers:
            in_force = [event for start, event in layer if start <= on]
            if in_force and in_force[-1].data.get("weekly"):
                weekly, source = _weekly(in_force[-1].data), in_force[-1].subject_id
        return Hours(weekly, on, source)

    def _days(self, event: Event) -> list[Override]:
        days = []
        for day in event.data.get("days", ()):
            on = date.fromisoformat(day["date"])
            shifts = _shifts(day.get("shifts") or ()) if day.get("open", True) else ()
            if day.get("open", True) and not shifts:
                usual = self._hours_on(max(on, self._dates[0]))
                shifts = usual.weekly[on.weekday()] or usual.makeup()
            days.append(Override(on, shifts, day.get("why", ""), event.subject_id))
        return days


def _by_date(events: Sequence[Event]) -> list[tuple[date, Event]]:
    """Versions by the local date on which they take effect; of one date the highest number."""
    found: dict[date, Event] = {}
    for event in sorted(events, key=lambda e: (effective(e), natural(e))):
        zone = ZoneInfo(str(event.data.get("zone") or "Asia/Shanghai"))
        at = datetime.fromtimestamp(effective(event) / 1000, UTC).astimezone(zone)
        found[at.date()] = event
    return sorted(found.items())


def _weekly(data: Data) -> tuple[Shifts, ...]:
    named = {int(day["weekday"]): _shifts(day.get("shifts") or ()) for day in data["weekly"]}
    return tuple(named.get(weekday, ()) for weekday in range(1, 8))
