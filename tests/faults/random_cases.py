"""Random cases through the real pipeline: what is out in the end is what the model says.

`python -m tests.faults.random_cases --cases 5000 --kills 12` is the long form. Facts arrive late,
doubled and corrected, new notices of holidays come out in the middle, and the worker is killed
with -9 at random. Some alerts are acknowledged. In the end what the model says of the same facts is
held against `case-state` (each clock with its due instant and what it consumed) and against what
was said and not taken back: signals, breaches and deemed outcomes on `sla-events`, alerts,
escalations and how they ended on `alerts`. Not compared are the versions that a clock names, which
the model does not say, and the instant of a rung, which is no part of a signal's name.
"""

import argparse
import json
import random
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from duban import bus, codec
from duban.events import Actor, Event
from projections.sink.state import decode_state
from streams.clocks_job import CLOCK_KEY, LOOKED_KEY
from streams.records import POSITION_KEY
from tests.faults.rungs import in_flight, wait_idle
from tests.model import worlds
from tests.model.cases import DAY, Case, acknowledged, draw
from tests.model.compare import model, raised, tale
from tests.model.engine import alert_names, engine_fact
from tests.model.oracle.life import Fact
from tests.stack import Stack, new_stack

PARTS = "broker,topics,apply,streams"
TURNS = 60  # slices of the facts; business time moves on before each
Happening = Callable[[Stack], None]
SAME = ("kind", "key", "anchor", "due", "state", "outcome", "stopped_at", "provisional", "saved")
COUNTED = ("unit", "budget", "consumed")  # of clocks that count; a fixed date consumes nothing
SAID = {
    "SignalRaised": "signals",
    "ClockBreached": "breaches",
    "DeemedOutcomeReached": "deemed",
    "AlertRaised": "alerts",
    "AlertEscalated": "alerts",
}
TAKEN_BACK = {
    "SignalRetracted": "signals",
    "ClockBreachRetracted": "breaches",
    "DeemedOutcomeRetracted": "deemed",
    "AlertRetracted": "alerts",
}
Rows = list[dict[str, Any]]


def drawn(count: int, world: worlds.World) -> list[Case]:
    """Cases in the world as it is in the end, judged long after their last fact; somebody has
    acknowledged alerts of every third."""
    found = [replace(draw(seed, world), late=True) for seed in range(count)]
    last = max(arrival(fact) for case in found for fact in case.facts) + 400 * DAY
    return [answered(replace(case, now=last), seed) for seed, case in enumerate(found)]


def answered(case: Case, seed: int) -> Case:
    """The case with answers to alerts, of those that can be told by the end."""
    if seed % 3:
        return case
    whole = acknowledged(case, raised(case), seed)
    return replace(whole, facts=tuple(f for f in whole.facts if arrival(f) <= case.now))


def arrival(fact: Fact) -> int:
    """When a fact can be told: after it happened and was written down."""
    return int(max(fact["occurred_at"], fact["recorded_at"]))


