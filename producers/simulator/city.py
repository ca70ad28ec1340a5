"""The hall that is simulated: its windows, items and calendars as they were published."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from duban import reference
from duban.events import Event
from duban.policy import Item, Reference
from duban.worktime import Calendar


@dataclass(frozen=True, slots=True)
class City:
    """One hall. `windows` are ids within the hall; `steps` are (step, organisation) by item."""

    hall: str
    windows: tuple[str, ...]
    reference: Reference
    steps: Mapping[str, tuple[tuple[str, str], ...]]
    scores: Mapping[str, tuple[str, ...]]  # score policies by the kind of their periods

    def item(self, code: str, at: int) -> Item:
        """The version of an item in force; LookupError where nobody published it."""
        found = self.reference.item(code, at)
        if found is None:
            raise LookupError(f"item {code} is not published")
        return found

    def calendar(self, window: str = "") -> Calendar:
        """Working time of a window, or of the hall."""
        found = self.reference.calendar(self.hall, window)
        if found is None:
            raise LookupError(f"no calendar for {self.hall}")
        return found


def load(hall: str, directory: Path = reference.SHIPPED) -> City:
    """The hall as reference files have it. Raises `reference.BadReference`, `LookupError`."""
    return of(hall, reference.load(directory))


def of(hall: str, published: Sequence[Event]) -> City:
    """The hall as reference events have it."""
    windows = [
        e.data["org_id"].partition("/")[2]
        for e in published
        if e.type == "OrgUnitChanged" and e.data["org_id"].startswith(f"{hall}/")
    ]
    if not windows:
        raise LookupError(f"hall {hall} has no windows")
    steps = {
        e.data["item_code"]: tuple((s["step"], s["org"]) for s in e.data["steps"])
        for e in published
        if e.type == "ItemPublished"
    }
    return City(
        hall, tuple(windows), reference.reference_from(published), steps, _scores(published)
    )


def _scores(published: Sequence[Event]) -> dict[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = {}
    for event in published:
        if event.type == "ScorePolicyPublished":
            period = event.data.get("period", "month")
            found.setdefault(period, {})[event.data.get("policy_id", "window-month")] = None
    return {period: tuple(sorted(ids)) for period, ids in found.items()}
