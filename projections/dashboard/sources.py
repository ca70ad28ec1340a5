"""Where pages get what is not a figure: names, business time, whether anything has changed."""

import asyncio
import time
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import structlog
from kafka.errors import KafkaError

from duban.bus import BrokerAway, read_reference
from duban.formats import FORMATS
from duban.jsonform import MAX_ID
from duban.reference import reference_from
from duban.settings import settings
from projections.dashboard.ask import Away, ask, ask_now, ask_one
from projections.dashboard.names import Names, kinds_of, posts_of

log = structlog.get_logger()
REFERENCE_SECONDS = 5.0  # between two readings of it
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
    """Halls that have cases, as known a minute ago; older where the warehouse is away.

    Raises `Away` when none were ever read.
    """
    held = _held()
    if time.monotonic() - held.halls_at > HALLS_SECONDS:
        try:
            rows = await ask("SELECT DISTINCT hall_id FROM cases ORDER BY hall_id")
        except Away:
            if not held.halls:
                raise
            return held.halls
        held.halls, held.halls_at = tuple(row["hall_id"] for row in rows), time.monotonic()
    return held.halls


async def is_hall(hall: Any) -> bool:
    """Whether the reference, or a fact that has arrived, knows a hall of this name. Raises
    `Away`."""
    if not isinstance(hall, str) or not hall or not FORMATS["id"][0](hall) or len(hall) > MAX_ID:
        return False
    sql = "SELECT 1 AS found FROM events WHERE hall_id = {hall:String} LIMIT 1"
    return names().kinds.get(hall) == "hall" or bool(await ask(sql, hall=hall))


@dataclass(slots=True)
class _Held:
    names: Names
    halls: tuple[str, ...] = ()
    halls_at: float = -1e9


@cache
def _held() -> _Held:
    return _Held(Names())


def names() -> Names:
    """Names and calendars as last read."""
    return _held().names


async def keep_names() -> None:
    """Read them again and again, whether or not a page is open: the first page after a quiet night
    must not speak by the rules of the evening before."""
    while True:
        await read_names()
        await asyncio.sleep(REFERENCE_SECONDS)


async def read_names() -> None:
    """Read `reference` whole; without a broker the names of before stay."""
    try:
        events = await asyncio.to_thread(read_reference)
    except (BrokerAway, LookupError, KafkaError) as error:
        log.warning("reference_not_read", error=str(error)[:200])
        return
    reference = await asyncio.to_thread(reference_from, events, settings().zone)
    _held().names = Names(reference, posts=posts_of(events), kinds=kinds_of(events))