def turns(cases: Sequence[Case]) -> Iterator[list[tuple[Case, Fact]]]:
    """All facts in the order of their arrival, in slices and out of
    order within one; a tenth comes again a while later."""
    facts = sorted(
        ((case, fact) for case in cases for fact in case.facts), key=lambda cf: arrival(cf[1])
    )
    size = max(1, len(facts) // TURNS)
    for first in range(0, len(facts), size):
        again = random.sample(facts[:first], min(first, size // 10))
        told = facts[first : first + size] + again
        random.shuffle(told)
        yield told


def event(case: Case, fact: Fact) -> Event:
    """A fact as a hall sends it; an answer names the alert by the id that the engine gives it."""
    data = fact["data"]
    if fact["type"] == "AlertAcknowledged":
        data = {"alert_id": alerts_of(case).get(data["alert_id"], "unknown")}
    return Event(
        type=fact["type"],
        event_id=fact["id"],
        subject_id=case.case_id,
        hall_id=case.hall,
        occurred_at=fact["occurred_at"],
        recorded_at=fact["recorded_at"],
        actor=Actor("", fact["role"], "", fact["window"]),
        corrects_event_id=fact["corrects"],
        data=data,
    )


_alerts: dict[str, dict[str, str]] = {}


def alerts_of(case: Case) -> dict[str, str]:
    """The engine's ids of a case's alerts by the names that the model gives them."""
    if case.case_id not in _alerts:
        plain = [f for f in case.facts if f["type"] != "AlertAcknowledged"]
        _alerts[case.case_id] = alert_names(case, [engine_fact(f) for f in plain])
    return _alerts[case.case_id]


def tell(
    stack: Stack, cases: Sequence[Case], world: worlds.World, happens: Mapping[int, Happening]
) -> None:
    """Send everything, publish the late notices in the middle; after a slice with a number in
    `happens`, let that happen to the stack."""
    stack.run("apply", str(world.early), check=True)
    for number, facts in enumerate(slices := list(turns(cases))):
        with stack.here(), bus.Producer() as producer:
            producer.tick(max(arrival(fact) for _, fact in facts))
            producer.send_many(event(case, fact) for case, fact in facts)
        if number == len(slices) // 2:
            stack.run("apply", str(world.late), check=True)
        if number in happens:
            happens[number](stack)
    with stack.here():
        with bus.Producer() as producer:
            producer.tick(cases[0].now)
        wait_idle(900)


def kill(stack: Stack) -> None:
    """End the worker as a power cut would."""
    with stack.here():
        old = stack.kill("streams")
        print(f"killed {old}: {in_flight()} records in flight")
    stack.wait_restarted("streams", old, 120)


# --- what came out ---


def states() -> dict[str, Rows]:
    """Clocks of each case, as its last record in case-state has them."""
    found: dict[str, Rows] = {}
    for record in bus.read_all("case-state"):
        if record.key in (CLOCK_KEY, LOOKED_KEY, POSITION_KEY) or record.value is None:
            continue
        rows = [row for row in decode_state(record.value)["clocks"] if not row["is_deleted"]]
        found[(record.key or b"").decode()] = [
            {**row, "anchor": row["anchor_event_id"], "key": row["clock_key"],
             "due": ms(row["due_at"]), "stopped_at": ms(row["stopped_at"])} for row in rows
        ]  # fmt: skip
    return found


def ms(at: Any) -> int | None:
    """An instant as Avro gives it."""
    return at if at is None or isinstance(at, int) else round(at.timestamp() * 1000)


def line(clock: dict[str, Any], fixed: set[str]) -> str:
    """What is compared of a clock; `fixed` are the kinds that the model gives a date and no
    count."""
    names = SAME if clock["kind"] in fixed else (*SAME, *COUNTED)
    return json.dumps({name: clock[name] for name in names})


@dataclass
class Net:
    """What was said of one case: events by name with how often they are out, and alerts that were
    noted or cleared."""

    out: Counter[str] = field(default_factory=Counter)
    first: dict[str, Event] = field(default_factory=dict)
    noted: set[str] = field(default_factory=set)
    cleared: set[str] = field(default_factory=set)

    def hear(self, told: Event) -> None:
        """One event more."""
        part = SAID.get(told.type) or TAKEN_BACK.get(told.type)
        alert = str(told.data.get("alert_id", ""))
        if told.type == "AlertNoted":
            self.noted.add(alert)
        elif told.type == "AlertCleared":
            self.cleared.add(alert)
        elif part == "alerts":
            self.out[alert] = 0 if told.type in TAKEN_BACK else 1
            self.first[alert] = told
            self.cleared.discard(alert)
            if told.type in TAKEN_BACK:
                self.noted.discard(alert)
        elif part:
            name = name_of(told)
            self.out[name] += -1 if told.type in TAKEN_BACK else 1
            self.first.setdefault(name, told)

    def said(self, clocks: Rows) -> dict[str, Rows]:
        """What is out, in the words of the model."""
        about = {c["clock_id"]: {n: c[n] for n in ("kind", "key", "anchor")} for c in clocks}
        found: dict[str, Rows] = {part: [] for part in SAID.values()}
        for name, times in self.out.items():
            assert times in (0, 1), f"{name} is out {times} times"
            if times:
                told = self.first[name]
                found[SAID[told.type]].append(self._row(told, about))
        return found

    def _row(self, told: Event, about: dict[str, dict[str, Any]]) -> dict[str, Any]:
        data = told.data
        of = about.get(data["clock_id"]) or {"kind": "", "key": data["branch_id"]}
        match SAID[told.type]:
            case "deemed":
                return {**of, "outcome": data["outcome"]}
            case "breaches":
                return {**of, "due": data["due_at"]}
        row = {**of, "level": data["level"], "rung": data["rung"], "due": data["due_at"]}
        if SAID[told.type] == "signals":
            return row
        alert = data["alert_id"]
        return {**row, "noted": alert in self.noted, "cleared": alert in self.cleared}


def name_of(told: Event) -> str:
    """What a saying and its taking back have in common."""
    data = told.data
    match told.type:
        case "SignalRaised" | "SignalRetracted":
            return str(data["signal_id"])
        case "DeemedOutcomeReached" | "DeemedOutcomeRetracted":
            return "|".join(str(data[n]) for n in ("outcome", "clock_id", "branch_id", "due_at"))
    return f"breach {data['clock_id']} {data['due_at']}"


def net() -> dict[str, Net]:
    """What was said of each case and not taken back."""
    found: dict[str, Net] = {}
    for topic in ("sla-events", "alerts"):
        for record in bus.read_all(topic):
            told = codec.decode(record.value)
            found.setdefault(told.subject_id, Net()).hear(told)
    return found


def check(cases: Sequence[Case]) -> str:
    """Hold what is out against the model; a sentence about it."""
    assert not list(bus.read_all("dead-letters")), "facts were laid aside"
    kept, out, told = states(), net(), Counter[str]()
    for case in cases:
        model_says = model(case)
        clocks = kept.get(case.case_id, [])
        fixed = {c["kind"] for c in model_says["clocks"] if c["consumed"] is None}
        wanted = [line(c, fixed) for c in model_says["clocks"]]
        same(case, "clocks", wanted, [line(c, fixed) for c in clocks])
        said = out.get(case.case_id, Net()).said(clocks)
        told["clocks"] += len(clocks)
        for part, rows in said.items():
            expected = model_says[part]
            # The instant of a rung is no part of its name: one that is out keeps the first.
            expected = [{k: v for k, v in row.items() if k != "at"} for row in expected]
            if part == "signals":
                expected = [s for s in expected if s["level"] != "escalate"]
            same(case, part, map(words, expected), map(words, rows))
            told[part] += len(expected)
    counts = ", ".join(f"{number} {part}" for part, number in told.items())
    return f"{len(cases)} cases: their {counts} are the model's"


def words(row: dict[str, Any]) -> str:
    """A row in one spelling."""
    return json.dumps(row, sort_keys=True)


def same(case: Case, part: str, wanted: Iterable[str], found: Iterable[str]) -> None:
    """Each line as often here as there."""
    model_says, came = Counter(wanted), Counter(found)
    missing, more = list((model_says - came).elements()), list((came - model_says).elements())
    assert not (missing or more), f"{part}: missing {missing}, too many {more}\n{tale(case)}"


def exercise(
    stack: Stack,
    count: int,
    kills: int,
    directory: Path,
    seed: int = 1,
    kill: Callable[[Stack], None] = kill,
) -> None:
    """The whole trial on a stack that runs."""
    random.seed(seed)
    world = worlds.make(seed, directory)
    cases = drawn(count, world)
    tell(stack, cases, world, dict.fromkeys(random.sample(range(2, TURNS - 1), kills), kill))
    with stack.here():
        print(check(cases))


def main() -> None:
    """The command."""
    options = argparse.ArgumentParser()
    options.add_argument("--cases", type=int, default=5_000)
    options.add_argument("--kills", type=int, default=12)
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        stack = new_stack(Path(directory) / "data", parts=PARTS, business_time="ticks")
        stack.start()
        try:
            exercise(stack, given.cases, given.kills, Path(directory) / "worlds", given.seed)
        finally:
            stack.stop()


if __name__ == "__main__":
    main()
