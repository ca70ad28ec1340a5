"""One case: who, what, promise, signal; its clocks; what happened; why it is due when it is."""

from fastapi import Request
from nicegui import ui

from duban.assess import Assessment
from projections.dashboard import sources
from projections.dashboard.ask import Away, for_a_page
from projections.dashboard.case_file import case_file
from projections.dashboard.case_group import group
from projections.dashboard.case_view import head, legend, lines_of_clocks, story
from projections.dashboard.derivation import assessed, derivation
from projections.dashboard.figures import CaseFile
from projections.dashboard.live import live
from projections.dashboard.outcomes import delay, told
from projections.dashboard.push import Page
from projections.dashboard.render import render
from projections.dashboard.sentences import Speaker
from projections.dashboard.shell import BUILT_WITHIN, away, block, language, shell
from projections.dashboard.steps import next_steps, reviews_to_open
from projections.dashboard.words import Lang, name_of


@ui.page("/cases/{hall}/{no:path}", response_timeout=BUILT_WITHIN)
async def case_page(request: Request, hall: str, no: str) -> None:
    """The page of one case."""
    lang = language(request)
    with shell(request, "cases", lang, live):
        try:
            async with for_a_page():
                parts = await blocks(hall, no, lang)
        except Away:
            away(lang)
            return
        with ui.element("section").classes("card"):
            block("head", parts["head"])
        with ui.element("div").classes("two even"):
            with ui.element("section").classes("card"):
                block("story", parts["story"])
            with ui.element("section").classes("card"):
                block("days", parts["days"])

    async def refresh(page: Page) -> None:
        for key, html in (await blocks(hall, no, lang)).items():
            page.block(key, html)

    Page(lang, "", refresh)


async def blocks(hall: str, no: str, lang: Lang) -> dict[str, str]:
    """HTML of the page's three parts. Raises `Away`."""
    found = await case_file(hall, f"{hall}/{no}")
    if found is None:
        missing = render("case_missing.html", lang)
        return {"head": missing, "story": "", "days": ""}
    names = sources.names()
    speaker = Speaker(lang, await sources.business_now(), names.calendar(hall))
    seen = assessed(found, speaker.now)
    lines = story(found, speaker, names, told(seen, speaker))
    days = {**derivation(seen, speaker), **delay(seen, speaker, names, hall)}
    around = await group(found, speaker, names)
    parts = "" if around.empty else render("case_group.html", lang, group=around)
    return {
        "head": _head(found, seen, speaker, _steps(hall, no, seen, lang)) + parts,
        "story": render("case_story.html", lang, lines=lines),
        "days": render("case_days.html", lang, **days),
    }


def _steps(hall: str, no: str, seen: Assessment | None, lang: Lang) -> list[tuple[str, str]]:
    """What may be recorded next of a matter of the case, or of a bad rating: words, address."""
    if seen is None:
        return []
    steps = next_steps(hall, no, seen.standing)
    counted = (fact for fact in seen.standing if fact.event_id not in seen.set_aside)
    reviews = reviews_to_open(hall, no, counted, seen.view.window_id)
    return [(name_of("happened", step, lang), href) for step, href in (*steps, *reviews)]


def _head(
    found: CaseFile, seen: Assessment | None, speaker: Speaker, steps: list[tuple[str, str]]
) -> str:
    names, lines = sources.names(), lines_of_clocks(found.clocks, speaker)
    return render(
        "case_head.html",
        speaker.lang,
        head=head(found, speaker, names, seen.view.begun if seen else ""),
        clocks=lines,
        legend=legend(lines),
        steps=steps,
    )
