"""Warnings as they come: by hall and level, waiting ones first, acknowledged with one click."""

from dataclasses import dataclass

from fastapi import Request
from nicegui import ui

from projections.dashboard import sources
from projections.dashboard.alert_queries import LEVELS, STATES, AlertFilter, alerts, count_alerts
from projections.dashboard.figures import AlertRow
from projections.dashboard.listing import list_page
from projections.dashboard.moments import Moment
from projections.dashboard.names import Names
from projections.dashboard.render import render
from projections.dashboard.rows import Bar, bar, case_href
from projections.dashboard.sentences import Speaker
from projections.dashboard.shell import BUILT_WITHIN, hall_chips, language
from projections.dashboard.words import Lang, name_of, say

SHOWN = 200


@dataclass(frozen=True, slots=True)
class AlertLine:
    """One alert in the list."""

    alert_id: str
    href: str
    level: str
    no: str
    item: str
    window: str
    clock: str
    strip: Bar | None
    left: str
    tone: str
    raised: str
    to: str
    state: str
    said: str


@ui.page("/alerts", response_timeout=BUILT_WITHIN)
async def alerts_page(request: Request) -> None:
    """The alerts that the filter in the URL lets through."""
    lang, wanted = language(request), AlertFilter.read(request.query_params)
    await list_page(request, "alerts", lang, wanted.hall, lambda: blocks(wanted, lang))


async def blocks(wanted: AlertFilter, lang: Lang) -> tuple[str, str]:
    """HTML of the head of the list and of its rows. Raises `Away`."""
    names, now = sources.names(), await sources.business_now()
    calendar = names.calendar(wanted.hall)
    moment, speaker = Moment(now, calendar.zone), Speaker(lang, now, calendar)
    numbers = await count_alerts(wanted, moment)
    found = await alerts(wanted, moment, SHOWN)
    chips = [
        [
            (words, wanted.but(**{field: "" if on else code}).url(), numbers[f"{field}_{code}"], on)
            for code in codes
            for on in [getattr(wanted, field) == code]
            for words in [name_of(field, code, lang)]
        ]
        for field, codes in (("level", LEVELS), ("state", STATES))
    ]
    other = wanted.but(historical="" if wanted.historical else "1").url()
    tools = render(
        "alert_tools.html",
        lang,
        wanted=wanted,
        total=numbers["listed"],
        chips=chips,
        halls=await hall_chips(wanted.hall, lambda hall: wanted.but(hall=hall).url(), lang),
        historical=(other, bool(wanted.historical)),
    )
    lines = [line_of(alert, speaker, names) for alert in found]
    more = numbers["listed"] > len(lines)
    return tools, render("alert_rows.html", lang, rows=lines, shown=SHOWN if more else 0)


def line_of(alert: AlertRow, speaker: Speaker, names: Names) -> AlertLine:
    """An alert as the list shows it, in its own hall's time and working days."""
    speaker = speaker.by(names.calendar(alert.hall_id))
    lang, clock = speaker.lang, alert.clock
    to = "、" if lang == "zh" else ", "
    said = ""
    if alert.state != "raised" and alert.changed_at is not None:
        said = say(f"alerts.{alert.state}", lang, at=speaker.instant(alert.changed_at))
    due = clock.due_at if clock else alert.due_at
    unit = clock.unit if clock else "working_day"
    return AlertLine(
        alert_id=alert.alert_id,
        href=case_href(alert.hall_id, alert.no),
        level=alert.level,
        no=names.case_no(alert.hall_id, alert.no),
        item=alert.item_name or say("case.unnamed_item", lang),
        window=names.window(alert.hall_id, alert.window_id) or "—",
        clock=name_of("clock", alert.clock_kind, lang),
        strip=bar(clock, speaker) if clock else None,
        left=speaker.left(due, unit, clock.stopped_at if clock else None),
        tone="overdue" if _is_over(alert, due, speaker) else "",
        raised=speaker.instant(alert.at),
        to=to.join(dict.fromkeys(name_of("role", role, lang) for role in alert.to_roles)),
        state=alert.state,
        said=said,
    )


def _is_over(alert: AlertRow, due: int | None, speaker: Speaker) -> bool:
    stopped = alert.clock.stopped_at if alert.clock else None
    return due is not None and due < (stopped if stopped is not None else speaker.now)
