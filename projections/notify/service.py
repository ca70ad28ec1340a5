"""The program: subscriptions from `reference`, warnings from `alerts`, each to whom it concerns.

At least once: the cursor passes an alert only when all its deliveries have ended and are written
down; what was under way at a crash is sent again under the same id.
"""

import asyncio
from contextlib import suppress
from typing import Any

import structlog
from aiokafka import TopicPartition

from duban import codec
from duban.events import Event
from duban.launch import tell_ready
from duban.reference_set import fault_of
from duban.settings import settings
from duban.vault import Channel, Vault
from projections.kafka import reader
from projections.notify.cursor import Cursor
from projections.notify.ledger import Ledger
from projections.notify.outbox import Delivery, Outbox
from projections.notify.senders import Messenger, Sender, Webhook
from projections.notify.subscriptions import Book

ALERTS, REFERENCE = "alerts", "reference"
UNDER_WAY_MAX = 10_000  # deliveries; beyond it reading pauses
CURSOR_SECONDS = 1.0
log = structlog.get_logger()


class Service:
    """Everything that one notify process holds."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._book, self._cursor, self._ledger = Book(), Cursor(), Ledger()
        self._webhook, self._messenger = Webhook(), Messenger()
        self._outboxes: dict[tuple[str, str], Outbox] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._consumer = reader(ALERTS, REFERENCE)

    async def run(self) -> None:
        """Read subscriptions to their end, then follow alerts, until cancelled."""
        try:
            await self._ledger.open()
            await self._consumer.start()
            await self._place()
            self._spawn(self._keep_cursor())
            tell_ready()
            while True:
                await self._turn()
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await self._ledger.close(self._cursor.places())
            await self._consumer.stop()
            await self._webhook.close()

    async def _place(self) -> None:
        """Subscriptions first and whole; then alerts from the cursor on."""
        parts = self._consumer.assignment()
        alerts = [tp for tp in parts if tp.topic == ALERTS]
        books = [tp for tp in parts if tp.topic == REFERENCE]
        if not (alerts and books):
            raise LookupError("topics are missing: `duban up` makes them")
        self._consumer.pause(*alerts)
        ends = await self._consumer.end_offsets(books)
        while any([await self._consumer.position(tp) < ends[tp] for tp in books]):
            self._take(await self._consumer.getmany(timeout_ms=500))
        first = await self._consumer.beginning_offsets(alerts)
        for tp in alerts:
            place = max(self._ledger.cursor.get(tp.partition, 0), first[tp])
            self._cursor.next[tp.partition] = place
            self._consumer.seek(tp, place)
        self._consumer.resume(*alerts)
        log.info("notify_ready", subscriptions=sorted(self._book.active))

    async def _turn(self) -> None:
        if self._cursor.under_way > UNDER_WAY_MAX:
            await asyncio.sleep(1)
            return
        self._take(await self._consumer.getmany(timeout_ms=500, max_records=1_000))
        for task in [t for t in self._tasks if t.done()]:
            task.result()  # an outbox or the cursor ended: that is a fault, and it shows itself

    def _take(self, found: dict[TopicPartition, list[Any]]) -> None:
        """Subscriptions before alerts of the same turn."""
        for tp in sorted(found, key=lambda tp: tp.topic != REFERENCE):
            for record in found[tp]:
                event = _read(record.value)
                if tp.topic == REFERENCE:
                    if event is not None and not fault_of(event):
                        self._book.take(event, record.timestamp)
                    continue
                if event is not None:
                    self._deal_out(event, (tp.partition, record.offset), record.timestamp)
                self._cursor.read(tp.partition, record.offset)

    def _deal_out(self, event: Event, place: tuple[int, int], written_at: int) -> None:
        for subscription in self._book.active.values():
            if subscription.hears(event, written_at):
                for channel in subscription.channels:
                    self._send(Delivery(event, subscription, channel, place))

    def _send(self, delivery: Delivery) -> None:
        if self._ledger.is_finished(delivery.key):
            return
        self._cursor.begin(delivery.place)
        name = (delivery.subscription.name, delivery.channel)
        if name not in self._outboxes:
            self._outboxes[name] = self._outbox()
            self._spawn(self._outboxes[name].run())
        self._outboxes[name].queue.put_nowait(delivery)

    def _outbox(self) -> Outbox:
        return Outbox(
            ledger=self._ledger,
            channel_of=self._channel,
            sender_of=self._sender,
            done=lambda delivery: self._cursor.end(delivery.place),
            zone=settings().zone,
        )

    def _channel(self, name: str) -> Channel | None:
        return self._vault.channels().get(name)

    def _sender(self, channel: Channel) -> Sender:
        return self._webhook if channel.kind == "webhook" else self._messenger

    async def _keep_cursor(self) -> None:
        while True:
            await asyncio.sleep(CURSOR_SECONDS)
            await self._ledger.move(self._cursor.places())

    def _spawn(self, work: Any) -> None:
        self._tasks.add(asyncio.create_task(work))


def _read(value: bytes | None) -> Event | None:
    """The event of a record; None where it cannot be read (sink and worker dead-letter such)."""
    with suppress(codec.CodecError):
        return codec.decode(value) if value is not None else None
    return None
