"""Places where a test makes a worker die by SIGKILL, named in setting `faults`.

`streams.before_commit:3` dies at the third passing, without a number at the first. Several are
separated by commas.
"""

import os
import signal
from collections import Counter

from duban.settings import settings


class Failpoints:
    """Counts how often each named place is passed."""

    def __init__(self, faults: str) -> None:
        named = (item.strip().partition(":") for item in faults.split(",") if item.strip())
        self._deadly = {name: int(at or 1) for name, _, at in named}
        self._passed: Counter[str] = Counter()

    def passing(self, name: str) -> None:
        """Die here if the setting says so."""
        if name not in self._deadly:
            return
        self._passed[name] += 1
        if self._passed[name] == self._deadly[name]:
            os.kill(os.getpid(), signal.SIGKILL)


_failpoints: Failpoints | None = None


def passing(name: str) -> None:
    """Pass a place named `name`; costs one look-up where no fault is set."""
    global _failpoints
    if _failpoints is None:
        _failpoints = Failpoints(settings().faults)
    _failpoints.passing(name)
