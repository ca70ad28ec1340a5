"""Frames of pages that are cards: a list below its tools, or any; pushes replace them whole."""

from collections.abc import Awaitable, Callable, Mapping

from fastapi import Request
from nicegui import ui

from projections.dashboard.ask import Away, for_a_page
from projections.dashboard.live import live
from projections.dashboard.push import Page
from projections.dashboard.shell import away, block, shell
from projections.dashboard.words import Lang

Blocks = Callable[[], Awaitable[tuple[str, str]]]
Cards = Callable[[], Awaitable[Mapping[str, str]]]


async def list_page(request: Request, here: str, lang: Lang, hall: str, blocks: Blocks) -> None:
    """Build the page; `blocks` gives the HTML of tools and rows and may raise `Away`."""

    async def cards() -> Mapping[str, str]:
        tools, rows = await blocks()
        return {"tools": tools, "rows": rows}

    await cards_page(request, here, lang, hall, cards)


async def cards_page(request: Request, here: str, lang: Lang, hall: str, cards: Cards) -> None:
    """Build a page of cards, one below the other; `cards` gives the HTML of each and may raise
    `Away`. A card without content is not seen."""
    with shell(request, here, lang, live):
        try:
            async with for_a_page():
                found = await cards()
        except Away:
            away(lang)
            return
        for key, html in found.items():
            with ui.element("section").classes("card"):
                block(key, html)

    async def refresh(page: Page) -> None:
        for key, html in (await cards()).items():
            page.block(key, html)

    Page(lang, hall, refresh)
