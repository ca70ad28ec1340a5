"""Cases and clocks from the warehouse: a filter in, rows as plain values out."""

from collections.abc import Iterable, Mapping
from typing import Any

from projections.dashboard.ask import ask, ask_one
from projections.dashboard.figures import CaseRow, ClockRow
from projections.dashboard.filters import SIGNALS, STATES, Filter, from_cases
from projections.dashboard.moments import Moment
from projections.dashboard.strips import segments_of

CASE_PLAIN = (
    "hall_id", "case_id", "item_code", "item_name", "case_class", "window_id", "channel",
    "project_id", "status", "policy_state", "decision", "due_kind", "outcome", "signal",
    "rating",
)  # fmt: skip
CASE_INSTANTS = ("submitted_at", "accepted_at", "closed_at", "due_at")
CLOCK_PLAIN = (
    "clock_id", "kind", "clock_key", "state", "budget", "unit", "consumed", "units_used",
    "outcome",
    "late_minutes", "saved", "item_code", "policy_version", "calendar_version",
)  # fmt: skip
CLOCK_INSTANTS = ("started_at", "due_at", "stopped_at")


def _columns(plain: Iterable[str], instants: Iterable[str], *more: str) -> str:
    """A select list; instants come as epoch ms under their name with `_ms`."""
    as_ms = (f"toUnixTimestamp64Milli({name}) AS {name}_ms" for name in instants)
    return ", ".join((*plain, *as_ms, *more))


CASE = _columns(CASE_PLAIN, CASE_INSTANTS, "provisional", "historical", "anomalies")
CLOCK = _columns(CLOCK_PLAIN, CLOCK_INSTANTS, "hall_id", "case_id", "provisional", "segments")


async def count_cases(wanted: Filter, moment: Moment) -> int:
    """How many cases a filter lets through."""
    where, values = wanted.where()
    sql = f"SELECT count() AS n {from_cases()} WHERE {where}"
    return int((await ask_one(sql, **moment.parameters(), **values))["n"])


async def count_by_state(wanted: Filter, moment: Moment) -> Mapping[str, int]:
    """How many of a list's cases are in each state and signal, the filter on these left aside."""
    where, values = wanted.but(state="", signal="").where()
    columns = [f"countIf({condition}) AS {name}" for name, condition in STATES.items()]
    columns += [f"countIf(signal = '{s}') AS signal_{s}" for s in SIGNALS]
    sql = f"SELECT count() AS everything, {', '.join(columns)} {from_cases()} WHERE {where}"
    return await ask_one(sql, **moment.parameters(), **values)


async def cases(wanted: Filter, moment: Moment, limit: int, offset: int = 0) -> tuple[CaseRow, ...]:
    """Cases of a filter, what needs doing first: open by due instant, then ended, newest first."""
    where, values = wanted.where()
    sql = (
        f"SELECT {CASE} {from_cases()} WHERE {where}"
        " ORDER BY is_closed, if(is_closed, NULL, due_at) ASC NULLS LAST, closed_at DESC, case_id"
        " LIMIT {limit:UInt32} OFFSET {offset:UInt32}"
    )
    rows = await ask(sql, limit=limit, offset=offset, **moment.parameters(), **values)
    return await _with_clocks(rows)


async def _with_clocks(rows: list[dict[str, Any]]) -> tuple[CaseRow, ...]:
    found = await clocks((row["hall_id"], row["case_id"]) for row in rows if row["due_kind"])
    made = []
    for row in rows:
        kinds = {c.kind: c for c in found.get(row["case_id"], ()) if c.state != "void"}
        made.append(case_of(row, kinds.get(row["due_kind"])))
    return tuple(made)


async def clocks(of: Iterable[tuple[str, str]]) -> dict[str, list[ClockRow]]:
    """Clocks of cases given as (hall, case id), by case, in order of their start."""
    pairs = tuple(dict.fromkeys(of))
    if not pairs:
        return {}
    # Bound by the client, quoted: so many values are too long for parameters in a URL.
    rows = await ask(
        f"SELECT {CLOCK} FROM clocks_now WHERE (hall_id, case_id) IN %(pairs)s"
        " ORDER BY started_at, kind",
        pairs=pairs,
    )
    found: dict[str, list[ClockRow]] = {}
    for row in rows:
        found.setdefault(row["case_id"], []).append(clock_of(row))
    return found


def case_of(row: Mapping[str, Any], clock: ClockRow | None) -> CaseRow:
    """A row of `cases_now` as a value."""
    return CaseRow(
        **{name: row[name] for name in CASE_PLAIN},
        **{name: row[f"{name}_ms"] for name in CASE_INSTANTS},
        provisional=bool(row["provisional"]),
        historical=bool(row["historical"]),
        anomalies=tuple(row["anomalies"]),
        clock=clock,
    )


def clock_of(row: Mapping[str, Any]) -> ClockRow:
    """A row of `clocks_now` as a value."""
    return ClockRow(
        **{name: row[name] for name in CLOCK_PLAIN},
        **{name: row[f"{name}_ms"] for name in CLOCK_INSTANTS},
        provisional=bool(row["provisional"]),
        segments=segments_of(row["segments"]),
    )


async def due_first(moment: Moment, limit: int = 12) -> tuple[tuple[CaseRow, ...], int]:
    """(the most urgent cases, how many there are): overdue, or due soon. Raises `Away`."""
    urgent = Filter(state="urgent", hall=moment.hall)
    return await cases(urgent, moment, limit), await count_cases(urgent, moment)
