"""Measures: what people decide about windows and persons, step by step up the ladder.

A signal of a clock may lead to a card on a window (黄牌、红牌), a card to 效能告诫 of a person,
that to 约谈, to 限期整改, to 通报. Signals are taken back by late facts; a measure is taken back by
a person alone, by revoking it or by upholding an appeal. A measure that lacks what it should rest
on is flagged and stands.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from duban.events import Event
from duban.hall_facts import HallFacts, Statement, read

LADDER = ("CardIssued", "AdmonitionIssued", "TalkHeld", "RectificationOrdered", "PublicCriticism")
STEP: Mapping[str, int] = {name: step for step, name in enumerate(LADDER, start=1)}
ANSWERS = ("MeasureRevoked", "MeasureAppealed", "MeasureAppealDecided")
IN_FORCE, REVOKED, OVERTURNED = "in_force", "revoked", "overturned"
# Fields that say which measure of its kind it was, and why.
DETAIL: Mapping[str, str] = {"CardIssued": "colour", "PublicCriticism": "scope"}
REASON: Mapping[str, str] = {"RectificationOrdered": "what"}


class Measure(NamedTuple):
    """A measure as it stands now; `ended_at` is when it was revoked or overturned."""

    measure_id: str
    hall_id: str
    type: str
    subject_kind: str
    subject: str
    detail: str
    reason: str
    at: int
    state: str = IN_FORCE
    ended_at: int | None = None
    flags: tuple[str, ...] = ()

    @property
    def step(self) -> int:
        """Its place on the ladder, from 1."""
        return STEP[self.type]


def measures(events: Iterable[Event]) -> list[Measure]:
    """All measures of the given facts, revoked ones too, in the order in which they were taken.

    Give it the facts of halls, and RectificationOrdered with EventVoided of cases.
    """
    facts = read(events)
    answers: defaultdict[tuple[str, str], list[Statement]] = defaultdict(list)
    for said in facts.of(*ANSWERS):
        hall = said.event.hall_id
        answers[hall, facts.named(hall, said.data["measure_event_id"])].append(said)
    taken = facts.of(*LADDER)
    states = [_ended(said, answers[said.event.hall_id, said.statement_id]) for said in taken]
    grounds = _Grounds(facts, states)
    return [
        measure._replace(flags=tuple(_flags(said, measure, answers, grounds)))
        for said, measure in zip(taken, states, strict=True)
    ]


def _ended(said: Statement, answers: Sequence[Statement]) -> Measure:
    """A measure, and how it ended, if a person ended it: the first end counts."""
    event, data = said.event, said.data
    ends = [one for one in answers if _ends(one) and not one.event.actor.is_program]
    first = min(ends, key=lambda one: (one.event.occurred_at, one.statement_id), default=None)
    order = event.type == "RectificationOrdered"
    return Measure(
        measure_id=said.statement_id,
        hall_id=event.hall_id,
        type=event.type,
        subject_kind="org" if order else data["subject_kind"],
        subject=data["to_org"] if order else data["subject"],
        detail=data.get(DETAIL.get(event.type, ""), ""),
        reason=data[REASON.get(event.type, "reason")],
        at=event.occurred_at,
        state=_state(first),
        ended_at=first.event.occurred_at if first else None,
    )


def _state(end: Statement | None) -> str:
    if end is None:
        return IN_FORCE
    return REVOKED if end.event.type == "MeasureRevoked" else OVERTURNED


def _ends(answer: Statement) -> bool:
    decided = answer.event.type == "MeasureAppealDecided"
    return answer.event.type == "MeasureRevoked" or (decided and answer.data["upheld"])


def _flags(
    said: Statement,
    measure: Measure,
    answers: Mapping[tuple[str, str], Sequence[Statement]],
    grounds: "_Grounds",
) -> Iterable[str]:
    """What is to be looked at, in words of data."""
    own = answers[measure.hall_id, measure.measure_id]
    if not said.event.evidence:
        yield "no_evidence"
    if measure.step > 1 and not grounds.has(said, measure):
        yield "no_lower_step"
    if any(_ends(answer) and answer.event.actor.is_program for answer in own):
        yield "revoked_by_system"
    if _open(own):
        yield "appeal_open"


def _open(answers: Sequence[Statement]) -> bool:
    """Whether the last appeal was decided by nobody yet."""
    appeals = [a.event.occurred_at for a in answers if a.event.type == "MeasureAppealed"]
    decisions = [
        a.event.occurred_at
        for a in answers
        if a.event.type == "MeasureAppealDecided" and not a.event.actor.is_program
    ]
    return bool(appeals) and max(appeals) > max(decisions, default=min(appeals) - 1)


class _Grounds:
    """What measures rest on: the cause that they name, or a lower one about the same subject."""

    def __init__(self, facts: HallFacts, taken: Iterable[Measure]) -> None:
        self._facts = facts
        self._standing = [measure for measure in taken if measure.state == IN_FORCE]

    def has(self, said: Statement, measure: Measure) -> bool:
        """Whether a measure above the first step has a lower one, or a cause that is no measure: a
        signal, a finding, a ranking. A lower one that was taken back is no ground."""
        lower = [
            one
            for one in self._standing
            if one.hall_id == measure.hall_id and one.step < measure.step
        ]
        cause = said.event.causation_id or said.data.get("finding_event_id")
        if cause is None:
            same = (measure.subject_kind, measure.subject)
            return any((m.subject_kind, m.subject) == same and m.at <= measure.at for m in lower)
        if self._facts.type_of(measure.hall_id, cause) not in STEP:
            return True
        named = self._facts.named(measure.hall_id, cause)
        return any(one.measure_id == named for one in lower)
