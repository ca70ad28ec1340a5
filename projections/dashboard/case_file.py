"""One case whole, from the warehouse: its row, its clocks, its facts, its alerts."""

import json
from collections.abc import Mapping
from typing import Any

from duban.events import rank
from projections.dashboard.ask import ask
from projections.dashboard.case_queries import CASE, case_of, clocks
from projections.dashboard.figures import AlertRow, CaseFile, ClockRow, FactRow

FACTS_SHOWN = 2_000  # as many as the rules keep

_CASE_SQL = (
    f"SELECT {CASE} FROM cases_now WHERE hall_id = {{hall:String}} AND case_id = {{id:String}}"
)
_FACTS_SQL = """
SELECT toString(event_id) AS event_id, event_type, actor_id, actor_role, org_id, window_id, channel,
  note, payload, historical, corrects_event_id,
  toUnixTimestamp64Milli(occurred_at) AS occurred_ms,
  toUnixTimestamp64Milli(recorded_at) AS recorded_ms
FROM events_now WHERE hall_id = {hall:String} AND case_id = {id:String}
ORDER BY occurred_at, recorded_at LIMIT {limit:UInt32}
"""
ALERT = """hall_id, alert_id, case_id, item_name, window_id, clock_id, clock_kind, level, state,
  to_roles, historical,
  toUnixTimestamp64Milli(raised_at) AS raised_ms, toUnixTimestamp64Milli(due_at) AS due_ms,
  toUnixTimestamp64Milli(multiIf(state = 'retracted', retracted_at, state = 'cleared', cleared_at,
    state = 'acknowledged', acknowledged_at, NULL)) AS changed_ms"""
_ALERTS_SQL = f"""
SELECT {ALERT} FROM alerts_now
WHERE hall_id = {{hall:String}} AND case_id = {{id:String}} AND raised_at IS NOT NULL
ORDER BY raised_at
"""


async def case_file(hall: str, case_id: str) -> CaseFile | None:
    """Everything about one case, or None where nothing is known of it. Raises `Away`."""
    found = await ask(_CASE_SQL, hall=hall, id=case_id)
    if not found:
        return None
    its_clocks = (await clocks([(hall, case_id)])).get(case_id, [])
    facts = await ask(_FACTS_SQL, hall=hall, id=case_id, limit=FACTS_SHOWN)
    alerts = await ask(_ALERTS_SQL, hall=hall, id=case_id)
    kinds = {c.kind: c for c in its_clocks if c.state != "void"}
    return CaseFile(
        case_of(found[0], kinds.get(found[0]["due_kind"])),
        tuple(c for c in its_clocks if c.state != "void"),
        tuple(sorted(map(fact_of, facts), key=_as_lived)),
        tuple(alert_of(row, None) for row in alerts),
    )


def _as_lived(fact: FactRow) -> tuple[int, int, int, str]:
    """The order in which a case lived its facts, the worker's own."""
    return fact.occurred_at, rank(fact.type), fact.recorded_at, fact.event_id


def fact_of(row: Mapping[str, Any]) -> FactRow:
    """A row of `events_now` as a value."""
    return FactRow(
        event_id=row["event_id"],
        type=row["event_type"],
        occurred_at=row["occurred_ms"],
        recorded_at=row["recorded_ms"],
        actor_id=row["actor_id"],
        actor_role=row["actor_role"],
        org_id=row["org_id"],
        window_id=row["window_id"],
        channel=row["channel"],
        note=row["note"],
        historical=bool(row["historical"]),
        corrects=row["corrects_event_id"],
        data=json.loads(row["payload"] or "{}"),
    )


def alert_of(row: Mapping[str, Any], clock: ClockRow | None) -> AlertRow:
    """A row of `alerts_now` as a value."""
    return AlertRow(
        alert_id=row["alert_id"],
        hall_id=row["hall_id"],
        case_id=row["case_id"],
        item_name=row["item_name"],
        window_id=row["window_id"],
        clock_id=row["clock_id"],
        clock_kind=row["clock_kind"],
        level=row["level"],
        state=row["state"],
        at=row["raised_ms"],
        due_at=row["due_ms"],
        to_roles=tuple(row["to_roles"]),
        historical=bool(row["historical"]),
        changed_at=row["changed_ms"],
        clock=clock,
    )
