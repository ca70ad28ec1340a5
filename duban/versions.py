"""Which version of item, policy and calendar a case is counted by.

A case keeps the policy under which it was accepted. A newer one takes effect on cases that are
open then only as it says itself (`applies_to`): not at all, from that instant on, or from the
start. A clock that has stopped is counted by the days that had been published when it stopped, a
case that has ended by the policies of that instant, so that nothing published later changes what
is over (法不溯及既往, 立法法 art 104). A clock that runs on after the end of its case, or begins
then, such as that of a bad review, is over only with its own stop.
"""

from collections.abc import Sequence
from typing import NamedTuple

from duban.case import View
from duban.policy import Item, Policy, Reference, V, in_force, version_order
from duban.takeover import Step
from duban.worktime import Calendar


class Days(NamedTuple):
    """Calendars of one case: its window's own days, the national ones, and where those of the past
    are."""

    own: Calendar
    national: Calendar
    reference: Reference
    hall_id: str
    window_id: str

    def of(self, days: str, stopped_at: int | None) -> Calendar:
        """The calendar of a clock; for one that has stopped (ms) as it then was, whatever becomes
        of the case: what is published later is not for it."""
        if stopped_at is None:
            return self.national if days == "national" else self.own
        if days == "national":
            return self.reference.national(self.hall_id, stopped_at) or self.national
        return self.reference.calendar(self.hall_id, self.window_id, stopped_at) or self.own


def days_of(reference: Reference, hall_id: str, window_id: str) -> Days | None:
    """What a case's clocks can be counted by; None where nobody published any days."""
    own = reference.calendar(hall_id, window_id)
    if own is None:
        return None
    return Days(own, reference.national(hall_id) or own, reference, hall_id, window_id)


class Chosen(NamedTuple):
    """What one case is counted by. `wake` is when a newer policy takes effect on it, in ms."""

    item: Item | None = None
    window_id: str = ""
    policy: Policy | None = None
    steps: tuple[Step, ...] = ()
    calendar: Calendar | None = None
    wake: int | None = None

    @property
    def policy_version(self) -> str:
        """ "default@1", or "default@1+2" where version 2 took over from its day on."""
        return named(self.policy, [step.policy for step in self.steps])


def named(policy: Policy | None, later: Sequence[Policy]) -> str:
    """Name of a policy version and of those that took over from it."""
    if policy is None:
        return ""
    return "+".join([policy.name, *(p.version for p in later)])


def choose(reference: Reference, hall_id: str, view: View, since: int, now: int) -> Chosen:
    """The versions for a case that began at `since` (acceptance, or else its first step), as
    they stand at `now`; both in ms."""
    ended = view.ended_at
    item = in_force(_known(reference.items.get(view.item_code, ()), ended), since)
    window_id = view.window_id or (item.window_id if item else "")
    name = item.policy_id if item else "default"
    policy, steps, wake = _policies(reference.policies.get(name, ()), since, ended, now)
    calendar = reference.calendar(hall_id, window_id, ended)
    return Chosen(item, window_id, policy, steps, calendar, wake)


def _known(versions: Sequence[V], ended: int | None) -> Sequence[V]:
    """Versions that had been published when the case ended; all while it is open."""
    if ended is None:
        return versions
    return [v for v in versions if v.published_at <= ended]


def _policies(
    versions: Sequence[Policy], since: int, ended: int | None, now: int
) -> tuple[Policy | None, tuple[Step, ...], int | None]:
    """The policy from the start, those that took over later, and when the next one will."""
    known = _known(versions, ended)
    policy = in_force(known, since)
    if len(known) < 2:
        return policy, (), None
    steps: list[Step] = []
    for newer in _newer(known, since):
        if newer.applies_to == "new_only" or (ended is not None and ended < newer.effective_from):
            continue
        if newer.effective_from > now:
            return policy, tuple(steps), newer.effective_from
        if newer.applies_to == "open_recompute":
            policy, steps = newer, []
        elif policy is not None:
            steps.append(Step(newer.effective_from, newer))
    return policy, tuple(steps), None


def _newer(versions: Sequence[Policy], since: int) -> list[Policy]:
    """Versions that take effect after `since`, in turn; of one instant the highest version."""
    later: dict[int, Policy] = {}
    for one in sorted(versions, key=lambda v: (v.effective_from, version_order(v.version))):
        if one.effective_from > since:
            later[one.effective_from] = one
    return list(later.values())
