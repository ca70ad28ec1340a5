"""Bare aiokafka: `getmany`, fastavro, a dict. It writes nothing: what Python can do at most."""

import asyncio
from time import monotonic

from aiokafka import AIOKafkaConsumer

from bench.streams.rule import EVERY, Meter, told, updated

COMMIT_SECONDS = 1.0


async def main() -> None:
    """Read to the end of the load."""
    meter = Meter()
    state: dict[bytes, bytes] = {}
    outputs: list[tuple[bytes, bytes]] = []
    consumer = AIOKafkaConsumer(
        told("source"),
        bootstrap_servers=told("broker"),
        group_id=told("group"),
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    await consumer.start()
    committed = monotonic()
    while not meter.complete:
        for records in (await consumer.getmany(timeout_ms=200)).values():
            meter.takes(len(records))
            for r in records:
                after = state[r.key] = updated(state.get(r.key), r.value)
                if r.offset % EVERY == 0:
                    outputs.append((r.key, after))
        if monotonic() - committed > COMMIT_SECONDS:
            await consumer.commit()
            committed = monotonic()
    await consumer.commit()
    await consumer.stop()
    meter.holds(state, outputs)


if __name__ == "__main__":
    asyncio.run(main())
