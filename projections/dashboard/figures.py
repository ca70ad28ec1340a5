"""What pages show, as plain values: the overview, a row of a list, a clock, a case, an alert.

Instants are epoch ms. Counts are cases. Nothing here knows SQL (`queries`) or words (`words`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from projections.dashboard.strips import Segment


@dataclass(frozen=True, slots=True)
class Counts:
    """The six figures with their parts; `*_before` is the same count one period earlier."""

    accepted: int = 0
    accepted_online: int = 0
    accepted_before: int = 0
    closed: int = 0
    closed_early: int = 0
    closed_late: int = 0
    closed_before: int = 0
    kept: int = 0
    judged: int = 0
    kept_before: int = 0
    judged_before: int = 0
    overdue: int = 0
    overdue_red: int = 0
    oldest_due: int | None = None
    good: int = 0
    rated: int = 0
    good_before: int = 0
    rated_before: int = 0
    month_closed: int = 0
    warned: int = 0
    warned_yellow: int = 0
    warned_red: int = 0
    warned_before: int = 0


@dataclass(frozen=True, slots=True)
class DayFlow:
    """Cases accepted and closed on one date."""

    day: date
    accepted: int
    closed: int


@dataclass(frozen=True, slots=True)
class WindowRate:
    """On-time cases of one window this month; `judged` is the denominator."""

    hall_id: str
    window_id: str
    kept: int
    judged: int


@dataclass(frozen=True, slots=True)
class ClockRow:
    """One clock of a case; `clock_key` is its branch or step. `consumed`, `saved` and `budget` are
    in `unit`."""

    clock_id: str
    kind: str
    clock_key: str
    state: str
    started_at: int
    due_at: int | None
    stopped_at: int | None
    budget: int
    unit: str
    consumed: int
    units_used: int
    outcome: str
    late_minutes: int
    saved: int
    provisional: bool
    item_code: str
    policy_version: str
    calendar_version: str
    segments: tuple[Segment, ...] = ()


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One case as a list shows it; `clock` is the one that governs."""

    hall_id: str
    case_id: str
    item_code: str
    item_name: str
    case_class: str
    window_id: str
    channel: str
    project_id: str
    status: str
    policy_state: str
    submitted_at: int | None
    accepted_at: int | None
    closed_at: int | None
    decision: str
    due_at: int | None
    due_kind: str
    provisional: bool
    outcome: str
    signal: str
    historical: bool
    anomalies: tuple[str, ...]
    rating: int | None
    clock: ClockRow | None = None

    @property
    def no(self) -> str:
        """The hall's own number of the case."""
        return self.case_id.removeprefix(f"{self.hall_id}/")

    @property
    def ended(self) -> bool:
        """Whether the hall is done with it."""
        return self.closed_at is not None


@dataclass(frozen=True, slots=True)
class FactRow:
    """One fact of a case; `data` holds the fields of its type, instants in epoch ms."""

    event_id: str
    type: str
    occurred_at: int
    recorded_at: int
    actor_id: str = ""
    actor_role: str = ""
    org_id: str = ""
    window_id: str = ""
    channel: str = ""
    note: str = ""
    historical: bool = False
    corrects: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AlertRow:
    """One alert and what became of it."""

    alert_id: str
    hall_id: str
    case_id: str
    item_name: str
    window_id: str
    clock_id: str
    clock_kind: str
    level: str
    state: str
    at: int
    due_at: int | None
    to_roles: tuple[str, ...]
    historical: bool
    changed_at: int | None = None
    clock: ClockRow | None = None

    @property
    def no(self) -> str:
        """The hall's own number of the case."""
        return self.case_id.removeprefix(f"{self.hall_id}/")


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything on the first page, as of one business instant."""

    now: int
    counts: Counts
    flow: tuple[DayFlow, ...] = ()
    due: tuple[CaseRow, ...] = ()
    due_in_all: int = 0
    windows: tuple[WindowRate, ...] = ()


@dataclass(frozen=True, slots=True)
class CaseFile:
    """One case whole: its row, its clocks, its facts and its alerts."""

    case: CaseRow
    clocks: tuple[ClockRow, ...]
    facts: tuple[FactRow, ...]
    alerts: tuple[AlertRow, ...]
