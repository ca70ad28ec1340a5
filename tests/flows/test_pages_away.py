"""What a first look at a page says when the warehouse does not answer, or is not there at all."""

import html
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.stack import Stack, new_stack, wait_for

PAGES = ("/", "/cases", "/alerts", "/cases/sujiatun/2026-0001")
AWAY = "数据仓库暂时连不上，正在重试"
SLOW_PAGE = """
import asyncio, pathlib, sys
from fastapi import FastAPI
from fastapi.testclient import TestClient
from nicegui import ui
from projections.dashboard import faults

@ui.page("/slow", response_timeout=0.01)
async def slow():
    await asyncio.sleep(60)

app = FastAPI()
faults.install()
ui.run_with(app, show_welcome_message=False)
with TestClient(app) as client:
    answer = client.get("/slow")
pathlib.Path(sys.argv[1]).write_text(f"{answer.status_code} {answer.text}", "utf-8")
"""


@pytest.fixture(scope="module")
def screens(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The dashboard and what it needs, without a case."""
    parts = "broker,topics,apply,warehouse,sink,dashboard"
    made = new_stack(tmp_path_factory.mktemp("away") / "data", parts=parts)
    try:
        yield made.start()
    finally:
        made.stop()


def look(stack: Stack, path: str) -> tuple[int, str]:
    """Status and text of a page, as a browser that is signed in gets them."""
    token = stack.settings.dashboard_token.get_secret_value()
    headers = {"Authorization": f"Bearer {token}", "Accept": "text/html"}
    answer = httpx.get(stack.url("dashboard") + path, headers=headers, timeout=60)
    return answer.status_code, html.unescape(answer.text)


def assert_says_it_is_away(stack: Stack, path: str) -> None:
    status, text = look(stack, path)
    assert (status, AWAY in text) == (503, True), path
    assert "督办" in text
    assert "error" not in text.lower().partition("<body")[2].partition("<script")[0]
    assert "response_timeout" not in text


def restart_dashboard(stack: Stack) -> None:
    """Another process, which has never had an answer from the warehouse."""
    old = stack.kill("dashboard")
    wait_for(lambda: stack.pid("dashboard") != old, "the dashboard is started again")
    wait_for(lambda: _serves(stack), "the dashboard serves")


def _serves(stack: Stack) -> bool:
    try:
        return httpx.get(stack.url("dashboard") + "/healthz").status_code == 200
    except httpx.TransportError:
        return False


@pytest.mark.stack
def test_a_first_look_says_so_when_the_warehouse_hangs(screens: Stack) -> None:
    screens.kill("warehouse", signal.SIGSTOP)
    try:
        restart_dashboard(screens)
        for path in PAGES:
            assert_says_it_is_away(screens, path)
    finally:
        screens.kill("warehouse", signal.SIGCONT)
    for path in PAGES:
        wait_for(lambda path=path: look(screens, path)[0] == 200, f"{path} is back")


@pytest.mark.stack
def test_a_first_look_says_so_when_the_warehouse_is_gone(screens: Stack) -> None:
    assert screens.process is not None
    screens.process.send_signal(signal.SIGSTOP)  # nobody starts it again meanwhile
    try:
        screens.kill("warehouse")
        for path in PAGES[1:]:
            assert_says_it_is_away(screens, path)
        assert look(screens, "/")[0] in (200, 503)  # it may have figures of before
    finally:
        screens.process.send_signal(signal.SIGCONT)
    for path in PAGES:
        wait_for(lambda path=path: look(screens, path)[0] == 200, f"{path} is back", 120)


def test_a_page_that_the_framework_gives_up_is_told_in_our_own_words(tmp_path: Path) -> None:
    answer = tmp_path / "answer.html"
    subprocess.run([sys.executable, "-c", SLOW_PAGE, str(answer)], check=True, timeout=60)
    text = html.unescape(answer.read_text(encoding="utf-8"))
    assert text.startswith("500")
    assert "出了点问题" in text
    assert "response_timeout" not in text
    assert "Server error" not in text
