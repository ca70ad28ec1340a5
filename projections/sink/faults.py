"""Places where a test may have the process die as a power cut would have it: nothing is cleaned up.

`DUBAN_FAULTS=sink.after_insert:3` kills at the third passage; without a number at the first.
"""

import os
import signal
from collections import Counter

from duban.settings import settings

_passed: Counter[str] = Counter()


def failpoint(name: str) -> None:
    """Pass a named place; die there by SIGKILL when the settings name it."""
    wanted, _, turn = settings().faults.partition(":")
    if wanted != name:
        return
    _passed[name] += 1
    if _passed[name] >= int(turn or 1):
        os.kill(os.getpid(), signal.SIGKILL)
