"""The frame of a page that is a list: its tools above its rows, both replaced by pushes."""

from collections.abc import Awaitable, Callable

from fastapi import Request
from nicegui import ui

from projections.dashboard.ask import Away
from projections.dashboard.live import live
from projections.dashboard.push import Page
from projections.dashboard.render import render
from projections.dashboard.shell import block, shell
from projections.dashboard.words import Lang

Blocks = Callable[[], Awaitable[tuple[str, str]]]


async def list_page(request: Request, here: str, lang: Lang, hall: str, blocks: Blocks) -> None:
    """Build the page; `blocks` gives the HTML of tools and rows and may raise `Away`."""
    with shell(request, here, lang, live):
        try:
            tools, rows = await blocks()
        except Away:
            ui.html(render("away.html", lang), sanitize=False)
            return
        with ui.element("section").classes("card"):
            block("tools", tools)
        with ui.element("section").classes("card"):
            block("rows", rows)

    async def refresh(page: Page) -> None:
        fresh_tools, fresh_rows = await blocks()
        page.block("tools", fresh_tools)
        page.block("rows", fresh_rows)

    Page(lang, hall, refresh)
