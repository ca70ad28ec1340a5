"""What has been published: items, policies, hours and yearly notices, as TOML files have them.

Tables stay plain dicts. A policy that `extends` others has their clocks and ladders, each of its
own replacing the one of the same name.
"""

import tomllib
from pathlib import Path
from typing import Any

from tests.model.oracle.days import Days, instant_of, number

Table = dict[str, Any]


def read_files(directory: Path) -> Table:
    """All tables of the TOML files under a directory."""
    found: Table = {}
    for path in sorted(directory.rglob("*.toml")):
        for kind, tables in tomllib.loads(path.read_text(encoding="utf-8")).items():
            found.setdefault(kind, []).extend(tables)
    return found


def whole(policy: Table, tables: list[Table]) -> Table:
    """A policy with what it takes over from those it extends, named "id" or "id@version"."""
    clocks: dict[str, Table] = {}
    ladders: Table = {}
    rest: Table = {}
    for name in policy.get("extends", []):
        (base,) = [t for t in tables if name in (t["policy_id"], named(t))]
        taken = whole(base, tables)
        clocks |= {clock["kind"]: clock for clock in taken["clocks"]}
        ladders |= taken["ladders"]
        rest |= {
            n: taken[n]
            for n in ("reopen_mode", "reopen_by_cause", "absence", "unreasoned")
            if n in taken
        }
    clocks |= {clock["kind"]: clock for clock in policy.get("clocks", [])}
    ladders |= policy.get("ladders", {})
    return {**rest, **policy, "clocks": list(clocks.values()), "ladders": ladders}


def named(policy: Table) -> str:
    """ "id@version"."""
    return f"{policy['policy_id']}@{policy['version']}"


class Published:
    """Everything published; answers what is in force at an instant."""

    def __init__(self, tables: Table) -> None:
        self.items = tables.get("item", [])
        told = tables.get("policy", [])
        self.policies = [whole(p, told) for p in told if p.get("publish", True)]
        self.notices = tables.get("calendar", [])
        self.hours = tables.get("hours", [])
        self._days: dict[Any, Days] = {}
        self._ranked: list[tuple[int, Table]] = []

    def item(self, code: str, at: int, by: int | None) -> Table | None:
        """The version of an item in force, of those published by an instant (None: of all)."""
        return newest([i for i in self.items if i["item_code"] == code and known(i, by)], at)

    def policy(self, policy_id: str, at: int, by: int | None) -> Table | None:
        """The version of a policy in force, likewise."""
        own = [p for p in self.policies if p["policy_id"] == policy_id and known(p, by)]
        return newest(own, at)

    def later_policies(self, policy_id: str, since: int, now: int, by: int | None) -> list[Table]:
        """Versions that took effect after `since` and by `now`, oldest first."""
        own = [p for p in self.policies if p["policy_id"] == policy_id and known(p, by)]
        later = [p for p in own if since < instant_of(p["effective_from"]) <= now]
        return sorted(later, key=in_turn)

    def days(self, hall: str, window: str, published_by: int | None, national: bool) -> Days:
        """The calendar of a window (national: that of the law), as it was known by an
        instant (None: as it is known in the end)."""
        by = published_by
        own = [h for h in self.hours if h["hall"] == hall and known(h, by)]
        of_hall = [h for h in own if not h.get("window")]
        of_window = [h for h in own if window and h.get("window") == window and not national]
        last = sorted(of_window or of_hall, key=in_turn)
        zone = last[-1].get("zone", "Asia/Shanghai") if last else "Asia/Shanghai"
        notices = self._notices(by)
        made_of = (
            zone,
            national,
            *(tuple(map(id, some)) for some in (of_hall, of_window, notices)),
        )
        if made_of not in self._days:
            self._days[made_of] = Days(zone, [of_hall, of_window], notices, national)
        return self._days[made_of]

    def _notices(self, by: int | None) -> list[Table]:
        """The last notice of each year that was out by an instant."""
        if not self._ranked:
            ranked = [(instant_of(n["published_on"]), n) for n in self.notices]
            self._ranked = sorted(ranked, key=lambda n: (n[0], number(n[1]["version"])))
        years: dict[int, Table] = {}
        for published, notice in self._ranked:
            if by is None or published <= by:
                years[notice["year"]] = notice
        return [years[year] for year in sorted(years)]


def out(version: Table) -> int:
    """When a version was published: where nothing is said, on the day it took effect."""
    return instant_of(version.get("published_on") or version["effective_from"])


def known(version: Table, by: int | None) -> bool:
    """Whether a version was out by an instant; all are known to a case that is open."""
    return by is None or out(version) <= by


def newest(versions: list[Table], at: int) -> Table | None:
    """Of the versions in effect the one that took effect last."""
    in_effect = [v for v in versions if instant_of(v["effective_from"]) <= at]
    return max(in_effect, key=in_turn, default=None)


def in_turn(version: Table) -> tuple[int, list[Any]]:
    """Sort key of versions: when they take effect, then their number."""
    return instant_of(version["effective_from"]), number(version["version"])
