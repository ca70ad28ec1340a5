"""`python -m streams` runs the worker; with arguments it is Faust's own command for this app."""

import sys

from duban.settings import settings
from streams import logs, metrics
from streams.app import JOBS, create_app


def main() -> None:
    """Entry point."""
    from duban.reference import reference_from

    logs.configure()
    app = create_app(JOBS, reference_from)
    if len(sys.argv) == 1:
        metrics.serve(settings().port_base + metrics.PORT_OFFSET)
        sys.argv += ["--quiet", "worker", "--without-web", "-l", settings().log_level]
    app.main()


if __name__ == "__main__":
    main()
