"""Deemed outcomes (视为受理, 超时默许, 缺席默认, 视为准予延续): what the law takes from silence.

Two halves that never meet. When a term with an effect runs out, `deemed` says so and changes
nothing. When a person confirms it, `confirmed` puts the fact that the law supplies in its place
among the facts, before anything else reads them. So a timer never decides a case.

Sources: 行政许可法 art 32 (not told in five days: accepted from the day of receipt), art 50
(renewal); 宜府办发〔2009〕66号 arts 3-4 (silence and absence of a branch count as consent, but only
once it has signed for its papers).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from duban.alerting import Output, Subject
from duban.case import ENDINGS, Anomaly, Fact, canonical
from duban.clocks import Clock
from duban.events import rank
from duban.ids import identify
from duban.policy import Effect, Policy

CONFIRMATION = "DeemedOutcomeConfirmed"
RECEIPTS = ("CaseSubmitted", "SupplementReceived")
SUPPLIED = "confirmed"  # true of a fact that a confirmation supplies, for `stop_when`
WAITS = "deemed_outcome_waits"


class Deemed(NamedTuple):
    """What silence has led to: the messages that should be out, what the case page has to say of
    them, and confirmations that nothing had led to."""

    outputs: tuple[Output, ...] = ()
    waiting: tuple[Anomaly, ...] = ()
    unfounded: tuple[Anomaly, ...] = ()


def confirmed(told: Sequence[Fact]) -> tuple[list[Fact], list[Anomaly]]:
    """The facts that stand, in canonical order, with what confirmations by persons supply.

    The confirmation itself stays where it is: it, not the fact it supplies, answers the silence, so
    the clock of the receipt stops at it and not at facts that are `confirmed`. A confirmation by a
    program or by nobody is flagged and taken out, and so is one of an acceptance without anything
    received.
    """
    if not any(f.type == CONFIRMATION for f in told):
        return list(told), []
    facts: list[Fact] = []
    flags: list[Anomaly] = []
    for index, fact in enumerate(told):
        if fact.type != CONFIRMATION:
            facts.append(fact)
            continue
        by_person = fact.actor.role not in ("", "system")
        supplied = _supplied(fact, told[:index]) if by_person else None
        if supplied is not None:
            facts += [fact, supplied]
            continue
        code = "confirmed_without_receipt" if by_person else "confirmed_by_no_person"
        flags.append(Anomaly(code, fact.event_id, fact.occurred_at))
    return sorted(facts, key=canonical), flags


def _supplied(fact: Fact, earlier: Sequence[Fact]) -> Fact | None:
    """The fact that a confirmation stands for, under the confirmation's id."""
    outcome, branch = str(fact.data.get("outcome")), str(fact.data.get("branch_id") or "")
    match outcome:
        case "acceptance":
            received = fact.data.get("from") or _received(earlier)
            if received is None:
                return None
            data: dict[str, Any] = {"from": received}
            return _as(fact, "CaseDeemedAccepted", data, int(received))
        case "consent" if branch:
            data = {"branch_id": branch, "opinion": "agree", "reason": ""}
            return _as(fact, "BranchOpined", data, fact.occurred_at)
        case "consent" | "renewal":
            data = {"decision": "approved", "deemed": True}
            return _as(fact, "DecisionMade", data, fact.occurred_at)
        case _:
            return None


def _received(earlier: Sequence[Fact]) -> int | None:
    """When the materials last came in."""
    return next((f.occurred_at for f in reversed(earlier) if f.type in RECEIPTS), None)


def _as(fact: Fact, type_: str, data: Mapping[str, Any], at: int) -> Fact:
    data = {**data, SUPPLIED: True}
    return fact._replace(occurred_at=at, rank=rank(type_), type=type_, data=data)


