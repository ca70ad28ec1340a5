"""Alerts from the warehouse: a filter in, what needs an answer first."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from urllib.parse import urlencode

from duban.policy import LEVELS
from projections.dashboard.ask import ask, ask_one
from projections.dashboard.case_file import ALERT, alert_of
from projections.dashboard.case_queries import clocks
from projections.dashboard.figures import AlertRow
from projections.dashboard.moments import Moment

__all__ = ["LEVELS", "STATES", "AlertFilter", "alerts", "count_alerts"]

STATES = ("raised", "acknowledged", "cleared", "retracted")


@dataclass(frozen=True, slots=True)
class AlertFilter:
    """The filter of the alerts page, exactly as the URL says it; empty means no restriction."""

    hall: str = ""
    level: str = ""
    state: str = ""
    historical: str = ""

    @classmethod
    def read(cls, query: Mapping[str, str]) -> "AlertFilter":
        """The filter in a query string; unknown names and values are left out."""
        found = cls(**{f.name: query[f.name].strip() for f in fields(cls) if query.get(f.name)})
        return replace(
            found,
            level=found.level if found.level in LEVELS else "",
            state=found.state if found.state in STATES else "",
            historical="1" if found.historical else "",
        )

    def but(self, **changes: str) -> "AlertFilter":
        """The same filter with some parts changed."""
        return replace(self, **changes)

    def url(self, path: str = "/alerts") -> str:
        """Path and query string of this filter."""
        query = urlencode({f.name: v for f in fields(self) if (v := getattr(self, f.name))})
        return f"{path}?{query}" if query else path

    def where(self, prefix: str = "") -> tuple[str, dict[str, str]]:
        """SQL condition over `alerts_now` and its parameters, named with a prefix."""
        parts = ["raised_at <= {now:DateTime64(3)}"]
        values = {}
        if not self.historical:
            parts.append("NOT historical")
        if self.state != "retracted":
            parts.append("state != 'retracted'")
        for column, value in (("hall_id", self.hall), ("level", self.level), ("state", self.state)):
            if value:
                parts.append(f"{column} = {{{prefix}{column}:String}}")
                values[prefix + column] = value
        return " AND ".join(parts), values


async def alerts(
    wanted: AlertFilter, moment: Moment, limit: int, offset: int = 0
) -> tuple[AlertRow, ...]:
    """Alerts that a filter lets through: waiting ones first, the gravest, then the latest."""
    where, values = wanted.where()
    sql = (
        f"SELECT {ALERT} FROM alerts_now WHERE {where}"
        f" ORDER BY if(state = 'raised', 1 + indexOf({list(LEVELS)}, level), 0) DESC,"
        " raised_at DESC, alert_id"
        " LIMIT {limit:UInt32} OFFSET {offset:UInt32}"
    )
    rows = await ask(sql, limit=limit, offset=offset, now=moment.parameters()["now"], **values)
    found = await clocks((row["hall_id"], row["case_id"]) for row in rows)
    by_id = {clock.clock_id: clock for listed in found.values() for clock in listed}
    return tuple(alert_of(row, by_id.get(row["clock_id"])) for row in rows)


async def count_alerts(wanted: AlertFilter, moment: Moment) -> Mapping[str, int]:
    """How many alerts are listed, and how many each chip would list."""
    here, values = wanted.where()
    chips = [("level", level, wanted.but(level=level)) for level in LEVELS]
    chips += [("state", state, wanted.but(state=state)) for state in STATES]
    columns = [f"countIf({here}) AS listed"]
    for field, code, chip in chips:
        where, more = chip.where(f"{field}_{code}_")
        columns.append(f"countIf({where}) AS {field}_{code}")
        values |= more
    sql = f"SELECT {', '.join(columns)} FROM alerts_now"
    return await ask_one(sql, now=moment.parameters()["now"], **values)
