"""A warehouse that holds given facts, as the sink would have stored them."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from duban import codec, contracts, warehouse
from duban.bus_make import key_of
from duban.bus_read import Record
from duban.events import Event
from projections.migrate import migrate
from projections.sink.rows import rows
from projections.sink.store import Store
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
