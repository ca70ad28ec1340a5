"""Deemed outcomes (视为受理, 超时默许, 缺席默认, 视为准予延续): what the law takes from silence.

Two halves that never meet. When a term with an effect runs out, `deemed` says so and changes
nothing. When a person confirms it, `confirmed` puts the fact that the law supplies in its place
among the facts, before anything else reads them. So a timer never decides a case.

Sources: 行政许可法 art 32 (not told in five days: accepted from the day of receipt), art 50
(renewal); 宜府办发〔2009〕66号 arts 3-4 (silence and absence of a branch count as consent, but only
once it has signed for its papers); fsou 169519 (a disagreement without reasons is consent).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from duban.alerting import Output, Subject
from duban.case import ENDINGS, Anomaly, Fact, canonical
from duban.clocks import Clock
from duban.events import rank
from duban.ids import identify
from duban.policy import Effect, Policy

CONFIRMATION = "DeemedOutcomeConfirmed"
ACCEPTED, DEEMED = "CaseAccepted", "CaseDeemedAccepted"
MORE = frozenset({ACCEPTED, CONFIRMATION, DEEMED})
OPINION = "BranchOpined"
# Who cannot say for the organ what its silence led to: programs, and the party that it favours.
PROGRAMS = frozenset({"", "system"})
PARTIES = frozenset({"applicant", "owner", "intermediary"})
RECEIPTS = ("CaseSubmitted", "SupplementReceived")
SUPPLIED = "confirmed"  # true of a fact that a confirmation supplies, for `stop_when`
WAITS = "deemed_outcome_waits"


class Deemed(NamedTuple):
    """What silence has led to: the messages that should be out, what the case page has to say of
    them, and confirmations that nothing had led to."""

    outputs: tuple[Output, ...] = ()
    waiting: tuple[Anomaly, ...] = ()
    unfounded: tuple[Anomaly, ...] = ()


NOTHING = Deemed()


class Silent(Protocol):
    """Knows from which receipt silence ran out."""

    def since(self, earlier: Sequence[Fact], at: int) -> int | None:
        """The first receipt (ms) that had stayed unanswered too long by `at`, if any."""


def confirmed(
    told: Sequence[Fact], silence: Silent | None = None
) -> tuple[list[Fact], list[Anomaly]]:
    """The facts that stand, in canonical order, with what persons have said of earlier days.

    A confirmation, and an acceptance that is dated back, stay where they are: they, not the facts
    that they supply, answer the silence, so the clock of the receipt stops at them and not at facts
    that are `confirmed`. What a program, nobody or the party itself confirms is flagged and taken
    out, and so is the acceptance of nothing received.
    """
    if not any(_says_more(f) for f in told if f.type in MORE):
        return list(told), []
    facts: list[Fact] = []
    flags: list[Anomaly] = []
    for index, fact in enumerate(told):
        found, code = _heard(fact, told[:index], silence)
        facts += found
        if code:
            flags.append(Anomaly(code, fact.event_id, fact.occurred_at))
    return sorted(facts, key=canonical), flags


def _says_more(fact: Fact) -> bool:
    """Whether a fact may say something of another day, or may not be heard."""
    dated = fact.type == ACCEPTED and fact.data.get("accepted_on") is not None
    return dated or fact.type in (CONFIRMATION, DEEMED)


def _heard(fact: Fact, earlier: Sequence[Fact], silence: Silent | None) -> tuple[list[Fact], str]:
    """What a fact comes to, and the code of what is odd about it."""
    if not _says_more(fact):
        return [fact], ""
    if fact.type == ACCEPTED:
        return _dated(fact, earlier)
    if fact.actor.role in PROGRAMS:
        return [], "confirmed_by_no_person"
    if fact.actor.role in PARTIES:
        return [], "confirmed_by_a_party"
    if fact.type == DEEMED:
        return [fact], ""
    supplied = _supplied(fact, earlier, silence)
    return ([fact, supplied], "") if supplied else ([], "confirmed_without_receipt")


def _dated(fact: Fact, earlier: Sequence[Fact]) -> tuple[list[Fact], str]:
    """An acceptance whose notice bears another day: the decision clocks run from that day, yet not
    from before the receipt; nobody was told before the fact itself. A later day buys no time."""
    on = int(fact.data["accepted_on"])
    if on > fact.occurred_at:
        return [fact], "accepted_on_later"
    on = max(on, _received(earlier) or on)
    if on == fact.occurred_at:
        return [fact], ""
    told = fact._replace(data={**fact.data, "accepted_on": on})
    return [told, _as(fact, ACCEPTED, fact.data, on)], ""


def _supplied(fact: Fact, earlier: Sequence[Fact], silence: Silent | None) -> Fact | None:
    """The fact that a confirmation stands for, under the confirmation's id. An acceptance dates
    from the receipt that the person names, else the one that stayed unanswered, else the last."""
    outcome, branch = str(fact.data.get("outcome")), str(fact.data.get("branch_id") or "")
    match outcome:
        case "acceptance":
            received = fact.data.get("from")
            if received is None and silence is not None:
                received = silence.since(earlier, fact.occurred_at)
            received = received or _received(earlier)
            if received is None:
                return None
            data: dict[str, Any] = {"from": received}
            return _as(fact, DEEMED, data, int(received))
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
    found = [*_silent(subject, clocks, asked, now), *_absent(subject, standing, policy)]
    if not (asked or found):
        return NOTHING
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
        due_at = ran_out(clock, asked, now) if effect else None
        if effect is None or due_at is None:
            continue
        branch = clock.key if clock.definition.per == "branch_id" else ""
        name = identify(clock.id, "deemed", effect.outcome, due_at)
        about = {"clock_id": clock.id, "clock_kind": clock.kind, "branch_id": branch}
        yield _reached(subject, name, effect, due_at, about), clock.stopped_at is None


def ran_out(clock: Clock, asked: Iterable[Fact], now: int) -> int | None:
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


_OF_BRANCHES = ENDINGS | {"BranchReceipted", "BranchAbsent", OPINION}


def _absent(
    subject: Subject, standing: Sequence[Fact], policy: Policy
) -> Iterator[tuple[Output, bool]]:
    """Branches that stayed away without a reason, or opined what is no opinion, after they had
    signed for their papers and before they had said anything."""
    if policy.absence is None and policy.unreasoned is None:
        return
    signed: set[str] = set()
    settled: set[str] = set()
    for index, fact in enumerate(standing):
        if fact.type not in _OF_BRANCHES:
            continue
        branch = str(fact.data.get("branch_id") or "")
        effect = _taken_for(fact, policy)
        if fact.type == "BranchReceipted":
            signed.add(branch)
        elif (fact.type == OPINION and effect is None) or fact.type in ENDINGS:
            settled.add(branch)
        if effect is None or branch not in signed or settled & {branch, ""}:
            continue
        settled.add(branch)
        name = identify(subject.case_id, "absent", branch, fact.event_id)
        about = {"clock_id": "", "clock_kind": "", "branch_id": branch}
        answered = any(_answers(later, branch) for later in standing[index + 1 :])
        yield _reached(subject, name, effect, fact.occurred_at, about), not answered


def _taken_for(fact: Fact, policy: Policy) -> Effect | None:
    """What a fact without a reason is taken for: staying away, disagreeing, or answering neither
    yes nor no."""
    if fact.data.get("reason"):
        return None
    if fact.type == "BranchAbsent":
        return policy.absence
    unclear = fact.type == OPINION and fact.data.get("opinion") in ("disagree", "unknown")
    return policy.unreasoned if unclear else None


def _answers(fact: Fact, branch: str) -> bool:
    """Whether a fact settles what a branch thinks: its opinion, or the end of the case."""
    opined = fact.type == OPINION and str(fact.data.get("branch_id") or "") == branch
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
