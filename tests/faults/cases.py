"""Cases on a stack held against the rules: what is kept and what is out, after whatever happened.

The rules are run over all facts of a case at once, without Kafka; that they are right is what
`tests.model` is for.
"""

from collections import Counter
from collections.abc import Sequence
from functools import reduce
from typing import Any

from duban import bus, codec
from duban.assess import assess
from duban.case import Fact, Facts, evolve
from duban.events import Event
from streams import state
from streams.clocks_job import CLOCK_KEY, LOOKED_KEY
from streams.intake import fact_of
from streams.records import POSITION_KEY, Record
from tests.faults.told import Published


def check(cases: Sequence[str], hall: str, now: int) -> tuple[int, int]:
    """The state of each case, its signals and its alerts are those of one look at all its facts.
    How many alerts were taken back, and how many stand."""
    facts, held = facts_told(), states()
    signals, alerts = net_signals(), last_of_alerts()
    reference = Published().current
    wanted_signals: Counter[str] = Counter()
    wanted_alerts: dict[str, str] = {}
    for case in cases:
        assert said(held[case].facts) == said(facts[case]), case
        seen = assess(case, hall, facts[case], reference, now)
        emitted = held[case].emitted.items()
        out = {n for n, o in emitted if n in seen.outputs or o.type != "ClockSuperseded"}
        assert out == seen.outputs.keys(), case
        for output in seen.outputs.values():
            if output.type == "SignalRaised":
                wanted_signals[output.id] += 1
        wanted_alerts.update(standing(seen.outputs.values()))
    assert signals == wanted_signals
    assert {a: last for a, last in alerts.items() if last != "AlertRetracted"} == wanted_alerts
    return len(alerts) - len(wanted_alerts), len(wanted_alerts)


def said(facts: Facts) -> list[Fact]:
    """The facts without fields that say nothing: a worker of before such a field leaves it out."""
    return [
        f._replace(data={k: v for k, v in f.data.items() if v is not None}) for f in facts.ordered
    ]


def facts_told() -> dict[str, Facts]:
    """The facts of each case, from the topic itself."""
    found: dict[str, Facts] = {}
    for r in bus.read_all("case-events"):
        flat = codec.decode_record(r.value)
        if flat["type"] != "ClockTicked":
            record = Record(*(getattr(r, name) for name in Record._fields))
            case = flat["subject_id"]
            found[case] = reduce(evolve, [fact_of(flat, record)], found.get(case, Facts()))
    return found


def values() -> dict[str, bytes]:
    """The last record of each case in case-state."""
    last = {r.key or b"": r.value for r in bus.read_all("case-state")}
    names = last.keys() - {CLOCK_KEY, LOOKED_KEY, POSITION_KEY}
    return {name.decode(): value for name in names if (value := last[name])}


def stored() -> dict[str, state.Stored]:
    """The same, decoded."""
    return {name: state.decode(value) for name, value in values().items()}


def closed_by_state() -> int:
    """Cases that time cannot change any more."""
    return sum(not case.changing for case in stored().values())


def states() -> dict[str, state.Held]:
    """What is kept of each case."""
    return {name: state.taken_up(name, case) for name, case in stored().items()}


def net_signals() -> Counter[str]:
    """Signals raised and not taken back."""
    net: Counter[str] = Counter()
    for event in messages("sla-events"):
        if event.type in ("SignalRaised", "SignalRetracted"):
            net[event.data["signal_id"]] += 1 if event.type == "SignalRaised" else -1
    return +net


def last_of_alerts() -> dict[str, str]:
    """Type of the last message about each alert."""
    return {e.data["alert_id"]: e.type for e in messages("alerts")}


def messages(topic: str) -> list[Event]:
    """Committed messages in the order of their partitions."""
    records = sorted(bus.read_all(topic), key=lambda r: (r.partition, r.offset))
    return [codec.decode(r.value) for r in records]


def standing(outputs: Any) -> dict[str, str]:
    """The last word on each alert that should be out."""
    words = {"AlertRaised": 0, "AlertEscalated": 0, "AlertNoted": 1, "AlertCleared": 2}
    found = [o for o in outputs if o.type in words]
    return {o.data["alert_id"]: o.type for o in sorted(found, key=lambda o: words[o.type])}
