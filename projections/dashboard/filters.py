"""Which cases: the filter in the URL, and the one condition that both a figure and its list use.

A condition speaks of the columns that `projections/metrics/_cases.sql` adds to a case (is_overdue,
is_judged, accepted_day …), so the screens and the named metrics count the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cache
from urllib.parse import urlencode

from duban.metrics import METRICS

WARNED = """(hall_id, case_id) IN (SELECT hall_id, case_id FROM alerts_now
  WHERE state != 'retracted' AND level IN ('yellow', 'red') AND NOT historical
    AND raised_at <= {now:DateTime64(3)}
    AND toDate(raised_at, {zone:String}) = toDate({now:DateTime64(3)}, {zone:String}))"""


@cache
def from_cases() -> str:
    """The FROM clause: every case of `{hall}` (or of all), with what is true of it at `{now}`."""
    lines = (METRICS / "_cases.sql").read_text(encoding="utf-8").splitlines()
    return "FROM (" + "\n".join(line for line in lines if not line.startswith("--")) + ")"


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


THIS_MONTH = "{month:String}"
FIGURES: Mapping[str, Figure] = {
    f.key: f
    for f in (
        Figure("accepted_today", "(was_accepted AND accepted_day = today)"),
        Figure("closed_today", "(was_closed AND closed_day = today)"),
        Figure("on_time_rate", f"(is_judged AND judged_month = {THIS_MONTH})", "is_kept"),
        Figure("signals_today", WARNED),
        Figure("overdue_open", "is_overdue"),
        Figure(
            "satisfaction",
            f"(is_closed AND is_rated AND closed_month = {THIS_MONTH})",
            "is_satisfied",
        ),
        Figure("open_cases", "is_open"),
    )
}
STATES: Mapping[str, str] = {
    "open": "is_open",
    "overdue": "is_overdue",
    "urgent": "(is_overdue OR is_due_soon)",
    "kept": "is_kept",
    "early": "is_early",
    "late": "is_late",
    "deemed": "(is_open AND has(anomalies, 'deemed_outcome_waits'))",
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
