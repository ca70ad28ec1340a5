"""Five things that hold after every fault, whatever it was.

I1 every acknowledged record is reflected once in the state; I2 what is out is what the model says,
none twice; I3 the warehouse holds each event once; I4 nothing waits; I5 no dead letter that the
test did not cause. The model of the counting job is `Rig.expected…`, that of cases `tests.model`.
`settle` holds I1, I2, I4 and I5 after the faults of the streams; I3 needs the warehouse and is held
by `tests/faults/test_load.py`, which kills every part of a whole stack, and by those of the sink.
"""

from collections import Counter
from collections.abc import Collection

from duban import bus, warehouse
from duban.bus_dead import original
from tests.engine.rig import Rig
from tests.stack import wait_for

Place = tuple[int, int]  # partition and offset in topic `in`


def settle(rig: Rig, laid_aside: Collection[Place] = (), seconds: float = 120) -> None:
    """Wait until all is applied and has fired, then hold everything against the model."""
    wait_for(lambda: _applied(rig), "all is applied", seconds, 0.3)
    wanted = rig.expected_fired().total()
    wait_for(lambda: rig.fired().total() >= wanted, f"{wanted} timers fire", seconds, 0.5)
    reflected_once(rig)
    told_once(rig)
    nothing_waits(rig)
    nothing_unexplained(rig, laid_aside)


def _applied(rig: Rig) -> bool:
    rig.check_alive()
    return rig.committed() >= rig.ends()


def reflected_once(rig: Rig) -> None:
    """I1: the state topic holds what the model counts."""
    kept, wanted = rig.kept(), rig.expected_kept()
    wrong = {k: (kept.get(k), v) for k, v in wanted.items() if kept.get(k) != v}
    assert not wrong, f"{len(wrong)} keys are kept otherwise (found, model): {_some(wrong)}"
    assert kept.keys() == wanted.keys()


def told_once(rig: Rig) -> None:
    """I2: committed outputs are the model's, each once; those of a key in order."""
    told, wanted = rig.numbers(), rig.expected()
    wrong = {k: (told.get(k, [])[-3:], v[-1]) for k, v in wanted.items() if told.get(k) != v}
    assert not wrong, f"{len(wrong)} keys are told otherwise (found, model): {_some(wrong)}"
    assert rig.fired() == rig.expected_fired()


def stop_merges() -> bool:
    """Merging off for every table, so that a row stored twice stays visible; true once the tables
    are there."""
    writer = warehouse.connect("writer")
    sql = (
        "SELECT name FROM system.tables WHERE database = currentDatabase()"
        " AND engine = 'ReplacingMergeTree'"
    )
    names = [row[0] for row in writer.query(sql).result_rows]
    for name in names:
        writer.command(f"SYSTEM STOP MERGES {name}")
    return len(names) >= 9


def stored_once(acknowledged: Collection[str], hall: str) -> tuple[int, int]:
    """I3: the warehouse holds each record of a hall once, and every event acknowledged. An event
    that its sender had to repeat lies on the topic several times, so the raw rows, merging off, are
    held against the records. Distinct events and raw rows."""
    sql = (
        "SELECT kafka_partition, kafka_offset, toString(event_id) FROM events"
        " WHERE hall_id = {hall:String}"
    )
    rows = Counter(warehouse.query(sql, hall=hall).rows)
    stored = {event for _, _, event in rows}
    missing = set(acknowledged) - stored
    assert not missing, f"{len(missing)} lost"
    records = Counter(
        (record.partition, record.offset, (record.header("ce_id") or b"").decode())
        for record in bus.read_all("case-events")
        if (record.key or b"").startswith(f"{hall}/".encode())
    )
    twice, absent = rows - records, records - rows
    assert not twice, f"{twice.total()} rows too many, such as {_few(twice)}"
    assert not absent, f"{absent.total()} records without a row, such as {_few(absent)}"
    return len(stored), rows.total()


def _few(places: Counter[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    return sorted(places)[:3]


def nothing_waits(rig: Rig) -> None:
    """I4: the group has committed up to the end."""
    assert rig.committed() == rig.ends()


def nothing_unexplained(rig: Rig, laid_aside: Collection[Place] = ()) -> None:
    """I5: the dead letters of this run are those that the test caused, each once."""
    letters = (original(record) for record in rig.read("dead-letters"))
    found = [(one.partition, one.offset) for one in letters if one.topic == rig.topic("in")]
    assert sorted(found) == sorted(laid_aside)


def _some(wrong: dict[bytes, object]) -> dict[bytes, object]:
    return dict(list(wrong.items())[:3])
