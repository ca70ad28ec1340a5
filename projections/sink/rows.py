"""Records into rows: pure, and the same record always gives the same rows.

A row is a tuple in the order of `tables.COLUMNS`. A record that cannot be read, or that no column
can hold, raises `Poison` with the reason that goes into its dead letter.
"""

from collections.abc import Callable, Iterator

from duban.avro import CodecError, RetryLater
from projections.sink.facts import alert, fact, hall_fact, point, sla_event
from projections.sink.items import item
from projections.sink.record import Poison, Record, Row, TableRow
from projections.sink.states import case, letter, score

__all__ = ["Poison", "Record", "Row", "TableRow", "rows"]


def rows(record: Record) -> list[TableRow]:
    """The rows of one record, the marker's last; empty for records that only keep a place.

    Raises `Poison`, or the codec's `RetryLater` where a writer's schema may yet come.
    """
    try:
        return list(_MAKERS[record.topic](record))
    except RetryLater:
        raise
    except CodecError as error:
        raise Poison(error.reason, error.detail) from error


_MAKERS: dict[str, Callable[[Record], Iterator[TableRow]]] = {
    "case-events": fact,
    "hall-events": hall_fact,
    "sla-events": sla_event,
    "case-state": case,
    "alerts": alert,
    "score-points": point,
    "score-state": score,
    "reference": item,
    "dead-letters": letter,
}
