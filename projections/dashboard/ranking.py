"""评比: places of a hall's windows or people in a period, and how they moved."""

from collections.abc import Iterable
from dataclasses import dataclass

from fastapi import Request
from nicegui import ui

from duban.figures import wilson
from duban.periods import bounds
from duban.ranking import BELOW, Entry
from duban.score_policy import DEFAULT_POLICY, SIDES, ScorePolicy
from projections.dashboard import ranking_queries as queries
from projections.dashboard import sources
from projections.dashboard.appeals import appeal_href, appeals_card
from projections.dashboard.ask import Away
from projections.dashboard.evaluation import (
    Asked,
    Chip,
    period_name,
    points,
    score,
    subject_name,
    tabs,
)
from projections.dashboard.listing import cards_page
from projections.dashboard.names import Names
from projections.dashboard.ranking_queries import Period, Ranking
from projections.dashboard.render import render
from projections.dashboard.sentences import Speaker, percent
from projections.dashboard.shell import BUILT_WITHIN, language
from projections.dashboard.words import Lang, name_of, say

LATEST = 2**62  # an instant after every version
PERIODS_SHOWN = 13  # chips; a year of months and one more
Responses = dict[str, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Line:
    """One subject of a ranking, as the table shows it."""

    place: int
    name: str
    href: str
    score: str
    points: str
    n: int
    n_href: str
    moved: tuple[str, str]  # class, words
    on_time: str
    on_time_parts: str
    on_time_href: str
    satisfied: str
    satisfied_parts: str
    satisfied_href: str
    interval: str
    answered: str
    grade: str
    tags: tuple[tuple[str, str], ...]
    appeal: str = ""  # address of the form to appeal by, where the ranking is published


@dataclass(frozen=True, slots=True)
class Shown:
    """What a page shows: the address made whole, and what there is to choose from."""

    asked: Asked
    policy: ScorePolicy
    kind: str
    found: tuple[Period, ...]
    closed: bool


@ui.page("/ranking", response_timeout=BUILT_WITHIN)
async def ranking_page(request: Request) -> None:
    """The ranking of a hall, a policy and a period; without any, the last one published."""
    lang, asked = language(request), Asked.read(request.query_params)
    await cards_page(request, "evaluation", lang, asked.hall, lambda: blocks(asked, lang))


async def blocks(asked: Asked, lang: Lang) -> dict[str, str]:
    """HTML of the page's cards. Raises `Away`."""
    names = sources.names()
    halls = await queries.halls()
    asked = asked.but(hall=asked.hall or (halls[0] if halls else ""))
    shown = await _shown(asked, names)
    if shown is None:
        empty = render("ranking_none.html", lang, tabs=tabs("ranking", asked.hall, lang))
        return {"tools": empty, "sides": "", "rows": "", "below": "", "follows": "", "appeals": ""}
    asked, policy = shown.asked, shown.policy
    speaker = Speaker(lang, await sources.business_now(), names.calendar(asked.hall))
    found = await _ranking(shown)
    earlier = await queries.places_before(asked.hall, policy, asked.period)
    answered = await _responses(shown, speaker.calendar.zone)
    lines = [line(e, shown, earlier, answered, names, lang) for e in found.entries]
    placed = [one for one in lines if one.place]
    return {
        "tools": _tools(shown, found, halls, names, speaker),
        "sides": render("ranking_sides.html", lang, sides=_sides(found, shown, names, lang)),
        "rows": _rows(placed, shown.kind, lang),
        "below": _below([one for one in lines if not one.place], policy, lang),
        "follows": await _follows(found, shown, names, lang),
        "appeals": await appeals_card(asked, names, speaker),
    }


async def _shown(asked: Asked, names: Names) -> Shown | None:
    found = await queries.periods(asked.hall)
    policies = default_first(p.policy for p in found)
    if not policies:
        return None
    policy_id = asked.policy if asked.policy in policies else policies[0]
    known = {p.period: p for p in found if p.policy == policy_id}
    period = asked.period if asked.period in known else queries.newest(found, policy_id)
    policy = policy_of(names, policy_id, bounds(period, names.calendar(asked.hall).zone)[0])
    whole = asked.but(policy=policy_id, period=period)
    return Shown(whole, policy, known[period].kind, found, known[period].closed)


def default_first(policies: Iterable[str]) -> list[str]:
    """Policies in the order of choosing: the one that ships first."""
    return sorted(set(policies), key=lambda policy: (policy != DEFAULT_POLICY, policy))


def policy_of(names: Names, policy_id: str, at: int) -> ScorePolicy:
    """The version of a score policy by which a period that begins then is scored; an empty one
    for what is not known."""
    found = names.reference.score_terms(policy_id, at)
    return found or ScorePolicy("", 0, (), policy_id=policy_id)


async def _ranking(shown: Shown) -> Ranking:
    asked = shown.asked
    if asked.view != "live":
        found = await queries.published(asked.hall, asked.policy, asked.period)
        if found is not None:
            return found
    return await queries.live(asked.hall, shown.policy, asked.period)


async def _responses(shown: Shown, zone: str) -> Responses:
    """Who answered, of those invited; a ranking is whole without it where that takes too long."""
    if shown.kind != "window":
        return {}
    try:
        return await queries.responses(shown.asked.hall, shown.asked.period, zone)
    except Away:
        return {}


def line(
    e: Entry, shown: Shown, earlier: dict[str, int], answered: Responses, names: Names, lang: Lang
) -> Line:
    """An entry in words and numbers; every figure has the address of the points behind it."""
    asked, kind = shown.asked, shown.kind
    judged, sure = e.on_time + e.late, wilson(e.satisfied, e.ratings)
    interval = ""
    if sure is not None:
        interval = say("ranking.interval", lang, low=_rate(sure.low), high=_rate(sure.high))
    return Line(
        place=e.place,
        name=subject_name(names, asked.hall, e.subject, kind, lang),
        href=asked.page_of(e.subject, kind),
        score=score(e.score),
        points=points(e.points),
        n=e.n,
        n_href=asked.page_of(e.subject, kind, "every"),
        moved=moved(e.place, earlier.get(e.subject), lang),
        on_time=percent(e.on_time, judged),
        on_time_parts=f"{e.on_time} ÷ {judged}" if judged else "",
        on_time_href=asked.page_of(e.subject, kind, "outcome"),
        satisfied=percent(e.satisfied, e.ratings),
        satisfied_parts=f"{e.satisfied} ÷ {e.ratings}" if e.ratings else "",
        satisfied_href=asked.page_of(e.subject, kind, "rating"),
        interval=interval,
        answered=_answered(answered.get(e.subject), lang),
        grade=e.grade,
        tags=tuple((side, name_of("side", side, lang)) for side in e.sides if side != BELOW),
        appeal=_appeal(e, shown),
    )


def _appeal(e: Entry, shown: Shown) -> str:
    if not shown.closed or shown.asked.view == "live":
        return ""
    return appeal_href(shown.asked, "RankingAppealed", e.subject, shown.kind)


def _rate(share: float) -> str:
    return f"{100 * share:.0f}"


def _answered(found: tuple[int, int] | None, lang: Lang) -> str:
    if not found or not found[1]:
        return ""
    return say("part.answered", lang, p=f"{percent(*found)} ({found[0]} ÷ {found[1]})")


def moved(place: int, before: int | None, lang: Lang) -> tuple[str, str]:
    """(class, words) of how a place changed: ▲2, ▼1, unchanged, new."""
    if before is None:
        return "", say("ranking.new", lang)
    if before == place:
        return "", say("compare.same", lang)
    up = before > place
    return ("up", f"▲ {before - place}") if up else ("down", f"▼ {place - before}")


def _tools(
    shown: Shown, found: Ranking, halls: tuple[str, ...], names: Names, speaker: Speaker
) -> str:
    asked, lang = shown.asked, speaker.lang
    return render(
        "ranking_tools.html",
        lang,
        title=policy_name(shown.policy, lang),
        period=period_name(asked.period, lang),
        tabs=tabs("ranking", asked.hall, lang),
        halls=_hall_chips(asked, halls, names),
        policies=_policy_chips(shown, names, lang),
        periods=_period_chips(shown, lang),
        views=_view_chips(shown, found, lang),
        said=_said(found, speaker),
    )


def policy_name(policy: ScorePolicy, lang: Lang) -> str:
    """A score policy as people call it; the default one has a name in both languages."""
    return policy.name or say("ranking.title", lang)


def _hall_chips(asked: Asked, halls: tuple[str, ...], names: Names) -> list[Chip]:
    if len(halls) < 2:
        return []
    chips = ((names.hall(hall), hall) for hall in halls)
    return [(name, Asked(hall=hall).url(), hall == asked.hall) for name, hall in chips]


def _policy_chips(shown: Shown, names: Names, lang: Lang) -> list[Chip]:
    chips = []
    for policy_id in default_first(p.policy for p in shown.found):
        name = policy_name(policy_of(names, policy_id, LATEST), lang)
        url = Asked(hall=shown.asked.hall, policy=policy_id).url()
        chips.append((name, url, policy_id == shown.asked.policy))
    return chips if len(chips) > 1 else []


def _period_chips(shown: Shown, lang: Lang) -> list[Chip]:
    mine = [p.period for p in shown.found if p.policy == shown.asked.policy]
    at = mine.index(shown.asked.period)
    start = max(0, min(at - PERIODS_SHOWN // 2, len(mine) - PERIODS_SHOWN))
    return [
        (period_name(period, lang), shown.asked.but(period=period).url(), period == mine[at])
        for period in mine[start : start + PERIODS_SHOWN]
    ]


def _view_chips(shown: Shown, found: Ranking, lang: Lang) -> list[Chip]:
    if not shown.closed:
        return []
    live = found.revision < 0
    return [
        (say("ranking.published", lang), shown.asked.but(view="").url(), not live),
        (say("ranking.live", lang), shown.asked.but(view="live").url(), live),
    ]


def _said(found: Ranking, speaker: Speaker) -> str:
    lang = speaker.lang
    if found.published_at is None:
        return say("ranking.open", lang)
    at = speaker.instant(found.published_at)
    if not found.revision:
        return say("ranking.first", lang, at=at)
    why = name_of("revised", found.reason or "none", lang)
    return say("ranking.revised", lang, at=at, n=found.revision, why=why)


def _sides(
    found: Ranking, shown: Shown, names: Names, lang: Lang
) -> list[tuple[str, str, list[tuple[int, str, str, str]]]]:
    """(side, its name, [(place, name, score, address)])."""
    asked, kind = shown.asked, shown.kind
    sides = []
    for side in SIDES:
        inside = [e for e in found.entries if side in e.sides]
        if side == "bottom":
            inside = inside[::-1]
        entries = [
            (
                e.place,
                subject_name(names, asked.hall, e.subject, kind, lang),
                score(e.score),
                asked.page_of(e.subject, kind),
            )
            for e in inside
        ]
        sides.append((side, name_of("side", side, lang), entries))
    return sides


def _rows(lines: list[Line], kind: str, lang: Lang) -> str:
    graded = any(one.grade for one in lines)
    return render("ranking_rows.html", lang, rows=lines, kind=kind, graded=graded)


def _below(lines: list[Line], policy: ScorePolicy, lang: Lang) -> str:
    if not lines:
        return ""
    return render("ranking_below.html", lang, rows=lines, minimum=policy.minimum_n)


async def _follows(found: Ranking, shown: Shown, names: Names, lang: Lang) -> str:
    asked = shown.asked
    if found.published_at is None:
        return ""
    following = await queries.follows(asked.hall, asked.policy, asked.period)
    if not following:
        return ""
    rows = [
        (
            subject_name(names, shown.asked.hall, f.subject, shown.kind, lang),
            shown.asked.page_of(f.subject, shown.kind),
            name_of("follows", f.measure, lang),
            name_of("scope", f.scope, lang),
            because(f.because, lang),
        )
        for f in following
    ]
    return render("ranking_follows.html", lang, rows=rows)


def because(said: str, lang: Lang) -> str:
    """后三（2025 年 8 月、2025 年 9 月） for "bottom 2025-08, 2025-09"; a grade by its name."""
    when, _, rest = said.partition(" ")
    side, _, grade = when.partition(":")
    listed = [period_name(p, lang) for p in rest.split(", ") if p]
    name = grade if side == "grade" else name_of("side", side, lang)
    comma = "、" if lang == "zh" else ", "
    return say("ranking.because", lang, side=name, periods=comma.join(listed))
