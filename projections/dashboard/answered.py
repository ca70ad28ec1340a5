"""Facts that answer another one (a revocation, an appeal, its decision, a step of an order), or
begin a case: what they are about, and why it cannot be done so, with what to do instead."""

from collections.abc import Mapping
from typing import Any

from duban.events import Event
from duban.formats import FORMATS
from duban.honours import HELD
from duban.measures import IN_FORCE, Measure
from projections.dashboard import ranking_queries, sources
from projections.dashboard.ask import ask, ask_metric
from projections.dashboard.case_file import case_file
from projections.dashboard.derivation import assessed
from projections.dashboard.evaluation import period_name, subject_name
from projections.dashboard.findings import Finding
from projections.dashboard.forms import FORMS
from projections.dashboard.measures_queries import Acts, acts
from projections.dashboard.ranking import LATEST, policy_name, policy_of
from projections.dashboard.record_form import REVIEW
from projections.dashboard.sentences import Speaker
from projections.dashboard.steps import STEPS, Matter, key_of, matter_of
from projections.dashboard.typed import whole_case
from projections.dashboard.words import Lang, name_of, say

Fields = Mapping[str, Any]
CASE = "SELECT 1 AS found FROM cases WHERE case_id = {case:String} LIMIT 1"
CORRECTED = """
SELECT 1 AS found FROM events
WHERE hall_id = {hall:String} AND toString(event_id) = {id:String} AND event_type = {type:String}
LIMIT 1
"""
TOLD = """
SELECT countIf(toString(event_id) = {corrects:String} AND event_type = {type:String}) AS corrected
FROM events WHERE hall_id = {hall:String} AND case_id = {case:String} HAVING count() > 0
"""
WAITING = ("due", "missed")  # turns that no round was told of
ABOUT_A_CASE = {"CallbackDone": "case", REVIEW: "about_case_id"}  # which has to be there
SECTIONS = {"CardIssued": "colour", "PublicCriticism": "scope"}  # of what says which one it was


def measure_name(m: Measure, speaker: Speaker) -> str:
    """黄牌警告, 通报批评 · 全市通报, 约谈."""
    what = name_of("happened", m.type, speaker.lang)
    if m.type not in SECTIONS or not m.detail:
        return what
    said = name_of(SECTIONS[m.type], m.detail, speaker.lang)
    return said if m.type == "CardIssued" else f"{what} · {said}"


def finding_name(f: Finding, speaker: Speaker) -> str:
    """发现问题 · 乱收费."""
    category = name_of("category", f.category, speaker.lang) if f.category else ""
    return " · ".join(filter(None, [name_of("happened", "FindingRaised", speaker.lang), category]))


async def about(event_type: str, hall: str, fields: Fields, speaker: Speaker) -> list[str]:
    """What a fact would be about, in words; nothing for one that answers none. Raises `Away`."""
    names, lang = sources.names(), speaker.lang
    if event_type.startswith("Measure"):
        m = _measure(await acts(hall, speaker.now), fields)
        if m is None:
            return []
        who = subject_name(names, hall, m.subject, m.subject_kind, lang)
        return [f"{measure_name(m, speaker)} · {who}", speaker.instant(m.at), m.reason]
    if event_type == "HonourRevoked":
        found = await acts(hall, speaker.now)
        return [
            f"{name_of('honour', h.kind, lang)} · "
            f"{subject_name(names, hall, h.subject, h.subject_kind, lang)}"
            for h in found.honours
            if h.honour_id == _named(found, fields, "honour_event_id")
        ]
    if event_type == "FindingClosed":
        finding = _finding(await acts(hall, speaker.now), fields)
        if finding is None:
            return []
        who = subject_name(names, hall, finding.subject, finding.subject_kind, lang)
        return [f"{finding_name(finding, speaker)} · {who}", speaker.instant(finding.at)]
    if event_type in STEPS:
        matter = await _matter(event_type, hall, fields, speaker.now)
        if matter is None:
            return []
        due = [say("case.due", lang, at=speaker.instant(matter.due_at))] if matter.due_at else []
        return [matter.what or name_of("happened", matter.opening, lang), *due]
    if event_type.startswith("Ranking"):
        policy = policy_of(names, _text(fields, "policy_id"), LATEST)
        who = subject_name(
            names, hall, _text(fields, "subject"), _text(fields, "subject_kind"), lang
        )
        period = _text(fields, "period")
        said = period_name(period, lang) if FORMATS["period"][0](period) else ""
        return [policy_name(policy, lang), said, who]
    return []


