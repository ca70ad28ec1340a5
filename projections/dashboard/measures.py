"""处置与荣誉: what people decided about windows and staff, and the ways to record more."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from nicegui import ui

from duban.boards import quotas
from duban.honours import HELD, Honour
from duban.measures import IN_FORCE, Measure
from duban.proposals import ANSWERED, Proposal
from projections.dashboard import ranking_queries, sources
from projections.dashboard.answered import finding_name, measure_name
from projections.dashboard.evaluation import Asked, Chip, period_name, subject_name, tabs
from projections.dashboard.findings import Finding
from projections.dashboard.listing import cards_page
from projections.dashboard.measures_queries import Acts, Praise, acts
from projections.dashboard.names import Names
from projections.dashboard.proposals import PAGELESS, called_for, to_record, whose, why
from projections.dashboard.record_form import choices, record_href
from projections.dashboard.render import render
from projections.dashboard.rows import case_href
from projections.dashboard.sentences import Speaker
from projections.dashboard.shell import BUILT_WITHIN, language
from projections.dashboard.words import Lang, name_of, say

KINDS = ("measures", "honours", "praise", "findings")
TABS = (*KINDS, "proposals")
BOARD = "good_deeds"


@dataclass(frozen=True, slots=True)
class Wanted:
    """The filter of the page, as the address says it."""

    hall: str = ""
    kind: str = "measures"
    period: str = ""  # of the board: a year

    @classmethod
    def read(cls, query: Mapping[str, str]) -> "Wanted":
        """The filter in a query string; unknown names and values are left out."""
        found = cls(**{f.name: query[f.name].strip() for f in fields(cls) if query.get(f.name)})
        return replace(found, kind=found.kind if found.kind in TABS else TABS[0])

    def url(self, **changes: str) -> str:
        """Address of the page with some parts changed."""
        wanted = replace(self, **changes)
        query = urlencode({f.name: v for f in fields(wanted) if (v := getattr(wanted, f.name))})
        return f"/measures?{query}"


@dataclass(frozen=True, slots=True)
class Act:
    """A measure, an honour or praise, as a list shows it."""

    when: str
    what: str
    name: str
    href: str
    detail: str
    state: tuple[str, str]  # class of the tag, words
    flags: tuple[str, ...]
    gone: bool = False
    case: str = ""
    case_no: str = ""
    links: tuple[tuple[str, str], ...] = ()  # what may be recorded about it: words, address


@ui.page("/measures", response_timeout=BUILT_WITHIN)
async def measures_page(request: Request) -> None:
    """Measures, honours or praise of a hall."""
    lang, wanted = language(request), Wanted.read(request.query_params)
    await cards_page(request, "evaluation", lang, wanted.hall, lambda: blocks(wanted, lang))


async def blocks(wanted: Wanted, lang: Lang) -> dict[str, str]:
    """HTML of the page's cards. Raises `Away`."""
    names = sources.names()
    halls = await ranking_queries.halls() or await sources.halls()
    wanted = replace(wanted, hall=wanted.hall or (halls[0] if halls else ""))
    speaker = Speaker(lang, await sources.business_now(), names.calendar(wanted.hall))
    found = await acts(wanted.hall, speaker.now)
    proposals = await called_for(wanted.hall, names.calendar(wanted.hall).zone)
    lines = lines_of(found, wanted.hall, speaker)
    lines["proposals"] = [_proposal(p, names, speaker) for p in proposals]
    chips = [
        (
            f"{say(f'measures.{kind}', lang)} {len(lines[kind])}",
            wanted.url(kind=kind),
            kind == wanted.kind,
        )
        for kind in TABS
    ]
    shown = lines[wanted.kind]
    return {
        "tools": render(
            "measures_tools.html",
            lang,
            tabs=tabs("measures", wanted.hall, lang),
            halls=_hall_chips(wanted, halls, names),
            chips=chips,
            total=len(shown),
            note=say(note, lang) if (note := _NOTES.get(wanted.kind)) else "",
        ),
        "board": _board(found.honours, wanted, names, lang) if wanted.kind == "honours" else "",
        "rows": render("measures_rows.html", lang, rows=shown, empty=_EMPTY[wanted.kind]),
        "record": render("record_choices.html", lang, groups=choices(wanted.hall, lang)),
    }


