"""One case: who, what, promise, signal; its clocks; what happened; why it is due when it is."""

from fastapi import Request
from nicegui import ui

from projections.dashboard import sources
from projections.dashboard.ask import Away
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
from projections.dashboard.shell import block, language, shell
from projections.dashboard.words import Lang


@ui.page("/cases/{hall}/{no:path}")
async def case_page(request: Request, hall: str, no: str) -> None:
    """The page of one case."""
    lang = language(request)
    with shell(request, "cases", lang, live):
        try:
            parts = await blocks(hall, no, lang)
        except Away:
            ui.html(render("away.html", lang), sanitize=False)
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
        "head": _head(found, speaker) + parts,
        "story": render("case_story.html", lang, lines=lines),
        "days": render("case_days.html", lang, **days),
    }


def _head(found: CaseFile, speaker: Speaker) -> str:
    names, lines = sources.names(), lines_of_clocks(found.clocks, speaker)
    return render(
        "case_head.html",
        speaker.lang,
        head=head(found, speaker, names),
        clocks=lines,
        legend=legend(lines),
    )
