"""Logs of the worker, Faust's included: one JSON object a line on stderr."""

import logging
import logging.config
from typing import Any

import structlog

from duban.settings import settings

STEPS: list[Any] = [
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


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
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
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
