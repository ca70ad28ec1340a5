"""A small stack for tests of the doors: broker, topics, gateway; no streams, no warehouse."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from click.testing import Result
from typer.testing import CliRunner

from duban.cli import application
from tests.stack import Stack, new_stack

WHEN = "2026-11-20T09:00:00+08:00"


@contextmanager
def small_stack(data: Path, outside: Mapping[str, str] | None) -> Iterator[Stack]:
    """Started, and this process's settings pointing at it."""
    parts = "topics,gateway" if outside else "broker,topics,gateway"
    made = new_stack(data, parts=parts, outside=outside)
    try:
        with made.start().here():
            yield made
    finally:
        made.stop()


def duban(*arguments: str, input: str | None = None) -> Result:
    """Run `duban ARGUMENTS…` in this process, by its settings: a second less than a child."""
    return CliRunner().invoke(application(), list(arguments), input=input)


def duban_json(*arguments: str, input: str | None = None) -> Any:
    """What `duban ARGUMENTS… --json` prints."""
    done = duban(*arguments, "--json", input=input)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def fact(hall: str = "h1", **more: Any) -> dict[str, Any]:
    """A good event in JSON form, of a case of its own."""
    return {
        "type": "CaseSubmitted",
        "subject_id": f"{hall}/{uuid4().hex[:12]}",
        "occurred_at": WHEN,
        "item_code": "X-1",
        **more,
    }


class Door:
    """A hall system's side of the gateway: a token and the two kinds of bodies."""

    def __init__(self, stack: Stack, token: str) -> None:
        self.url = stack.url("gateway") + "/api/v1/events"
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def one(self, event: Any, key: str = "") -> httpx.Response:
        """Post one JSON object."""
        return self.raw(json.dumps(event).encode(), "application/json", key)

    def batch(self, events: list[Any], key: str = "") -> httpx.Response:
        """Post NDJSON."""
        body = "\n".join(json.dumps(event) for event in events).encode()
        return self.raw(body, "application/x-ndjson", key)

    def raw(self, body: Any, content_type: str, key: str = "") -> httpx.Response:
        """Post bytes, or an iterator of bytes as a chunked body."""
        headers = {**self.headers, "Content-Type": content_type}
        if key:
            headers["Idempotency-Key"] = key
        return httpx.post(self.url, content=body, headers=headers, timeout=30)
