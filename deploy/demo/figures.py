"""What the demo shows and sums up, all of it asked of the warehouse."""

from datetime import datetime
from typing import Any, NamedTuple

from duban import warehouse

HALL = "sujiatun"

CASES = """
SELECT
  count() AS cases,
  countIf(closed_at IS NOT NULL) AS closed,
  countIf(outcome IN ('early', 'on_time')) AS on_time,
  countIf(outcome = 'late') AS late,
  countIf(closed_at IS NULL) AS open
FROM cases_now WHERE hall_id = {hall:String}
"""

# A signal that was taken back does not count; the last word on each signal decides.
SIGNALS = """
SELECT
  countIf(level = 'reminder') AS reminders,
  countIf(level = 'yellow') AS yellow,
  countIf(level = 'red') AS red
FROM (
  SELECT level, argMax(event_type, kafka_offset) AS last
  FROM sla_events_now
  WHERE hall_id = {hall:String} AND event_type IN ('SignalRaised', 'SignalRetracted')
  GROUP BY JSONExtractString(payload, 'signal_id') AS signal, level
)
WHERE last = 'SignalRaised'
"""

EVENTS = "SELECT count() AS events_projected FROM events_now WHERE hall_id = {hall:String}"

CLOCK = "SELECT min(at) AS at, count() AS partitions FROM business_clock FINAL"

# A few of each kind, so that a hundred reminders at closing time do not hide the one red signal.
LATEST = """
SELECT occurred_at AS at, event_type, level, clock_kind, item_name, window_id, case_id
FROM (
  SELECT * FROM alerts FINAL
  WHERE hall_id = {hall:String} AND level IN ('reminder', 'yellow', 'red')
    AND event_type IN ('AlertRaised', 'AlertCleared', 'AlertRetracted')
  ORDER BY occurred_at DESC, kafka_offset DESC, alert_id
  LIMIT 3 BY event_type, level
)
ORDER BY at DESC, kafka_offset DESC, alert_id
LIMIT {limit:UInt16}
"""

# What is new of yellow and red warnings; `after` is the next offset of each partition.
NEWER = """
SELECT kafka_partition, kafka_offset, occurred_at AS at, event_type, level, clock_kind, item_name,
  window_id, case_id
FROM alerts FINAL
WHERE hall_id = {hall:String} AND level IN ('yellow', 'red')
  AND event_type IN ('AlertRaised', 'AlertCleared', 'AlertRetracted')
  AND kafka_offset >= {after:Array(UInt64)}[kafka_partition + 1]
"""


class Figures(NamedTuple):
    """The summary's numbers. `on_time` and `late` are outcomes of the governing clocks."""

    cases: int = 0
    closed: int = 0
    on_time: int = 0
    late: int = 0
    open: int = 0
    reminders: int = 0
    yellow: int = 0
    red: int = 0
    events_projected: int = 0


class Notice(NamedTuple):
    """One line: a signal to people, its end, or its withdrawal."""

    at: datetime
    event_type: str
    level: str
    clock_kind: str
    item_name: str
    window_id: str
    case_id: str


class Newer:
    """Every yellow and red warning once, in order of business time: what partitions have to say of
    an instant comes at different moments, so it is held back until all have reached it."""

    def __init__(self) -> None:
        self._after: list[int] = []
        self._held: list[tuple[datetime, int, Notice]] = []

    def read(self, reached: datetime | None) -> list[Notice]:
        """Those up to an instant that were not read before. Raises `WarehouseError`."""
        for partition, offset, *told in warehouse.query(NEWER, hall=HALL, after=self._after).rows:
            self._after += [0] * (partition + 1 - len(self._after))
            self._after[partition] = max(self._after[partition], offset + 1)
            notice = Notice(*told)
            self._held.append((notice.at, offset, notice))
        self._held.sort()
        due = [held for held in self._held if reached is not None and held[0] <= reached]
        del self._held[: len(due)]
        return [notice for *_, notice in due]


def figures() -> Figures:
    """All numbers as the warehouse has them now. Raises `WarehouseError`."""
    found: dict[str, Any] = {}
    for sql in (CASES, SIGNALS, EVENTS):
        found |= warehouse.query(sql, hall=HALL).first()
    return Figures(**{name: int(found[name]) for name in Figures._fields})


def latest(limit: int = 12) -> list[Notice]:
    """The last signals, newest first."""
    return [Notice(*row) for row in warehouse.query(LATEST, hall=HALL, limit=limit).rows]


def business_time() -> datetime | None:
    """The instant that business time has reached on all partitions; None before the first."""
    found = warehouse.query(CLOCK).first()
    return found["at"] if found.get("partitions") else None
