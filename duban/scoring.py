"""Points: one explainable entry per policy, rule and cause, never edited, only answered by its
opposite."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from duban.alerting import Output
from duban.causes import Cause
from duban.ids import identify
from duban.periods import bounds, period_of
from duban.score_policy import DEFAULT_POLICY, ScorePolicy, ScoreRule

MOST = 1_000_000.0  # what a point can be


def points_of(cause: Cause, policies: Iterable[ScorePolicy], zone: str) -> Iterator[Output]:
    """Every point that a cause earns under the policies in force at it."""
    for policy in policies:
        rules = policy.by_cause.get(cause.on)
        subject = cause.subjects.get(policy.subject)
        if rules and subject and cause.policy_id in ("", policy.policy_id):
            for rule in rules:
                points = worth(rule, cause.data)
                if points is not None:
                    yield _point(cause, policy, rule, subject, points, zone)


def worth(rule: ScoreRule, data: Mapping[str, Any]) -> float | None:
    """The points of a cause under a rule that is about it; None where a field is another one, or
    the number that multiplies is none."""
    for name, wanted in rule.terms:
        if _text(data.get(name)) != wanted:
            return None
    if not rule.per:
        return rule.points
    factor = data.get(rule.per)
    if not isinstance(factor, int | float):  # true counts 1
        return None
    return max(-MOST, min(MOST, rule.points * factor))


def _period(cause: Cause, policy: ScorePolicy, zone: str) -> str:
    """The period of the policy that a cause counts in: of one that names a period, the one that it
    lies in; of one that names a longer one, that of the cause, or the nearest to it."""
    at = cause.at
    if cause.period:
        first, after = bounds(cause.period, zone)
        at = min(max(at, first), after - 1)
    return period_of(at, zone, policy.period)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _point(
    cause: Cause, policy: ScorePolicy, rule: ScoreRule, subject: str, points: float, zone: str
) -> Output:
    period = _period(cause, policy, zone)
    about = cause.hall_id or cause.case_id  # two halls, or two cases, may use one event id
    named = (about, subject, rule.rule_id, policy.version, cause.event_id, period)
    of = () if policy.policy_id == DEFAULT_POLICY else (policy.policy_id,)
    point = identify("point", *of, *named)
    data = {
        "point_id": point,
        "subject": subject,
        "subject_kind": policy.subject,
        "period": period,
        "policy_id": policy.policy_id,
        "rule_id": rule.rule_id,
        "axis": rule.axis,
        "points": points,
        "cause_event_id": cause.event_id,
        "cause_type": cause.type,
        "cause_recorded_at": cause.recorded_at,
        "case_id": cause.case_id,
        "at": cause.at,
        "score_policy_version": policy.version,
    }
    return Output(point, "ScorePointPosted", cause.at, data)
