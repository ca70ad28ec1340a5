"""What happened in a hall besides cases: praise, findings, measures, activities, as it stands."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from projections.reports.period import Period
from projections.reports.source import Source

_SQL = """
SELECT event_type, subject, subject_kind, occurred_at, payload
FROM hall_facts_now
WHERE hall_id = {hall:String} AND recorded_at <= fromUnixTimestamp64Milli({now:Int64})
  AND (event_type IN ('FindingRaised', 'FindingClosed')  -- a fault belongs to where it began
    OR toDate(occurred_at, {zone:String}) BETWEEN toDate({first:String}) AND toDate({last:String}))
ORDER BY occurred_at, first_told
"""


@dataclass(frozen=True, slots=True)
class HallFact:
    """One fact that stands; `data` are its own fields."""

    type: str
    subject: str
    kind: str
    at: datetime
    data: dict[str, Any]


class Finding(NamedTuple):
    """A fault as it was raised last, and whether it is put right."""

    raised: HallFact
    is_closed: bool


class HallFacts:
    """The facts of one period, and the faults first found in it."""

    def __init__(self, facts: Iterable[HallFact], period: Period) -> None:
        known = tuple(facts)
        self.all = tuple(f for f in known if period.has(f.at))
        self.findings = _findings(known, period)

    def of(self, *types: str) -> list[HallFact]:
        """Those of some types, in order of time."""
        return [f for f in self.all if f.type in types]

    def counted(self, type_: str, by: str, weight: str = "") -> Counter[str]:
        """How many of a type by one of its fields; `weight` names a field that says how many."""
        found: Counter[str] = Counter()
        for fact in self.of(type_):
            found[str(fact.data.get(by, ""))] += int(fact.data.get(weight, 1)) if weight else 1
        return found


def _findings(facts: Iterable[HallFact], period: Period) -> tuple[Finding, ...]:
    """Faults first found in a period, in the order in which they were raised last: one number is
    one fault, and a closing counts at or after that, as in metric `patrol_findings`."""
    first: dict[str, HallFact] = {}
    raised: dict[str, HallFact] = {}
    closed: dict[str, datetime] = {}
    for fact in facts:
        number = str(fact.data.get("finding_id"))
        if fact.type == "FindingClosed":
            closed[number] = fact.at
        elif fact.type == "FindingRaised":
            first.setdefault(number, fact)
            raised.pop(number, None)
            raised[number] = fact
    return tuple(
        Finding(fact, number in closed and closed[number] >= fact.at)
        for number, fact in raised.items()
        if period.has(first[number].at)
    )


def hall_facts(source: Source, period: Period) -> HallFacts:
    """What stands of the facts that happened in a period, and of the faults found in it."""
    rows = source.query(_SQL, now=source.now, first=str(period.start), last=str(period.last_day))
    facts = (
        HallFact(
            row["event_type"], row["subject"], row["subject_kind"], row["occurred_at"],
            json.loads(row["payload"] or "{}"),
        )
        for row in rows
    )  # fmt: skip
    return HallFacts(facts, period)
