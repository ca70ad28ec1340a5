"""The clock job: facts of cases in; clock and signal events, alerts, points and case state out.

One instance owns one partition. Facts, ticks of business time and due timers run through the same
`_settle`, so a case is always what its facts, the reference and the time make of it.
"""

import hashlib
import heapq
import sys
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from duban import bus, codec, contracts
from duban.access import ALL_HALLS
from duban.assess import Assessment, assess
from duban.case import Fact, evolve, kept
from duban.events import Event, rank
from duban.ids import identify
from streams import metrics, state
from streams.closed import ClosedCases, InMemory, Shelf
from streams.difference import difference
from streams.records import Out, Record, References, Result
from streams.state import Held, Packed, Stored, versions

CLOCK_KEY = b"__clock"
CASE_BYTES_MAX = 600_000
HEAP_SLACK = 10_000  # entries that lead nowhere before the heap is made anew
LATEST_MS = 7_000_000_000_000  # a day in 2191
SENDER = "duban_hall"  # header: the hall whose token the gateway saw


@dataclass(slots=True)
class Turn:
    """What one call has gathered so far."""

    cases: dict[str, Held] = field(default_factory=dict)
    state: list[tuple[bytes, bytes | None]] = field(default_factory=list)
    outputs: list[Out] = field(default_factory=list)
    dead: list[tuple[Record, str, str]] = field(default_factory=list)

    def result(self) -> Result:
        """The same, as the engine takes it."""
        return Result(self.state, self.outputs, self.dead)


class ClocksJob:
    """All cases of one partition of `case-events`: those that time can still change in memory,
    packed; the others on `shelf`."""

    def __init__(self, partition: int, references: References, shelf: Shelf | None = None) -> None:
        self._partition = partition
        self._references = references
        self._open: dict[str, Packed] = {}
        self._closed = ClosedCases(shelf or InMemory())
        self._heap: list[tuple[int, str]] = []
        self._again: deque[str] = deque()
        self._tick: int | None = None

    # --- what the engine calls ---

    def restore(self, key: bytes, value: bytes | None) -> None:
        """Take back one record of the state topic."""
        if key == CLOCK_KEY:
            self._tick = int(value) if value else None
            return
        name = key.decode()
        known = self._open.pop(name, None)
        stored = state.decode(value) if value is not None else None
        if stored is None or not stored.changing:
            self._closed.restore(name, value)
            return
        if known is None:
            self._closed.restore(name, None)
        self._open[name] = state.at_rest(stored)

    def restored(self) -> None:
        """Everything is back: the heap is rebuilt by looking at every open case again."""
        self.committed()
        self._heap.clear()
        self.reference_changed()

    def committed(self) -> None:
        """What was returned last is written: closed cases leave memory."""
        self._closed.committed()
        metrics.open_cases.labels("clocks", str(self._partition)).set(len(self._open))

    def close(self) -> None:
        """Let go of the partition."""
        self._closed.close()

    def reference_changed(self) -> None:
        """Look at all open cases again; closed ones never change with the reference."""
        self._again = deque(self._open)

    def next_due(self) -> int | None:
        """The next instant at which a case has something to say; 0 when one waits to be seen."""
        if self._again:
            return 0
        return self._heap[0][0] if self._heap else None

    def apply(self, records: Sequence[Record], now: int | None, *, final: bool = False) -> Result:
        """Take in facts in offset order; `now` is None when business time comes by ticks."""
        turn = Turn()
        found = [e for r in records if (e := _read(r, turn, final)) is not None]
        touched: dict[str, str] = {}
        for record, event, sound in found:
            if event.type == "ClockTicked":
                if now is not None or not 0 < event.data["at"] < LATEST_MS:
                    continue  # business time is the wall's, or this is no time
                self._settle(touched, self._now(now), turn)
                touched = {}
                self._advance(int(event.data["at"]), turn)
            elif problem := self._problem(record, event, sound, now):
                turn.dead.append((record, *problem))
            elif self._too_large(event, record, turn):
                turn.dead.append(
                    (record, "case_too_large", f"over {CASE_BYTES_MAX} bytes of facts")
                )
            elif self._take(event, record, turn):
                touched[event.subject_id] = event.event_id
        self._settle(touched, self._now(now), turn)
        return turn.result()

    def fire(self, now: int | None, limit: int) -> Result:
        """Look at cases whose instant has come, or that the reference may have changed."""
        turn = Turn()
        at = self._now(now)
        due = self._due(at, limit)
        while self._again and len(due) < limit:
            if (name := self._again.popleft()) in self._open:
                due.setdefault(name, "reference")
        self._settle(due, at, turn)
        return turn.result()

    # --- inside ---

    def _now(self, now: int | None) -> int:
        return now if now is not None else self._tick or 0

    def _advance(self, at: int, turn: Turn) -> None:
        """Business time moves on, never back; what has fallen due by then fires."""
        if self._tick is None or at > self._tick:
            self._tick = at
            turn.state.append((CLOCK_KEY, str(at).encode()))
        self._settle(self._due(self._tick, len(self._heap)), self._tick, turn)

    def _due(self, now: int, limit: int) -> dict[str, str]:
        due: dict[str, str] = {}
        while self._heap and self._heap[0][0] <= now and len(due) < limit:
            at, name = heapq.heappop(self._heap)
            packed = self._open.get(name)
            if packed is not None and packed.wake == at:
                due[name] = "timer"
        return due

    def _problem(
        self, record: Record, event: Event, sound: bool, now: int | None
    ) -> tuple[str, str] | None:
        """Why a readable event cannot be a fact here, as (reason, detail), or None."""
        if contracts.topic_of(event.type) != record.topic:
            return "wrong_topic", f"{event.type} does not belong on {record.topic}"
        if record.key is None or record.key.decode("utf-8", "replace") != event.subject_id:
            return "wrong_key", f"the key is not the case {event.subject_id}"
        try:
            check = contracts.check_sound if sound else contracts.check
            check(event, self._now(now) or None)
        except contracts.ContractError as error:
            return "schema_rules", str(error)
        return None

    def _find(self, name: str, turn: Turn) -> Held | None:
        """A case, open or closed, unpacked for this turn; None where no fact of it is known."""
        held = turn.cases.get(name)
        if held is not None:
            return held
        if packed := self._open.get(name):
            held = state.unpack(name, state.taken_up(packed))
        elif value := self._closed.get(name):
            held = state.unpack(name, state.decode(value))
            held.shelved = True
        else:
            return None
        turn.cases[name] = held
        return held

    def _too_large(self, event: Event, record: Record, turn: Turn) -> bool:
        """Whether the case's state would outgrow a record of Kafka (1 MiB)."""
        held = self._find(event.subject_id, turn)
        size = held.size if held else 0
        return size + len(record.value or b"") > CASE_BYTES_MAX

    def _take(self, event: Event, record: Record, turn: Turn) -> bool:
        """Add a fact to its case; False where it was known already."""
        name = event.subject_id
        held = self._find(name, turn)
        if held is None:
            held = turn.cases[name] = Held(name, state.hall_of(name), sys.intern(event.tenant_id))
        before = held.facts
        held.facts = evolve(before, fact_of(event, record))
        if held.facts is before:
            return False
        held.size += len(record.value or b"")
        return True

    def _settle(self, touched: dict[str, str], now: int, turn: Turn) -> None:
        """Derive each touched case anew; send out what is new, take back what is gone."""
        reference = self._references.current
        for name, cause in touched.items():
            held = self._find(name, turn)
            assert held is not None
            assessment = assess(name, held.hall_id, held.facts, reference, now)
            messages = difference(held, assessment, cause)
            turn.outputs += [record_of(m) for m in messages]
            named = versions(assessment)
            renamed, held.versions = named != held.versions, named
            changing = assessment.open or assessment.next_wake is not None
            said = messages or renamed or not changing
            if said or cause not in ("timer", "reference"):
                held.version += 1
                self._keep(held, assessment, changing, turn)
            if changing:
                self._schedule(name, assessment.next_wake)
            del turn.cases[name]

    def _keep(self, held: Held, assessment: Assessment, changing: bool, turn: Turn) -> None:
        """Pack a case, write it, and put it where it belongs."""
        name, core = held.case_id, state.pack(held, changing)
        value = state.encode(held, assessment, core)
        turn.state.append((name.encode(), value))
        before = self._open.pop(name, None)
        if not changing:
            self._closed.put(name, value)
            return
        if held.shelved:
            self._closed.take_away(name)
        wake = before.wake if before else None
        stored = Stored(held.tenant_id, held.version, core, held.versions)
        self._open[name] = state.at_rest(stored, wake)

    def _schedule(self, name: str, wake: int | None) -> None:
        """Note when to look again; the heap holds more than is open only up to a bound."""
        packed = self._open[name]
        if wake is not None and wake != packed.wake:
            heapq.heappush(self._heap, (wake, name))
        packed.wake = wake
        if len(self._heap) > 2 * len(self._open) + HEAP_SLACK:
            self._heap = [(p.wake, n) for n, p in self._open.items() if p.wake is not None]
            heapq.heapify(self._heap)


