"""Random cases through the real pipeline: what is out in the end is what the model says.

`python -m tests.faults.random_cases --cases 5000 --kills 12` is the long form. Facts arrive late,
doubled and corrected, new notices of holidays come out in the middle, and the worker is killed
with -9 at random. In the end `case-state` and the alerts that were raised and not taken back are
compared with the model's verdict on the same facts.
"""

import argparse
import json
import random
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from duban import bus, codec
from duban.events import Actor, Event
from projections.sink.state import decode_state
from streams.clocks_job import CLOCK_KEY
from streams.records import POSITION_KEY
from tests.faults.rungs import in_flight, wait_idle
from tests.model import worlds
from tests.model.cases import DAY, Case, draw
from tests.model.compare import model, tale
from tests.model.oracle.life import Fact
from tests.stack import Stack, new_stack

PARTS = "broker,topics,apply,streams"
TURNS = 60  # slices of the facts; business time moves on before each
SAME = ("kind", "anchor", "due", "state", "outcome", "stopped_at")


def drawn(count: int, world: worlds.World) -> list[Case]:
    """Cases in the world as it is in the end, judged long after their last fact."""
    found = [draw(seed, world) for seed in range(count)]
    last = max(arrival(fact) for case in found for fact in case.facts) + 400 * DAY
    return [replace(case, late=True, now=last) for case in found]


def arrival(fact: Fact) -> int:
    """When a fact can be told: after it happened and was written down."""
    return int(max(fact["occurred_at"], fact["recorded_at"]))


def turns(cases: Sequence[Case]) -> Iterator[list[tuple[Case, Fact]]]:
    """All facts in the order of their arrival, in slices; doubles come again a while later."""
    facts = sorted(
        ((case, fact) for case in cases for fact in case.facts), key=lambda cf: arrival(cf[1])
    )
    size = max(1, len(facts) // TURNS)
    for first in range(0, len(facts), size):
        again = random.sample(facts[:first], min(first, size // 20))
        yield facts[first : first + size] + again


def event(case: Case, fact: Fact) -> Event:
    """A fact as a hall sends it."""
    return Event(
        type=fact["type"],
        event_id=fact["id"],
        subject_id=case.case_id,
        hall_id=case.hall,
        occurred_at=fact["occurred_at"],
        recorded_at=fact["recorded_at"],
        actor=Actor("", fact["role"], "", fact["window"]),
        corrects_event_id=fact["corrects"],
        data=fact["data"],
    )


def tell(stack: Stack, cases: Sequence[Case], world: worlds.World, kills: int) -> None:
    """Send everything, publish the late notices in the middle, kill the worker at random."""
    stack.run("apply", str(world.early), check=True)
    slices = list(turns(cases))
    deaths = set(random.sample(range(2, len(slices) - 1), kills))
    with stack.here(), bus.Producer() as producer:
        for number, facts in enumerate(slices):
            producer.tick(max(arrival(fact) for _, fact in facts))
            producer.send_many(event(case, fact) for case, fact in facts)
            if number == len(slices) // 2:
                stack.run("apply", str(world.late), check=True)
            if number in deaths:
                kill(stack)
        producer.tick(cases[0].now)
        producer.flush()
        wait_idle(900)


def kill(stack: Stack) -> None:
    """End the worker as a power cut would."""
    old = stack.kill("streams")
    print(f"killed {old}: {in_flight()} records in flight")
    stack.wait_restarted("streams", old, 120)


# --- what came out ---


def states() -> dict[str, list[str]]:
    """Clocks of each case, one line each, as its last record in case-state has them."""
    found: dict[str, list[str]] = {}
    for record in bus.read_all("case-state"):
        if record.key in (CLOCK_KEY, POSITION_KEY) or record.value is None:
            continue
        rows = [row for row in decode_state(record.value)["clocks"] if not row["is_deleted"]]
        found[(record.key or b"").decode()] = sorted(
            line({**row, "anchor": row["anchor_event_id"], "due": ms(row["due_at"]),
                  "stopped_at": ms(row["stopped_at"])}) for row in rows
        )  # fmt: skip
    return found


def ms(at: Any) -> int | None:
    """An instant as Avro gives it."""
    return at if at is None or isinstance(at, int) else round(at.timestamp() * 1000)


def line(clock: dict[str, Any]) -> str:
    """What is compared of a clock."""
    return json.dumps({name: clock[name] for name in SAME})


def signals() -> dict[str, Counter[tuple[Any, ...]]]:
    """Signals of each case that were raised and not taken back, by kind, rung and level."""
    net: dict[str, Counter[tuple[Any, ...]]] = {}
    for record in bus.read_all("sla-events"):
        told = codec.decode(record.value)
        if told.type in ("SignalRaised", "SignalRetracted"):
            tally = net.setdefault(told.subject_id, Counter())
            name = tuple(told.data[n] for n in ("signal_id", "clock_kind", "level", "rung"))
            tally[name] += 1 if told.type == "SignalRaised" else -1
    return net


def check(cases: Sequence[Case]) -> str:
    """Hold what is out against the model; a sentence about it."""
    assert not list(bus.read_all("dead-letters")), "facts were laid aside"
    kept, net, raised = states(), signals(), 0
    for case in cases:
        said = model(case)
        expected = sorted(line(clock) for clock in said["clocks"])
        assert kept.get(case.case_id, []) == expected, tale(case)
        out = Counter[tuple[Any, ...]]()
        for (_, *name), times in net.get(case.case_id, Counter()).items():
            assert times in (0, 1), f"{name} is out {times} times\n{tale(case)}"
            out[tuple(name)] += times
        told = [s for s in said["signals"] if s["level"] != "escalate"]
        wanted = Counter((s["kind"], s["level"], s["rung"]) for s in told)
        assert +out == wanted, tale(case)
        raised += wanted.total()
    return f"{len(cases)} cases: their clocks and {raised} signals are the model's"


def exercise(stack: Stack, count: int, kills: int, directory: Path, seed: int = 1) -> None:
    """The whole trial on a stack that runs."""
    random.seed(seed)
    world = worlds.make(seed, directory)
    cases = drawn(count, world)
    tell(stack, cases, world, kills)
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
