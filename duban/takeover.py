"""A newer policy that takes over the clocks that run: `applies_to = "open_from_now"`.

What a clock has used up stays used up; from the policy's day on it runs with the new budget, new
grounds of pause and a new ladder. What started it and what stops it stays as it was. A kind that
the newer policy does not have goes on as before; one that it brings starts only with facts from
its day on.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from duban.case import Fact
from duban.ids import identify
from duban.policy import ClockDef, Policy, Rung

PUBLISHED = "PolicyPublished"
TAKEN = ("budget", "fallback", "unit", "pause_grounds", "extension", "ladder", "source")


class Step(NamedTuple):
    """A policy that takes over from an instant (ms) on."""

    at: int
    policy: Policy

    @property
    def cause(self) -> Fact:
        """The publication, as the cause of what it moves: known from its day or, where it was
        published later, from then on."""
        policy = self.policy
        name = identify("policy", policy.policy_id, policy.version)
        known = max(self.at, policy.published_at)
        return Fact(self.at, 0, known, name, PUBLISHED, data={"version": policy.version})


class Takeover(NamedTuple):
    """What a step says of one kind of clock."""

    step: Step
    definition: ClockDef

    @property
    def ladder(self) -> Sequence[Rung]:
        """Who is told, and when, from the step on."""
        return self.step.policy.ladders.get(self.definition.ladder, ())


class Kind(NamedTuple):
    """One kind of clock through the versions of a policy. Facts start it from `begins` (ms) on."""

    definition: ClockDef
    policy: Policy
    begins: int = 0
    later: Sequence[Takeover] = ()

    @property
    def ladder(self) -> Sequence[Rung]:
        """Who is told, and when, until something takes over."""
        return self.policy.ladders.get(self.definition.ladder, ())

    def at(self, instant: int) -> "Kind":
        """The kind as it is for a clock that starts at an instant."""
        now = self
        while now.later and now.later[0].step.at <= instant:
            newer, *rest = now.later
            now = now._replace(
                definition=newer.definition, policy=newer.step.policy, later=tuple(rest)
            )
        return now


def kinds(policy: Policy, steps: Sequence[Step], types: frozenset[str]) -> Iterator[Kind]:
    """The kinds of clock that a case with facts of these types can have started."""
    for definition in policy.started_by(types):
        yield Kind(definition, policy, 0, _later(definition, steps))
    known = {definition.kind for definition in policy.clocks} if steps else set()
    for number, step in enumerate(steps):
        for definition in step.policy.clocks:
            if definition.kind not in known and not definition.starts.isdisjoint(types):
                later = _later(definition, steps[number + 1 :])
                yield Kind(definition, step.policy, step.at, later)
            known.add(definition.kind)


def _later(old: ClockDef, steps: Sequence[Step]) -> Sequence[Takeover]:
    """What the steps say of a kind: terms, grounds and ladder are new, the rest stays."""
    if not steps:
        return ()
    return tuple(
        Takeover(step, replace(old, **{name: getattr(new, name) for name in TAKEN}))
        for step in steps
        for new in step.policy.clocks
        if new.kind == old.kind
    )