def _read(record: Record, turn: Turn, final: bool) -> tuple[Record, Event, bool] | None:
    """The event of a record and whether its fields are sound; unreadable ones become dead letters,
    unknown schemas a retry."""
    try:
        flat = codec.decode_record(record.value)
        sound = contracts.is_sound(flat)
        return record, codec.event_of(flat), sound
    except codec.RetryLater as error:
        if not final or not isinstance(error, codec.UnknownSchema):
            raise
        turn.dead.append((record, "unknown_schema", str(error)))
    except codec.CodecError as error:
        turn.dead.append((record, error.reason, error.detail))
    return None


def fact_of(event: Event, record: Record) -> Fact:
    """What the rules read of an event; the record's bytes tell two bodies under one id apart.

    Ids of a guest, a hall that the case is not in, are in a space of their own: a guest can neither
    double nor correct what another hall has said.
    """
    sent = next((value for name, value in record.headers if name == SENDER), b"")
    hall, sender = event.subject_id.split("/", 1)[0], sent.decode("utf-8", "replace")
    sender = "" if sender in (ALL_HALLS, hall) else sender
    own = (lambda name: identify(sender, name)) if sender else str
    return Fact(
        occurred_at=event.occurred_at,
        rank=rank(event.type),
        recorded_at=event.recorded_at,
        event_id=own(event.event_id),
        type=event.type,
        digest=hashlib.blake2b(record.value or b"", digest_size=8).hexdigest(),
        actor=event.actor,
        channel=event.channel,
        corrects=event.corrects_event_id and own(event.corrects_event_id),
        historical=event.historical,
        data=kept(event.type, event.data),
        sender=sender,
    )


def record_of(event: Event) -> Out:
    """The Kafka record of a derived event; those keyed by hall go where their key hashes to."""
    topic = contracts.topic_of(event.type)
    key = bus.key_of(topic, event)
    partition = -1 if topic == "score-points" else None
    return Out(topic, key, codec.encode(event), bus.headers_of(event), partition)
