"""名次申诉: appeals against a published ranking, what became of them, and the way to decide one."""

from projections.dashboard import ranking_queries
from projections.dashboard.evaluation import Asked, subject_name
from projections.dashboard.names import Names
from projections.dashboard.ranking_queries import Appeal
from projections.dashboard.record_form import record_href
from projections.dashboard.render import render
from projections.dashboard.sentences import Speaker
from projections.dashboard.words import name_of, say


def appeal_href(asked: Asked, event_type: str, subject: str, kind: str) -> str:
    """Address of the form by which a place is appealed against, or an appeal decided."""
    given = {"policy_id": asked.policy, "period": asked.period}
    return record_href(asked.hall, event_type, subject=subject, subject_kind=kind, **given)


async def appeals_card(asked: Asked, names: Names, speaker: Speaker) -> str:
    """The appeals against a ranking, as HTML; nothing where there are none. Raises `Away`."""
    found = await ranking_queries.appeals(asked.hall, asked.policy, asked.period)
    if not found:
        return ""
    rows = [_row(one, asked, names, speaker) for one in found]
    return render("ranking_appeals.html", speaker.lang, rows=rows)


Row = tuple[str, str, str, str, str, str]  # when, who, page, reason, what became of it, to decide


def _row(one: Appeal, asked: Asked, names: Names, speaker: Speaker) -> Row:
    lang, page = speaker.lang, asked.page_of(one.subject, one.kind)
    who = subject_name(names, asked.hall, one.subject, one.kind, lang)
    said, decide = say("ranking.appeal_waits", lang), ""
    if one.decided_at is None:
        decide = appeal_href(asked, "RankingAppealDecided", one.subject, one.kind)
    else:
        result = name_of("upheld", "true" if one.upheld else "false", lang)
        answer = " · ".join(filter(None, (result, one.answer)))
        said = say("ranking.answered", lang, at=speaker.instant(one.decided_at), answer=answer)
    return speaker.instant(one.at), who, page, one.reason, said, decide
