"""Duban's own worker with the counting rule as its job: the engine as it stands in `streams`."""

import sys
from collections.abc import Sequence

from bench.streams.rule import EVERY, Meter, told, updated
from duban.reference import reference_from
from streams import logs
from streams.app import create_app
from streams.records import Here, JobSpec, Out, Record, References, Result


class CountingJob:
    """The rule on one partition."""

    def __init__(self, meter: Meter, output: str) -> None:
        self._meter = meter
        self._output = output
        self._state: dict[bytes, bytes] = {}

    def restore(self, key: bytes, value: bytes | None) -> None:
        if value is None:
            self._state.pop(key, None)
        else:
            self._state[key] = value

    def restored(self) -> None:
        pass

    def apply(self, records: Sequence[Record], now: int | None, *, final: bool = False) -> Result:
        self._meter.takes(len(records))
        state, outputs, changed = self._state, [], {}
        for r in records:
            assert r.key is not None and r.value is not None
            after = changed[r.key] = state[r.key] = updated(state.get(r.key), r.value)
            if r.offset % EVERY == 0:
                outputs.append(Out(self._output, r.key, after))
        return Result(list(changed.items()), outputs)

    def fire(self, now: int | None, limit: int) -> Result:
        return Result()

    def next_due(self) -> int | None:
        return None

    def here(self) -> None:
        """Everything is in memory."""

    def forget(self) -> None:
        """Nothing lies outside memory."""

    def committed(self, here: Here) -> None:
        pass

    def close(self) -> None:
        pass

    def reference_changed(self) -> None:
        pass


def main() -> None:
    """Run a worker of this job alone."""
    meter, output = Meter(), told("output")

    def make(_partition: int, _references: References) -> CountingJob:
        return CountingJob(meter, output)

    logs.configure()
    app = create_app([JobSpec("count", (told("source"),), told("state"), make)], reference_from)
    sys.argv[1:] = ["--quiet", "worker", "--without-web", "-l", "WARN"]
    app.main()


if __name__ == "__main__":
    main()
