"""Which periods may be closed: those of a published policy, once they are over in the hall."""

from typing import NamedTuple

from duban.periods import bounds, length_of
from duban.policy import Reference

NO_POLICY, NOT_ITS_PERIOD, NOT_OVER = "no_policy", "not_its_period", "not_over"


class Refused(NamedTuple):
    """Why a period is not closed; `lengths` are those of the policy's periods."""

    code: str  # one of the three above
    reason: str
    lengths: tuple[str, ...] = ()


def refusal(
    reference: Reference, hall_id: str, policy_id: str, period: str, at: int
) -> Refused | None:
    """Why a hall cannot close a period of a policy at an instant (ms); None where it can."""
    versions = reference.by_policy.get(policy_id)
    if not versions:
        return Refused(NO_POLICY, f"no score policy {policy_id} is published")
    lengths = tuple(sorted({version.period for version in versions}))
    if length_of(period) not in lengths:
        reason = f"{period} is no period of {policy_id}: it closes by the {', '.join(lengths)}"
        return Refused(NOT_ITS_PERIOD, reason, lengths)
    if bounds(period, reference.zone_of(hall_id))[1] > at:
        return Refused(NOT_OVER, f"{period} is not over in {hall_id}: close it afterwards", lengths)
    return None
