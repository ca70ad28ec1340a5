"""Appeals against places, plainly: what the warehouse and the pages say is held to it."""

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from duban.appeals import order
from duban.events import Event
from duban.hall_facts import read

APPEALED, DECIDED = "RankingAppealed", "RankingAppealDecided"


class Appeal(NamedTuple):
    """An appeal; `answered_at` is None while no person has decided it."""

    hall_id: str
    policy_id: str
    period: str
    subject: str
    at: int
    reason: str
    answered_at: int | None = None
    upheld: bool = False
    answer: str = ""


def appeals(events: Iterable[Event]) -> list[Appeal]:
    """The appeals that stand among facts of halls, in order of happening."""
    facts = read(events)
    decided: defaultdict[tuple[str, ...], list[Event]] = defaultdict(list)
    for said in facts.of(DECIDED):
        if not said.event.actor.is_program:
            decided[_place(said.event)].append(said.event)
    found = []
    for said in facts.of(APPEALED):
        event, data = said.event, said.data
        appeal = Appeal(*_place(event), event.occurred_at, data["reason"])
        last = max(decided[_place(event)], key=order, default=None)
        if last is not None and last.occurred_at >= event.occurred_at:
            answer = last.occurred_at, last.data["upheld"], last.data["reason"]
            appeal = Appeal(*appeal[:6], *answer)
        found.append(appeal)
    return found


def _place(event: Event) -> tuple[str, str, str, str]:
    data = event.data
    return event.hall_id, data["policy_id"], data["period"], data["subject"]
