"""Subscriptions and webhooks on a real stack: signed, at least once, through a kill, no history."""

import json
import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from duban.bus import read_all
from duban.vault import FILE
from duban.webhook import verify
from tests.flows.test_api import late_case, new_hall
from tests.stack import Stack, wait_for

pytestmark = pytest.mark.stack

SECRET = "s3cret"


@dataclass
class Receiver:
    """A supervisor's own system: keeps what it got, answers as it is told to."""

    url: str
    status: int = 204
    got: list[dict[str, Any]] = field(default_factory=list)
    genuine: list[bool] = field(default_factory=list)
    refused: int = 0

    def ids(self) -> list[str]:
        """Ids under which doubles collapse, in order of coming."""
        return [body["event_id"] for body in self.got]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["content-length"]))
            if made.status < 300:
                stamp, shown = self.headers["X-Duban-Timestamp"], self.headers["X-Duban-Signature"]
                made.genuine.append(verify(SECRET, stamp, content, shown))
                made.got.append(json.loads(content))
            else:
                made.refused += 1
            self.send_response(made.status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made = Receiver(f"http://127.0.0.1:{server.server_address[1]}/hook")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield made
    server.shutdown()
    server.server_close()


def subscribe(stack: Stack, receiver: Receiver, hall: str, *more: str) -> str:
    name = f"s-{uuid.uuid4().hex[:6]}"
    options = ("--name", name, "--hall", hall, "--webhook", receiver.url, "--secret", SECRET)
    stack.json("subscription", "add", *options, *more)
    return name


def test_warnings_come_signed_and_only_those_asked_for(stack: Stack, receiver: Receiver) -> None:
    hall = new_hall()
    subscribe(stack, receiver, hall, "--level", "yellow,red")
    late_case(new_hall())
    case = late_case(hall)
    wait_for(lambda: len(receiver.got) >= 2, "both warnings", 90)
    assert [body["level"] for body in receiver.got[:2]] == ["yellow", "red"]
    assert {body["case_id"] for body in receiver.got} == {case}
    assert all(receiver.genuine)


def test_nothing_is_lost_by_a_kill_while_the_other_side_refuses(
    stack: Stack, receiver: Receiver
) -> None:
    hall = new_hall()
    subscribe(stack, receiver, hall, "--level", "red")
    receiver.status = 503
    cases = {late_case(hall) for _ in range(3)}
    wait_for(lambda: receiver.refused >= 2, "it was refused", 90)
    killed = stack.kill("notify")
    stack.wait_restarted("notify", killed)
    receiver.status = 204
    wait_for(lambda: {body["case_id"] for body in receiver.got} == cases, "all came", 90)
    assert len(set(receiver.ids())) == 3


def test_what_was_delivered_is_written_down_and_not_sent_again(
    stack: Stack, receiver: Receiver
) -> None:
    hall = new_hall()
    name = subscribe(stack, receiver, hall, "--level", "red")
    late_case(hall)
    wait_for(lambda: len(receiver.got) == 1, "the warning", 90)
    key = f"{receiver.ids()[0]}:{name}:{name}/webhook".encode()
    wait_for(lambda: _state(key) == "delivered", "it is written down")
    killed = stack.kill("notify")
    stack.wait_restarted("notify", killed)
    late_case(hall)
    wait_for(lambda: len(receiver.got) >= 2, "the next warning", 90)
    assert len(set(receiver.ids())) == len(receiver.ids()) == 2


def _state(key: bytes) -> str:
    found = [json.loads(r.value or b"{}") for r in read_all("deliveries") if r.key == key]
    return str(found[-1]["state"]) if found else ""


def test_nobody_is_told_of_history(stack: Stack, receiver: Receiver) -> None:
    hall = new_hall()
    subscribe(stack, receiver, hall)
    late_case(hall, historical=True)
    live = late_case(hall)
    wait_for(lambda: any(b["level"] == "red" for b in receiver.got), "the live one", 90)
    assert {body["case_id"] for body in receiver.got} == {live}


def test_a_subscription_is_listed_tested_and_removed(stack: Stack, receiver: Receiver) -> None:
    hall = new_hall()
    name = subscribe(stack, receiver, hall, "--level", "red", "--quiet", "18:00-08:30")
    listed = stack.json("subscription", "list")["subscriptions"]
    (mine,) = [s for s in listed if s["subscription_id"] == name]
    assert (mine["halls"], mine["levels"]) == ([hall], ["red"])
    assert stack.json("subscription", "test", name)["results"] == [
        {"channel": f"{name}/webhook", "ok": True, "said": "ok"}
    ]
    assert receiver.got[-1]["type"] == "Test"
    assert receiver.genuine == [True]
    stack.json("subscription", "remove", name)
    left = stack.json("subscription", "list")["subscriptions"]
    assert name not in {s["subscription_id"] for s in left}
    assert stack.run("subscription", "test", name).returncode == 1


def test_addresses_and_secrets_stay_out_of_the_topics(stack: Stack, receiver: Receiver) -> None:
    subscribe(stack, receiver, new_hall())
    for topic in ("reference", "deliveries"):
        for record in read_all(topic):
            assert receiver.url.encode() not in (record.value or b"")
            assert SECRET.encode() not in (record.value or b"")
    sealed = (stack.data / "notify" / FILE).read_bytes()
    assert receiver.url.encode() not in sealed


def test_a_wrong_level_or_address_is_refused(stack: Stack) -> None:
    wrong = stack.run("subscription", "add", "--name", "x", "--level", "green")
    assert wrong.returncode == 2
    wrong = stack.run("subscription", "add", "--name", "x", "--webhook", "ftp://x")
    assert wrong.returncode == 2
