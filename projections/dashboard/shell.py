"""What stands around every page: head, navigation, freshness pill, language, styles and script."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import quote

from nicegui import ui
from starlette.requests import Request

from duban.settings import settings
from projections.dashboard import sources
from projections.dashboard.ask import PAGE_SECONDS
from projections.dashboard.freshness import business_said
from projections.dashboard.live import Live
from projections.dashboard.render import render
from projections.dashboard.words import Lang, say

# NiceGUI's own limit for building a page ends in its own English words; ours (`for_a_page`) is long
# past by then and ends in `away`.
BUILT_WITHIN = 6 * PAGE_SECONDS
LANGUAGE_COOKIE = "duban_lang"
PAGES = (
    ("overview", "/"),
    ("cases", "/cases"),
    ("alerts", "/alerts"),
    ("evaluation", "/ranking"),
)
HallChip = tuple[str, str, bool]
HTML_LANG = {"zh": "zh-CN", "en": "en"}


def language(request: Request) -> Lang:
    """The language of a request: the cookie's, else the settings'."""
    chosen = request.cookies.get(LANGUAGE_COOKIE, settings().language)
    return "en" if chosen == "en" else "zh"


@contextmanager
def shell(request: Request, here: str, lang: Lang, live: Live) -> Iterator[None]:
    """Head of a page; what is made inside stands in its sheet."""
    title = say("ui.brand", lang)
    ui.page_title(f"{say(f'ui.{here}', lang)} · {title}")
    ui.add_head_html(render("head.html", lang, html_lang=HTML_LANG[lang]))
    text, state = live.freshness.said(lang)
    path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    bar = render(
        "bar.html",
        lang,
        pages=PAGES,
        here=here,
        fresh_text=text,
        fresh_state=state,
        business=business_said(live.now, settings().zone, lang),
        other="en" if lang == "zh" else "zh",
        path=quote(path, safe="/"),
    )
    ui.html(bar, sanitize=False)
    with ui.element("div").props("id=main").classes("sheet"):
        yield


def away(lang: Lang) -> None:
    """What a page shows that got no figures: the warehouse is away, and it tries again itself."""
    ui.html(render("away.html", lang), sanitize=False)
    ui.context.client.status_code = 503


def block(key: str, html: str, classes: str = "") -> None:
    """A part of a page that pushes may replace as a whole (`duban.swap`)."""
    ui.html(html, sanitize=False).props(f'data-b="{key}"').classes(classes)


async def hall_chips(chosen: str, url: Callable[[str], str], lang: Lang) -> list[HallChip]:
    """(name, address, chosen) to choose a hall by; empty where there is only one. Raises `Away`."""
    halls, names = await sources.halls(), sources.names()
    if len(halls) < 2:
        return []
    every = (say("ui.all_halls", lang), url(""), not chosen)
    return [every, *((names.hall(hall), url(hall), hall == chosen) for hall in halls)]
