"""When facts can be seen: in the warehouse by asking it, on an open page by what is pushed."""

import ast
import asyncio
import json
import re
import threading
import time
import uuid
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple
from urllib.parse import urlencode

import httpx
import socketio  # type: ignore[import-untyped]  # it has no types
from kafka import TopicPartition

from bench.feeding import Sent
from duban.bus_read import consumer
from duban.codec import decode
from duban.events import Event
from duban.settings import settings
from duban.warehouse import WarehouseError, query

ALERTS = "alerts"
LOOK_SECONDS = 0.025  # between two looks into the warehouse; figures are as coarse as this
FIGURE = "accepted_today.value"  # the figure on the first page that accepted cases move
HIGHEST = """
SELECT kafka_partition, max(kafka_offset) FROM events
WHERE kafka_topic = 'case-events' AND kafka_offset >= {floor:UInt64} GROUP BY kafka_partition
"""


class Seen(NamedTuple):
    """At `at` (epoch s) so much could be seen: an offset, or a count."""

    at: float
    value: int


class Warehouse:
    """Highest offset of `case-events` in table `events`, by partition, as time goes on."""

    def __init__(self, floor: int) -> None:
        self._floor = floor
        self._seen: dict[int, list[Seen]] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, name="warehouse", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._stop.set()
        self._thread.join()

    def delays(self, sent: Sequence[Sent]) -> list[float]:
        """Seconds from sending to being visible, of those that are."""
        found = []
        for one in sent:
            seen = self._seen.get(one.partition, [])
            place = bisect_left(seen, one.offset, key=lambda s: s.value)
            if place < len(seen):
                found.append(seen[place].at - one.at)
        return found

    def has(self, sent: Sequence[Sent]) -> bool:
        """Whether all of them are visible."""
        return len(self.delays(sent)) == len(sent)

    def _look(self) -> None:
        while not self._stop.wait(LOOK_SECONDS):
            try:
                rows = query(HIGHEST, floor=self._floor).rows
            except WarehouseError:
                continue  # what it could not show is seen later
            at = time.time()
            for partition, highest in rows:
                seen = self._seen.setdefault(partition, [])
                if not seen or seen[-1].value < highest:
                    seen.append(Seen(at, highest))


class Screen:
    """The first page as a browser holds it: opened over HTTP, then pushed to over a web socket."""

    def __init__(self) -> None:
        self.base = 0  # what the figure was when counting began
        self.seen: list[Seen] = []
        self._loop = asyncio.new_event_loop()
        self._client: Any = socketio.AsyncClient(reconnection=False)
        self._client.on("run_javascript", self._pushed)
        self._thread = threading.Thread(target=self._loop.run_forever, name="page", daemon=True)

    def open(self) -> None:
        """Open the page; raises `ConnectionError` where that fails."""
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._open(), self._loop).result(60)

    def close(self) -> None:
        """Leave the page."""
        asyncio.run_coroutine_threadsafe(self._client.disconnect(), self._loop).result(30)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def begin(self) -> None:
        """Count from the figure that stands there now."""
        if self.seen:
            self.base = self.seen[-1].value
            self.seen.clear()

    def delays(self, sent: Sequence[Sent]) -> list[float]:
        """Seconds until the figure had counted the first, the second … of what was sent."""
        moments = sorted(one.at for one in sent)
        found = []
        for number, at in enumerate(moments, start=1):
            place = bisect_left(self.seen, self.base + number, key=lambda s: s.value)
            if place < len(self.seen):
                found.append(self.seen[place].at - at)
        return found

    async def _open(self) -> None:
        s = settings()
        url = s.url("dashboard")
        headers = {"Authorization": f"Bearer {s.dashboard_token.get_secret_value()}"}
        async with httpx.AsyncClient(headers=headers, timeout=30, trust_env=False) as client:
            page = (await client.get(url + "/")).text
        said = re.search(r"^\s*query: (\{.*\}),$", page, re.MULTILINE)
        shown = re.search(rf'data-f=\\?"{FIGURE}\\?"[^0-9]*([0-9,]+)', page)
        if said is None or shown is None:
            raise ConnectionError("The first page does not look as expected.")
        self.base = _number(shown[1])
        known: dict[str, Any] = ast.literal_eval(said[1])
        known.pop("implicit_handshake", None)  # it is said below, and then answered
        known |= {"document_id": str(uuid.uuid4()), "tab_id": str(uuid.uuid4())}
        try:
            await self._client.connect(
                f"{url}?{urlencode(known)}",
                headers=headers,
                transports=["websocket"],
                socketio_path="/_nicegui_ws/socket.io",
            )
        except socketio.exceptions.ConnectionError as error:
            raise ConnectionError(f"The page's socket: {error}") from error
        if not await self._client.call("handshake", known):
            raise ConnectionError("The page's socket was not taken.")

    async def _pushed(self, message: Any) -> None:
        at = time.time()
        found = re.search(r"duban\.figures\((\{.*?\})\)", str(message.get("code", "")))
        if found and (shown := json.loads(found[1]).get(FIGURE)):
            self.seen.append(Seen(at, _number(shown)))


class Alerts:
    """When the alert of a case's yellow signal could be read from topic `alerts` (epoch s)."""

    def __init__(self) -> None:
        self.seen: dict[str, float] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="alerts", daemon=True)

    def start(self) -> None:
        """Begin to follow; from this instant on."""
        self._thread.start()

    def stop(self) -> None:
        """Follow no more."""
        self._stop.set()
        self._thread.join()

    def lateness(self, due: dict[str, int]) -> list[float]:
        """Seconds from the due instant to the alert, of cases that have one."""
        return [self.seen[case] - at / 1000 for case, at in due.items() if case in self.seen]

    def _follow(self) -> None:
        with consumer() as kafka:
            places = [TopicPartition(ALERTS, n) for n in kafka.partitions_for_topic(ALERTS)]
            kafka.assign(places)
            kafka.seek_to_end(*places)
            while not self._stop.is_set():
                found = kafka.poll(timeout_ms=100)
                at = time.time()
                for record in (record for records in found.values() for record in records):
                    self._take(decode(record.value), at)

    def _take(self, event: Event, at: float) -> None:
        if event.type == "AlertRaised" and event.data["level"] == "yellow":
            self.seen.setdefault(event.subject_id, at)


@contextmanager
def screen() -> Iterator[Screen | None]:
    """An open page; None where there is no dashboard to open it."""
    page = Screen()
    try:
        page.open()
    except (ConnectionError, httpx.HTTPError):
        yield None
        return
    try:
        yield page
    finally:
        page.close()


def _number(shown: str) -> int:
    return int(re.sub(r"[^0-9]", "", shown) or 0)
