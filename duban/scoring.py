"""Points: one explainable entry per rule and cause, never edited, only answered by its opposite."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from duban.alerting import Output
from duban.case import Fact
from duban.clocks import Clock
from duban.ids import identify
from duban.policy import ScorePolicy


@lru_cache(maxsize=8192)
def period_of(at: int, zone: str) -> str:
    """The month, "YYYY-MM", in which an instant lies in a hall's zone."""
    return datetime.fromtimestamp(at / 1000, UTC).astimezone(ZoneInfo(zone)).strftime("%Y-%m")


def points_of(
    case_id: str,
    window_id: str,
    governing: Clock | None,
    standing: Sequence[Fact],
    policy_at: Callable[[int], ScorePolicy | None],
    zone: str,
) -> Iterator[Output]:
    """Every point that a case has earned its window: for its outcome, for each citizen's rating.

    Source: the monthly window score of `domain` (base 100, a deduction per overdue case), and the
    five levels of 好差评. Which cause is worth what is for the policy in force at the cause to say.
    """
    for cause, on, at in _causes(governing, standing):
        policy = policy_at(at)
        for rule in policy.rules if policy else ():
            if rule.on == on:
                version = policy.version if policy else ""
                point = identify("point", case_id, window_id, rule.rule_id, version, cause)
                data = {
                    "point_id": point,
                    "subject": window_id,
                    "period": period_of(at, zone),
                    "rule_id": rule.rule_id,
                    "points": rule.points,
                    "cause_event_id": cause,
                    "case_id": case_id,
                    "at": at,
                    "score_policy_version": version,
                }
                yield Output(point, "ScorePointPosted", at, data)


def _causes(governing: Clock | None, standing: Sequence[Fact]) -> Iterator[tuple[str, str, int]]:
    if governing and governing.stopped_by:
        kept = "late" if governing.outcome == "late" else "on_time"
        stop = governing.stopped_by
        yield stop.event_id, f"outcome:{kept}", stop.occurred_at
    for fact in standing:
        if fact.type == "RatingGiven" and fact.data.get("source", "mass") == "mass":
            yield fact.event_id, f"rating:{fact.data['level']}", fact.occurred_at