_EMPTY = {
    "measures": "measures.none",
    "honours": "measures.no_honours",
    "praise": "measures.no_praise",
    "findings": "measures.no_findings",
    "proposals": "measures.no_proposals",
}
_WAYS_BACK = ("MeasureRevoked", "MeasureAppealed")
_NOTES = {"measures": "measures.note", "proposals": "measures.proposals_note"}


async def of_subject(hall: str, subject: str, speaker: Speaker) -> dict[str, Any]:
    """Values for the template of what one window or person was given. Raises `Away`."""
    found = (await acts(hall, speaker.now)).about(subject)
    lines = lines_of(found, hall, speaker)
    return {"groups": [(say(f"measures.{kind}", speaker.lang), lines[kind]) for kind in KINDS]}


def lines_of(found: Acts, hall: str, speaker: Speaker) -> dict[str, list[Act]]:
    """Lines by kind, the latest first."""
    names = sources.names()
    return {
        "measures": [_measure(m, found, names, speaker) for m in found.measures],
        "honours": [_honour(h, names, speaker) for h in found.honours],
        "praise": [_praise(p, hall, names, speaker) for p in found.praise],
        "findings": [_finding(f, hall, names, speaker) for f in found.findings],
    }


def _measure(m: Measure, found: Acts, names: Names, speaker: Speaker) -> Act:
    lang = speaker.lang
    ended = [say("measures.ended", lang, at=speaker.instant(m.ended_at))] if m.ended_at else []
    papers = found.papers.get(m.measure_id, ())
    proved = [say("measures.papers", lang, n=len(papers))] if papers else []
    state = name_of("measure_state", m.state, lang)
    no = found.cases.get(m.measure_id, "").partition("/")[2]
    return Act(
        when=speaker.instant(m.at),
        what=measure_name(m, speaker),
        name=subject_name(names, m.hall_id, m.subject, m.subject_kind, lang),
        href=Asked(hall=m.hall_id).page_of(m.subject, m.subject_kind),
        detail=" · ".join([m.reason, *proved, *ended]),
        state=("ok" if m.state == IN_FORCE else "", state),
        flags=tuple(name_of("measure_flag", flag, lang) for flag in m.flags),
        gone=m.state != IN_FORCE,
        links=((say("record.open_case", lang), case_href(m.hall_id, no)),)
        if no
        else ways_back(m, lang),
    )


def ways_back(m: Measure, lang: Lang) -> tuple[tuple[str, str], ...]:
    """How a measure that stands is taken back or appealed against. An order to rectify is a case,
    which facts of its own end."""
    if m.state != IN_FORCE or m.type == "RectificationOrdered":
        return ()
    is_open = "appeal_open" in m.flags
    types = ("MeasureAppealDecided", "MeasureRevoked") if is_open else _WAYS_BACK
    about = {"subject": m.subject, "subject_kind": m.subject_kind, "measure_event_id": m.measure_id}
    return tuple(
        (say(f"measures.{type_}", lang), record_href(m.hall_id, type_, **about)) for type_ in types
    )


def _proposal(p: Proposal, names: Names, speaker: Speaker) -> Act:
    lang, answered = speaker.lang, p.state == ANSWERED
    return Act(
        when=speaker.instant(p.at),
        what=name_of("follows", p.measure, lang),
        name=whose(p, names, lang),
        href=Asked(hall=p.hall_id).page_of(
            "" if p.subject_kind in PAGELESS else p.subject, p.subject_kind
        ),
        detail=why(p, names, lang),
        state=("ok" if answered else "", say(f"measures.{p.state}", lang)),
        flags=(),
        links=((say("measures.to_record", lang), href),) if (href := to_record(p)) else (),
    )


