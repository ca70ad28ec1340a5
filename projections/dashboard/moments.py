"""Business time as query parameters: the instant, the zone, its month and the one before."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from duban.warehouse import epoch


@dataclass(frozen=True, slots=True)
class Moment:
    """Business time (epoch ms) in a hall's zone; `hall` "" means all halls."""

    now: int
    zone: str
    hall: str = ""

    @property
    def month(self) -> str:
        """The month, as 2026-11."""
        return self._local().strftime("%Y-%m")

    @property
    def month_before(self) -> str:
        """The month before."""
        return (self._local().replace(day=1) - timedelta(1)).strftime("%Y-%m")

    def parameters(self) -> dict[str, str]:
        """What the conditions of `filters` take."""
        return {"now": epoch(self.now), "zone": self.zone, "hall": self.hall, "month": self.month}

    def _local(self) -> datetime:
        return datetime.fromtimestamp(self.now / 1000, ZoneInfo(self.zone))
