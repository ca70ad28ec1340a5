"""What the score job publishes: scores and rankings, as events of topic `score-state`."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from duban.events import PROCESSOR, Event
from duban.ids import identify
from duban.ranking import Contender, Entry, Measure
from duban.score_policy import DEFAULT_POLICY, ScorePolicy
from duban.tally import Counters, Tally
from streams.points import Key
from streams.rankings import Closing, Group


def standing(tally: Tally, counts: Counters, terms: ScorePolicy | None) -> dict[str, Any]:
    """What is said of a score: the sums, and what they come to by the policy of the period."""
    scored = tally.scored(terms)._asdict()
    return {**tally.total(counts)._asdict(), **scored, "axes": dict(scored["axes"])}


def contenders(
    tallies: Iterable[tuple[str, Tally]], counts: Counters, terms: ScorePolicy
) -> list[Contender]:
    """Everybody with a point, as they come into the ranking."""
    found = []
    for subject, tally in tallies:
        scored = tally.scored(terms)
        figures = tally.total(counts)._asdict()
        found.append(Contender(subject, scored.score, **figures, grade=scored.grade))
    return found


def score_event(
    key: Key, kind: str, tenant_id: str, at: int, said: Mapping[str, Any], version: int
) -> Event:
    """The `ScoreState` of a key."""
    names = key[:3] if key.policy_id == DEFAULT_POLICY else key
    data = {
        "subject": key.subject,
        "subject_kind": kind,
        "period": key.period,
        "policy_id": key.policy_id,
        **said,
        "version": version,
    }
    event_id = identify("score", *names, version)
    return _event("ScoreState", event_id, key.hall_id, tenant_id, at, data)


def ranking_data(
    group: Group, terms: ScorePolicy, entries: Sequence[Entry], follows: Sequence[Measure]
) -> dict[str, Any]:
    """The content of a ranking: what makes it another one when it changes."""
    return {
        "policy_id": group.policy_id,
        "period": group.period,
        "policy_version": terms.version,
        "subject_kind": terms.subject,
        "n": sum(1 for entry in entries if entry.place),
        "entries": [{**e._asdict(), "sides": list(e.sides)} for e in entries],
        "measures": [m._asdict() for m in follows],
    }


def ranking_event(
    group: Group,
    closing: Closing,
    cut: int,
    at: int,
    content: Mapping[str, Any],
    revision: int,
    why: str,
) -> Event:
    """A ranking that is published, or revised; `at` is when what it rests on was recorded."""
    type_ = "RankingRevised" if revision else "RankingPublished"
    data = {
        **content,
        "revision": revision,
        "reason": why,
        "cut_event_id": closing.event_id,
        "cut_at": cut,
    }
    event_id = identify("ranking", *group, revision)
    return _event(type_, event_id, group.hall_id, closing.tenant_id, at, data)


def _event(
    type_: str, event_id: str, hall_id: str, tenant_id: str, at: int, data: Mapping[str, Any]
) -> Event:
    return Event(
        type=type_,
        event_id=event_id,
        subject_id=hall_id,
        subject_type="hall",
        hall_id=hall_id,
        tenant_id=tenant_id,
        occurred_at=at,
        recorded_at=at,
        actor=PROCESSOR,
        channel="system",
        data=data,
    )
