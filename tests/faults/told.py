"""What must have come out of a trial of rungs: the rules' alerts to the byte, heard in order."""

import hashlib
import json
from collections import Counter

from duban import bus, codec, contracts
from duban.events import Event
from duban.reference import reference_from
from streams.clocks_job import ClocksJob
from streams.records import Record
from tests.faults.receiver import Receiver
from tests.stack import wait_for


class Published:
    """Reference data as published on the stack."""

    def __init__(self) -> None:
        self.current = reference_from(bus.read_reference())


def wanted() -> list[tuple[Event, int, tuple[str, str]]]:
    """Each alert that the rules alone make of the facts: the event, its partition, its identity."""
    found = []
    reference = Published()
    by_partition: dict[int, list[Record]] = {}
    for r in bus.read_all("case-events"):
        record = Record(*(getattr(r, name) for name in Record._fields))
        by_partition.setdefault(r.partition, []).append(record)
    for partition, records in by_partition.items():
        job = ClocksJob(partition, reference)
        for out in job.apply(sorted(records, key=lambda r: r.offset), None).outputs:
            if out.topic == "alerts":
                found.append((codec.decode(out.value), partition, identity(out.value)))
    return found


def expected() -> Counter[tuple[str, str]]:
    """(alert id, hash of the bytes) of each alert, from the rules alone."""
    return Counter(name for _, _, name in wanted())


def seen() -> Counter[tuple[str, str]]:
    """The same, from topic alerts as a reader of committed records finds it."""
    return Counter(identity(r.value) for r in bus.read_all("alerts"))


def identity(value: bytes | None) -> tuple[str, str]:
    event = codec.decode(value)
    return event.event_id, hashlib.sha256(value or b"").hexdigest()


def ladders() -> dict[str, list[str]]:
    """Levels of each case's promise clock, in the order in which they were raised."""
    told: dict[str, list[str]] = {}
    for record in sorted(bus.read_all("alerts"), key=lambda r: (r.partition, r.offset)):
        event = codec.decode(record.value)
        if event.type == "AlertRaised" and event.data["clock_kind"] == "promise":
            told.setdefault(event.subject_id, []).append(event.data["level"])
    return told


def check() -> None:
    """Alerts equal the rules' to the byte, none twice; each case heard each rung once, in order."""
    wanted, out = expected(), seen()
    assert out == wanted, f"{len(out - wanted)} too many, {len(wanted - out)} missing"
    assert max(out.values()) == 1
    heard = ladders()
    accepted = {
        r.key for r in bus.read_all("case-events") if r.header("ce_type") == b"CaseAccepted"
    }
    assert len(heard) == len(accepted)
    assert set(map(tuple, heard.values())) == {("reminder", "yellow", "red")}
    print(f"{len(heard)} cases, {sum(out.values())} alerts: each once, in order, to the byte")


def check_heard(receiver: Receiver) -> None:
    """Whoever subscribed heard each alert as the topic has it, those of a case in order, and
    nothing that is no alert; what came again came with the same body."""
    told: dict[str, list[str]] = {}
    bodies = {}
    for record in sorted(bus.read_all("alerts"), key=lambda r: (r.partition, r.offset)):
        event = codec.decode(record.value)
        told.setdefault(event.subject_id, []).append(event.event_id)
        bodies[event.event_id] = contracts.to_json(event)
    wait_for(lambda: bodies.keys() <= receiver.heard.keys(), "all alerts are delivered", 60)
    assert receiver.heard.keys() == bodies.keys()
    assert receiver.forged == 0
    for event_id, heard in receiver.bodies.items():
        assert [json.loads(body) for body in heard] == [bodies[event_id]], event_id
    for case, ids in told.items():
        assert [one for one in receiver.bodies if one in set(ids)] == ids, case
    doubles = receiver.heard.total() - len(bodies)
    print(f"webhook: {len(bodies)} alerts heard in order, {doubles} delivered more than once")
