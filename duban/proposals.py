"""Proposals: measures that facts call for, by rules that are data. People decide; nothing is done
here. A proposal is answered once a person has taken such a measure because of its facts, or, where
the measure names none of those that propose something, about the same subject since.

Sources: 电子监察 (what triggers a card: a late step, late forwarding, a refusal without reasons …),
seed 001 四方巡查, seed 003 限期整改; and what the policy of a published ranking names.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from itertools import accumulate, chain
from typing import NamedTuple

from duban.score_policy import PERSONS

DAY = 86_400_000
AGAIN, RANKING = "again:", "ranking:"
TO_AGENCIES = ("RectificationOrdered", "SupervisionOrdered")
CARDS = ("yellow_card", "red_card")
OPEN, ANSWERED, NOT_TRACKED = "open", "answered", "not_tracked"
# The fact by which people carry out a proposal, and its detail where one of several is meant. A red
# card answers what a yellow one was proposed for.
CARRIED_OUT: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "yellow_card": ("CardIssued", ("yellow", "red")),
    "red_card": ("CardIssued", ("red",)),
    "admonition": ("AdmonitionIssued", ()),
    "talk": ("TalkHeld", ()),
    "rectification": ("RectificationOrdered", ()),
    "criticism": ("PublicCriticism", ()),
    "honour": ("HonourGranted", ()),
    "supervision": ("SupervisionOrdered", ()),
}


class Trigger(NamedTuple):
    """So many causes in a month propose a measure; with `within_days`, so many in that time, as of
    `again:TYPE`. `also` are causes that are counted with the first."""

    on: str
    measure: str
    name: tuple[str, str]
    source: str
    at_least: int = 1
    within_days: int = 0
    also: tuple[str, ...] = ()


class Cause(NamedTuple):
    """A fact that may call for a measure: a row of metric `triggers`. `measure` is set where a
    ranking names it."""

    hall_id: str
    cause: str
    subject_kind: str
    subject: str
    at: int
    month: str
    event_id: str
    amount: int = 1
    measure: str = ""
    because: str = ""
    told: tuple[str, ...] = ()  # ids that it was told under, where it was corrected


class Taken(NamedTuple):
    """A measure, an honour or a supervision that a person decided."""

    measure_id: str
    hall_id: str
    type: str
    subject_kind: str
    subject: str
    detail: str
    at: int
    month: str = ""
    stands: bool = True
    cause: str = ""  # id of the fact that it names as its cause


class Proposal(NamedTuple):
    """A measure that is called for; `causes` are the ids of the facts, to be named as its cause;
    it `needs` so many of them."""

    hall_id: str
    subject_kind: str
    subject: str
    measure: str
    cause: str
    because: str
    month: str
    n: int
    at: int  # when the last fact that it needs came
    causes: tuple[str, ...]
    needs: int = 1
    state: str = OPEN


def proposals(
    causes: Iterable[Cause], taken: Sequence[Taken], triggers: Sequence[Trigger]
) -> list[Proposal]:
    """What is called for, the oldest first, and whether somebody has acted on it."""
    told = sorted(set(causes))
    facts = [cause for cause in told if not cause.measure]
    found = [
        *_of_rankings(told), *_in_a_month(facts, triggers), *_in_a_row(facts, triggers),
        *_repeated(taken, triggers),
    ]  # fmt: skip
    grounds = frozenset((p.hall_id, cause) for p in found for cause in p.causes)
    of_type: defaultdict[tuple[str, str], list[Taken]] = defaultdict(list)
    for one in taken:
        of_type[one.hall_id, one.type].append(one)
    stated = (p._replace(state=_state(p, of_type, grounds)) for p in found)
    return sorted(stated, key=lambda p: (p.at, p.hall_id, p.subject, p.measure, p.cause))


def _of_rankings(causes: Iterable[Cause]) -> Iterator[Proposal]:
    """What the policy of a ranking names, as it is published."""
    for one in causes:
        if one.measure:
            yield Proposal(
                one.hall_id, one.subject_kind, one.subject, one.measure, one.cause, one.because,
                one.month, 1, one.at, _names(one),
            )  # fmt: skip


def _in_a_month(facts: Iterable[Cause], triggers: Iterable[Trigger]) -> Iterator[Proposal]:
    """Facts of a subject in a month, where there are as many as a trigger asks for."""
    monthly = [t for t in triggers if not t.within_days]
    groups: defaultdict[tuple[str, ...], list[Cause]] = defaultdict(list)
    for one in facts:
        groups[one.hall_id, one.cause, *_whom(one), one.month].append(one)
    for (_, cause, *_), group in groups.items():
        ordered = sorted(group, key=_when_told)
        kind = ordered[0].subject_kind
        fit = (t for t in monthly if t.on == cause and _is_for(t.measure, kind))
        trigger = _reached(fit, ordered)
        if trigger:
            yield _proposed(trigger, ordered, _when(ordered, trigger.at_least))


def _in_a_row(facts: Sequence[Cause], triggers: Iterable[Trigger]) -> Iterator[Proposal]:
    """At each fact of a subject, where with those of the days before there are as many."""
    series: defaultdict[tuple[frozenset[str], int], list[Trigger]] = defaultdict(list)
    for trigger in triggers:
        if trigger.within_days and not trigger.on.startswith(AGAIN):
            series[frozenset({trigger.on, *trigger.also}), trigger.within_days].append(trigger)
    for (causes, days), steps in series.items():
        groups: defaultdict[tuple[str, ...], list[Cause]] = defaultdict(list)
        for one in facts:
            if one.cause in causes:
                groups[one.hall_id, *_whom(one)].append(one)
        for group in groups.values():
            ordered = sorted(group, key=_when_told)
            fit = [t for t in steps if _is_for(t.measure, ordered[0].subject_kind)]
            for number, last in enumerate(ordered, start=1):
                run = [one for one in ordered[:number] if one.at > last.at - days * DAY]
                reached = _reached(fit, run)
                if reached:
                    yield _proposed(reached, run, last.at)


def _proposed(trigger: Trigger, facts: Sequence[Cause], at: int) -> Proposal:
    last, n = facts[-1], sum(one.amount for one in facts)
    return Proposal(
        last.hall_id, last.subject_kind, last.subject, trigger.measure, trigger.on,
        trigger.name[0], last.month, n, at, tuple(chain(*map(_names, facts))), trigger.at_least,
    )  # fmt: skip


def _repeated(taken: Sequence[Taken], triggers: Sequence[Trigger]) -> Iterator[Proposal]:
    """The same measure upon the same subject once more, while the earlier ones stand: a proposal
    for each measure that makes them enough, so that a later one moves none of them."""
    groups: defaultdict[tuple[str, ...], list[Taken]] = defaultdict(list)
    for one in taken:
        if one.stands:
            groups[one.hall_id, one.type, *_whom(one)].append(one)
    for group in groups.values():
        ordered = sorted(group, key=lambda m: (m.at, m.measure_id))
        for trigger in (t for t in triggers if t.on == f"{AGAIN}{ordered[0].type}"):
            for number, last in enumerate(ordered, start=1):
                since = last.at - trigger.within_days * DAY
                run = [m for m in ordered[:number] if m.at > since]
                if len(run) >= trigger.at_least:
                    yield _again(trigger, run)


def _again(trigger: Trigger, run: Sequence[Taken]) -> Proposal:
    last, ids = run[-1], tuple(m.measure_id for m in run)
    return Proposal(
        last.hall_id, last.subject_kind, last.subject, trigger.measure, trigger.on,
        trigger.name[0], last.month, len(run), last.at, ids, trigger.at_least,
    )  # fmt: skip


def _names(cause: Cause) -> tuple[str, ...]:
    return tuple(dict.fromkeys((cause.event_id, *cause.told)))


def _is_for(measure: str, subject_kind: str) -> bool:
    """A card is on a window, an admonition on a person: the ladder of `duban.measures`."""
    if measure in CARDS:
        return subject_kind not in PERSONS
    return measure != "admonition" or subject_kind in PERSONS


def _reached(triggers: Iterable[Trigger], facts: Iterable[Cause]) -> Trigger | None:
    """Of the triggers of some causes, the one that asks for most and is reached."""
    n = sum(one.amount for one in facts)
    reached = [t for t in triggers if t.at_least <= n]
    return max(reached, key=lambda t: t.at_least, default=None)


def _when_told(cause: Cause) -> tuple[int, str]:
    return cause.at, cause.event_id


def _when(ordered: Sequence[Cause], at_least: int) -> int:
    """The instant of the fact with which there were enough."""
    counted = accumulate(c.amount for c in ordered)
    return next(c.at for c, n in zip(ordered, counted, strict=True) if n >= at_least)


def _state(
    proposal: Proposal,
    taken: Mapping[tuple[str, str], Sequence[Taken]],
    grounds: Set[tuple[str, str]],
) -> str:
    """Answered by such a measure, whether or not it was revoked later: a person has decided. Not
    tracked where no fact says that it was carried out, or none of whom a ranking meant. `grounds`
    are the causes of all proposals, with their halls; `taken` is by hall and type."""
    if proposal.measure not in CARRIED_OUT:
        return NOT_TRACKED
    type_, details = CARRIED_OUT[proposal.measure]
    of_type = taken.get((proposal.hall_id, type_), ())
    fitting = (t for t in of_type if not details or t.detail in details)
    causes = frozenset(proposal.causes)
    if any(_answers(one, proposal, causes, grounds) for one in fitting):
        return ANSWERED
    goes_astray = type_ in TO_AGENCIES and proposal.cause.startswith(RANKING)
    return NOT_TRACKED if goes_astray else OPEN


def _answers(
    one: Taken, proposal: Proposal, causes: Set[str], grounds: Set[tuple[str, str]]
) -> bool:
    """Whether a measure that fits was taken because of a proposal. One that names its cause answers
    what that cause proposes, also where it went to another (an order to mend goes to a window's
    agency), but of a ranking, which is the cause of many, only what is proposed for its subject;
    and never what took more facts than there were yet."""
    if one.measure_id in causes:
        return False
    is_about = _whom(one) == _whom(proposal)
    is_since = one.at >= proposal.at
    if (one.hall_id, one.cause) not in grounds:
        return is_about and is_since
    is_named = one.cause in causes and (is_since or proposal.needs == 1)
    return is_named and (is_about or not proposal.cause.startswith(RANKING))


def _whom(about: Cause | Taken | Proposal) -> tuple[str, str]:
    """A window, a person or an agency by its id: a person whether at a counter or in charge."""
    return "person" if about.subject_kind in PERSONS else about.subject_kind, about.subject
