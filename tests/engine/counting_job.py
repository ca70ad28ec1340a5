"""A job whose outputs show every record lost or doubled: it numbers the records of each key.

Values: `+` counts; `due:MS` counts and sets a timer; `poison` is a dead letter; `bug` raises, or
counts where COUNT_MENDED is set;
`later` raises `UnknownSchema` until `final`; `away` raises `RegistryAway` while the file COUNT_FLAG
is not there; `hang` makes that file and never comes back, unless it is there. Run as a program it
is a worker of this job alone, with empty reference data. In the environment, COUNT_RUN names its
topics, COUNT_TWO adds a source, COUNT_AHEAD puts its clock that many ms ahead, and with COUNT_DEAF
it reads nothing more once the file is there.
"""

import heapq
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from duban.codec import RegistryAway, UnknownSchema
from streams.records import Here, JobSpec, Out, Record, References, Result

RUN = os.environ.get("COUNT_RUN", "")
FLAG = Path(os.environ.get("COUNT_FLAG", "flag"))
UNCOUNTED = (b"poison", b"later", b"away", b"hang")
MENDED = bool(os.environ.get("COUNT_MENDED"))
SOURCE, OTHER, STATE, OUTPUT = (f"count-{name}-{RUN}" for name in ("in", "more", "state", "out"))


class CountingJob:
    """Counts per key; output n of a key says `n`, a fired timer says `fired DUE`."""

    def __init__(self, partition: int, references: References) -> None:
        self.state: dict[bytes, dict[str, Any]] = {}
        self.heap: list[tuple[int, bytes]] = []
        self.references = references
        self.touched: list[bytes] = []

    def restore(self, key: bytes, value: bytes | None) -> None:
        if value is None:
            self.state.pop(key, None)
        else:
            self.state[key] = json.loads(value)

    def restored(self) -> None:
        self.heap = [(held["due"], key) for key, held in self.state.items() if held["due"]]
        heapq.heapify(self.heap)

    def apply(self, records: Sequence[Record], now: int | None, *, final: bool = False) -> Result:
        if not final and any(r.value == b"later" for r in records):
            raise UnknownSchema(1)
        if not FLAG.exists():
            _without_flag(records)
        changed: dict[bytes, None] = {}
        outputs, dead = [], []
        for r in records:
            if (
                r.value in (b"poison", b"later", b"away", b"hang")
                or r.key is None
                or r.value is None
            ):
                dead.append((r, "poison", "does not count"))
                continue
            if r.value == b"bug" and not MENDED:
                raise ZeroDivisionError("a bug in the job")
            held = self.state.setdefault(r.key, {"n": 0, "due": None})
            held["n"] += 1
            if r.value.startswith(b"due:"):
                held["due"] = int(r.value[4:])
                heapq.heappush(self.heap, (held["due"], r.key))
            changed[r.key] = None
            outputs.append(Out(OUTPUT, r.key, b"%d" % held["n"]))
        return Result([self._pair(key) for key in changed], outputs, dead)

    def fire(self, now: int | None, limit: int) -> Result:
        state, outputs = [], []
        while self.touched and len(outputs) < limit:
            outputs.append(Out(OUTPUT, self.touched.pop(), b"touched"))
        while now is not None and self.heap and self.heap[0][0] <= now and len(outputs) < limit:
            due, key = heapq.heappop(self.heap)
            held = self.state[key]
            if held["due"] == due:
                held["due"] = None
                state.append(self._pair(key))
                outputs.append(Out(OUTPUT, key, b"fired %d" % due))
        return Result(state, outputs)

    def here(self) -> None:
        return None

    def forget(self) -> None:
        pass

    def committed(self, here: Here) -> None:
        pass

    def close(self) -> None:
        pass

    def next_due(self) -> int | None:
        if self.touched:
            return 0
        return self.heap[0][0] if self.heap else None

    def reference_changed(self) -> None:
        self.touched = sorted(self.state)

    def _pair(self, key: bytes) -> tuple[bytes, bytes]:
        return key, json.dumps(self.state[key]).encode()


def _without_flag(records: Sequence[Record]) -> None:
    if any(r.value == b"away" for r in records):
        raise RegistryAway("the flag is not there")
    if any(r.value == b"hang" for r in records):
        FLAG.touch()
        time.sleep(3600)


def main() -> None:
    """Run a worker of the counting job."""
    from duban.settings import settings
    from streams import logs, metrics
    from streams.app import create_app
    from streams.engine import Engine

    if os.environ.get("COUNT_DEAF"):
        Engine.wants = lambda self, tp: not FLAG.exists()  # type: ignore[method-assign]
    if ahead := int(os.environ.get("COUNT_AHEAD", 0)):
        true_time = time.time_ns
        time.time_ns = lambda: true_time() + ahead * 1_000_000
    sources = (SOURCE, OTHER) if os.environ.get("COUNT_TWO") else (SOURCE,)
    logs.configure()
    if settings().metrics_port:
        metrics.serve(settings().metrics())
    app = create_app([JobSpec("count", sources, STATE, CountingJob)], lambda events: list(events))
    sys.argv[1:] = ["--quiet", "worker", "--without-web", "-l", "INFO"]
    app.main()


if __name__ == "__main__":
    main()
