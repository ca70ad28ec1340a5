"""Write a plan's events to Kafka, ticks to every partition, at a pace in real seconds."""

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple, Protocol
from uuid import uuid5

from duban import codec, contracts
from duban.bus import headers_of
from duban.events import Event
from producers.simulator.feed import Tick
from producers.simulator.story import SPACE

TOPIC = "case-events"
TICKS_IN_A_DAY = 40  # of a working day, about; days of rest run at the same speed per tick


class Sender(Protocol):
    """What the driver needs of `Producer`."""

    def send(self, event: Event) -> Any:
        """Send one fact."""

    def send_raw(self, topic: str, key: bytes, value: bytes, headers: Any, partition: int) -> Any:
        """Send bytes to a partition."""

    def flush(self) -> None:
        """Wait until all is acknowledged."""

    def partitions(self, topic: str) -> list[int]:
        """Partition numbers of a topic."""


class Reached(NamedTuple):
    """How far the run is: business time (ms), and facts acknowledged so far, ticks not counted."""

    at: int
    events: int


def drive(
    feed: Iterable[Event | Tick],
    sender: Sender,
    seconds_a_day: float,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
    ticks_a_day: int = TICKS_IN_A_DAY,
) -> Iterator[Reached]:
    """Send everything, in order; after each tick, all of it acknowledged, say how far it is.

    A day takes `seconds_a_day` of real time, or as long as the broker needs; 0 is full speed.
    """
    partitions = sender.partitions(TOPIC)
    step = seconds_a_day / ticks_a_day
    sent, next_at = 0, clock()
    for found in feed:
        if isinstance(found, Event):
            sender.send(found)
            sent += contracts.topic_of(found.type) != "reference"
            continue
        tick(sender, partitions, found.at)
        sender.flush()
        yield Reached(found.at, sent)
        next_at = max(next_at + step, clock() - step)
        if (pause := next_at - clock()) > 0:
            sleep(pause)


def tick(sender: Sender, partitions: Iterable[int], at: int) -> None:
    """Tell every partition what time it is."""
    for partition in partitions:
        event = Event(
            type="ClockTicked",
            event_id=str(uuid5(SPACE, f"tick|{partition}|{at}")),
            subject_type="time",
            subject_id="business-time",
            occurred_at=at,
            recorded_at=at,
            channel="system",
            data={"at": at},
        )
        value = codec.encode(event)
        sender.send_raw(TOPIC, event.subject_id.encode(), value, headers_of(event), partition)
