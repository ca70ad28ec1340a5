"""What people decided in a hall: its facts from the warehouse, read by the rules themselves.

One look at the few facts that matter, then `duban.measures` and `duban.honours`, which the named
metrics agree with; a page so gets measures, honours and praise at the price of one question.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from duban.boards import quotas
from duban.events import Actor, Event, Evidence
from duban.hall_facts import read
from duban.honours import Honour, honours
from duban.measures import ANSWERS, LADDER, Measure, measures
from projections.dashboard.ask import ask
from projections.dashboard.findings import CLOSED, RAISED, Finding, findings

PRAISE = "PraiseReceived"
_HONOURS = ("HonourGranted", "HonourRevoked")
_OF_HALLS = [*LADDER, *ANSWERS, *_HONOURS, PRAISE, RAISED, CLOSED, "HallFactVoided"]
# Orders to rectify are facts of cases. Doubles are left to `read`, which knows which one stands.
_FACTS = """
SELECT toString(event_id) AS event_id, event_type AS type, subject_type, subject_id, hall_id,
  toUnixTimestamp64Milli(occurred_at) AS occurred_at,
  toUnixTimestamp64Milli(recorded_at) AS recorded_at,
  actor_id, actor_role, causation_id, corrects_event_id, evidence, payload
FROM events
WHERE hall_id = {hall:String} AND (
  event_type IN {types:Array(String)}
  OR event_type = 'EventVoided' AND case_id IN (
    SELECT case_id FROM events
    WHERE hall_id = {hall:String} AND event_type = 'RectificationOrdered'))
"""


@dataclass(frozen=True, slots=True)
class Praise:
    """Praise of a window or a person, of a case where it names one."""

    subject_kind: str
    subject: str
    kind: str
    count: int
    case_id: str
    at: int


@dataclass(frozen=True, slots=True)
class Acts:
    """What people decided and said in a hall, or about one subject; the latest first. `papers` has
    what proves a measure or an honour, by its id; `told` the id of each by any that it was told
    under; `cases` the case that a measure is, by its id."""

    measures: tuple[Measure, ...] = ()
    honours: tuple[Honour, ...] = ()
    praise: tuple[Praise, ...] = ()
    papers: Mapping[str, tuple[Evidence, ...]] = field(default_factory=dict)
    told: Mapping[str, str] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    cases: Mapping[str, str] = field(default_factory=dict)

    def about(self, subject: str) -> "Acts":
        """Those about one subject."""
        return Acts(
            tuple(m for m in self.measures if m.subject == subject),
            tuple(h for h in self.honours if h.subject == subject),
            tuple(p for p in self.praise if p.subject == subject),
            self.papers,
            self.told,
            tuple(f for f in self.findings if f.subject == subject),
            self.cases,
        )


async def acts(hall: str, now: int) -> Acts:
    """All of a hall, as it stands at an instant. Raises `Away`."""
    return read_acts([_event(row) for row in await ask(_FACTS, hall=hall, types=_OF_HALLS)], now)


def read_acts(events: Iterable[Event], now: int) -> Acts:
    """What follows from facts of a hall."""
    told = list(events)
    facts = read(told)
    praise = [
        Praise(said.data["subject_kind"], said.data["subject"], said.data["kind"],
               said.data["count"], said.data["case_id"], said.event.occurred_at)
        for said in facts.of(PRAISE)
    ]  # fmt: skip
    return Acts(
        tuple(reversed(measures(told))),
        tuple(reversed(honours(told, quotas(), now))),
        tuple(reversed(praise)),
        {said.statement_id: said.event.evidence for said in facts.of(*LADDER, *_HONOURS)},
        {event_id: statement for (_, event_id), (_, statement) in facts.told.items()},
        tuple(reversed(findings(facts))),
        {said.statement_id: said.event.subject_id for said in facts.of("RectificationOrdered")},
    )


def _event(row: Mapping[str, Any]) -> Event:
    return Event(
        **{name: row[name] for name in ("type", "event_id", "subject_type", "subject_id")},
        **{name: row[name] for name in ("hall_id", "occurred_at", "recorded_at")},
        actor=Actor(row["actor_id"], row["actor_role"]),
        causation_id=row["causation_id"] or None,
        corrects_event_id=row["corrects_event_id"] or None,
        evidence=tuple(Evidence(**one) for one in json.loads(row["evidence"] or "[]")),
        data=json.loads(row["payload"] or "{}"),
    )
