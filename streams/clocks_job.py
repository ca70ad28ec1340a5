"""The clock job: facts of cases in; clock and signal events, alerts, points and case state out.

One instance owns one partition. Facts, ticks of business time and due timers run through the same
`_settle`, so a case is always what its facts, the reference and the time make of it.
"""

import sys
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from duban import bus, codec, contracts
from duban.assess import Assessment
from duban.case import evolve
from duban.events import Event
from streams import intake, metrics, state
from streams.cases import Cases, Place
from streams.code_mark import code_mark
from streams.difference import look_at
from streams.intake import Told
from streams.records import Here, Out, Record, References, Result
from streams.shelf import InMemory, Shelf
from streams.state import Held, versions
from streams.timers import Timers

VERDICTS = "verdicts"  # the topic by which reviews speak to rated cases
CLOCK_KEY = b"__clock"
LOOKED_KEY = b"__looked"  # by which reference data and rules all open cases have been looked at
CASE_BYTES_MAX = 600_000
LATEST_MS = 7_000_000_000_000  # a day in 2191


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
    packed; the others on `shelf`, or all of them there."""

    def __init__(
        self,
        partition: int,
        references: References,
        shelf: Shelf | None = None,
        *,
        all_on_shelf: bool = False,
    ) -> None:
        self._partition = partition
        self._references = references
        self._cases = Cases(shelf or InMemory(), all_on_shelf=all_on_shelf)
        self._timers = Timers(self._cases.wakes)
        self._again: deque[str] = deque()
        self._looked = ""
        self._looking = ""  # what `_looked` will be when `_again` has been worked off
        self._tick: int | None = None

    # --- what the engine calls ---

    def here(self) -> Here | None:
        """How much of the state topic the shelf holds already, where it was kept."""
        place = self._cases.reopen()
        if place is None:
            return None
        self._tick, self._looked = place.tick, place.looked
        return place.here

    def forget(self) -> None:
        """The shelf is of another topic."""
        self._cases.forget()
        self._tick, self._looked = None, ""

    def restore(self, key: bytes, value: bytes | None) -> None:
        """Take back one record of the state topic."""
        if key == CLOCK_KEY:
            self._tick = int(value) if value else None
        elif key == LOOKED_KEY:
            self._looked = value.decode() if value else ""
        else:
            self._cases.restore(key.decode(), value)

    def restored(self) -> None:
        """Everything is back. Open cases are looked at again only where reference data or rules
        are not those of the last look."""
        self._cases.committed()
        self._timers.clear()
        for wake, name in self._cases.wakes():
            self._timers.add(wake, name, len(self._cases))
        if not self._looked or self._looked != self._mark():
            self.reference_changed()
        self._tell()

    def committed(self, here: Here) -> None:
        """What was returned last is written: what belongs on the shelf goes there."""
        self._cases.committed(Place(here, self._tick, self._looked))
        self._tell()

    def close(self) -> None:
        """Let go of the partition."""
        self._cases.close()

    def reference_changed(self) -> None:
        """Look at all open cases again; closed ones never change with the reference."""
        self._again = deque(self._cases.names())
        self._looking = self._mark()

    def next_due(self) -> int | None:
        """The next instant at which a case has something to say; 0 when one waits to be seen."""
        if self._again or self._looking:
            return 0
        return self._timers.next

    def apply(self, records: Sequence[Record], now: int | None, *, final: bool = False) -> Result:
        """Take in facts in offset order; `now` is None when business time comes by ticks."""
        turn = Turn()
        touched: dict[str, list[str]] = {}
        for told in _read(records, turn, final):
            flat = told.flat
            if flat["type"] == "ClockTicked":
                if now is not None or not 0 < flat["at"] < LATEST_MS:
                    continue  # business time is the wall's, or this is no time
                self._settle(touched, self._now(now), turn)
                touched = {}
                self._advance(flat["at"], turn)
            elif refusal := intake.problem(told, self._dated_by(told, now)):
                turn.dead.append((told.record, *refusal))
            elif self._too_large(told, turn):
                turn.dead.append(
                    (told.record, "case_too_large", f"over {CASE_BYTES_MAX} bytes of facts")
                )
            elif self._take(told, turn):
                touched.setdefault(flat["subject_id"], []).append(flat["event_id"])
        self._settle(touched, self._now(now), turn)
        return turn.result()

    def _dated_by(self, told: Told, now: int | None) -> int | None:
        """What the dates of a record are held against. A verdict's were held against the time of
        the review's partition, which this one may lag behind by days when it catches up."""
        return None if told.record.topic == VERDICTS else self._now(now) or None

    def fire(self, now: int | None, limit: int) -> Result:
        """Look at cases whose instant has come, or that the reference may have changed."""
        turn = Turn()
        at = self._now(now)
        due = self._due(at, limit)
        while self._again and len(due) < limit:
            if (name := self._again.popleft()) in self._cases:
                due.setdefault(name, ["reference"])
        self._settle(due, at, turn)
        if self._looking and not self._again:
            self._looked, self._looking = self._looking, ""
            turn.state.append((LOOKED_KEY, self._looked.encode()))
        return turn.result()

    # --- inside ---

    def _tell(self) -> None:
        metrics.open_cases.labels("clocks", str(self._partition)).set(len(self._cases))
        metrics.timers.labels("clocks", str(self._partition)).set(len(self._timers))

    def _now(self, now: int | None) -> int:
        return now if now is not None else self._tick or 0

    def _mark(self) -> str:
        """Names reference data and rules together; empty where the data has no name."""
        mark = self._references.current.mark
        return mark and f"{mark}+{code_mark()}"

    def _advance(self, at: int, turn: Turn) -> None:
        """Business time moves on, never back; what has fallen due by then fires."""
        if self._tick is None or at > self._tick:
            self._tick = at
            turn.state.append((CLOCK_KEY, str(at).encode()))
        self._settle(self._due(self._tick, len(self._cases)), self._tick, turn)

    def _due(self, now: int, limit: int) -> dict[str, list[str]]:
        due: dict[str, list[str]] = {}
        for at, name in self._timers.due(now) if limit else ():
            if self._cases.wake(name) == at:
                due[name] = ["timer"]
            if len(due) >= limit:
                break
        return due

    def _find(self, name: str, turn: Turn) -> Held | None:
        """A case, open or closed, unpacked for this turn; None where no fact of it is known."""
        held = turn.cases.get(name)
        if held is not None:
            return held
        stored = self._cases.get(name)
        if stored is not None:
            held = turn.cases[name] = state.taken_up(name, stored)
        return held

    def _too_large(self, told: Told, turn: Turn) -> bool:
        """Whether the case's state would outgrow a record of Kafka (1 MiB)."""
        held = self._find(told.flat["subject_id"], turn)
        size = held.size if held else 0
        return size + len(told.record.value or b"") > CASE_BYTES_MAX

    def _take(self, told: Told, turn: Turn) -> bool:
        """Add a fact to its case; False where it was known already."""
        name = told.flat["subject_id"]
        held = self._find(name, turn)
        if held is None:
            tenant = sys.intern(told.flat["tenant_id"])
            held = turn.cases[name] = Held(name, state.hall_of(name), tenant)
        before = held.facts
        held.facts = evolve(before, intake.fact_of(told.flat, told.record))
        if held.facts is before:
            return False
        held.size += len(told.record.value or b"")
        return True

    def _settle(self, touched: Mapping[str, Sequence[str]], now: int, turn: Turn) -> None:
        """Derive each touched case anew; send out what is new, take back what is gone."""
        reference = self._references.current
        for name, causes in touched.items():
            held = self._find(name, turn)
            assert held is not None
            assessment, messages = look_at(held, reference, now, *causes)
            turn.outputs += [record_of(m) for m in messages]
            named = versions(assessment)
            renamed, held.versions = named != held.versions, named
            moved = self._cases.wake(name) != assessment.next_wake
            if messages or renamed or moved or causes[-1] not in ("timer", "reference"):
                held.version += 1
                self._keep(held, assessment, turn)
            del turn.cases[name]

    def _keep(self, held: Held, assessment: Assessment, turn: Turn) -> None:
        """Put a case down, write it, and put it where it belongs."""
        name, wake = held.case_id, assessment.next_wake
        changing = assessment.open or wake is not None
        stored = state.at_rest(held, changing, wake)
        value = state.encode(held, assessment, stored)
        turn.state.append((name.encode(), value))
        before = self._cases.wake(name)
        self._cases.put(name, stored, value)
        if wake is not None and wake != before:
            self._timers.add(wake, name, len(self._cases))


def _read(records: Sequence[Record], turn: Turn, final: bool) -> list[Told]:
    """The records that can be read; the others are dead."""
    found = []
    for record in records:
        told = intake.read(record, final)
        if isinstance(told, Told):
            found.append(told)
        else:
            turn.dead.append((record, *told))
    return found


def record_of(event: Event) -> Out:
    """The Kafka record of a derived event; those about a hall or another case go where their key
    hashes to."""
    topic = contracts.topic_of(event.type)
    key = bus.key_of(topic, event)
    partition = -1 if topic in ("score-points", VERDICTS) else None
    return Out(topic, key, codec.encode(event), bus.headers_of(event), partition)
