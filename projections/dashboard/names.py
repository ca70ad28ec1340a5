"""Names and calendars from the published reference: ids as people read them."""

from dataclasses import dataclass, field

from duban.policy import Reference
from duban.worktime import Calendar, build


@dataclass(frozen=True, slots=True)
class Names:
    """Names of halls, windows and units; an id that nobody named stands for itself."""

    reference: Reference = field(default_factory=Reference)
    fallback: Calendar = field(default_factory=lambda: build(()))

    def hall(self, hall_id: str) -> str:
        """Name of a hall."""
        return self.reference.names.get(hall_id, hall_id)

    def hall_short(self, hall_id: str) -> str:
        """苏家屯区 for 苏家屯区政务服务中心; what stands in brackets at the end is left out."""
        name = self.hall(hall_id).partition("（")[0] or hall_id
        for ending in ("政务服务中心", "政务服务大厅", "政务大厅"):
            if name.endswith(ending) and name != ending:
                return name.removesuffix(ending)
        return name

    def window(self, hall_id: str, window_id: str) -> str:
        """Name of a window, without its hall's id."""
        if not window_id:
            return ""
        names = self.reference.names
        full = window_id if "/" in window_id else f"{hall_id}/{window_id}"
        return names.get(full) or names.get(window_id) or window_id.rpartition("/")[2]

    def calendar(self, hall_id: str = "") -> Calendar:
        """Calendar of a hall, else the national one, else plain weekdays."""
        return self.reference.calendar(hall_id) or self.fallback

    def case_no(self, hall_id: str, no: str) -> str:
        """A case as people name it: 苏家屯/2026-08812."""
        return f"{self.hall_short(hall_id)}/{no}"