def _honour(h: Honour, names: Names, speaker: Speaker) -> Act:
    lang = speaker.lang
    parts = [period_name(h.period, lang) if h.period else "", _class_name(h.class_name, lang)]
    about = {"subject": h.subject, "subject_kind": h.subject_kind, "honour_event_id": h.honour_id}
    revoke = record_href(h.hall_id, "HonourRevoked", **about)
    return Act(
        when=speaker.instant(h.at),
        what=name_of("honour", h.kind, lang),
        name=subject_name(names, h.hall_id, h.subject, h.subject_kind, lang),
        href=Asked(hall=h.hall_id).page_of(h.subject, h.subject_kind),
        detail=" · ".join(filter(None, parts)),
        state=("ok" if h.state == HELD else "", name_of("honour_state", h.state, lang)),
        flags=tuple(name_of("measure_flag", flag, lang) for flag in h.flags),
        gone=h.state == "revoked",
        links=((say("measures.HonourRevoked", lang), revoke),) if h.state == HELD else (),
    )


def _class_name(class_name: str, lang: Lang) -> str:
    return name_of("good_deeds", class_name, lang) if class_name else ""


def _praise(p: Praise, hall: str, names: Names, speaker: Speaker) -> Act:
    lang = speaker.lang
    no = p.case_id.partition("/")[2]
    count = f" × {p.count}" if p.count > 1 else ""
    return Act(
        when=speaker.instant(p.at),
        what=name_of("praise", p.kind, lang) + count,
        name=subject_name(names, hall, p.subject, p.subject_kind, lang),
        href=Asked(hall=hall).page_of(p.subject, p.subject_kind),
        detail="",
        state=("", ""),
        flags=(),
        case=case_href(hall, no) if no else "",
        case_no=names.case_no(hall, no) if no else "",
    )


def _finding(f: Finding, hall: str, names: Names, speaker: Speaker) -> Act:
    about = {"subject": f.subject, "subject_kind": f.subject_kind, "finding_id": f.finding_id}
    close = record_href(hall, "FindingClosed", **about)
    is_open, lang = f.closed_at is None, speaker.lang
    state = (
        ("", say("measures.unmended", lang)) if is_open else ("ok", say("measures.mended", lang))
    )
    return Act(
        when=speaker.instant(f.at),
        what=finding_name(f, speaker),
        name=subject_name(names, hall, f.subject, f.subject_kind, lang),
        href=Asked(hall=hall).page_of(f.subject, f.subject_kind),
        detail=name_of("severity", f.severity, lang),
        state=state,
        flags=(),
        links=((say("measures.FindingClosed", lang), close),) if is_open else (),
    )


def _hall_chips(wanted: Wanted, halls: Sequence[str], names: Names) -> list[Chip]:
    if len(halls) < 2:
        return []
    return [(names.hall(hall), wanted.url(hall=hall), hall == wanted.hall) for hall in halls]


def _board(found: Sequence[Honour], wanted: Wanted, names: Names, lang: Lang) -> str:
    """善行功德榜 of a year: its classes, their places, and who is on it."""
    mine = [h for h in found if h.board == BOARD and h.period and h.state != "revoked"]
    if not mine:  # one without a year has no place on it
        return ""
    year = wanted.period or max(h.period for h in mine)
    classes = []
    for class_name, quota in _quotas().items():
        inside = [h for h in mine if h.class_name == class_name and h.period == year]
        people = [
            (
                subject_name(names, wanted.hall, h.subject, h.subject_kind, lang),
                Asked(hall=wanted.hall).page_of(h.subject, h.subject_kind),
            )
            for h in inside
        ]
        taken = say("measures.quota", lang, a=len(inside), b=quota)
        over = len(inside) - quota
        classes.append((_class_name(class_name, lang), taken, max(over, 0), people))
    years = sorted({h.period for h in mine})
    chips = [(period_name(y, lang), wanted.url(period=y), y == year) for y in years]
    return render("measures_board.html", lang, classes=classes, years=chips)


def _quotas() -> dict[str, int]:
    return {
        class_name: places for (board, class_name), places in quotas().items() if board == BOARD
    }
