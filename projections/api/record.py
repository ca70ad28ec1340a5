"""Recording what a person of a hall writes down: a measure, an honour, a round, a complaint; a fact
like any other."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Body, Header, HTTPException, Request
from fastapi.responses import JSONResponse, Response

from duban.bus import BrokerAway, DeliveryError
from duban.bus_make import iso, make
from duban.contracts import ContractError
from duban.events import Actor, Event
from projections.api.claims import Claims
from projections.api.notes import DELIVERY_SECONDS, WHO, producer, send_note
from projections.dashboard import sources
from projections.dashboard.answered import begins_case, objection, taken
from projections.dashboard.ask import Away
from projections.dashboard.forms import CASES, FORMS, missing
from projections.dashboard.refusals import clauses, together
from projections.dashboard.sentences import Speaker
from projections.dashboard.shell import language
from projections.dashboard.typed import filled, fits, foreign, strange, typed, whole_case
from projections.dashboard.words import Lang, name_of, say

router = APIRouter()
LATER = {"Retry-After": "5"}
Fields = dict[str, Any]
_claims = Claims()


class Refused(Exception):
    """What was typed cannot be recorded: the sentences by field, "" for the whole."""

    def __init__(self, said: dict[str, str]) -> None:
        super().__init__(next(iter(said.values()), ""))
        self.said = said


@router.post("/hall-facts", status_code=202, response_model=None)
async def record(
    request: Request,
    fact: Annotated[dict[Any, Any], Body()],  # whatever its keys: the refusal names them
    x_duban: Annotated[str | None, Header()] = None,
) -> dict[str, str] | Response:
    """Record one fact of a hall: `type`, `hall` and its own fields; of a case, also `case`.

    `evidence` is where the paper lies, `role` in which role one acts. A browser session must also
    send the header `X-Duban`. What is refused has a sentence for each field in `fields`.
    """
    if not request.headers.get("authorization") and x_duban is None:
        raise HTTPException(403, "The header X-Duban is missing.")
    lang = _language(request)
    try:
        event = await _event(fact, lang)
        await _recorded(event, lang)
    except Refused as refused:
        said = refused.said
        return JSONResponse({"detail": together(said, lang), "fields": said}, 422)
    except Away as error:
        raise HTTPException(503, say("refused.warehouse", lang), LATER) from error
    except (BrokerAway, DeliveryError) as error:
        raise HTTPException(503, say("refused.broker", lang), LATER) from error
    case = event.subject_id if event.subject_type == "case" else ""
    return {"event_id": event.event_id, **({"case_id": case} if case else {})}


def _language(request: Request) -> Lang:
    """A page is answered in its own language, a program in English."""
    return "en" if request.headers.get("authorization") else language(request)


async def _event(fact: Fields, lang: Lang) -> Event:
    """The event that was written down. Raises `Refused`, or `Away`."""
    fields = filled(fact)
    event_type, hall = fields.pop("type", ""), fields.pop("hall", "")
    if not isinstance(event_type, str) or event_type not in FORMS:
        raise Refused({"": say("refused.no_type", lang)})
    if not await sources.is_hall(hall):
        raise Refused({"hall": say("refused.unknown_hall" if hall else "refused.no_hall", lang)})
    actor = _actor(event_type, str(fields.pop("role", "")), lang)
    _only_what_is_asked(event_type, fields, lang)
    names = sources.names()
    speaker = Speaker(lang, await sources.business_now(), names.calendar(hall))
    _put_right(event_type, hall, fields, (names.hall(hall), names.hall_short(hall)))
    event = _made(
        event_type, hall, typed(event_type, fields, speaker.calendar.zone), actor, speaker
    )
    if not fits(event, names):
        raise Refused({"subject": say("refused.about", lang, who=_about(event_type, lang))})
    if why := await taken(event, lang):
        raise Refused({"case": why})
    if why := await objection(event_type, hall, fields, speaker):
        raise Refused({"": why})
    return event


def _only_what_is_asked(event_type: str, fields: Fields, lang: Lang) -> None:
    if unknown := strange(event_type, fields):
        raise Refused({name: say("refused.strange", lang, field=name) for name in unknown})
    if set_here := foreign(fields):
        raise Refused({"": say("refused.foreign", lang, field=", ".join(set_here))})


def _about(event_type: str, lang: Lang) -> str:
    kinds = (name_of("subject", kind, lang) for kind in FORMS[event_type].about)
    return say("refused.comma", lang).join(kinds)


def _actor(event_type: str, role: str, lang: Lang) -> Actor:
    """Who acts, in a role that this is for."""
    fitting = FORMS[event_type].roles
    if role and role not in fitting:
        comma = say("refused.comma", lang)
        who = comma.join(name_of("role", one, lang) for one in fitting)
        raise Refused({"role": say("refused.role", lang, who=who)})
    return Actor(id=WHO, role=role or fitting[0])


def _put_right(event_type: str, hall: str, fields: Fields, called: tuple[str, str]) -> None:
    """Write in full what people write short: a case by its number, the hall for itself."""
    for name in (*CASES, *(("case",) if FORMS[event_type].case else ())):
        if isinstance(fields.get(name), str):
            fields[name] = whole_case(hall, fields[name], called)
    if fields.get("subject_kind") == "hall" and fields.get("subject") == hall:
        fields["subject"] = ""
    if isinstance(fields.get("evidence"), str):
        fields["evidence"] = [{"kind": "record", "uri": fields["evidence"]}]


def _made(event_type: str, hall: str, fields: Fields, actor: Actor, speaker: Speaker) -> Event:
    """The event, checked against its contract and against what its form asks."""
    problems, lang = missing(event_type, fields), speaker.lang
    case = fields.pop("case", "") if FORMS[event_type].case else ""
    if FORMS[event_type].case and not case:
        raise Refused({"case": say("refused.absent", lang, field=say("field.case", lang))})
    stamped: Fields = {"occurred_at": iso(speaker.now)} | fields
    try:
        event = make(
            event_type, case=str(case), hall=hall, actor=actor, channel="system", **stamped
        )
    except ContractError as error:
        problems = [*problems, *(p for p in error.problems if p not in problems)]
    if problems:
        raise Refused(clauses(ContractError(problems), event_type, lang))
    return event


async def _recorded(event: Event, lang: Lang) -> None:
    """Send an event; one that begins a case only where nobody has just begun it."""
    if not begins_case(event):
        await asyncio.to_thread(_send, event)
        return
    with _claims.claimed(event.subject_id) as is_free:
        if not is_free:
            raise Refused({"case": say("objection.taken", lang)})
        await asyncio.to_thread(_send, event)


def _send(event: Event) -> None:
    producer().send(event)
    send_note("hall fact recorded", {"type": event.type, "event": event.event_id})
    producer().flush(DELIVERY_SECONDS)
