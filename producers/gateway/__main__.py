"""`python -m producers.gateway`: serve the gateway on `DUBAN_BIND` and its port."""

import logging

import uvicorn

from duban.settings import settings
from producers.gateway.app import application

KEEP_ALIVE_SECONDS = 30
STOP_SECONDS = 10


def main() -> None:
    """Run until stopped; requests at work are finished first."""
    s = settings()
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # the gateway says it once itself
    uvicorn.run(
        application(),
        host=s.bind,
        port=s.port("gateway"),
        log_level=s.log_level.lower(),
        access_log=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=STOP_SECONDS,
    )


if __name__ == "__main__":
    main()
