"""The points of one window or person from the warehouse, each with the fact that caused it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from projections.dashboard.ask import ask
from projections.dashboard.evaluation import Asked

# Postings that stand or that were taken back; what takes one back shows as its end.
_POSTED = """
FROM score_points_now AS p
LEFT JOIN (
  SELECT reverses AS taken FROM score_points_now
  WHERE hall_id = {hall:String} AND policy_id = {policy:String} AND period = {period:String}
    AND subject = {subject:String} AND reverses != '' GROUP BY taken
) AS t ON t.taken = p.point_id
WHERE p.hall_id = {hall:String} AND p.policy_id = {policy:String} AND p.period = {period:String}
  AND p.subject = {subject:String} AND p.reverses = ''
"""
_POINTS = f"""
SELECT p.point_id AS point_id, p.rule_id AS rule_id, p.points AS points, p.axis AS axis,
  p.cause_event_id AS cause_id, p.case_id AS case_id, p.score_policy_version AS version,
  toUnixTimestamp64Milli(p.at) AS at, t.taken != '' AS is_back
{_POSTED} AND ({{every:Bool}} OR p.rule_id IN {{rules:Array(String)}})
ORDER BY p.at DESC, point_id LIMIT {{limit:UInt32}}
"""
_SUMS = f"""
SELECT p.rule_id AS rule_id, any(p.axis) AS axis, max(p.score_policy_version) AS version,
  countIf(t.taken = '') AS n, sumIf(p.points, t.taken = '') AS points, count() - n AS back
{_POSTED}
GROUP BY rule_id ORDER BY abs(points) DESC, rule_id
"""
_SCORES = """
SELECT period, subject_kind AS kind, score, axes FROM scores_now
WHERE hall_id = {hall:String} AND policy_id = {policy:String} AND subject = {subject:String}
ORDER BY period
"""
_OWN = """
SELECT policy_id, max(period) AS newest FROM scores_now
WHERE hall_id = {hall:String} AND subject = {subject:String}
GROUP BY policy_id ORDER BY policy_id
"""
_CAUSES = """
SELECT toString(e.event_id) AS id, e.event_type AS type, e.note AS note, e.payload AS payload,
  c.item_name AS item
FROM (
  SELECT hall_id, case_id, event_id, event_type, note, payload FROM events_now
  WHERE hall_id = %(hall)s AND case_id IN %(cases)s
  UNION ALL  -- a term that ran out is what the clocks say, and no fact of anybody
  SELECT hall_id, case_id, event_id, event_type, '' AS note, payload FROM sla_events_now
  WHERE hall_id = %(hall)s AND case_id IN %(cases)s AND event_type = 'ClockBreached'
) AS e
LEFT JOIN (
  SELECT hall_id, case_id, item_name FROM cases_now
  WHERE hall_id = %(hall)s AND case_id IN %(cases)s
) AS c ON c.hall_id = e.hall_id AND c.case_id = e.case_id
WHERE toString(e.event_id) IN %(ids)s
"""


@dataclass(frozen=True, slots=True)
class Cause:
    """The fact behind a point; of a case, with its matter."""

    type: str = ""
    note: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    item: str = ""


@dataclass(frozen=True, slots=True)
class Point:
    """One posting; `is_back` where another one has taken it back."""

    point_id: str
    rule_id: str
    points: float
    axis: str
    cause_id: str
    case_id: str
    version: str
    at: int
    is_back: bool
    cause: Cause = Cause()


class Scored(NamedTuple):
    """A score, what it is the score of (window, staff …), and what each axis gave to it."""

    kind: str
    score: float
    axes: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class RuleSum:
    """What one rule came to: points that stand, how many, and how many were taken back."""

    rule_id: str
    axis: str
    version: str
    n: int
    points: float
    back: int


def _whose(asked: Asked, subject: str) -> dict[str, str]:
    return {
        "hall": asked.hall,
        "policy": asked.policy,
        "period": asked.period,
        "subject": subject,
    }


async def own_policies(hall: str, subject: str) -> dict[str, str]:
    """Policies that a subject has points of, each with its newest period. Raises `Away`."""
    rows = await ask(_OWN, hall=hall, subject=subject)
    return {row["policy_id"]: row["newest"] for row in rows}


async def scores(asked: Asked, subject: str) -> dict[str, Scored]:
    """Scores of a subject by period, rising. Raises `Away`."""
    rows = await ask(_SCORES, hall=asked.hall, policy=asked.policy, subject=subject)
    return {row["period"]: Scored(row["kind"], row["score"], row["axes"]) for row in rows}


async def sums(asked: Asked, subject: str) -> list[RuleSum]:
    """What each rule came to, the weightiest first. Raises `Away`."""
    return [RuleSum(**row) for row in await ask(_SUMS, **_whose(asked, subject))]


async def posted(
    asked: Asked, subject: str, rules: Sequence[str] | None, limit: int
) -> list[Point]:
    """Points, the newest first, with their causes; of some rules only. Raises `Away`."""
    rows = await ask(
        _POINTS,
        every=rules is None,
        rules=list(rules or ()),
        limit=limit,
        **_whose(asked, subject),
    )
    causes = await _causes(asked.hall, rows)
    return [
        Point(
            **{**row, "is_back": bool(row["is_back"])}, cause=causes.get(row["cause_id"], Cause())
        )
        for row in rows
    ]


async def _causes(hall: str, points: Sequence[Mapping[str, Any]]) -> dict[str, Cause]:
    """Facts by id. Where they lie is named too, since facts are stored by case; those of the hall
    itself lie under no case."""
    if not points:
        return {}
    ids = tuple({point["cause_id"] for point in points})
    cases = tuple({"", *(point["case_id"] for point in points)})
    rows = await ask(_CAUSES, hall=hall, ids=ids, cases=cases)
    return {
        row["id"]: Cause(row["type"], row["note"], json.loads(row["payload"] or "{}"), row["item"])
        for row in rows
    }
