"""What the overview asks the warehouse: one function a question, rows in, plain values out.

Where a named metric answers, it is asked; the six figures with their parts are counted in one pass
over the same columns that the metrics count.
"""

from projections.dashboard.ask import ask_metric, ask_one
from projections.dashboard.figures import Counts, DayFlow, WindowRate
from projections.dashboard.filters import FIGURES, from_cases
from projections.dashboard.moments import Moment

FLOW_DAYS = 28
# The same weekday last week, and yesterday, each up to the same time of day.
_A_WEEK_AGO = "{now:DateTime64(3)} - INTERVAL 7 DAY"
_A_DAY_AGO = "{now:DateTime64(3)} - INTERVAL 1 DAY"


def _columns() -> dict[str, str]:
    accepted, closed = FIGURES["accepted_today"].among, FIGURES["closed_today"].among
    rate, good = FIGURES["on_time_rate"], FIGURES["satisfaction"]
    before = "judged_month = {month_before:String}"
    rated_before = "is_closed AND is_rated AND closed_month = {month_before:String}"
    return {
        "accepted": accepted,
        "accepted_online": f"{accepted} AND channel IN ('online', 'mobile')",
        "accepted_before": f"accepted_day = today - 7 AND accepted_at <= {_A_WEEK_AGO}",
        "closed": closed,
        "closed_early": f"{closed} AND is_early",
        "closed_late": f"{closed} AND is_late",
        "closed_before": f"closed_day = today - 7 AND closed_at <= {_A_WEEK_AGO}",
        "kept": f"{rate.among} AND {rate.counts}",
        "judged": rate.among,
        "kept_before": f"is_kept AND {before}",
        "judged_before": f"is_judged AND {before}",
        "overdue": "is_overdue",
        "overdue_red": "is_overdue AND signal = 'red'",
        "good": f"{good.among} AND {good.counts}",
        "rated": good.among,
        "good_before": f"{rated_before} AND is_satisfied",
        "rated_before": rated_before,
        "month_closed": "is_closed AND closed_month = {month:String}",
    }


_WARNED_SQL = f"""
SELECT uniqExactIf((hall_id, case_id), on_day = 0) AS warned,
  uniqExactIf((hall_id, case_id), on_day = 0 AND level = 'yellow') AS warned_yellow,
  uniqExactIf((hall_id, case_id), on_day = 0 AND level = 'red') AS warned_red,
  uniqExactIf((hall_id, case_id), on_day = 1 AND raised_at <= {_A_DAY_AGO}) AS warned_before
FROM (
  SELECT hall_id, case_id, level, raised_at, dateDiff('day', toDate(raised_at, {{zone:String}}),
    toDate({{now:DateTime64(3)}}, {{zone:String}})) AS on_day
  FROM alerts_now
  WHERE state != 'retracted' AND level IN ('yellow', 'red') AND NOT historical
    AND raised_at <= {{now:DateTime64(3)}} AND ({{hall:String}} = '' OR hall_id = {{hall:String}})
)
"""


async def counts(moment: Moment) -> Counts:
    """The six figures with their parts. Raises `Away`."""
    counted = ", ".join(f"countIf({condition}) AS {name}" for name, condition in _columns().items())
    oldest = "toUnixTimestamp64Milli(minIf(due_at, is_overdue)) AS oldest_due"
    values = moment.parameters()
    row = await ask_one(
        f"SELECT {counted}, {oldest} {from_cases()}", month_before=moment.month_before, **values
    )
    warned = await ask_one(_WARNED_SQL, **values)
    if not row["overdue"]:
        row["oldest_due"] = None
    return Counts(**row, **warned)


async def flow(moment: Moment) -> tuple[DayFlow, ...]:
    """Cases accepted and closed on each of the last 28 dates. Raises `Away`."""
    rows = await ask_metric(
        "trend", now=moment.now, zone=moment.zone, hall=moment.hall, days=FLOW_DAYS
    )
    return tuple(DayFlow(row["day"], row["accepted"], row["closed"]) for row in rows)


async def windows(moment: Moment) -> tuple[WindowRate, ...]:
    """On-time cases of each window this month. Raises `Away`."""
    rows = await ask_metric(
        "windows", now=moment.now, zone=moment.zone, hall=moment.hall, month=moment.month
    )
    return tuple(
        WindowRate(row["hall_id"], row["window_id"], row["kept"], row["judged"]) for row in rows
    )
