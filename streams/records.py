"""What goes into a partition's loop and what comes out of it; the contract between engine and jobs.

A job holds the rules of one partition and knows nothing of Kafka. The engine hands it records,
due timers and changes of reference data, and writes what it returns in one transaction.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from duban.policy import Reference

POSITION_KEY = b"__position"
BY_KEY = -1


class Record(NamedTuple):
    """One record as Kafka keeps it; `timestamp` is the broker's (LogAppendTime), epoch ms."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]


class Out(NamedTuple):
    """A record to write.

    `partition` None is the number of the partition that the loop owns, so that what belongs to a
    case stays together; `BY_KEY` is Kafka's own choice (murmur2 of the key).
    """

    topic: str
    key: bytes
    value: bytes | None
    headers: Sequence[tuple[str, bytes]] = ()
    partition: int | None = None


class Result(NamedTuple):
    """What a job's step changed; the whole of it is written in one transaction or not at all.

    `state` goes to the job's state topic (None deletes), later pairs win; `dead` holds records
    that cannot be read, each with a short reason and a detail.
    """

    state: Sequence[tuple[bytes, bytes | None]] = ()
    outputs: Sequence[Out] = ()
    dead: Sequence[tuple[Record, str, str]] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing has to be written."""
        return not (self.state or self.outputs or self.dead)


class Here(NamedTuple):
    """A place in a state topic that is behind nobody: what lies before `offset` is known. `origin`
    names the topic's content from its first record on."""

    origin: str
    offset: int


class Job(Protocol):
    """The rules of one partition; called from one task only, never at the same time.

    An exception other than `duban.codec.RetryLater` is a bug: the worker stops, nothing of the
    batch is committed, and the same records come again after a restart.
    """

    def here(self) -> Here | None:
        """How much of the state topic lies in a store of the job's own; None where none does."""

    def forget(self) -> None:
        """The store is of another topic: the restore begins at the beginning."""

    def restore(self, key: bytes, value: bytes | None) -> None:
        """Take back one record of the state topic, in order of writing; None deletes the key."""

    def restored(self) -> None:
        """All state is back: build the indexes that are not kept (the heap of due instants)."""

    def apply(self, records: Sequence[Record], now: int | None, *, final: bool = False) -> Result:
        """Apply records of one topic in order. `now` is business time in epoch ms (when the broker
        had the last record, so it lags behind while catching up; it never goes back), None where
        time comes as records (the job keeps the last tick).

        Raises `RetryLater` before it has changed anything. With `final` it raises that only for a
        registry that is away, and puts records of an unknown schema among the dead.
        """

    def fire(self, now: int | None, limit: int) -> Result:
        """Do what is due at `now`, for `limit` subjects at the most; called when caught up."""

    def next_due(self) -> int | None:
        """Earliest instant (epoch ms, business time) at which `fire` has something to do; 0 where
        work waits for no instant, such as a change of reference data; None where there is none."""

    def committed(self, here: Here) -> None:
        """All that was returned so far is written: what lies outside memory may follow. `here` is
        where the last of it begins."""

    def close(self) -> None:
        """The partition goes elsewhere; not called when the process ends at once."""

    def reference_changed(self) -> None:
        """Reference data has a new version: mark what must be looked at; `fire` works it off."""


class References(Protocol):
    """Where a job finds the reference data of the moment."""

    @property
    def current(self) -> "Reference":
        """All versions known now; a new object after each change."""


class JobSpec(NamedTuple):
    """A job and its topics.

    All sources have the same number of partitions; one loop owns the same partition number of
    each. A topic is the source of one job only. `make` is called per partition and assignment.
    `beside` names topics of the same key that the job may yet read: they must be divided alike.

    `form` numbers what the state is made of: where the state topic is of another form, the sources
    are read again from their beginning. So a job whose form goes up must have sources that are kept
    for ever, and outputs, if any, whose ids follow from the sources; it is given the old records
    too and takes from them what it can use.

    With `again`, records that come a second time change nothing, so that a consumer group which is
    new reads from the first record on, over the state that is there.
    """

    name: str
    sources: tuple[str, ...]
    state_topic: str
    make: Callable[[int, References], Job]
    form: int = 1
    beside: tuple[str, ...] = ()
    again: bool = False

    @property
    def together(self) -> tuple[str, ...]:
        """Topics that must have equally many partitions."""
        return (*self.sources, self.state_topic, *self.beside)


class Batch(NamedTuple):
    """Records of one source partition in order, as read at once.

    `epoch` counts assignments: a batch read before a rebalance is worth nothing after it.
    """

    topic: str
    partition: int
    epoch: int
    records: Sequence[Record]
