"""Where a report gets its figures: the public metrics, for one hall and the months of a period.

Days, months and instants are those of the hall's own zone.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from duban import warehouse
from duban.figures import Rate
from duban.score_policy import DEFAULT_POLICY, ScorePolicy
from duban.standings import terms_of
from projections.dashboard.evaluation import subject_name
from projections.dashboard.names import Names
from projections.reports.period import Period

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Source:
    """Figures of one hall as they stand at `now` (business time, epoch ms), and the score policy by
    which it is ranked."""

    hall: str
    now: int
    zone: str
    names: Names
    policy: str = DEFAULT_POLICY

    @property
    def as_of(self) -> datetime:
        """Business time in the hall's zone."""
        return self.local(datetime.fromtimestamp(self.now / 1000, UTC))

    @property
    def hall_name(self) -> str:
        """The hall as people call it."""
        return self.names.hall(self.hall)

    def window(self, window_id: str) -> str:
        """A window as people call it."""
        return self.names.window(self.hall, window_id) or "未注明窗口"

    def who(self, kind: str, subject: str) -> str:
        """Who a fact or a score is about; a person by window, role and number of the desk."""
        return subject_name(self.names, self.hall, subject, kind, "zh")

    def terms(self, period: Period) -> ScorePolicy:
        """The version of the policy by which a period is scored."""
        return terms_of(self.names.reference, self.policy, period.code, self.hall)

    def ask(self, metric: str, **filters: Any) -> list[Row]:
        """Rows of a metric for the hall."""
        given = {"hall": self.hall, "now": self.now, "zone": self.zone, **filters}
        taken = warehouse.load_metric(metric).parameters
        found = warehouse.metric(metric, **{k: v for k, v in given.items() if k in taken})
        return self._local(found.dicts())

    def query(self, sql: str, **filters: Any) -> list[Row]:
        """Rows of a statement; it takes `hall`, `zone` and what is given."""
        return self._local(warehouse.rows(sql, hall=self.hall, zone=self.zone, **filters))

    def local(self, at: datetime) -> datetime:
        """An instant in the hall's zone."""
        return at.astimezone(ZoneInfo(self.zone))

    def _local(self, rows: Iterable[Row]) -> list[Row]:
        return [
            {k: self.local(v) if isinstance(v, datetime) else v for k, v in row.items()}
            for row in rows
        ]

    def of(self, metric: str, period: Period, **filters: Any) -> list[Row]:
        """Rows of a metric for all months of a period together."""
        return self.ask(metric, month=",".join(period.months), **filters)

    def rate(self, metric: str, period: Period, part: str, whole: str) -> Rate:
        """A rate of a period: sum over sum."""
        [row] = self.of(metric, period)
        return Rate(row[part], row[whole])
