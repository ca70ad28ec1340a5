"""The first page: six figures, the trend, windows by on-time rate, what is overdue or nearly so."""

from typing import Any
from urllib.parse import quote

from nicegui import ui
from starlette.requests import Request

from projections.dashboard import sources
from projections.dashboard.ask import Away, for_a_page
from projections.dashboard.cards import Card, cards
from projections.dashboard.chart import trend
from projections.dashboard.figures import DayFlow, Overview
from projections.dashboard.live import live
from projections.dashboard.push import Page
from projections.dashboard.render import render
from projections.dashboard.rows import MINIMUM, due_list, ranking
from projections.dashboard.sentences import Speaker
from projections.dashboard.shell import BUILT_WITHIN, away, block, hall_chips, language, shell
from projections.dashboard.words import Lang, say


class OverviewPage:
    """One open overview: what it shows, and how it takes in new figures."""

    def __init__(self, lang: Lang, hall: str) -> None:
        self.lang, self.hall = lang, hall
        self._flow: tuple[DayFlow, ...] = ()
        self._chart: Any = None

    def blocks(self, overview: Overview) -> dict[str, str]:
        """HTML of the parts that are replaced whole."""
        names = sources.names()
        speaker = Speaker(self.lang, overview.now, names.calendar(self.hall))
        lines, low = ranking(overview.windows, names)
        unranked = sum(w.judged < MINIMUM for w in overview.windows)
        return {
            "due": render("due.html", self.lang, **due_list(overview, speaker, names, self.hall)),
            "windows": render(
                "windows.html",
                self.lang,
                rows=lines,
                low=low,
                unranked=unranked,
                minimum=MINIMUM,
            ),
        }

    def cards(self, overview: Overview) -> list[Card]:
        """The six figures."""
        speaker = Speaker(self.lang, overview.now, sources.names().calendar(self.hall))
        return cards(overview.counts, speaker, self.hall)

    def build(self, overview: Overview) -> None:
        """Lay the page out."""
        kpis = render("kpis.html", self.lang, cards=self.cards(overview))
        block("kpis", kpis, "kpis")
        blocks = self.blocks(overview)
        with ui.element("div").classes("two"):
            with ui.element("section").classes("card charted"):
                self._heading("overview.trend", "overview.trend_note")
                self._flow = overview.flow
                self._chart = ui.echart(trend(overview.flow, self.lang)).classes("chart")
            with ui.element("section").classes("card"):
                self._heading("overview.windows", "overview.windows_note", n=MINIMUM)
                block("windows", blocks["windows"])
        with ui.element("section").classes("card"):
            self._heading("overview.overdue", "overview.overdue_note")
            block("due", blocks["due"])

    async def refresh(self, page: Page) -> None:
        """Take in new figures in place."""
        overview = await live.overview(self.hall)
        texts, tones = {}, {}
        for card in self.cards(overview):
            texts[f"{card.key}.value"] = card.value
            texts[f"{card.key}.parts"] = card.parts
            texts[f"{card.key}.compared"] = card.compared
            tones[f"{card.key}.tone"] = f"num {card.tone}"
        page.figures(texts, tones)
        for key, html in self.blocks(overview).items():
            page.block(key, html)
        if overview.flow != self._flow:
            self._flow = overview.flow
            self._chart.options.update(trend(overview.flow, self.lang))
            self._chart.update()

    def _heading(self, key: str, note: str, **parts: object) -> None:
        html = render("heading.html", self.lang, key=key, note=say(note, self.lang, **parts))
        ui.html(html, sanitize=False)


def _address(hall: str) -> str:
    return f"/?hall={quote(hall)}" if hall else "/"


@ui.page("/", response_timeout=BUILT_WITHIN)
async def overview_page(request: Request) -> None:
    """The overview of all halls, or of `?hall=`."""
    lang, hall = language(request), request.query_params.get("hall", "")
    page = OverviewPage(lang, hall)
    with shell(request, "overview", lang, live):
        try:
            async with for_a_page():
                overview = await live.overview(hall)
                halls = await hall_chips(hall, _address, lang)
        except Away:
            away(lang)
            return
        ui.html(render("halls.html", lang, halls=halls), sanitize=False)
        page.build(overview)
    Page(lang, hall, page.refresh)
