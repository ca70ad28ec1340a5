"""A warehouse that holds given facts, as the sink would have stored them."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from duban import codec, contracts, warehouse
from duban.bus_make import key_of
from duban.bus_read import Record
from duban.events import Event
from projections.migrate import migrate
from projections.sink.rows import rows
from projections.sink.store import Store
from projections.sink.tables import COLUMNS
from tests.stack import Stack, new_stack


@contextmanager
def filled(folder: Path, facts: Iterable[Event], at: int, parts: str) -> Iterator[Stack]:
    """A small stack of its own, with its settings in force."""
    stack = new_stack(folder / "data", parts=parts)
    try:
        with stack.start().here():
            migrate(warehouse.connect("writer", database=""))
            store(facts, at)
            yield stack
    finally:
        stack.stop()


def store(facts: Iterable[Event], at: int) -> None:
    """Store facts as if they had come by Kafka at an instant (ms)."""
    made = sorted(
        (row for n, fact in enumerate(facts) for row in rows(_recorded(n, fact, at))),
        key=itemgetter(0),
    )
    writer = Store()
    for table, of_table in groupby(made, key=itemgetter(0)):
        writer.insert(table, [row for _, row in of_table])


def _recorded(offset: int, fact: Event, at: int) -> Record:
    topic = contracts.topic_of(fact.type)
    return Record(topic, 0, offset, at, key_of(topic, fact), codec.encode(fact), ())


def row(table: str, **values: Any) -> tuple[Any, ...]:
    """A row of a table from what matters of it; the rest is empty."""
    blank = {
        "tenant_id": "default", "kafka_topic": "test", "kafka_partition": 0, "kafka_offset": 0,
        "version": 1, "is_deleted": 0, "facts": 1, "historical": False, "provisional": False,
        "late_minutes": 0, "saved_days": 0, "policy_state": "ok", "anomalies": [], "to_roles": [],
        "seq": 0, "budget": 0, "consumed": 0, "units_used": 0, "saved": 0,
    }  # fmt: skip
    optional = {"submitted_at", "accepted_at", "decided_at", "closed_at", "due_at", "rating"}
    optional |= {"started_at", "stopped_at"}
    return tuple(values.get(c, None if c in optional else blank.get(c, "")) for c in COLUMNS[table])
