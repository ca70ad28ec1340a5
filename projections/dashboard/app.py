"""The dashboard's process: FastAPI with the door in front, NiceGUI pages and the API behind it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import FastAPI, Form, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from nicegui import ui

from projections.api import acknowledge, answers, doors, notes, record, stream
from projections.api.hub import the_hub
from projections.dashboard import (
    alerts,
    case,
    cases,
    faults,
    ledger,
    measures,
    overview,
    ranking,
    recording,
)
from projections.dashboard.ask import Away
from projections.dashboard.backlog import backlog
from projections.dashboard.live import live
from projections.dashboard.render import render, stylesheet
from projections.dashboard.shell import HTML_LANG, LANGUAGE_COOKIE, language
from projections.dashboard.sources import keep_names, read_names
from projections.dashboard.words import HERE

PAGES = (overview, cases, case, alerts, ranking, ledger, measures, recording)
NAMES_SECONDS = 3  # that the first page waits for names; without a broker it shows ids
# A clock strip: counted, then over, with the due tick between.
ICON = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
<rect y="11" width="32" height="10" rx="4" fill="#1f5fae"/>
<path d="M20 11h8a4 4 0 0 1 4 4v2a4 4 0 0 1-4 4h-8z" fill="#c8321f"/>
<rect x="19" y="7" width="2" height="18" fill="#1d2733"/></svg>"""
YEAR_SECONDS = 365 * 24 * 3600


@asynccontextmanager
async def _life(_: FastAPI) -> AsyncIterator[None]:
    await asyncio.wait([asyncio.create_task(read_names())], timeout=NAMES_SECONDS)
    names = asyncio.create_task(keep_names())
    backlog.start()
    live.start()
    the_hub().start()
    yield
    await the_hub().stop()
    await live.stop()
    await backlog.stop()
    names.cancel()


def build() -> FastAPI:
    """The application, ready to be served."""
    app = FastAPI(title="Duban", lifespan=_life, docs_url=None, redoc_url=None)
    app.add_middleware(doors.Door)
    app.mount("/static", StaticFiles(directory=HERE / "static"), "static")
    app.add_api_route("/healthz", healthz)
    app.add_api_route("/login", login_page, response_class=HTMLResponse)
    app.add_api_route("/login", login, methods=["POST"])
    app.add_api_route("/logout", logout)
    app.add_api_route("/language", choose_language)
    app.add_api_route("/cases.csv", cases.export)
    for part in (stream, acknowledge, record, answers):
        app.include_router(part.router, prefix="/api/v1")
    app.add_exception_handler(Away, answers.away)
    app.add_exception_handler(RequestValidationError, answers.unreadable)
    faults.install()
    ui.run_with(
        app,
        title="督办",
        favicon=ICON,
        show_welcome_message=False,
        reconnect_timeout=20,
        tailwind=False,
    )
    return app


async def healthz() -> Response:
    """200 as long as the process serves."""
    return JSONResponse({"ready": True, "data": live.freshness.state})


async def login_page(request: Request, next: str = "/", wrong: bool = False) -> Response:
    """The login page."""
    lang = language(request)
    page = render(
        "login.html",
        lang,
        html_lang=HTML_LANG[lang],
        css=stylesheet(),
        next=_inside(next),
        wrong=wrong,
    )
    return HTMLResponse(page, 401 if wrong else 200)


async def login(
    request: Request, token: Annotated[str, Form()], next: Annotated[str, Form()] = "/"
) -> Response:
    """Let in who shows the token; the session ends after twelve hours."""
    if not doors.token_is_right(token.strip()):
        notes.note("login refused", _from(request))
        return await login_page(request, next, wrong=True)
    notes.note("logged in", _from(request))
    answer = RedirectResponse(_inside(next), 303)
    answer.set_cookie(
        doors.COOKIE,
        doors.new_session(),
        max_age=doors.SESSION_SECONDS,
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )
    return answer


async def logout() -> Response:
    """End the session in this browser."""
    answer = RedirectResponse("/login", 303)
    answer.delete_cookie(doors.COOKIE)
    return answer


async def choose_language(to: str = "zh", next: str = "/") -> Response:
    """Remember a language in this browser, and go back to the page."""
    answer = RedirectResponse(_inside(next), 303)
    chosen = "en" if to == "en" else "zh"
    answer.set_cookie(LANGUAGE_COOKIE, chosen, max_age=YEAR_SECONDS, samesite="lax")
    return answer


def _from(request: Request) -> dict[str, str]:
    return {"address": request.client.host if request.client else ""}


def _inside(path: str) -> str:
    """A path on this host; anything that could lead elsewhere becomes the first page."""
    safe = path.startswith("/") and not path.startswith(("//", "/\\")) and "\n" not in path
    return path if safe else "/"
