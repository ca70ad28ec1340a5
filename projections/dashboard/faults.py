"""What a page says when something went wrong: a kind sentence and the way back, in its language."""

import structlog
from fastapi.responses import HTMLResponse, JSONResponse
from nicegui import app as pages
from nicegui import page as building
from nicegui import ui
from starlette.requests import Request
from starlette.responses import Response

from projections.dashboard.render import render, stylesheet
from projections.dashboard.shell import HTML_LANG, language
from projections.dashboard.words import say

log = structlog.get_logger()


def install() -> None:
    """Take the place of NiceGUI's own error pages."""
    pages.add_exception_handler(404, _not_found)
    pages.add_exception_handler(Exception, _failed)
    # What it says of a page it gave up building has no hook; the name it calls is all there is.
    building.error_content = _given_up  # type: ignore[attr-defined]  # not among its exports


def _given_up(status_code: int, exception: str | Exception = "") -> None:
    """The page in place of one that was not built in time."""
    request = ui.context.client.request
    log.error(
        "page_given_up", path=request.url.path, status=status_code, error=str(exception)[:300]
    )
    lang = language(request)
    ui.add_head_html(render("head.html", lang, html_lang=HTML_LANG[lang]))
    ui.html(render("given_up.html", lang, sentence=say("ui.failed", lang)), sanitize=False)


async def _not_found(request: Request, _: Exception) -> Response:
    return _answer(request, 404, "ui.not_found")


async def _failed(request: Request, error: Exception) -> Response:
    log.error("page_failed", path=request.url.path, error=repr(error)[:300])
    return _answer(request, 500, "ui.failed")


def _answer(request: Request, status: int, key: str) -> Response:
    lang = language(request)
    if "text/html" not in request.headers.get("accept", ""):
        return JSONResponse({"error": say(key, "en")}, status)
    values = {"html_lang": HTML_LANG[lang], "css": stylesheet(), "sentence": say(key, lang)}
    return HTMLResponse(render("fault.html", lang, **values), status)
