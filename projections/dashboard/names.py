"""Names and calendars from the published reference: ids as people read them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from duban.events import Event
from duban.policy import Reference
from duban.worktime import Calendar, build


class Post(NamedTuple):
    """Where somebody works, and as what."""

    unit: str
    role: str


def posts_of(published: Iterable[Event]) -> dict[str, Post]:
    """The post of each person, by reference: the one that began last."""
    posted = (e for e in published if e.type == "StaffPosted")
    return {
        e.data["staff_id"]: Post(e.data["unit_id"], e.data["role"])
        for e in sorted(posted, key=lambda e: (e.data["valid_from"], e.event_id))
    }


def kinds_of(published: Iterable[Event]) -> dict[str, str]:
    """What each unit is: hall, window, branch, agency."""
    units = (e.data for e in published if e.type == "OrgUnitChanged")
    return {unit["org_id"]: unit["kind"] for unit in units}


@dataclass(frozen=True, slots=True)
class Names:
    """Names of halls, windows and units; an id that nobody named stands for itself."""

    reference: Reference = field(default_factory=Reference)
    fallback: Calendar = field(default_factory=lambda: build(()))
    posts: Mapping[str, Post] = field(default_factory=dict)
    kinds: Mapping[str, str] = field(default_factory=dict)

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

    def subject_kinds(self, hall_id: str, subject: str) -> frozenset[str]:
        """As what a subject of a hall is known: window, branch, staff; nothing where it is not."""
        unit = self.kinds.get(f"{hall_id}/{subject}", "")
        units = {unit} & {"window", "branch"}
        return frozenset(units | ({"staff"} if subject in self.posts else set()))

    def calendar(self, hall_id: str = "") -> Calendar:
        """Calendar of a hall, else the national one, else plain weekdays."""
        return self.reference.calendar(hall_id) or self.fallback

    def case_no(self, hall_id: str, no: str) -> str:
        """A case as people name it: 苏家屯/2026-08812."""
        return f"{self.hall_short(hall_id)}/{no}"
