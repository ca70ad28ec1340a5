"""Where pages get what is not a figure: names, business time, whether anything has changed."""

import asyncio
import time
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import structlog
from kafka.errors import KafkaError

from duban.bus import BrokerAway, read_reference
from duban.reference import reference_from
from duban.settings import settings
from projections.dashboard.ask import ask, ask_now, ask_one
from projections.dashboard.names import Names

log = structlog.get_logger()
REFERENCE_SECONDS = 15.0
HALLS_SECONDS = 60.0

# Every insert makes a part with a higher block number, whatever the table; merges make none.
_MARK = """
SELECT concat(toString(sum(highest)), '/', toString(max(rows))) AS mark FROM (
  SELECT max(max_block_number) AS highest, sum(rows) AS rows FROM system.parts
  WHERE database = currentDatabase() AND active AND table != 'business_clock'
  GROUP BY table, partition_id)
"""


class Probe(NamedTuple):
    """What a cheap look at the warehouse says: a mark that changes with its content, and now."""

    mark: str
    now: int


async def probe() -> Probe:
    """One look. Raises `Away`."""
    return Probe((await ask_one(_MARK))["mark"], await business_now())


async def business_now() -> int:
    """Business time in epoch ms. Raises `Away`."""
    return await ask_now()


async def halls() -> tuple[str, ...]:
    """Halls that have cases, as known a minute ago at the latest. Raises `Away`."""
    held = _held()
    if time.monotonic() - held.halls_at > HALLS_SECONDS:
        rows = await ask("SELECT DISTINCT hall_id FROM cases ORDER BY hall_id")
        held.halls, held.halls_at = tuple(row["hall_id"] for row in rows), time.monotonic()
    return held.halls


@dataclass(slots=True)
class _Held:
    names: Names
    read_at: float = 0.0
    halls: tuple[str, ...] = ()
    halls_at: float = -1e9
    task: asyncio.Task[None] | None = None


@cache
def _held() -> _Held:
    return _Held(Names())


def names() -> Names:
    """Names and calendars as last read; read again in the background when they are old."""
    held = _held()
    if time.monotonic() - held.read_at > REFERENCE_SECONDS and (
        held.task is None or held.task.done()
    ):
        held.task = asyncio.get_running_loop().create_task(read_names())
    return held.names


async def read_names() -> None:
    """Read `reference` whole; without a broker the names of before stay."""
    held = _held()
    held.read_at = time.monotonic()
    try:
        events = await asyncio.to_thread(read_reference)
    except (BrokerAway, LookupError, KafkaError) as error:
        log.warning("reference_not_read", error=str(error)[:200])
        return
    held.names = Names(await asyncio.to_thread(reference_from, events, settings().zone))
