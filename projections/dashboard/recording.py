"""登记: the page on which a person records a fact of a hall, filled in from where it was opened."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from nicegui import ui

from duban.proposals import ANSWERED, CARRIED_OUT, Proposal
from projections.dashboard import sources
from projections.dashboard.answered import about, objection, waiting_turns
from projections.dashboard.ask import Away, for_a_page
from projections.dashboard.evaluation import tabs
from projections.dashboard.forms import FORMS, fields_of
from projections.dashboard.live import live
from projections.dashboard.names import Names
from projections.dashboard.proposals import PAGELESS, called_for, whose, why
from projections.dashboard.push import Page
from projections.dashboard.record_form import Begun, back_href, choices, form
from projections.dashboard.render import render
from projections.dashboard.sentences import Speaker
from projections.dashboard.shell import BUILT_WITHIN, away, block, language, shell
from projections.dashboard.words import Lang, name_of, say

ALSO = ("subject", "subject_kind", "causation_id", "case")  # beside the fields of the type
TURNS = 60  # listed
LONGEST = 400  # characters of what an address may fill in


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which form an address asks for, and what it fills in."""

    hall: str
    type: str
    given: Mapping[str, str]

    @classmethod
    def read(cls, query: Mapping[str, str]) -> "Wanted":
        """The form that a query string asks for; unknown types and fields are left out. A number
        is kept to the blank: that is how the fact that it names was recorded."""
        event_type = query.get("type", "")
        if event_type not in FORMS:
            return cls(query.get("hall", ""), "", {})
        names = (*ALSO, *(field.name for field in fields_of(event_type)))
        given = {n: v for n in names if (v := query.get(n, "")).strip() and len(v) <= LONGEST}
        return cls(query.get("hall", ""), event_type, given)


@ui.page("/record", response_timeout=BUILT_WITHIN)
async def record_page(request: Request) -> None:
    """The form of one type. Pushes leave it alone: somebody is typing."""
    lang, wanted = language(request), Wanted.read(request.query_params)
    with shell(request, "evaluation", lang, live):
        try:
            async with for_a_page():
                cards = await blocks(wanted, lang)
        except Away:
            away(lang)
            return
        for key, html in cards.items():
            with ui.element("section").classes("card"):
                block(key, html)

    async def keep(_: Page) -> None:
        pass

    Page(lang, wanted.hall, keep)


async def blocks(wanted: Wanted, lang: Lang) -> dict[str, str]:
    """HTML of the page's cards. Raises `Away`."""
    names = sources.names()
    hall = wanted.hall or next(iter(await sources.halls()), "")
    speaker = Speaker(lang, await sources.business_now(), names.calendar(hall))
    title = name_of("happened", wanted.type, lang) if wanted.type else say("record.title", lang)
    known: dict[str, Any] = {"title": title, "hall": names.hall(hall), "tabs": tabs("", hall, lang)}
    if not wanted.type:
        listed = render("record_choices.html", lang, groups=choices(hall, lang))
        back = back_href(hall, "", {})
        tools = render("record_tools.html", lang, **known, lines=[], no="", back=back)
        return {"tools": tools, "form": listed}
    given = dict(wanted.given)
    lines = await about(wanted.type, hall, given, speaker)
    no = await _objection(wanted.type, hall, given, speaker)
    if proposal := await _proposal(wanted.type, hall, given, speaker):
        lines = [_because(proposal, names, lang), *lines]
        given.setdefault(_reason_field(wanted.type), why(proposal, names, lang))
        no = say("objection.answered", lang) if proposal.state == ANSWERED else no
    is_over = bool(no) and not FORMS[wanted.type].group
    back = back_href(hall, wanted.type, given) if is_over else ""
    tools = render("record_tools.html", lang, **known, lines=lines, no=no, back=back)
    if is_over:
        return {"tools": tools}
    waiting = await _turns(hall, speaker) if wanted.type == "PatrolDone" else ()
    begun = Begun(speaker.now, speaker.calendar.zone, secrets.token_hex(4), waiting)
    return {"tools": tools, "form": form(hall, wanted.type, names, lang, given, begun)}


async def _objection(event_type: str, hall: str, given: Mapping[str, str], speaker: Speaker) -> str:
    """What stands in the way already, of a fact that answers another one."""
    if FORMS[event_type].group:
        return ""
    return await objection(event_type, hall, given, speaker)


async def _turns(hall: str, speaker: Speaker) -> tuple[tuple[str, str], ...]:
    """Turns of patrols that no round was told of, the latest first: number, words."""
    return tuple(
        (
            row["case_id"].partition("/")[2],
            f"{speaker.instant(round(row['due_at'].timestamp() * 1000))} · "
            f"{name_of('role', row['party'], speaker.lang)}",
        )
        for row in (await waiting_turns(hall))[:TURNS]
    )


async def _proposal(
    event_type: str, hall: str, given: Mapping[str, str], speaker: Speaker
) -> Proposal | None:
    """The proposal that a measure would carry out: one that nobody has acted on before others."""
    cause = given.get("causation_id")
    if not cause:
        return None
    found = [
        p
        for p in await called_for(hall, speaker.calendar.zone)
        if cause in p.causes and CARRIED_OUT.get(p.measure, ("",))[0] == event_type
    ]
    whom = given.get("subject", given.get("to_org", ""))
    mine = [p for p in found if p.subject == whom] or [p for p in found if _is_free(p)]
    return next(iter(mine), None)


def _is_free(proposal: Proposal) -> bool:
    return proposal.subject_kind in PAGELESS


def _because(proposal: Proposal, names: Names, lang: Lang) -> str:
    who = whose(proposal, names, lang)
    return say("record.proposed", lang, who=who, why=why(proposal, names, lang))


def _reason_field(event_type: str) -> str:
    return next((f.name for f in fields_of(event_type) if f.name in ("reason", "what")), "reason")
