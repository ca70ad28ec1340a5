"""The door of the dashboard: who comes in and who is sent to the login; places in a stream."""

import time
from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from duban.settings import settings
from projections.api import doors
from projections.api.places import from_text, to_text

TOKEN = "dbn_test_token"


async def inside(_: Request) -> PlainTextResponse:
    return PlainTextResponse("in")


async def socket(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text("in")
    await websocket.close()


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    monkeypatch.setenv("DUBAN_DASHBOARD_TOKEN", TOKEN)
    monkeypatch.setenv("DUBAN_ACCESS_KEY", "key")
    settings.cache_clear()
    paths = ["/", "/api/v1/cases", "/login", "/healthz"]
    routes = [Route(path, inside, methods=["GET", "POST"]) for path in paths]
    app = Starlette(routes=[*routes, WebSocketRoute("/ws", socket)])
    with TestClient(doors.Door(app), follow_redirects=False) as made:
        yield made
    settings.cache_clear()


def with_session(session: str) -> dict[str, str]:
    return {"cookie": f"{doors.COOKIE}={session}"}


def test_a_stranger_is_sent_to_the_login_and_back_to_where_he_wanted(client: TestClient) -> None:
    answer = client.get("/?hall=a")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/login?next=/%3Fhall%3Da"


def test_the_api_refuses_a_stranger_in_json(client: TestClient) -> None:
    answer = client.get("/api/v1/cases")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert "error" in answer.json()


def test_login_and_health_are_open(client: TestClient) -> None:
    assert client.get("/login").text == "in"
    assert client.get("/healthz").text == "in"


def test_the_token_opens_as_bearer_and_a_wrong_one_does_not(client: TestClient) -> None:
    right = {"authorization": f"Bearer {TOKEN}"}
    assert client.get("/api/v1/cases", headers=right).text == "in"
    for wrong in ("Bearer x", "Bearer ", f"Basic {TOKEN}", "Bearer 令牌"):
        headers = {"authorization": wrong.encode()}
        assert client.get("/api/v1/cases", headers=headers).status_code == 401  # type: ignore[arg-type]  # httpx takes bytes


def test_a_session_opens_until_it_ends(client: TestClient) -> None:
    assert client.get("/", headers=with_session(doors.new_session())).text == "in"
    ended = doors.new_session(time.time() - doors.SESSION_SECONDS - 1)
    assert client.get("/", headers=with_session(ended)).status_code == 303


def test_a_changed_session_does_not_open(client: TestClient) -> None:
    expiry, _, signature = doors.new_session().partition(".")
    for forged in (
        f"{int(expiry) + 9}.{signature}",
        f"{expiry}.",
        "x",
        ".",
        f"{expiry}.{'0' * 64}",
    ):
        assert client.get("/", headers=with_session(forged)).status_code == 303


def test_a_new_token_ends_every_session(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = doors.new_session()
    monkeypatch.setenv("DUBAN_DASHBOARD_TOKEN", "another")
    settings.cache_clear()
    assert client.get("/", headers=with_session(session)).status_code == 303


def test_without_a_token_nobody_comes_in(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DUBAN_DASHBOARD_TOKEN", "")
    settings.cache_clear()
    answer = client.get("/api/v1/cases", headers={"authorization": "Bearer "})
    assert answer.status_code == 401


def test_a_socket_needs_a_session_and_this_very_host(client: TestClient) -> None:
    good = with_session(doors.new_session())
    with client.websocket_connect("/ws", headers=good) as connected:
        assert connected.receive_text() == "in"
    own = {**good, "origin": "http://testserver"}
    with client.websocket_connect("/ws", headers=own) as connected:
        assert connected.receive_text() == "in"
    for headers in ({}, {**good, "origin": "http://elsewhere"}):
        with pytest.raises(WebSocketDisconnect), client.websocket_connect("/ws", headers=headers):
            pass


def test_a_place_is_text_and_back() -> None:
    assert to_text({1: 7, 0: 12}) == "0:12,1:7"
    assert from_text("0:12,1:7") == {0: 12, 1: 7}
    for wrong in ("", "0", "a:1", "0:-1", "0:1,,"):
        with pytest.raises(ValueError, match="no place"):
            from_text(wrong)