def deemed(
    subject: Subject, clocks: Iterable[Clock], standing: Sequence[Fact], policy: Policy, now: int
) -> Deemed:
    """What silence has led to by `now` (ms), from the clocks and the facts after `confirmed`.

    An outcome is reached when its term ran out before anything answered, and stays reached when the
    answer comes late; it waits until it is answered.
    """
    asked = [f for f in standing if f.type == CONFIRMATION]
    found = [*_silent(subject, clocks, asked, now), *_absent(subject, standing, policy.absence)]
    outputs = tuple(output for output, _ in found)
    waiting = tuple(Anomaly(WAITS, o.id, o.at) for o, waits in found if waits)
    unfounded = [f for f in asked if not any(_led_to(o, f) for o in outputs)]
    flags = tuple(Anomaly("confirmed_not_reached", f.event_id, f.occurred_at) for f in unfounded)
    return Deemed(outputs, waiting, flags)


def _led_to(output: Output, fact: Fact) -> bool:
    same = output.data["outcome"] == fact.data.get("outcome")
    branch = str(fact.data.get("branch_id") or "")
    return same and output.data["branch_id"] == branch and output.at <= fact.occurred_at


def _silent(
    subject: Subject, clocks: Iterable[Clock], asked: Sequence[Fact], now: int
) -> Iterator[tuple[Output, bool]]:
    """Terms that ran out in silence."""
    for clock in clocks:
        effect = clock.definition.effect
        due_at = _ran_out(clock, asked, now) if effect else None
        if effect is None or due_at is None:
            continue
        branch = clock.key if clock.definition.per == "branch_id" else ""
        name = identify(clock.id, "deemed", effect.outcome, due_at)
        about = {"clock_id": clock.id, "clock_kind": clock.kind, "branch_id": branch}
        yield _reached(subject, name, effect, due_at, about), clock.stopped_at is None


def _ran_out(clock: Clock, asked: Iterable[Fact], now: int) -> int | None:
    """Due instant of a term that passed unanswered, or None.

    A clock that the confirmation itself stopped ran until it was confirmed, although the acceptance
    that the confirmation supplies dates from the receipt.
    """
    end = now if clock.stopped_at is None else clock.stopped_at
    for fact in asked:
        if clock.stopped_by is not None and clock.stopped_by.event_id == fact.event_id:
            end = max(end, fact.occurred_at)
    for regime in clock.regimes:
        last = end if regime.end in (None, clock.stopped_at) else min(regime.end or end, end)
        if regime.due_at < last:
            return regime.due_at
    return None


def _absent(
    subject: Subject, standing: Sequence[Fact], effect: Effect | None
) -> Iterator[tuple[Output, bool]]:
    """Branches that stayed away without a reason, after they had signed for their papers and
    before they had said anything."""
    if effect is None:
        return
    signed: set[str] = set()
    settled: set[str] = set()
    for index, fact in enumerate(standing):
        branch = str(fact.data.get("branch_id") or "")
        if fact.type == "BranchReceipted":
            signed.add(branch)
        elif fact.type == "BranchOpined" or fact.type in ENDINGS:
            settled.add(branch)
        if fact.type != "BranchAbsent" or fact.data.get("reason"):
            continue
        if branch not in signed or settled & {branch, ""}:
            continue
        settled.add(branch)
        name = identify(subject.case_id, "absent", branch, fact.event_id)
        about = {"clock_id": "", "clock_kind": "", "branch_id": branch}
        answered = any(_answers(later, branch) for later in standing[index + 1 :])
        yield _reached(subject, name, effect, fact.occurred_at, about), not answered


def _answers(fact: Fact, branch: str) -> bool:
    """Whether a fact settles what a branch thinks: its opinion, or the end of the case."""
    opined = fact.type == "BranchOpined" and str(fact.data.get("branch_id") or "") == branch
    return opined or fact.type in ENDINGS or fact.type == "ParallelJoined"


def _reached(
    subject: Subject, name: str, effect: Effect, at: int, about: Mapping[str, Any]
) -> Output:
    data = {
        **about,
        "outcome": effect.outcome,
        "basis_text": effect.basis,
        "due_at": at,
        "item_code": subject.item_code,
        "window_id": subject.window_id,
    }
    return Output(name, "DeemedOutcomeReached", at, data, subject.historical)
