"""One batch of a topic: records into tables, in the order that makes a crash harmless.

Other tables first, the marker last, the commit after that. Rows of the other tables are absolute
(the highest version stands), so that putting them in once more changes nothing.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import NamedTuple

from duban.avro import RetryLater
from projections.sink.faults import failpoint
from projections.sink.have import Have
from projections.sink.rows import Poison, Record, Row, rows
from projections.sink.store import Store, Unstorable
from projections.sink.tables import COLUMNS, FEEDS, KEYS

_KEY_OF = {
    table: itemgetter(*(COLUMNS[table].index(name) for name in names))
    for table, names in KEYS.items()
}
Bury = Callable[[Record, str, str], None]


class Ready(NamedTuple):
    """A record and the rows that it makes."""

    record: Record
    rows: list[tuple[str, Row]]


def ready(records: Sequence[Record], wait: Callable[[RetryLater], bool], bury: Bury) -> list[Ready]:
    """Make the rows of all records; what is poison goes to `bury`.

    `wait` is told of a schema that may yet come: true means try again, false means give up.
    """
    made = []
    for record in records:
        try:
            made.append(Ready(record, _insist(record, wait)))
        except Poison as poison:
            bury(record, poison.reason, poison.detail)
    return made


def _insist(record: Record, wait: Callable[[RetryLater], bool]) -> list[tuple[str, Row]]:
    while True:
        try:
            return rows(record)
        except RetryLater as error:
            if not wait(error):
                raise Poison(error.reason, error.detail) from error


def write(
    topic: str, made: Sequence[Ready], store: Store, have: Mapping[int, Have], bury: Bury
) -> int:
    """Insert what is not there yet; returns how many marker rows went in.

    A row that can never be inserted is found by halving and its record goes to `bury`.
    """
    tables = _by_table(topic, made, have)
    feed = FEEDS[topic]
    try:
        for table in feed.others:
            if table in tables:
                store.insert(table, tables[table])
        failpoint("sink.before_marker")
        if feed.marker in tables:
            store.insert(feed.marker, tables[feed.marker])
    except Unstorable as error:
        if len(made) == 1:
            bury(made[0].record, "unstorable", str(error))
            return 0
        middle = len(made) // 2
        first = write(topic, made[:middle], store, have, bury)
        return first + write(topic, made[middle:], store, have, bury)
    return len(tables.get(feed.marker, ()))


def _by_table(
    topic: str, made: Sequence[Ready], have: Mapping[int, Have]
) -> Mapping[str, list[Row]]:
    marker, identity, _ = FEEDS[topic]
    at = COLUMNS[marker].index(identity)
    tables: dict[str, list[Row]] = defaultdict(list)
    for record, table_rows in made:
        for table, row in table_rows:
            if table == marker and (record.offset, str(row[at])) in have[record.partition]:
                continue
            tables[table].append(row)
    return {table: _latest(table, rows_) for table, rows_ in tables.items()}


def _latest(table: str, table_rows: list[Row]) -> list[Row]:
    key = _KEY_OF.get(table)
    return list({key(row): row for row in table_rows}.values()) if key else table_rows
