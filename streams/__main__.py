"""`python -m streams` runs the worker; with arguments it is Faust's own command for this app."""

import gc
import sys
from functools import partial

from duban.settings import settings
from streams import logs, metrics
from streams.app import JOBS, create_app


def main() -> None:
    """Entry point."""
    from duban.reference_set import reference_of

    logs.configure()
    app = create_app(JOBS, partial(reference_of, zone=settings().zone))
    if len(sys.argv) == 1:
        metrics.serve(settings().metrics())
        sys.argv += ["--quiet", "worker", "--without-web", "-l", settings().log_level]
    gc.freeze()  # what is there by now stays: no need to look through it again and again
    app.main()


if __name__ == "__main__":
    main()
