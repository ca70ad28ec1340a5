"""A window's or a person's own page: its score, and every point with its cause, rule and source."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from nicegui import ui

from duban.periods import bounds
from duban.ranking import Entry
from duban.score_policy import Axis, ScorePolicy, ScoreRule
from duban.tally import counters
from projections.dashboard import ledger_queries as queries
from projections.dashboard import ranking_queries, sources
from projections.dashboard.ask import Away, for_a_page
from projections.dashboard.causes import about, details
from projections.dashboard.chart import scores as score_chart
from projections.dashboard.evaluation import (
    Asked,
    period_name,
    points,
    score,
    short_period,
    subject_name,
    tabs,
)
from projections.dashboard.ledger_queries import Point, RuleSum, Scored
from projections.dashboard.live import live
from projections.dashboard.measures import of_subject
from projections.dashboard.names import Names
from projections.dashboard.push import Page
from projections.dashboard.ranking import (
    LATEST,
    PERIODS_SHOWN,
    default_first,
    moved,
    policy_name,
    policy_of,
)
from projections.dashboard.render import render
from projections.dashboard.rows import case_href
from projections.dashboard.sentences import Speaker, percent
from projections.dashboard.shell import BUILT_WITHIN, away, block, language, shell
from projections.dashboard.words import Lang, say

SHOWN = 300  # points listed; sums count all of them
GROUPS = ("outcome", "rating")
TOLERANCE = 0.00005  # scores are rounded to four decimals
CARDS = ("head", "sums", "points", "acts")


@dataclass(frozen=True, slots=True)
class Line:
    """A point as the page shows it."""

    when: str
    what: str
    detail: str
    source: str
    points: str
    tone: str
    case: str
    case_no: str
    gone: bool


@dataclass(frozen=True, slots=True)
class Sheet:
    """All that a subject's page shows, before it is put into words."""

    asked: Asked
    subject: str
    kind: str
    policy: ScorePolicy
    scores: Mapping[str, Scored]
    entry: Entry | None
    places: int
    before: int | None
    policies: Sequence[str]

    @property
    def score(self) -> Scored:
        """The score of the period that is shown."""
        return self.scores[self.asked.period]

    @property
    def periods(self) -> list[str]:
        """Periods to choose from: so many around the one that is shown."""
        found = list(self.scores)
        at = found.index(self.asked.period)
        start = max(0, min(at - PERIODS_SHOWN // 2, len(found) - PERIODS_SHOWN))
        return found[start : start + PERIODS_SHOWN]

    def link(self, **changes: str) -> str:
        """Address of this page with something changed."""
        return self.asked.but(**changes).page_of(self.subject, self.kind)


@ui.page("/windows/{hall}/{window}", response_timeout=BUILT_WITHIN)
async def window_page(request: Request, hall: str, window: str) -> None:
    """The page of a window."""
    await _page(request, Asked.read(request.query_params, hall=hall), window)


@ui.page("/staff/{hall}/{staff}", response_timeout=BUILT_WITHIN)
async def staff_page(request: Request, hall: str, staff: str) -> None:
    """The page of a person."""
    await _page(request, Asked.read(request.query_params, hall=hall), staff)


async def _page(request: Request, asked: Asked, subject: str) -> None:
    lang = language(request)
    with shell(request, "evaluation", lang, live):
        try:
            async with for_a_page():
                cards, trend = await blocks(asked, subject, lang)
        except Away:
            away(lang)
            return
        with ui.element("section").classes("card"):
            block("head", cards["head"])
        chart = _chart(cards, trend, lang)
        for key in ("points", "acts"):
            with ui.element("section").classes("card"):
                block(key, cards[key])

    async def refresh(page: Page) -> None:
        cards, trend = await blocks(asked, subject, lang)
        for key, html in cards.items():
            page.block(key, html)
        if chart is not None and trend != chart.options:
            chart.options.update(trend)
            chart.update()

    Page(lang, asked.hall, refresh)


def _chart(cards: Mapping[str, str], trend: dict[str, Any], lang: Lang) -> ui.echart | None:
    """What the score is made of, beside how it went; nothing where there is no score."""
    if not trend:
        return None
    note = say("ledger.trend_note", lang)
    with ui.element("div").classes("two even"):
        with ui.element("section").classes("card"):
            block("sums", cards["sums"])
        with ui.element("section").classes("card charted"):
            ui.html(render("heading.html", lang, key="ledger.trend", note=note), sanitize=False)
            return ui.echart(trend).classes("chart")


async def blocks(asked: Asked, subject: str, lang: Lang) -> tuple[dict[str, str], dict[str, Any]]:
    """HTML of the page's cards, and the options of its chart. Raises `Away`."""
    names = sources.names()
    speaker = Speaker(lang, await sources.business_now(), names.calendar(asked.hall))
    sheet = await _sheet(asked, subject, names)
    acts = render("subject_acts.html", lang, **await of_subject(asked.hall, subject, speaker))
    if sheet is None:
        name = subject_name(names, asked.hall, subject, _kind_of(subject, names), lang)
        head = render("ledger_none.html", lang, name=name, tabs=tabs("", asked.hall, lang))
        cards = dict.fromkeys(CARDS, "") | {"head": head, "acts": acts}
        return cards, {}
    sums = await queries.sums(sheet.asked, subject)
    versions = _versions(sheet, names)
    rules = {(p.version, r.rule_id): r for p in versions for r in p.rules}
    asked_for = wanted(sheet.asked.cause, versions)
    opened = [s for s in sums if asked_for is None or s.rule_id in asked_for]
    posted = await queries.posted(sheet.asked, subject, asked_for, SHOWN)
    trend = {short_period(p, lang): sheet.scores[p].score for p in sheet.periods}
    return {
        "head": _head(sheet, names, speaker),
        "sums": _sums(sheet, sums, rules, lang),
        "points": _points(opened, posted, rules, speaker),
        "acts": acts,
    }, score_chart(trend, lang)


def _kind_of(subject: str, names: Names) -> str:
    return "staff" if subject in names.posts else "window"


async def _sheet(asked: Asked, subject: str, names: Names) -> Sheet | None:
    policies = await queries.own_policies(asked.hall, subject)
    if not policies:
        return None
    order = default_first(policies)
    policy_id = asked.policy if asked.policy in policies else order[0]
    asked = asked.but(policy=policy_id)
    scores = await queries.scores(asked, subject)
    asked = asked.but(period=asked.period if asked.period in scores else policies[policy_id])
    begins = bounds(asked.period, names.calendar(asked.hall).zone)[0]
    policy = policy_of(names, policy_id, begins)
    found = await ranking_queries.published(asked.hall, policy_id, asked.period)
    found = found or await ranking_queries.live(asked.hall, policy, asked.period)
    places = {entry.subject: entry for entry in found.entries}
    earlier = await ranking_queries.places_before(asked.hall, policy, asked.period)
    return Sheet(
        asked,
        subject,
        scores[asked.period].kind,
        policy,
        scores,
        places.get(subject),
        sum(entry.place > 0 for entry in found.entries),
        earlier.get(subject),
        order,
    )


def _versions(sheet: Sheet, names: Names) -> Sequence[ScorePolicy]:
    return names.reference.by_policy.get(sheet.asked.policy, ())


Rules = Mapping[tuple[str, str], ScoreRule]


def wanted(cause: str, versions: Sequence[ScorePolicy]) -> list[str] | None:
    """Ids of the rules whose points are asked for; None for all. Of a figure those that it counts:
    a late case is one, though two rules are about it."""
    if cause in GROUPS:
        counts = {k for of in counters(versions).values() for k, moved in of.items() if moved}
        rules = ((p.version, r) for p in versions for r in p.rules if r.on.startswith(f"{cause}:"))
        return sorted({r.rule_id for version, r in rules if (version, r.rule_id) in counts})
    return [cause] if cause and cause != "every" else None


def _head(sheet: Sheet, names: Names, speaker: Speaker) -> str:
    asked, lang = sheet.asked, speaker.lang
    policies = [
        (
            policy_name(policy_of(names, policy_id, LATEST), lang),
            sheet.link(policy=policy_id, period="", cause=""),
            policy_id == asked.policy,
        )
        for policy_id in sheet.policies
    ]
    periods = [
        (period_name(period, lang), sheet.link(period=period), period == asked.period)
        for period in sheet.periods
    ]
    return render(
        "ledger_head.html",
        lang,
        name=subject_name(names, asked.hall, sheet.subject, sheet.kind, lang),
        hall=names.hall(asked.hall),
        tabs=tabs("", asked.hall, lang),
        policies=policies if len(policies) > 1 else [],
        periods=periods,
        figures=_figures(sheet, lang),
    )


Figure = tuple[str, str, str, str]  # what, value, what stands below it, address


def _figures(sheet: Sheet, lang: Lang) -> list[Figure]:
    e, asked = sheet.entry, sheet.asked
    ranking = Asked(asked.hall, asked.policy, asked.period).url()
    place, why = "—", say("ranking.below_one", lang, n=sheet.policy.minimum_n)
    if e and e.place:
        of_all = say("ledger.of_all", lang, n=sheet.places)
        place, why = str(e.place), f"{of_all} · {moved(e.place, sheet.before, lang)[1]}"
    on_time, judged = (e.on_time, e.on_time + e.late) if e else (0, 0)
    good, rated = (e.satisfied, e.ratings) if e else (0, 0)
    kept = say("part.ratio", lang, a=on_time, b=judged) if judged else say("part.nothing", lang)
    said = say("part.ratio", lang, a=good, b=rated) if rated else say("ranking.no_ratings", lang)
    every = score(sheet.score.score), e.grade if e else ""
    return [
        (say("column.score", lang), *every, sheet.link(cause="every")),
        (say("column.rank", lang), place, why, ranking),
        (say("column.on_time", lang), percent(on_time, judged), kept, sheet.link(cause="outcome")),
        (say("column.satisfied", lang), percent(good, rated), said, sheet.link(cause="rating")),
    ]


def _sums(sheet: Sheet, sums: Sequence[RuleSum], rules: Rules, lang: Lang) -> str:
    axes = {axis.axis: axis for axis in sheet.policy.axes}
    rows = [
        (
            about(rules.get((one.version, one.rule_id)), one.rule_id, lang),
            axes[one.axis].name if one.axis in axes else "",
            one.n,
            points(one.points),
            sheet.link(cause=one.rule_id),
            sheet.asked.cause == one.rule_id,
        )
        for one in sums
    ]
    plain = sum(one.points for one in sums if one.axis not in axes)
    whole = sheet.policy.base + plain + sum(sheet.score.axes.values())
    return render(
        "ledger_sums.html",
        lang,
        rows=rows,
        axes=[(*_part(axes.get(a), a, lang), points(v)) for a, v in sheet.score.axes.items()],
        base=score(sheet.policy.base),
        n=sum(one.n for one in sums),
        score=score(sheet.score.score),
        capped=abs(whole - sheet.score.score) > TOLERANCE,
        limits=(score(sheet.policy.minimum), score(sheet.policy.maximum)),
        every=sheet.link(cause="every"),
    )


def _part(axis: Axis | None, name: str, lang: Lang) -> tuple[str, str]:
    """A part of the score, and how its points count."""
    if axis is None:
        return name, say("ledger.axis", lang)
    if axis.how == "mean":
        return axis.name, say("ledger.mean", lang)
    limit = say("ledger.at_most", lang, n=score(axis.at_most))
    return axis.name, limit if axis.at_most else say("ledger.axis", lang)


def _points(
    opened: Sequence[RuleSum], posted: Sequence[Point], rules: Rules, speaker: Speaker
) -> str:
    return render(
        "ledger_points.html",
        speaker.lang,
        rows=[_line(p, rules.get((p.version, p.rule_id)), speaker) for p in posted],
        total=sum(s.n for s in opened),
        back=sum(s.back for s in opened),
        shown=SHOWN if len(posted) >= SHOWN else 0,
    )


def _line(p: Point, rule: ScoreRule | None, speaker: Speaker) -> Line:
    hall, _, no = p.case_id.partition("/")
    return Line(
        when=speaker.instant(p.at),
        what=about(rule, p.rule_id, speaker.lang),
        detail=details(p.cause, speaker.lang),
        source=rule.source if rule else "",
        points=points(p.points),
        tone="bad" if p.points < 0 else "good" if p.points > 0 else "",
        case=case_href(hall, no) if no else "",
        case_no=sources.names().case_no(hall, no) if no else "",
        gone=p.is_back,
    )
