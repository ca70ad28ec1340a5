"""What changes while a page is being built, or is away for a moment, reaches it all the same."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from nicegui import Client
from nicegui.page import page as address

from projections.dashboard import push
from projections.dashboard.live import Live
from projections.dashboard.push import Page


def nothing() -> None:
    pass


class Opened:
    """An open page with one block; `pushed` is what its browser would be told."""

    def __init__(self, live: Live, while_built: Callable[[], Any] = nothing) -> None:
        self._live = live
        self.read = 0
        self.while_read: Callable[[], Any] = nothing
        self.pushed: list[str] = []
        self._client: Any = Client(address("/opened"))
        self._client.run_javascript = self.pushed.append
        while_built()
        with self._client:
            Page("zh", "", self._refresh)

    async def _refresh(self, page: Page) -> None:
        self.read += 1
        self.while_read()
        page.block("rows", "<p>new</p>")

    def connect(self) -> None:
        self._client.tab_id = "tab"

    def lose(self) -> None:
        self._client.tab_id = None

    def turn(self, changed: bool = False) -> None:
        """A turn of the poller, and all that follows from it."""

        async def turned() -> None:
            self._live._tell(changed)
            await asyncio.gather(*(asyncio.all_tasks() - {asyncio.current_task()}))

        asyncio.run(turned())

    def swapped(self) -> int:
        return sum("duban.swap" in script for script in self.pushed)


@pytest.fixture
def live(monkeypatch: pytest.MonkeyPatch) -> Live:
    made = Live()
    monkeypatch.setattr(push, "live", made)
    return made


def test_a_page_is_read_again_when_something_changed_and_only_then(live: Live) -> None:
    page = Opened(live)
    page.connect()
    page.turn()
    assert (page.read, page.swapped()) == (0, 0)
    page.turn(changed=True)
    page.turn()
    assert (page.read, page.swapped()) == (1, 1)


def test_what_changes_while_a_page_is_being_built_is_taken_in_at_its_connection(live: Live) -> None:
    page = Opened(live, while_built=lambda: live._tell(True))
    page.turn()
    assert page.read == 0
    page.connect()
    page.turn()
    page.turn()
    assert (page.read, page.swapped()) == (1, 1)


def test_what_changes_before_a_page_is_connected_is_taken_in_then(live: Live) -> None:
    page = Opened(live)
    page.turn(changed=True)
    assert (page.read, page.pushed) == (0, [])
    page.connect()
    page.turn()
    assert (page.read, page.swapped()) == (1, 1)


def test_a_page_that_was_lost_while_it_was_read_is_given_everything_when_it_is_back(
    live: Live,
) -> None:
    page = Opened(live)
    page.connect()
    page.while_read = page.lose
    page.turn(changed=True)
    assert (page.read, page.swapped()) == (1, 0)
    page.while_read = nothing
    page.connect()
    page.turn()
    assert (page.read, page.swapped()) == (2, 1)


def test_figures_that_a_change_has_overtaken_are_not_kept(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = iter(["of before", "of after"])

    async def now() -> int:
        return 0

    async def compute(_now: int, _hall: str) -> str:
        said = next(told)
        if said == "of before":
            live.overviews = {}  # a turn of the poller meanwhile
        return said

    monkeypatch.setattr("projections.dashboard.live.sources.business_now", now)
    monkeypatch.setattr("projections.dashboard.live.compute", compute)
    assert asyncio.run(live.overview("h")) == "of before"
    assert asyncio.run(live.overview("h")) == "of after"
