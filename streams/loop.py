"""One loop owns a partition of a job: facts, due timers and changes of reference data in turn.

A turn applies a bounded number of waiting records, then what is due, and writes it all in one
transaction: changed state, outputs, dead letters, the position and the consumer offset. A turn
that was not committed never happened: the next owner restores the state and reads again.
"""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic

import structlog

from duban.codec import RetryLater
from streams import metrics
from streams.business_time import BusinessTime
from streams.inbox import Inbox
from streams.patience import Patience
from streams.records import Batch, Here, Job, JobSpec, Record, References, Result
from streams.restore import Progress, restore
from streams.transaction import Writer
from streams.turn import Slice, Turn

log = structlog.get_logger(__name__)

TURN_RECORDS = 4000
TURN_SECONDS = 0.25
IDLE_SECONDS = 1.0  # look at the clock at least this often
NOTHING_FIRED_SECONDS = 0.005


class PartitionLoop:
    """The owner of one partition number of a job's topics."""

    def __init__(
        self,
        spec: JobSpec,
        partition: int,
        *,
        group: str,
        references: References,
        patience: Patience,
        wall_time: bool,
        on_restored: Callable[["PartitionLoop"], Awaitable[None]],
        on_failure: Callable[["PartitionLoop", BaseException], None],
    ) -> None:
        self.spec = spec
        self.partition = partition
        self.ready = False  # set by `on_restored`, once the reading position is right
        self.caught_up = False
        self.turns = 0  # begun; grows at least every second while the loop is well
        self.restoring = Progress()
        self._group = group
        self._references = references
        self._patience = patience
        self._time = BusinessTime(wall_time)
        self._on_restored = on_restored
        self._on_failure = on_failure
        self._labels = (spec.name, str(partition))
        self._writer = Writer(f"{group}-{spec.name}-{partition}", group)
        self._job: Job | None = None
        self._inbox = Inbox({}, {})
        self._slice, self._fired = Slice(), Slice()
        self._reference_dirty = False
        self._origin = ""  # names the content of the state topic
        self._more = False  # timers may have work that waits for no instant
        self._wake = asyncio.Event()
        self._stopping = False
        self._interruptible = False
        self._task: asyncio.Task[None] | None = None

    # Called by the engine and the transport, in the same event loop.

    def start(self) -> None:
        """Fence, restore, then take turns until stopped."""
        self._task = asyncio.create_task(self._run(), name=f"loop-{'-'.join(self._labels)}")

    async def stop(self) -> None:
        """Finish the turn, close the producer."""
        self._stopping = True
        self._wake.set()
        task = self._task
        if task is None:
            return
        if not self.ready or self._interruptible:
            task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    @property
    def is_stopping(self) -> bool:
        """Whether it was told to stop."""
        return self._stopping

    @property
    def waits_on_purpose(self) -> bool:
        """Whether it waits for reference data or the registry, for as long as that takes."""
        return self._interruptible

    @property
    def on_the_way(self) -> int:
        """Records read and not yet applied."""
        return self._inbox.on_the_way

    @property
    def clock_off_seconds(self) -> float:
        """See `BusinessTime.off`."""
        return self._time.off / 1000

    @property
    def restored(self) -> bool:
        """Whether the loop knows where to go on."""
        return bool(self._inbox.position)

    @property
    def wants(self) -> bool:
        """Whether the partition should be read further now."""
        return self.ready and not self._stopping and not self._inbox.is_full

    @property
    def asks_position(self) -> bool:
        """Whether the reading position would tell the loop that it has caught up."""
        return self.ready and not self.caught_up and not self._inbox.on_the_way

    def next_offset(self, topic: str) -> int:
        """The offset to read next."""
        return self._inbox.read_to[topic]

    def position(self, topic: str) -> int:
        """The offset to apply next."""
        return self._inbox.position[topic]

    def delivering(self, batch: Batch) -> None:
        """A batch is on its way to `take`."""
        self._inbox.announce(batch)

    def take(self, batch: Batch) -> None:
        """Put a batch into the queue of what has to be applied."""
        self._inbox.put(batch)
        self._wake.set()

    def read_up_to(self, topic: str, position: int) -> None:
        """Everything below `position` has been delivered and applied."""
        self._inbox.read_up_to(topic, position)
        self._wake.set()

    def reference_changed(self) -> None:
        """Reference data has a new version; the job hears of it at the next turn."""
        self._reference_dirty = True
        self._wake.set()

    # The loop itself.

    async def _run(self) -> None:
        try:
            job = await self._open()
            while not self._stopping:
                self.turns += 1
                if not await self._turn(job):
                    await self._wait(job)
        except Exception as error:
            self._on_failure(self, error)
        finally:
            self.ready = False
            if self._job is not None:
                self._job.close()
            await self._writer.stop()

    async def _open(self) -> Job:
        """Fence first: what an older owner left open is then decided, and it writes no more."""
        started = monotonic()
        self._interruptible = True
        await self._patience.first_read()
        self._interruptible = False
        await self._writer.start()
        job = self._job = self.spec.make(self.partition, self._references)
        found = await restore(self.spec, self.partition, job, self._group, self.restoring)
        self._time.reached, self._origin = found.now, found.origin
        self._inbox = Inbox(found.position, found.ends)
        await self._on_restored(self)
        took = monotonic() - started
        metrics.restored_records.labels(*self._labels).set(found.records)
        metrics.restore_seconds.labels(*self._labels).set(took)
        log.info(
            "partition_restored", job=self.spec.name, partition=self.partition,
            position=found.position, ends=found.ends, records=found.records,
            seconds=round(took, 3),
        )  # fmt: skip
        return job

    async def _turn(self, job: Job) -> bool:
        """One transaction's worth of work; False when there was none."""
        turn = Turn(self.spec, self.partition)
        if self._reference_dirty:
            self._reference_dirty = False
            job.reference_changed()
            self._more = True
        await self._apply_waiting(job, turn)
        self._see_whether_caught_up()
        if self.caught_up and self._time.known:
            self._fire(job, turn)
        if turn.is_empty and not (self.caught_up and self._time.asks()):
            return False
        started = monotonic()
        position, now = self._inbox.position, self._time.reached
        writes = await turn.writes(self._writer.place, position, now, self._origin)
        written = await self._writer.write(writes)
        self._time.broker_said(written.broker_time)
        job.committed(Here(self._origin, written.offset))
        self._count(turn, monotonic() - started)
        return True

    async def _apply_waiting(self, job: Job, turn: Turn) -> None:
        stop_at = monotonic() + TURN_SECONDS
        while self._inbox and turn.records < TURN_RECORDS and monotonic() < stop_at:
            records = self._inbox.next_records(self._slice.size)
            if records:
                started = monotonic()
                try:
                    result = job.apply(records, self._time_of(records))
                except RetryLater as error:
                    if turn.records:  # write first what is done; these come again
                        return
                    result = await self._apply_later(job, records, error)
                except Exception as error:
                    error.add_note(_where(records))
                    raise
                self._slice.took(len(records), monotonic() - started)
                turn.add(result, records)
            self._inbox.applied(len(records))
            await asyncio.sleep(0)

    async def _apply_later(self, job: Job, records: list[Record], error: RetryLater) -> Result:
        """Nothing has changed yet in this turn, so `stop` may break the waiting off."""
        self._interruptible = True
        try:
            return await self._patience.apply(job, records, lambda: self._time_of(records), error)
        finally:
            self._interruptible = False

    def _time_of(self, records: list[Record]) -> int | None:
        """Time goes on with a job's first source: another one may be read far ahead of it."""
        first = records[0].topic == self.spec.sources[0]
        return self._time.of(records) if first else self._time.so_far()

    def _see_whether_caught_up(self) -> None:
        """Timers wait until everything is known that was there at assignment."""
        if self.caught_up:
            return
        if self._inbox.has_caught_up:
            self.caught_up = self._more = True
            log.info("caught_up", job=self.spec.name, partition=self.partition)

    def _fire(self, job: Job, turn: Turn) -> None:
        now, due = self._time.now(), job.next_due()
        if due is None or not (due <= now if now is not None else self._ticked(turn, due)):
            self._more = False
            return
        if now is not None and due > 0:
            late = metrics.timer_lateness_seconds.labels(*self._labels)
            late.observe((now - due) / 1000)
        started = monotonic()
        result = job.fire(now, self._fired.size)
        self._fired.took(len(result.state), monotonic() - started)
        self._more = not result.is_empty
        metrics.fired.labels(*self._labels).inc(not result.is_empty)
        turn.add(result)

    def _ticked(self, turn: Turn, due: int) -> bool:
        """Where time comes as records only the job knows it: ask after records, and on and on
        while it has work."""
        return due <= 0 or self._more or turn.records > 0

    async def _wait(self, job: Job) -> None:
        """Sleep until records come, reference data changes or the next timer is due."""
        seconds = IDLE_SECONDS
        due = job.next_due() if self.caught_up else None
        if due is not None:
            if (now := self._time.now()) is not None:
                seconds = min((due - now) / 1000, seconds)
            if self._more or due <= 0 or seconds <= 0:  # `fire` has looked and found no change
                seconds = NOTHING_FIRED_SECONDS
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return
        self._wake.clear()

    def _count(self, turn: Turn, seconds: float) -> None:
        metrics.records.labels(*self._labels).inc(turn.records)
        metrics.dead.labels(*self._labels).inc(turn.dead)
        metrics.turn_records.labels(*self._labels).observe(turn.records)
        metrics.transaction_seconds.labels(*self._labels).observe(seconds)
        metrics.waiting.labels(*self._labels).set(self._inbox.on_the_way)


def _where(records: list[Record]) -> str:
    first, last = records[0], records[-1]
    return f"while applying {first.topic}/{first.partition} offsets {first.offset} to {last.offset}"
