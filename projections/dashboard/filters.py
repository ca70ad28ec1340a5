"""Which cases: the filter in the URL, and the one condition that both a figure and its list use.

A condition is SQL over `cases_now`; its parameters `now`, `day` and `month` are business time, the
start of its day and of its month in the hall's zone (UTC texts, see `queries.moments`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from urllib.parse import urlencode

NOW = "{now:DateTime64(3, 'UTC')}"
TODAY = f"BETWEEN {{day:DateTime64(3, 'UTC')}} AND {NOW}"
THIS_MONTH = f"BETWEEN {{month:DateTime64(3, 'UTC')}} AND {NOW}"
ENDED = "closed_at IS NOT NULL"
OPEN = "closed_at IS NULL"
# A clock that stands still cannot fall due; what was late before it stopped stays late.
HELD = "(status IN ('paused', 'upstream') AND signal NOT IN ('yellow', 'red'))"
OVERDUE = f"({OPEN} AND due_at < {NOW} AND NOT {HELD})"
KEPT = "outcome IN ('early', 'on_time')"
WARNED = (
    "(hall_id, case_id) IN (SELECT hall_id, case_id FROM alerts_now WHERE state != 'retracted'"
    f" AND level IN ('yellow', 'red') AND NOT historical AND raised_at {TODAY})"
)


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure: the cases behind it (for a rate, its denominator) and those in its numerator."""

    key: str
    among: str
    counts: str = ""

    @property
    def is_rate(self) -> bool:
        """Whether the figure is a share, not a number of cases."""
        return bool(self.counts)


FIGURES: Mapping[str, Figure] = {
    f.key: f
    for f in (
        Figure("accepted_today", f"accepted_at {TODAY}"),
        Figure("closed_today", f"closed_at {TODAY}"),
        Figure(
            "on_time_rate",
            f"((outcome != '' AND closed_at {THIS_MONTH}) OR {OVERDUE})",
            f"(outcome != '' AND closed_at {THIS_MONTH} AND {KEPT})",
        ),
        Figure("signals_today", WARNED),
        Figure("overdue_open", OVERDUE),
        Figure("satisfaction", f"(rating IS NOT NULL AND closed_at {THIS_MONTH})", "(rating >= 4)"),
        Figure("open_cases", OPEN),
    )
}
STATES: Mapping[str, str] = {
    "open": OPEN,
    "overdue": OVERDUE,
    "urgent": f"({OPEN} AND due_at <= {{soon:DateTime64(3, 'UTC')}} AND NOT {HELD})",
    "kept": KEPT,
    "early": "outcome = 'early'",
    "late": f"(outcome = 'late' AND {ENDED})",
}
SIGNALS = ("reminder", "yellow", "red")


@dataclass(frozen=True, slots=True)
class Filter:
    """The filter of a list, exactly as the URL says it; empty means no restriction."""

    figure: str = ""
    part: str = ""  # of a rate: "yes" its numerator, "no" the rest
    state: str = ""
    signal: str = ""
    hall: str = ""
    window: str = ""
    item: str = ""
    q: str = ""
    page: int = 1

    @classmethod
    def read(cls, query: Mapping[str, str]) -> "Filter":
        """The filter in a query string; unknown names and values are left out."""
        known = {f.name: query[f.name].strip() for f in fields(cls) if query.get(f.name)}
        page = known.pop("page", "1")
        found = cls(**known, page=max(int(page), 1) if page.isdecimal() else 1)
        return replace(
            found,
            figure=found.figure if found.figure in FIGURES else "",
            part=found.part if found.part in ("yes", "no") else "",
            state=found.state if found.state in STATES else "",
            signal=found.signal if found.signal in SIGNALS else "",
        )

    def but(self, **changes: str | int) -> "Filter":
        """The same filter with some parts changed, on its first page."""
        return replace(self, **{"page": 1, **changes})  # type: ignore[arg-type]  # names are fields

    def url(self, path: str = "/cases") -> str:
        """Path and query string of this filter; the defaults are left out."""
        parts = {f.name: getattr(self, f.name) for f in fields(self)}
        query = urlencode({k: v for k, v in parts.items() if v and (k, v) != ("page", 1)})
        return f"{path}?{query}" if query else path

    def where(self) -> tuple[str, dict[str, str]]:
        """SQL condition and its string parameters."""
        parts, values = ["1"], {}
        if figure := FIGURES.get(self.figure):
            parts.append(figure.among)
            if figure.is_rate and self.part:
                parts.append(figure.counts if self.part == "yes" else f"NOT {figure.counts}")
        if self.state:
            parts.append(STATES[self.state])
        for column, value in (
            ("signal", self.signal),
            ("hall_id", self.hall),
            ("window_id", self.window),
            ("item_code", self.item),
        ):
            if value:
                parts.append(f"{column} = {{{column}:String}}")
                values[column] = value
        if self.q:
            parts.append("positionCaseInsensitive(case_id, {q:String}) > 0")
            values["q"] = self.q
        return " AND ".join(parts), values
