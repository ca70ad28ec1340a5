"""`python -m projections.sink`: make the tables, then keep them filled until SIGTERM."""

import asyncio
import logging
import signal
import sys

import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaConnectionError

from duban.bus_config import aiokafka_config
from duban.settings import Settings, settings
from projections.migrate import MigrationError
from projections.sink.loop import Sink, new_consumer
from projections.sink.store import Abandoned
from projections.sink.tables import FEEDS

log = structlog.get_logger()


async def started(client: AIOKafkaConsumer | AIOKafkaProducer) -> None:
    """Start a Kafka client; waits for a broker that is not there yet."""
    pause = 0.5
    while True:
        try:
            await client.start()
            return
        except KafkaConnectionError as error:
            log.warning("broker_away", error=str(error), pause_s=pause)
            await asyncio.sleep(pause)
            pause = min(5.0, pause * 2)


async def serve(given: Settings) -> None:
    """Migrate, consume, stop in order."""
    consumer = new_consumer(given, aiokafka_config(given))
    letters = AIOKafkaProducer(
        **aiokafka_config(given), acks="all", enable_idempotence=True, max_request_size=8 << 20
    )
    sink = Sink(consumer, letters, given)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, sink.stop)
    log.info("tables", applied=await asyncio.to_thread(sink.store.migrate))
    await started(letters)
    consumer.subscribe(list(FEEDS), listener=sink)
    await started(consumer)
    try:
        await sink.run()
    finally:
        await consumer.stop()
        await letters.stop()


def main() -> int:
    """Run; 0 after a stop that was asked for, 1 with one sentence when the tables do not fit."""
    level = logging.getLevelName(settings().log_level.upper())
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    try:
        asyncio.run(serve(settings()))
    except MigrationError as error:
        print(error, file=sys.stderr)
        return 1
    except Abandoned:
        pass  # told to stop while waiting for the warehouse
    return 0


if __name__ == "__main__":
    sys.exit(main())
