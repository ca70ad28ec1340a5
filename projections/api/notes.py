"""Who did what at the dashboard's door, on topic `audit`: no token, no personal data."""

import asyncio
from collections.abc import Mapping
from functools import cache
from typing import Any

import structlog

from duban.bus import BrokerAway, DeliveryError, Producer
from duban.bus_access import audit_record

WHO = "dashboard"
DELIVERY_SECONDS = 10.0
log = structlog.get_logger()
_under_way: set[asyncio.Task[None]] = set()


@cache
def producer() -> Producer:
    """The dashboard's one producer. Raises `BrokerAway`."""
    return Producer()


def send_note(did: str, what: Mapping[str, Any]) -> None:
    """Hand a note to the producer; whoever flushes it waits for it."""
    producer().send_raw(*audit_record(WHO, did, what))


def note(did: str, what: Mapping[str, Any]) -> None:
    """Write a note beside the answer: nobody is kept out because the broker is away."""
    task = asyncio.create_task(asyncio.to_thread(_write, did, what))
    _under_way.add(task)
    task.add_done_callback(_under_way.discard)


def _write(did: str, what: Mapping[str, Any]) -> None:
    try:
        send_note(did, what)
        producer().flush(DELIVERY_SECONDS)
    except (BrokerAway, DeliveryError) as error:
        log.warning("audit_note_lost", did=did, error=str(error))
