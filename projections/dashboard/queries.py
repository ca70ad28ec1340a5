"""What the overview asks the warehouse: one function a question, rows in, plain values out.

Business time is an argument everywhere. A figure and the list behind it share one condition,
which `filters` holds.
"""

from datetime import date, timedelta

from projections.dashboard.ask import ask, ask_one
from projections.dashboard.figures import Counts, DayFlow, WindowRate
from projections.dashboard.filters import FIGURES, KEPT, OVERDUE
from projections.dashboard.moments import Moment, at, utc_text

FLOW_DAYS = 28


def _between(column: str, start: str, end: str) -> str:
    return f"({column} >= {at(start)} AND {column} < {at(end)})"


_LAST_MONTH = _between("closed_at", "month_before", "month")
_LATE_AT_MONTH_START = (
    f"(due_at < {at('month')} AND accepted_at < {at('month')} AND"
    f" (closed_at >= {at('month')} OR {OVERDUE}))"
)


def _counts_sql() -> str:
    rate, good = FIGURES["on_time_rate"], FIGURES["satisfaction"]
    today = FIGURES["closed_today"].among
    columns = {
        "accepted": FIGURES["accepted_today"].among,
        "accepted_online": f"{FIGURES['accepted_today'].among} AND channel IN ('online', 'mobile')",
        "accepted_before": _between("accepted_at", "week_day", "week_now"),
        "closed": today,
        "closed_early": f"{today} AND outcome = 'early'",
        "closed_late": f"{today} AND outcome = 'late'",
        "closed_before": _between("closed_at", "week_day", "week_now"),
        "kept": rate.counts,
        "judged": rate.among,
        "kept_before": f"{_LAST_MONTH} AND {KEPT}",
        "judged_before": f"(({_LAST_MONTH} AND outcome != '') OR {_LATE_AT_MONTH_START})",
        "overdue": OVERDUE,
        "overdue_red": f"{OVERDUE} AND signal = 'red'",
        "good": f"{good.among} AND {good.counts}",
        "rated": good.among,
        "good_before": f"{_LAST_MONTH} AND rating >= 4",
        "rated_before": f"{_LAST_MONTH} AND rating IS NOT NULL",
        "closed_month": f"closed_at >= {at('month')} AND closed_at <= {at('now')}",
    }
    return (
        "SELECT "
        + ", ".join(f"countIf({condition}) AS {name}" for name, condition in columns.items())
        + f", toUnixTimestamp64Milli(minIf(due_at, {OVERDUE})) AS oldest_due"
        + " FROM cases_now WHERE ({hall:String} = '' OR hall_id = {hall:String})"
    )


_WARNED_SQL = """
SELECT uniqExactIf((hall_id, case_id), today) AS warned,
  uniqExactIf((hall_id, case_id), today AND level = 'yellow') AS warned_yellow,
  uniqExactIf((hall_id, case_id), today AND level = 'red') AS warned_red,
  uniqExactIf((hall_id, case_id), yesterday) AS warned_before
FROM (SELECT hall_id, case_id, level,
    raised_at >= {day} AND raised_at <= {now} AS today,
    raised_at >= {day_before} AND raised_at <= {now_before} AS yesterday
  FROM alerts_now
  WHERE state != 'retracted' AND level IN ('yellow', 'red') AND NOT historical
    AND raised_at >= {day_before} AND ({hall} = '' OR hall_id = {hall}))
""".format(
    day=at("day"), now=at("now"), day_before=at("day_before"), now_before=at("now_before"),
    hall="{hall:String}",
)  # fmt: skip


async def counts(moment: Moment, hall: str) -> Counts:
    """The six figures with their parts."""
    values = moment.parameters()
    row = await ask_one(_counts_sql(), hall=hall, **values)
    warned = await ask_one(_WARNED_SQL, hall=hall, **values)
    if not row["overdue"]:
        row["oldest_due"] = None
    return Counts(**row, **warned)


async def flow(moment: Moment, hall: str) -> tuple[DayFlow, ...]:
    """Cases accepted and closed on each of the last 28 dates."""
    day, _, _ = moment.starts()
    found: dict[str, dict[date, int]] = {}
    for column in ("accepted_at", "closed_at"):
        sql = (
            f"SELECT toDate({column}, {{zone:String}}) AS day, count() AS n FROM cases_now"
            f" WHERE {column} >= {at('start')} AND {column} <= {at('now')}"
            " AND ({hall:String} = '' OR hall_id = {hall:String}) GROUP BY day"
        )
        start = utc_text(day - timedelta(FLOW_DAYS - 1))
        rows = await ask(
            sql, zone=moment.zone, start=start, hall=hall, now=moment.parameters()["now"]
        )
        found[column] = {row["day"]: row["n"] for row in rows}
    days = [day.date() - timedelta(n) for n in range(FLOW_DAYS - 1, -1, -1)]
    return tuple(
        DayFlow(d, found["accepted_at"].get(d, 0), found["closed_at"].get(d, 0)) for d in days
    )


async def windows(moment: Moment, hall: str) -> tuple[WindowRate, ...]:
    """On-time cases of each window this month."""
    rate = FIGURES["on_time_rate"]
    sql = (
        f"SELECT hall_id, window_id, countIf({rate.counts}) AS kept, count() AS judged"
        f" FROM cases_now WHERE {rate.among} AND window_id != ''"
        " AND ({hall:String} = '' OR hall_id = {hall:String}) GROUP BY hall_id, window_id"
    )
    rows = await ask(sql, hall=hall, **moment.parameters())
    return tuple(WindowRate(**row) for row in rows)
