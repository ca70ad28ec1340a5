"""What a fault test is given: a directory, a broker, how long it may take, and whom it tells."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.engine.rig import PARTITIONS, Rig
from tests.stack import Stack, new_stack


class Skipped(Exception):
    """This machine cannot run the test; the message says why."""


class Scene:
    """One run of some fault tests. The broker is started for the first that asks and shared."""

    def __init__(
        self,
        directory: Path,
        *,
        long: bool = False,
        say: Callable[[str], None] = print,
        outside: Mapping[str, str] | None = None,
    ) -> None:
        self.directory = directory
        self.long = long
        self.say = say
        self._outside = outside
        self._kafka: Stack | None = None
        self._made = 0

    def folder(self) -> Path:
        """A directory of one's own."""
        self._made += 1
        made = self.directory / str(self._made)
        made.mkdir()
        return made

    @property
    def kafka(self) -> Stack:
        """A broker alone."""
        if self._kafka is None:
            made = new_stack(self.folder() / "data", parts="broker,topics", outside=self._outside)
            self._kafka = made.start()
        return self._kafka

    @property
    def own_broker(self) -> bool:
        """Whether the broker is a process that may be frozen and killed."""
        return not self._outside

    @contextmanager
    def rig(self, partitions: int = PARTITIONS, **state_settings: str) -> Iterator[Rig]:
        """The counting job's topics and workers on the shared broker."""
        rig = Rig(self.kafka, self.folder(), partitions=partitions)
        try:
            rig.make_topics(**state_settings)
            yield rig
        finally:
            rig.close()

    @contextmanager
    def stack(self, **options: Any) -> Iterator[Stack]:
        """A stack of the test's own, started."""
        made = new_stack(self.folder() / "data", **options)
        try:
            yield made.start()
        finally:
            made.stop()

    def close(self) -> None:
        """Stop the shared broker."""
        if self._kafka is not None:
            self._kafka.stop()
