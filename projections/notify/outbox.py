"""One queue per channel of a subscription: in order, with growing pauses, for a day at the most.

A channel that does not answer keeps its own queue waiting and nobody else's.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import structlog

from duban.events import Event
from duban.vault import Channel
from projections.notify.ledger import Ledger
from projections.notify.senders import Sender, Sent
from projections.notify.subscriptions import Subscription, here

PAUSE_FIRST_S, PAUSE_MAX_S = 1.0, 300.0
GIVE_UP_S = 24 * 3600.0
FINAL_TRIES = 3  # of an answer that says trying again cannot help
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Delivery:
    """One alert event for one channel; `place` is where it stands in the topic."""

    event: Event
    subscription: Subscription
    channel: str
    place: tuple[int, int]

    @property
    def key(self) -> str:
        """Key in `deliveries`: alert event, subscription, channel."""
        return f"{self.event.event_id}:{self.subscription.name}:{self.channel}"


@dataclass(slots=True)
class Outbox:
    """Sends the deliveries of one channel, one after the other. `done` hears of each one ended."""

    ledger: Ledger
    channel_of: Callable[[str], Channel | None]
    sender_of: Callable[[Channel], Sender]
    done: Callable[[Delivery], None]
    zone: str
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    queue: asyncio.Queue[Delivery] = field(default_factory=asyncio.Queue)

    async def run(self) -> None:
        """Work the queue off, for ever."""
        while True:
            delivery = await self.queue.get()
            if not self.ledger.is_finished(delivery.key):
                await self._deliver(delivery)
            self.done(delivery)

    async def _deliver(self, delivery: Delivery) -> None:
        began, tries = time.monotonic(), 0
        while True:
            await self.sleep(delivery.subscription.wait(here(self.zone)).total_seconds())
            sent = await self._try(delivery)
            tries += 1
            over = time.monotonic() - began > GIVE_UP_S or (sent.final and tries >= FINAL_TRIES)
            await self._record(delivery, sent, tries, over)
            if sent.ok or over:
                return
            await self.sleep(pause(tries))

    async def _try(self, delivery: Delivery) -> Sent:
        channel = self.channel_of(delivery.channel)
        if channel is None:
            return Sent(False, "no address is kept for this channel", final=True)
        return await self.sender_of(channel).send(channel, delivery.event)

    async def _record(self, delivery: Delivery, sent: Sent, tries: int, over: bool) -> None:
        state = "delivered" if sent.ok else "given_up" if over else "waiting"
        told = {"alert_id": delivery.event.data.get("alert_id"), "type": delivery.event.type}
        result = {"state": state, "tries": tries, "said": sent.said, "at": int(time.time() * 1000)}
        await self.ledger.write(delivery.key, {**told, **result, "place": delivery.place})
        say = log.info if sent.ok else log.warning
        say("delivery", key=delivery.key, state=state, tries=tries, said=sent.said)


def pause(tries: int) -> float:
    """Seconds before the next try: doubling, at most five minutes, spread by a quarter."""
    seconds: float = min(PAUSE_FIRST_S * 2 ** min(tries - 1, 20), PAUSE_MAX_S)
    return seconds * random.uniform(0.75, 1.25)
