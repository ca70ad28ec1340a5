"""The one door of the dashboard and its API: a token, or the session cookie a login gave.

A session is `expiry.signature`; the signing key is drawn from the access key and the token, so a
new token ends every session. Everything but the login page and `/healthz` needs one of the two.
"""

import hashlib
import hmac
import time
from http.cookies import CookieError, SimpleCookie
from urllib.parse import quote

from starlette.datastructures import Headers
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from duban.settings import settings

COOKIE = "duban_session"
SESSION_SECONDS = 12 * 3600
OPEN_PATHS = frozenset({"/login", "/healthz", "/favicon.ico"})


def token_is_right(shown: str) -> bool:
    """Compare a shown token with the dashboard's, in constant time; unset lets nobody in."""
    known = settings().dashboard_token.get_secret_value()
    return bool(known) and hmac.compare_digest(shown.encode(), known.encode())


def new_session(now: float | None = None) -> str:
    """A signed session that ends after `SESSION_SECONDS`."""
    expiry = str(int((time.time() if now is None else now) + SESSION_SECONDS))
    return f"{expiry}.{_signature(expiry)}"


def session_is_good(session: str, now: float | None = None) -> bool:
    """Whether a session was signed here and has not ended."""
    if not has_secrets():
        return False
    expiry, _, signature = session.partition(".")
    if not hmac.compare_digest(signature.encode(), _signature(expiry).encode()):
        return False
    return int(expiry) > (time.time() if now is None else now)


def has_secrets() -> bool:
    """Whether the key that signs sessions and the token that opens them are set."""
    s = settings()
    return bool(s.access_key.get_secret_value() and s.dashboard_token.get_secret_value())


def _signature(text: str) -> str:
    s = settings()
    secret = s.access_key.get_secret_value() + "\n" + s.dashboard_token.get_secret_value()
    key = hashlib.sha256(b"duban session\n" + secret.encode()).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


class Door:
    """ASGI middleware that lets in who shows the token or a session, over HTTP and WebSocket."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer it here."""
        if scope["type"] not in ("http", "websocket") or scope["path"] in OPEN_PATHS:
            await self.app(scope, receive, send)
            return
        if _same_site(scope) and self._known(Headers(scope=scope)):
            await self.app(scope, receive, send)
            return
        refusal = _refusal(scope) if scope["type"] == "http" else WebSocketClose(code=4401)
        await refusal(scope, receive, send)

    def _known(self, headers: Headers) -> bool:
        scheme, _, shown = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return token_is_right(shown.strip())
        return session_is_good(_cookie(headers.get("cookie", "")))


def _cookie(header: str) -> str:
    try:
        morsel = SimpleCookie(header).get(COOKIE)
    except CookieError:
        return "0."
    return morsel.value if morsel else "0."


def _same_site(scope: Scope) -> bool:
    """A WebSocket carries cookies from any page, so its origin must be this very host."""
    if scope["type"] != "websocket":
        return True
    headers = Headers(scope=scope)
    origin = headers.get("origin")
    return origin is None or origin.split("://", 1)[-1] == headers.get("host")


def _refusal(scope: Scope) -> Response:
    path: str = scope["path"]
    if path.startswith("/api/") or scope["method"] != "GET":
        return JSONResponse(
            {"error": "Authorization: Bearer <token> is needed; `duban up` prints the token."},
            status_code=401,
            headers={"WWW-Authenticate": "Bearer"},
        )
    query = scope.get("query_string", b"").decode("latin-1")
    wanted = quote(path + (f"?{query}" if query else ""), safe="/")
    return RedirectResponse(f"/login?next={wanted}", status_code=303)