async def objection(event_type: str, hall: str, fields: Fields, speaker: Speaker) -> str:
    """Why a fact cannot answer what it names, and the next step; "" where it can, as a correction
    of such a fact may. Raises `Away`."""
    corrects = _text(fields, "corrects_event_id").lower()
    if corrects and await ask(CORRECTED, hall=hall, id=corrects, type=event_type):
        return ""
    if event_type.startswith("Measure"):
        return _of_measure(event_type, await acts(hall, speaker.now), fields, speaker)
    if event_type == "HonourRevoked":
        found = await acts(hall, speaker.now)
        named = _named(found, fields, "honour_event_id")
        known = any(h.honour_id == named and h.state == HELD for h in found.honours)
        return "" if known else say("objection.no_honour", speaker.lang)
    if event_type.startswith("Ranking"):
        return await _of_ranking(event_type, hall, fields, speaker)
    if event_type == "FindingClosed":
        return _of_finding(_finding(await acts(hall, speaker.now), fields), speaker)
    if event_type in STEPS:
        matter = await _matter(event_type, hall, fields, speaker.now)
        return _of_matter(event_type, matter, speaker.lang)
    about_case = _text(fields, ABOUT_A_CASE.get(event_type, ""))
    if about_case and not await ask(CASE, case=about_case):
        return say("objection.no_case", speaker.lang)
    return ""


def begins_case(event: Event) -> bool:
    """Whether a form begins a case with this fact; a correction does not."""
    return FORMS[event.type].case not in ("", "known") and event.corrects_event_id is None


async def taken(event: Event, lang: Lang) -> str:
    """Why a fact cannot begin a case under its number, "" where it can. Free is a number that no
    fact has, or the turn of a round that nobody told of; a correction stays with its case. Raises
    `Away`."""
    if FORMS[event.type].case in ("", "known"):
        return ""
    case = {"hall": event.hall_id, "case": event.subject_id}
    told = await ask(TOLD, **case, corrects=event.corrects_event_id or "", type=event.type)
    if not told or told[0]["corrected"]:
        return ""
    turns = await waiting_turns(event.hall_id) if event.type == "PatrolDone" else []
    is_waiting = any(turn["case_id"] == event.subject_id for turn in turns)
    return "" if is_waiting else say("objection.taken", lang)


async def waiting_turns(hall: str) -> list[dict[str, Any]]:
    """Turns of patrols that no round was told of, the latest first. Raises `Away`."""
    rows = await ask_metric("patrol_turns", hall=hall)
    return [row for row in reversed(rows) if row["state"] in WAITING]


async def _matter(step: str, hall: str, fields: Fields, now: int) -> Matter | None:
    """The matter that a step is of."""
    found = await case_file(hall, whole_case(hall, _text(fields, "case")))
    seen = assessed(found, now) if found else None
    return matter_of(step, key_of(fields), seen.standing if seen else ())


def _of_matter(step: str, matter: Matter | None, lang: Lang) -> str:
    if matter is None:
        return say("objection.no_matter", lang)
    if step in matter.next:
        return ""
    if not matter.next:
        return say("objection.settled", lang)
    steps = (name_of("happened", one, lang) for one in matter.next)
    return say("objection.not_next", lang, steps=say("refused.comma", lang).join(steps))


def _finding(found: Acts, fields: Fields) -> Finding | None:
    number = _text(fields, "finding_id")
    return next((f for f in found.findings if f.finding_id == number), None)


def _of_finding(finding: Finding | None, speaker: Speaker) -> str:
    if finding is None:
        return say("objection.no_finding", speaker.lang)
    if finding.closed_at is None:
        return ""
    return say("objection.finding_closed", speaker.lang, at=speaker.instant(finding.closed_at))


def _of_measure(event_type: str, found: Acts, fields: Fields, speaker: Speaker) -> str:
    measure, lang = _measure(found, fields), speaker.lang
    if measure is None:
        return say("objection.no_measure", lang)
    if measure.state != IN_FORCE:
        state = name_of("measure_state", measure.state, lang)
        return say("objection.ended", lang, at=speaker.instant(measure.ended_at), state=state)
    is_open = "appeal_open" in measure.flags
    if event_type == "MeasureAppealed" and is_open:
        return say("objection.appeal_open", lang)
    if event_type == "MeasureAppealDecided" and not is_open:
        return say("objection.no_appeal", lang)
    return ""


async def _of_ranking(event_type: str, hall: str, fields: Fields, speaker: Speaker) -> str:
    place = hall, _text(fields, "policy_id"), _text(fields, "period")
    published = await ranking_queries.published(*place)
    subject = _text(fields, "subject")
    if published is None:
        return say("objection.not_published", speaker.lang)
    if all(entry.subject != subject for entry in published.entries):
        return say("objection.no_place", speaker.lang)
    told = await ranking_queries.appeals(*place)
    is_open = any(one.subject == subject and one.decided_at is None for one in told)
    if event_type == "RankingAppealed" and is_open:
        return say("objection.appeal_open", speaker.lang)
    if event_type == "RankingAppealDecided" and not is_open:
        return say("objection.no_appeal", speaker.lang)
    return ""


def _measure(found: Acts, fields: Fields) -> Measure | None:
    named = _named(found, fields, "measure_event_id")
    return next((m for m in found.measures if m.measure_id == named), None)


def _named(found: Acts, fields: Fields, field: str) -> str:
    event_id = _text(fields, field).lower()
    return found.told.get(event_id, event_id)


def _text(fields: Fields, name: str) -> str:
    return str(fields.get(name, ""))
