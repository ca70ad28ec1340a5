"""What to do when records cannot be read yet: look into `reference` again, wait, then give up.

An unknown schema is waited for a bounded time, since one bad record must not hold a partition for
ever; a second one soon after is only looked up. A registry that is away is waited for as long
as it takes: its records are good.
"""

import asyncio
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Protocol

import structlog

from duban.codec import RetryLater, UnknownSchema
from streams.records import Job, Record, Result

log = structlog.get_logger(__name__)

WAIT_SECONDS = 10.0
PAUSE_SECONDS = 0.25
VAIN_SECONDS = 60.0


class Feed(Protocol):
    """The part of `ReferenceFeed` that is needed here."""

    async def wait_ready(self) -> None: ...

    async def refresh(self) -> None: ...


class Patience:
    """Waits for reference data on behalf of loops."""

    def __init__(self, feed: Feed, seconds: float = WAIT_SECONDS) -> None:
        self._feed = feed
        self._seconds = seconds
        self._vain_until = 0.0

    async def first_read(self) -> None:
        """Return when `reference` has been read to its end once."""
        await self._feed.wait_ready()

    async def apply(
        self,
        job: Job,
        records: Sequence[Record],
        now: Callable[[], int | None],
        error: RetryLater,
    ) -> Result:
        """Apply records that raised `error` once: again and again, at last with `final`."""
        started = monotonic()
        bound = self._seconds if started >= self._vain_until else 0.0
        while True:
            log.warning("waiting_for_schema", error=str(error), topic=records[0].topic,
                        partition=records[0].partition, offset=records[0].offset)  # fmt: skip
            await self._feed.refresh()
            final = isinstance(error, UnknownSchema) and monotonic() - started >= bound
            try:
                result = job.apply(records, now(), final=final)
            except RetryLater as again:
                if final and isinstance(again, UnknownSchema):
                    raise
                error = again
            else:
                if final:
                    self._vain_until = monotonic() + VAIN_SECONDS
                return result
            await asyncio.sleep(PAUSE_SECONDS)
