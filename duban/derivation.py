"""Read one case's facts back and derive its clocks again: what `explain` and the case page show.

Facts come from the warehouse, the reference from its topic; the rules are the worker's own, so a
derivation never says anything else than the clock that raised the signal.
"""

import json
import time
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any

from duban import warehouse
from duban.assess import Assessment, assess
from duban.bus import read_reference
from duban.case import Fact, Facts, evolve
from duban.clocks import Clock
from duban.delay import delay_of
from duban.events import Actor, rank
from duban.explain import explain
from duban.policy import Reference
from duban.reference_set import reference_from
from duban.settings import settings
from duban.words import CLOCKS

REFERENCE_MAX_AGE_S = 10.0
_FACTS = """
SELECT case_id, event_id, event_type, occurred_at, recorded_at, actor_id, actor_role, org_id,
       window_id, channel, corrects_event_id, historical, payload
FROM (SELECT * REPLACE (toString(event_id) AS event_id,
                        toUnixTimestamp64Milli(occurred_at) AS occurred_at,
                        toUnixTimestamp64Milli(recorded_at) AS recorded_at)
      FROM events FINAL WHERE %s)
ORDER BY hall_id, case_id
"""
_OF_CASE = _FACTS % "hall_id = {hall:String} AND case_id = {case:String}"
_OPEN = "closed_at IS NULL AND ({hall:String} = '' OR hall_id = {hall:String})"
_OPEN_CASES = f"""
SELECT hall_id, case_id FROM cases_now
WHERE {_OPEN} AND (hall_id, case_id) > ({{after_hall:String}}, {{after:String}})
ORDER BY hall_id, case_id LIMIT {{size:UInt32}}
"""
_BETWEEN = (
    "(hall_id, case_id) >= ({first_hall:String}, {first:String})"
    " AND (hall_id, case_id) <= ({last_hall:String}, {last:String})"
)
_OF_OPEN = _FACTS % (
    f"{_BETWEEN} AND case_id IN (SELECT case_id FROM cases_now WHERE {_OPEN} AND {_BETWEEN})"
)
PAGE = 2_000  # cases
_cache: dict[str, tuple[float, Reference]] = {}


def explain_case(case_id: str, now: int | None = None) -> list[dict[str, Any]]:
    """Each clock of a case with its days and, where it is or was late, the parts of its delay in
    working minutes; instants in ms; empty for a case without facts.

    Raises `WarehouseError` where the warehouse, `BrokerAway` where the reference is out of reach.
    """
    at = warehouse.business_now() if now is None else now
    found = derive(case_id, at)
    return [
        {**clock_json(clock, at), "delay": delay_json(clock, found, at)} for clock in found.clocks
    ]


def delay_json(clock: Clock, found: Assessment, now: int) -> list[dict[str, Any]]:
    """Who caused the delay of a clock, in working minutes, the largest part first."""
    return [part._asdict() for part in delay_of(clock, found.standing, found.item, now)]


def derive(case_id: str, now: int | None = None) -> Assessment:
    """The assessment of a case at `now` (ms; default business time)."""
    hall_id = case_id.split("/", 1)[0]
    at = warehouse.business_now() if now is None else now
    return assess(case_id, hall_id, facts_of(case_id), reference(), at)


def consumed_by_id(case_id: str, now: int) -> dict[str, int]:
    """What each clock of a case has used up by `now`, by the clock's id; the warehouse's own figure
    reaches only up to the clock's last change."""
    return {clock.id: clock.consumed_by(now) for clock in derive(case_id, now).clocks}


def facts_of(case_id: str) -> Facts:
    """All facts of a case that have reached the warehouse."""
    facts = Facts()
    for row in warehouse.rows(_OF_CASE, hall=case_id.split("/", 1)[0], case=case_id):
        facts = evolve(facts, _fact(row))
    return facts


def open_cases(hall_id: str = "") -> int:
    """How many cases have not ended, of one hall or of all (""), as far as the warehouse knows."""
    found = warehouse.query(f"SELECT count() FROM cases_now WHERE {_OPEN}", hall=hall_id)
    return int(found.rows[0][0])


def facts_of_open(hall_id: str = "") -> Iterator[tuple[str, Facts]]:
    """Every case that has not ended with its facts, read in pages of `PAGE` cases."""
    after = ("", "")
    while True:
        where = {"hall": hall_id, "after_hall": after[0], "after": after[1], "size": PAGE}
        page = warehouse.query(_OPEN_CASES, **where).rows
        if not page:
            return
        first, after = page[0], page[-1]
        ends = {"first_hall": first[0], "first": first[1], "last_hall": after[0], "last": after[1]}
        rows = warehouse.rows(_OF_OPEN, hall=hall_id, **ends)
        for case_id, told in groupby(rows, key=itemgetter("case_id")):
            facts = Facts()
            for row in told:
                facts = evolve(facts, _fact(row))
            yield case_id, facts


def _fact(row: dict[str, Any]) -> Fact:
    return Fact(
        occurred_at=row["occurred_at"],
        rank=rank(row["event_type"]),
        recorded_at=row["recorded_at"],
        event_id=row["event_id"],
        type=row["event_type"],
        actor=Actor(row["actor_id"], row["actor_role"], row["org_id"], row["window_id"]),
        channel=row["channel"],
        corrects=row["corrects_event_id"] or None,
        historical=bool(row["historical"]),
        data=json.loads(row["payload"] or "{}"),
    )


def reference() -> Reference:
    """The published reference, read again when the last reading is older than ten seconds."""
    read_at, known = _cache.get("", (float("-inf"), Reference()))
    if time.monotonic() - read_at > REFERENCE_MAX_AGE_S:
        known = reference_from(read_reference(), settings().zone)
        _cache[""] = (time.monotonic(), known)
    return known


def zone_of(hall_id: str) -> str:
    """The zone of a hall's days and months; of all halls together ("") the settings' zone."""
    return reference().zone_of(hall_id) if hall_id else settings().zone


def clock_json(clock: Clock, now: int) -> dict[str, Any]:
    """One clock as scripts read it at `now`; instants in ms, dates as YYYY-MM-DD."""
    return {
        "clock_id": clock.id,
        "kind": clock.kind,
        "name": clock.definition.name or CLOCKS.get(clock.kind, clock.kind),
        "side": clock.definition.side,
        "of": clock.key,
        "state": clock.state,
        "unit": clock.unit,
        "budget": None if clock.unit == "instant" else clock.budget,
        "consumed": clock.consumed_by(now),
        "started_at": clock.anchor.occurred_at,
        "due_at": clock.due_at,
        "stopped_at": clock.stopped_at,
        "outcome": clock.outcome,
        "provisional": clock.provisional,
        "policy": clock.policy_version,
        "calendar": clock.calendar.version,
        "source": clock.definition.source,
        "days": [
            {
                "date": line.date.isoformat(),
                "counted": line.used > 0,
                "used": line.used,
                "n": line.n,
                "why": line.why,
                "source": line.source,
            }
            for line in explain(clock)
        ],
    }
