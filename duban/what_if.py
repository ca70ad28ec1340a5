"""Which open cases would move if these versions were published: asked before publishing them.

The rules run twice over the facts of each open case, by what is published and by what would be;
whatever differs is what the workers would say after `duban apply`.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from duban import bus, derivation, warehouse
from duban.assess import Assessment, assess
from duban.case import Facts
from duban.clocks import Clock
from duban.events import Event
from duban.policy import Reference
from duban.reference_set import reference_from
from duban.settings import settings

NEWLY, NO_LONGER = "newly", "no_longer"


class Moved(NamedTuple):
    """A clock that would be due at another instant (ms); None where there is no such clock.
    `overdue` says whether it would be late and is not ("newly"), or the other way round."""

    case_id: str
    kind: str
    key: str
    old_due: int | None
    new_due: int | None
    provisional: bool
    overdue: str = ""


@dataclass(slots=True)
class WhatIf:
    """What would come of it, seen at `at` (ms): now, or when the last new version takes effect."""

    at: int
    looked_at: int = 0
    clocks: list[Moved] = field(default_factory=list)

    def cases(self, overdue: str = "") -> int:
        """How many cases would move, or change between late and not late."""
        return len({m.case_id for m in self.clocks if not overdue or m.overdue == overdue})


def what_if(
    published: Sequence[Event],
    newer: Sequence[Event],
    hall_id: str = "",
    seen: Callable[[int], None] = lambda _: None,
) -> WhatIf:
    """Look at the open cases of one hall or of all (""); `seen` hears how many it has looked at.

    Raises `WarehouseError` where the warehouse is out of reach.
    """
    at = max([warehouse.business_now(), *_days(newer)])
    before = reference_from(published, settings().zone)
    after = reference_from([*published, *newer], settings().zone)
    return run(derivation.facts_of_open(hall_id), before, after, at, seen)


def _days(newer: Iterable[Event]) -> Iterator[int]:
    """Instants from which new policies take hold of open cases."""
    for event in newer:
        if event.type == "PolicyPublished" and event.data["applies_to"] != "new_only":
            yield int(event.data["effective_from"])


def run(
    cases: Iterable[tuple[str, Facts]],
    before: Reference,
    after: Reference,
    at: int,
    seen: Callable[[int], None] = lambda _: None,
) -> WhatIf:
    """The same for cases at hand (pure)."""
    found = WhatIf(at)
    for case_id, facts in cases:
        hall_id = case_id.partition("/")[0]
        old = assess(case_id, hall_id, facts, before, at)
        new = assess(case_id, hall_id, facts, after, at)
        found.looked_at += 1
        found.clocks += moves(case_id, old, new, at)
        seen(found.looked_at)
    return found


def moves(case_id: str, old: Assessment, new: Assessment, at: int) -> Iterator[Moved]:
    """Clocks of one case that are due at different instants, seen at `at` (ms)."""
    one, other = _by_id(old), _by_id(new)
    for name in one | other:
        before, after = one.get(name), other.get(name)
        clock = after or before
        assert clock is not None
        was = before.due_at if before else None
        will = after.due_at if after else None
        if was != will:
            unsure = after is not None and after.provisional
            turned = _turned(_late(before, at), _late(after, at))
            yield Moved(case_id, clock.kind, clock.key, was, will, unsure, turned)


def _by_id(assessment: Assessment) -> dict[str, Clock]:
    return {clock.id: clock for clock in assessment.clocks}


def _late(clock: Clock | None, at: int) -> bool:
    return clock is not None and clock.stopped_at is None and clock.breached_by(at)


def _turned(before: bool, after: bool) -> str:
    if before == after:
        return ""
    return NEWLY if after else NO_LONGER


def published() -> list[Event]:
    """Everything on topic `reference`; raises `BrokerAway`."""
    return list(bus.read_reference())
