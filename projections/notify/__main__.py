"""`python -m projections.notify`: send warnings to whom they concern, until told to stop."""

import asyncio
import signal
import sys

import structlog
from aiokafka.errors import KafkaError

from duban.settings import settings
from duban.vault import VaultError, open_vault
from projections.notify.service import Service

log = structlog.get_logger()


async def run() -> int:
    """Serve until SIGTERM or SIGINT; 1 when the store of addresses cannot be opened."""
    try:
        vault = open_vault()
        vault.channels()
    except VaultError as error:
        print(error, file=sys.stderr)
        return 1
    work = asyncio.create_task(Service(vault).run())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, work.cancel)
    try:
        await work
    except asyncio.CancelledError:
        return 0
    except (KafkaError, LookupError, OSError) as error:
        log.error("notify_stopped", error=str(error)[:300])
        return 1
    return 0


if __name__ == "__main__":
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(settings().log_level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    sys.exit(asyncio.run(run()))
