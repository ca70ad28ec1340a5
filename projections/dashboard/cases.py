"""Lists of cases: filter chips in the URL, what needs doing first, a hundred rows a page, CSV."""

import csv
import io
from collections.abc import AsyncIterator, Mapping

from fastapi import Request
from fastapi.responses import Response, StreamingResponse
from nicegui import ui

from projections.dashboard import sources
from projections.dashboard.ask import Away
from projections.dashboard.case_queries import cases, count_by_state, count_cases
from projections.dashboard.figures import CaseRow
from projections.dashboard.filters import FIGURES, SIGNALS, Filter
from projections.dashboard.listing import list_page
from projections.dashboard.moments import Moment
from projections.dashboard.names import Names
from projections.dashboard.render import render
from projections.dashboard.rows import row
from projections.dashboard.sentences import Speaker
from projections.dashboard.shell import BUILT_WITHIN, hall_chips, language
from projections.dashboard.words import Lang, name_of, say

PER_PAGE = 100
EXPORT_ROWS = 5_000  # read at a time
EXPORTED = ("case", "item", "window", "signal", "status", "accepted", "due", "left", "closed")
CHIPS = ("", "open", "overdue", "deemed", "kept", "late")


@ui.page("/cases", response_timeout=BUILT_WITHIN)
async def cases_page(request: Request) -> None:
    """The cases that the filter in the URL lets through."""
    lang, wanted = language(request), Filter.read(request.query_params)
    await list_page(request, "cases", lang, wanted.hall, lambda: blocks(wanted, lang))


async def blocks(wanted: Filter, lang: Lang) -> tuple[str, str]:
    """HTML of the head of the list and of its rows. Raises `Away`."""
    names, speaker, moment = await _context(wanted, lang)
    total = await count_cases(wanted, moment)
    pages = max(-(-total // PER_PAGE), 1)
    shown = wanted.but(page=min(wanted.page, pages))
    rows = await cases(shown, moment, PER_PAGE, (shown.page - 1) * PER_PAGE)
    numbers = await count_by_state(wanted, moment)
    parts = await _parts(wanted, moment)
    tools = render(
        "list_tools.html",
        lang,
        wanted=wanted,
        total=total,
        title=_title(wanted, lang),
        definition=say(f"definition.{wanted.figure}", lang) if wanted.figure else "",
        chips=_chips(wanted, numbers, lang),
        parts=[(say(f"list.{part or 'any'}", lang), part, n) for part, n in parts],
        halls=await hall_chips(wanted.hall, lambda hall: wanted.but(hall=hall).url(), lang),
        applied=_applied(wanted, names, lang),
    )
    table = render(
        "list_rows.html",
        lang,
        rows=[row(case, speaker, names) for case in rows],
        page=shown.page,
        pages=pages,
        previous=shown.but(page=shown.page - 1).url() if shown.page > 1 else "",
        following=shown.but(page=shown.page + 1).url() if shown.page < pages else "",
    )
    return tools, table


async def _context(wanted: Filter, lang: Lang) -> tuple[Names, Speaker, Moment]:
    names, now = sources.names(), await sources.business_now()
    calendar = names.calendar(wanted.hall)
    moment = Moment(now, calendar.zone, wanted.hall)
    return names, Speaker(lang, now, calendar), moment


def _title(wanted: Filter, lang: Lang) -> str:
    if wanted.figure:
        return say(f"figure.{wanted.figure}", lang)
    return say("overview.overdue" if wanted.state == "urgent" else "list.title", lang)


async def _parts(wanted: Filter, moment: Moment) -> list[tuple[str, int]]:
    """Of a rate: (part, cases) for the denominator, the numerator and the rest."""
    figure = FIGURES.get(wanted.figure)
    if figure is None or not figure.is_rate:
        return []
    every = await count_cases(wanted.but(part=""), moment)
    inside = await count_cases(wanted.but(part="yes"), moment)
    return [("", every), ("yes", inside), ("no", every - inside)]


Chip = tuple[str, str, int, bool]


def _chips(wanted: Filter, numbers: Mapping[str, int], lang: Lang) -> list[list[Chip]]:
    """Rows of chips: (words, address, cases, chosen)."""
    states = [
        (
            say(f"chip.{state or 'all'}", lang),
            wanted.but(state=state).url(),
            numbers[state or "everything"],
            wanted.state == state,
        )
        for state in CHIPS
    ]
    signals = [
        (
            name_of("level", signal, lang),
            wanted.but(signal="" if wanted.signal == signal else signal).url(),
            numbers[f"signal_{signal}"],
            wanted.signal == signal,
        )
        for signal in SIGNALS
    ]
    return [states, signals]


def _applied(wanted: Filter, names: Names, lang: Lang) -> list[tuple[str, str]]:
    """Filters that no chip shows: (words, address without it)."""
    said = {
        "window": names.window(wanted.hall, wanted.window),
        "item": wanted.item,
        "q": f"{say('column.case', lang)} {wanted.q}",
    }
    return [
        (words, wanted.but(**{key: ""}).url())
        for key, words in said.items()
        if getattr(wanted, key)
    ]


async def export(request: Request) -> Response:
    """The list as CSV, with the columns and sentences of the screen; opens in Excel as it is."""
    lang, wanted = language(request), Filter.read(request.query_params)
    try:
        names, speaker, moment = await _context(wanted, lang)
    except Away:
        return Response(say("fresh.away_first", lang), 503, headers={"Retry-After": "5"})
    name = speaker.local(speaker.now).strftime("duban-%Y%m%d-%H%M.csv")
    return StreamingResponse(
        _csv(wanted, names, speaker, moment),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


async def _csv(
    wanted: Filter, names: Names, speaker: Speaker, moment: Moment
) -> AsyncIterator[str]:
    yield "\ufeff" + _line([say(f"column.{name}", speaker.lang) for name in EXPORTED])
    offset = 0
    while rows := await cases(wanted, moment, EXPORT_ROWS, offset):
        yield "".join(_line(_cells(case, speaker, names)) for case in rows)
        offset += len(rows)


def _cells(case: CaseRow, speaker: Speaker, names: Names) -> list[str]:
    shown = row(case, speaker, names)
    middle = [shown.no, shown.item, shown.window, shown.tag[1], shown.status]
    return [*middle, shown.accepted, shown.due, shown.left, shown.closed]


def _line(cells: list[str]) -> str:
    """One CSV line; a cell that a spreadsheet would take for a formula is made text."""
    text = io.StringIO()
    csv.writer(text).writerow([f"'{c}" if c[:1] in "=+-@\t\r" else c for c in cells])
    return text.getvalue()
