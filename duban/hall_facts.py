"""Facts of halls as they stand: corrections and voidings applied, and the names that they go by.

What is about another fact (a revocation, an appeal, a cause) names it by any id that it was told
under; a statement is known by the first of them. Order of arrival and doubles play no part.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from duban.case import Fact
from duban.events import Event, rank
from duban.standing import effective, first_told


class Statement(NamedTuple):
    """A fact that stands. `statement_id` is the id that it was first told under."""

    statement_id: str
    event: Event

    @property
    def data(self) -> Mapping[str, Any]:
        """The fields of its type."""
        return self.event.data

    @property
    def order(self) -> tuple[int, int, str]:
        """When it happened, when it was recorded, its name: the order of reading."""
        return self.event.occurred_at, self.event.recorded_at, self.statement_id


class HallFacts(NamedTuple):
    """What stands, in order of happening; and of whatever was told, void or not, its type and the
    statement that it is part of, by hall and id: no hall speaks of another one's facts."""

    standing: tuple[Statement, ...]
    told: Mapping[tuple[str, str], tuple[str, str]]

    def of(self, *types: str) -> list[Statement]:
        """What stands of some types."""
        return [said for said in self.standing if said.event.type in types]

    def named(self, hall_id: str, event_id: str) -> str:
        """The statement that an id goes back to; the id itself where no such fact was told."""
        return self.told.get((hall_id, event_id), ("", event_id))[1]

    def type_of(self, hall_id: str, event_id: str) -> str:
        """The type of what was told under an id in a hall, "" where nothing was."""
        return self.told.get((hall_id, event_id), ("", ""))[0]


def read(events: Iterable[Event]) -> HallFacts:
    """Read facts of halls, and of cases that are beside them, each by its hall or case alone."""
    told: dict[tuple[str, str, str], Event] = {}
    for event in events:
        name = event.hall_id, event.subject_id, event.event_id
        twin = told.get(name)
        told[name] = event if twin is None else min(event, twin, key=_first_recorded)
    about: defaultdict[tuple[str, str], dict[str, Event]] = defaultdict(dict)
    for (hall, subject, event_id), event in told.items():
        about[hall, subject][event_id] = event
    standing: list[Statement] = []
    known: dict[tuple[str, str], tuple[str, str]] = {}
    for (hall, _), own in about.items():
        facts = {event_id: _fact(event) for event_id, event in own.items()}
        names = {event_id: first_told(fact, facts) for event_id, fact in facts.items()}
        known |= {(hall, event_id): (own[event_id].type, names[event_id]) for event_id in own}
        left = (fact.event_id for fact in effective(list(facts.values())))
        standing += (Statement(names[event_id], own[event_id]) for event_id in left)
    return HallFacts(tuple(sorted(standing, key=lambda said: said.order)), known)


def _first_recorded(event: Event) -> tuple[int, str]:
    return event.recorded_at, repr(event)


def _fact(event: Event) -> Fact:
    return Fact(
        event.occurred_at,
        rank(event.type),
        event.recorded_at,
        event.event_id,
        event.type,
        corrects=event.corrects_event_id,
        data=event.data,
    )
