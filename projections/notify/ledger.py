"""What has been sent and tried: topic `deliveries`, read whole at the start, written as things go.

A record's key is `alert event:subscription:channel`, its value says what came of it. The key
`__cursor` holds the place in `alerts` below which nothing is left to do.
"""

import json
from typing import Any

import structlog
from aiokafka import AIOKafkaProducer

from duban.bus_config import aiokafka_config
from projections.kafka import reader

TOPIC = "deliveries"
CURSOR = b"__cursor"
FINISHED = frozenset({"delivered", "given_up"})
log = structlog.get_logger()


class Ledger:
    """Finished deliveries by key, and the cursor."""

    def __init__(self) -> None:
        self.cursor: dict[int, int] = {}
        self._finished: dict[str, tuple[int, int]] = {}
        self._producer = AIOKafkaProducer(**aiokafka_config(), acks="all", enable_idempotence=True)

    async def open(self) -> None:
        """Read the topic to its end and get ready to write."""
        consumer = reader(TOPIC)
        await consumer.start()
        try:
            parts = consumer.assignment()
            ends = await consumer.end_offsets(parts)
            left = {tp for tp in parts if await consumer.position(tp) < ends[tp]}
            while left:
                for records in (await consumer.getmany(timeout_ms=500)).values():
                    for record in records:
                        self._take(record.key, record.value)
                left = {tp for tp in left if await consumer.position(tp) < ends[tp]}
        finally:
            await consumer.stop()
        self._forget()
        await self._producer.start()

    def is_finished(self, key: str) -> bool:
        """Whether this delivery needs nothing more."""
        return key in self._finished

    async def write(self, key: str, value: dict[str, Any]) -> None:
        """Write what came of a try; returns when the broker has it."""
        content = json.dumps(value, ensure_ascii=False).encode()
        await self._producer.send_and_wait(TOPIC, content, key=key.encode())
        if value["state"] in FINISHED:
            self._finished[key] = (value["place"][0], value["place"][1])

    async def move(self, cursor: dict[int, int]) -> None:
        """Write the cursor when it has moved; below it no key needs to be remembered."""
        if cursor != self.cursor:
            content = json.dumps({str(p): offset for p, offset in cursor.items()}).encode()
            await self._producer.send_and_wait(TOPIC, content, key=CURSOR)
            self.cursor = dict(cursor)
            self._forget()

    async def close(self, cursor: dict[int, int]) -> None:
        """Write where reading must begin again, if it was opened, then stop."""
        if cursor:
            await self.move(cursor)
        await self._producer.stop()

    def _take(self, key: bytes | None, value: bytes | None) -> None:
        if key is None or value is None:
            return
        try:
            said = json.loads(value)
            if key == CURSOR:
                self.cursor = {int(p): int(offset) for p, offset in said.items()}
            elif said["state"] in FINISHED:
                partition, offset = said["place"]
                self._finished[key.decode()] = (int(partition), int(offset))
        except (ValueError, KeyError, TypeError) as error:
            log.warning("delivery_not_read", key=key[:80], error=str(error))

    def _forget(self) -> None:
        below = self.cursor
        self._finished = {
            key: place
            for key, place in self._finished.items()
            if place[1] >= below.get(place[0], 0)
        }
