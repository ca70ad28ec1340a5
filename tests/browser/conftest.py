"""A stack with a scene on it, a Chromium, and pages that are signed in."""

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from duban.bus import Producer
from tests.browser.scene import facts
from tests.rest import wait_stored
from tests.stack import Stack, new_stack

SHOTS = Path(__file__).parent / "shots"
LONGEST = 4_000  # px
SIZES = {"wide": (1920, 1080), "phone": (390, 844)}
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A system Chromium; the tests are skipped where there is none.

    It ends with its module: playwright keeps an event loop running in this thread, and later tests
    want loops of their own.
    """
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("no chromium on this machine: apt-get install chromium fonts-noto-cjk")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def scene(
    tmp_path_factory: pytest.TempPathFactory, outside: dict[str, str] | None
) -> Iterator[Stack]:
    """A stack of its own, on which the scene has been told and has arrived."""
    made = new_stack(tmp_path_factory.mktemp("screens") / "data", outside=outside)
    try:
        made.start()
        with made.here():
            events = list(facts(int(time.time() * 1000)))
            with Producer() as producer:
                producer.send_many(events)
        expected = len({e.subject_id for e in events})
        ended = len({e.subject_id for e in events if e.type == "DecisionMade"})
        with made.here():
            wait_stored(lambda: _arrived(made) == (expected, ended), "the scene has arrived")
        yield made
    finally:
        made.stop()


def _arrived(stack: Stack) -> tuple[int, int]:
    (row,) = ask(stack, "/metrics/case_outcomes")["rows"]
    return row["cases"], row["cases"] - row["open"]


def ask(stack: Stack, path: str) -> dict:  # type: ignore[type-arg]  # JSON
    """A question to the API."""
    token = stack.settings.dashboard_token.get_secret_value()
    headers = {"Authorization": f"Bearer {token}"}
    answer = httpx.get(stack.url("dashboard") + "/api/v1" + path, headers=headers, timeout=20)
    answer.raise_for_status()
    return answer.json()  # type: ignore[no-any-return]  # an object


Open = Callable[[str, str], Page]


@pytest.fixture
def open_page(chromium: Browser, scene: Stack) -> Iterator[Open]:
    """Open an address, signed in, at a size ("wide", "phone"); any foreign request fails."""
    base = scene.url("dashboard")
    foreign: list[str] = []
    contexts = []

    def open_(address: str, size: str = "wide") -> Page:
        width, height = SIZES[size]
        context = chromium.new_context(viewport={"width": width, "height": height}, locale="zh-CN")
        contexts.append(context)
        page = context.new_page()
        own = (base, base.replace("http", "ws"), "data:")
        page.on("request", lambda r: None if r.url.startswith(own) else foreign.append(r.url))
        page.on("pageerror", lambda error: foreign.append(f"script error: {error}"))
        page.goto(f"{base}/login")
        page.fill("#token", scene.settings.dashboard_token.get_secret_value())
        page.click("button[type=submit]")
        page.goto(base + address)
        page.wait_for_selector("#main:not(:has([data-reload])) .card")
        page.wait_for_function("document.fonts.status === 'loaded'")
        page.wait_for_timeout(700)  # the chart is drawn once the socket is there
        return page

    yield open_
    for context in contexts:
        context.close()
    assert foreign == []


def shoot(page: Page, name: str) -> None:
    """Keep what the page looks like, whole where it is not too long."""
    SHOTS.mkdir(exist_ok=True)
    height = page.evaluate("document.documentElement.scrollHeight")
    page.screenshot(path=SHOTS / f"{name}.png", full_page=height < LONGEST)
