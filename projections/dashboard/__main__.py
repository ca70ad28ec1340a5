"""`python -m projections.dashboard`: serve pages, API and alert stream until told to stop."""

import uvicorn

from duban.settings import settings


def main() -> None:
    """Serve on the address and port of the settings."""
    from projections.dashboard.app import build

    s = settings()
    uvicorn.run(
        build(),
        host=s.bind,
        port=s.port("dashboard"),
        log_level=s.log_level.lower(),
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=3,
    )


if __name__ == "__main__":
    main()
