"""Pushing to one open page: the client is told what changed, its script puts it in place."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping

import structlog
from nicegui import Client, ui

from duban.settings import settings
from projections.dashboard.ask import Away
from projections.dashboard.freshness import business_said
from projections.dashboard.live import live
from projections.dashboard.words import Lang

HEARTBEAT_SECONDS = 3.0  # a page that hears nothing for eight says that the connection is lost
log = structlog.get_logger()


class Page:
    """An open page that pushes go to. `refresh` is called when data has changed."""

    def __init__(self, lang: Lang, hall: str, refresh: Callable[["Page"], Awaitable[None]]) -> None:
        self.lang = lang
        self._refresh = refresh
        self._client: Client = ui.context.client
        self._said: tuple[str, str] | None = None
        self._told_at = 0.0
        self._blocks: dict[str, str] = {}
        self._stale = live.told_at > self._client.created  # changed while it was being built
        self._task: asyncio.Task[None] | None = None
        unwatch = live.watch(hall, self._turn)
        self._client.on_delete(lambda _: unwatch())

    def figures(self, texts: Mapping[str, str], classes: Mapping[str, str]) -> None:
        """Put texts and classes in place, by key."""
        self._run(f"duban.figures({_js(texts)});duban.classes({_js(classes)})")

    def block(self, key: str, html: str) -> None:
        """Replace a block if it differs from what the page was last given."""
        if self._blocks.get(key) != html:
            self._blocks[key] = html
            self._run(f"duban.swap({_js(key)},{_js(html)})")

    def _turn(self, changed: bool) -> None:
        self._stale = self._stale or changed
        if not self._client.has_socket_connection:
            return  # it takes in what it missed once it is connected
        said = live.freshness.said(self.lang)
        if said != self._said or time.monotonic() - self._told_at > HEARTBEAT_SECONDS:
            self._said, self._told_at = said, time.monotonic()
            self._run(f"duban.fresh({_js(said[0])},{_js(said[1])})")
        if self._stale and (self._task is None or self._task.done()):
            self._stale = False
            if business := business_said(live.now, settings().zone, self.lang):
                self.figures({"business": business}, {})
            self._task = asyncio.create_task(self._take_in())

    async def _take_in(self) -> None:
        """Refresh once; a slow page holds up nobody else, and catches up at its next turn."""
        try:
            await self._refresh(self)
        except Away as error:
            self._stale = True
            log.warning("page_not_refreshed", error=str(error)[:200])

    def _run(self, script: str) -> None:
        if self._client.has_socket_connection:
            self._client.run_javascript(script)
        else:  # lost meanwhile: what was meant for it is given to it anew
            self._stale = True
            self._blocks.clear()


def _js(value: object) -> str:
    """A value as a JavaScript literal that is safe inside a script."""
    text = json.dumps(value, ensure_ascii=False)
    return text.replace("</", "<\\/").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
