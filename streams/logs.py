"""Logs of the worker, Faust's included: one JSON object a line on stderr."""

import logging
import logging.config
from time import monotonic
from typing import Any

import structlog

from duban.settings import settings

SELDOM_SECONDS = 5.0
STEPS: list[Any] = [
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


class Seldom(logging.Filter):
    """Lets each message of the Kafka client through once in a while: it repeats itself many times
    a second while a broker is away."""

    def __init__(self) -> None:
        super().__init__()
        self._next: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether to log; messages are told apart by their template."""
        if not record.name.startswith("aiokafka"):
            return True
        template, now = str(record.msg), monotonic()
        if now < self._next.get(template, 0):
            return False
        self._next[template] = now + SELDOM_SECONDS
        return True


def config() -> dict[str, Any]:
    """A logging configuration (`logging.config.dictConfig`) that Faust's worker applies."""
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": [*STEPS, structlog.processors.format_exc_info],
        "processor": structlog.processors.JSONRenderer(ensure_ascii=False),
    }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": formatter},
        "filters": {"seldom": {"()": Seldom}},
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "filters": ["seldom"],
                "formatter": "json",
                "stream": "ext://sys.__stderr__",
            }
        },
        "root": {"handlers": ["stderr"], "level": settings().log_level},
        "loggers": {"aiokafka": {"level": logging.WARNING}},
    }


def configure() -> None:
    """Send structlog's events the same way as the standard library's."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *STEPS,
            structlog.processors.format_exc_info,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    logging.config.dictConfig(config())
