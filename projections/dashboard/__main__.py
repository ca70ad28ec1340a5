"""`python -m projections.dashboard`: serve pages, API and alert stream until told to stop."""

import sys

import structlog
import uvicorn

from duban.settings import settings
from projections.api.doors import has_secrets


def main() -> None:
    """Serve on the address and port of the settings."""
    from projections.dashboard.app import build

    s = settings()
    if not has_secrets():
        sys.exit("DUBAN_DASHBOARD_TOKEN and DUBAN_ACCESS_KEY are not set; `duban up` makes both.")
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(s.log_level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    uvicorn.run(
        build(),
        host=s.bind,
        port=s.port("dashboard"),
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=3,
    )


if __name__ == "__main__":
    main()
