"""问题: what rounds and inspections found in a hall, and what of it is put right."""

from collections import defaultdict
from typing import NamedTuple

from duban.hall_facts import HallFacts, Statement

RAISED, CLOSED = "FindingRaised", "FindingClosed"


class Finding(NamedTuple):
    """A fault by its number. One that was raised again is as it was said last."""

    finding_id: str
    subject_kind: str
    subject: str
    category: str
    severity: str
    at: int
    closed_at: int | None = None


def findings(facts: HallFacts) -> list[Finding]:
    """Findings of a hall, in the order in which they were raised last; a closing counts at or
    after that, as in metric `patrol_findings`."""
    raised: dict[str, Statement] = {}
    closed: defaultdict[str, list[int]] = defaultdict(list)
    for said in facts.of(RAISED, CLOSED):
        number = said.data["finding_id"]
        if said.event.type == RAISED:
            raised.pop(number, None)
            raised[number] = said
        else:
            closed[number].append(said.event.occurred_at)
    return [_finding(said, closed[number]) for number, said in raised.items()]


def _finding(said: Statement, closed: list[int]) -> Finding:
    data, at = said.data, said.event.occurred_at
    return Finding(
        data["finding_id"], data["subject_kind"], data["subject"], data["category"],
        data["severity"], at, min((end for end in closed if end >= at), default=None),
    )  # fmt: skip
