"""Signs that a record may not show what happened: entry after the fact (先办后录), entry in one go,
a pause without its written notice, past its expected days or one too many, a decision at the very
instant of acceptance, a one-time notice given twice, a rating in a citizen's name by one who acts
for the hall.

A signal accuses nobody: it names a fact, and people look. The limits are policy data. Facts of old
logs carry the instant of their import, so neither late nor batch entry is said of them, nor who
rated. Many ratings of a window at once are seen over its cases only: that sign is a metric.

Sources: 先办后录, 一次性告知 (行政许可法 art 32); the written notice of the time that a hearing, an
inspection or an expert review takes (行政许可法 art 45).
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import takewhile
from typing import NamedTuple

from duban.alerting import Output, Subject
from duban.case import ENDINGS, Fact
from duban.ids import identify
from duban.policy import Integrity, Item
from duban.worktable import MINUTE
from duban.worktime import Calendar

SIGNS = frozenset({
    "late_entry", "batch_entry", "pause_no_notice", "pause_overrun", "zero_duration",
    "repeat_notice", "self_rating",
})  # fmt: skip
STARTS, ENDS = "ClockExclusionStarted", "ClockExclusionEnded"
DECISION, NOTICE, RATING = "DecisionMade", "OneTimeNoticeIssued", "RatingGiven"
# Roles of those who are not on the side of the hall; a device gives what a citizen pressed.
CITIZENS = frozenset({"", "applicant", "owner", "intermediary", "system", "device"})
ACCEPTANCES = ("CaseAccepted", "CaseDeemedAccepted")


class Sign(NamedTuple):
    """One signal: what it is, which fact it is about, from which instant (ms), working minutes
    where it has any, and a word of detail."""

    signal: str
    fact: Fact
    at: int
    minutes: int | None = None
    detail: str = ""


def integrity_outputs(
    subject: Subject,
    told: Sequence[Fact],
    item: Item | None,
    limits: Integrity,
    calendar: Calendar,
    now: int,
    staff_id: str = "",
) -> tuple[list[Output], int | None]:
    """The signals that should be out at `now` (ms) about the facts that stand, in canonical order,
    and the next instant at which time alone will raise another. `staff_id` is who handled the case
    last."""
    types = {fact.type for fact in told}
    pauses = list(overrun(told, limits, calendar)) if STARTS in types else []
    signs = [sign for sign in pauses if sign.at < now]
    signs += _keyed_in(told, limits, calendar)
    if STARTS in types:
        signs += unannounced(told)
        signs += too_many_pauses(told, limits)
    if DECISION in types:
        signs += zero_duration(told, item)
    if NOTICE in types:
        signs += repeated_notices(told)
    if RATING in types:
        signs += self_ratings(told, staff_id)
    wake = min((sign.at + 1 for sign in pauses if sign.at >= now), default=None)
    return [_output(subject, sign) for sign in signs], wake


def _keyed_in(told: Sequence[Fact], limits: Integrity, calendar: Calendar) -> Iterator[Sign]:
    """Late and batch entries. Most records are kept at once, which the lags show without any
    counting: facts of a batch lie apart by no more than their lags differ, and its own seconds."""
    lags = [f.recorded_at - f.occurred_at for f in told if not f.historical]
    if not lags:
        return
    if max(lags) > limits.late_minutes * MINUTE:
        yield from late_entries(told, limits, calendar)
    apart = max(lags) - min(lags) + limits.batch_seconds * 1000
    if len(lags) >= limits.batch_facts and apart >= limits.batch_span_minutes * MINUTE:
        yield from batch_entries(told, limits, calendar)


def late_entries(told: Iterable[Fact], limits: Integrity, calendar: Calendar) -> Iterator[Sign]:
    """Facts recorded more working minutes after they occurred than the policy lets pass."""
    for fact in told:
        if fact.historical or fact.recorded_at - fact.occurred_at <= limits.late_minutes * MINUTE:
            continue  # fewer minutes on the wall are fewer minutes of work
        minutes = calendar.minutes_between(fact.occurred_at, fact.recorded_at)
        if minutes > limits.late_minutes:
            yield Sign("late_entry", fact, fact.recorded_at, minutes, fact.type)


def batch_entries(told: Sequence[Fact], limits: Integrity, calendar: Calendar) -> Iterator[Sign]:
    """Facts of the case keyed in together that claim to have happened far apart.

    A batch begins with a fact and takes in what was recorded within so many seconds of it.
    """
    if len(told) < limits.batch_facts:
        return
    facts = sorted((f for f in told if not f.historical), key=lambda f: f.recorded_at)
    for batch in _batches(facts, limits.batch_seconds * 1000):
        if len(batch) < limits.batch_facts:
            continue
        first, last = min(batch), max(batch)
        minutes = calendar.minutes_between(first.occurred_at, last.occurred_at)
        if minutes >= limits.batch_span_minutes:
            at = max(f.recorded_at for f in batch)
            yield Sign("batch_entry", last, at, minutes, str(len(batch)))


def _batches(facts: Iterable[Fact], within: int) -> Iterator[list[Fact]]:
    batch: list[Fact] = []
    for fact in facts:
        if batch and fact.recorded_at > batch[0].recorded_at + within:
            yield batch
            batch = []
        batch.append(fact)
    if batch:
        yield batch


def unannounced(told: Iterable[Fact]) -> Iterator[Sign]:
    """Pauses on a legal ground without the number of the written notice (行政许可法 art 45)."""
    for fact in told:
        if fact.type == STARTS and not fact.data.get("written_notice_no"):
            yield Sign(
                "pause_no_notice", fact, fact.occurred_at, None, str(fact.data.get("ground"))
            )


def overrun(told: Sequence[Fact], limits: Integrity, calendar: Calendar) -> Iterator[Sign]:
    """Pauses that lasted, or will last if nothing ends them, beyond the working days told to the
    applicant, or where none were told those of the policy; from the close of the last of these
    days on. A pause told of a case that has ended holds nothing."""
    ended = ""
    for index, fact in enumerate(told):
        if fact.type in ENDINGS and ended in ("", "CaseRefused"):
            ended = fact.type
        elif fact.type == "CaseReopened" or (fact.type in ACCEPTANCES and ended == "CaseRefused"):
            ended = ""
        if fact.type != STARTS or ended:
            continue
        days = int(fact.data.get("expected_days") or limits.pause_days)
        due = calendar.add_days(fact.occurred_at, days)
        if not any(_ends(later, fact) for later in told[index + 1 :] if later.occurred_at <= due):
            yield Sign("pause_overrun", fact, due, None, str(days))


def too_many_pauses(told: Iterable[Fact], limits: Integrity) -> Iterator[Sign]:
    """The first pause beyond those that a case, or a branch of it, may have unremarked. A day is
    used up at its close, so a pause of minutes over every close would keep a term for ever."""
    seen: Counter[str] = Counter()
    for fact in told:
        if fact.type != STARTS:
            continue
        branch = str(fact.data.get("branch_id") or "")
        seen[branch] += 1
        if seen[branch] == limits.pauses + 1:
            yield Sign("pause_overrun", fact, fact.occurred_at, None, f"×{seen[branch]}")


def _ends(fact: Fact, pause: Fact) -> bool:
    """Whether a fact ends a pause: its own end, one of no ground, or the end of the case."""
    if fact.type in ENDINGS:
        return True
    same = all(
        fact.data.get(name) in (None, "", pause.data.get(name)) for name in ("ground", "branch_id")
    )
    return fact.type == ENDS and same


def zero_duration(told: Sequence[Fact], item: Item | None) -> Iterator[Sign]:
    """A decision at the very instant of acceptance, of an item that is not promised in minutes."""
    if item is not None and item.unit == "working_minute":
        return
    accepted = {f.occurred_at for f in told if f.type in ACCEPTANCES}
    for fact in told:
        if fact.type == DECISION and fact.occurred_at in accepted:
            yield Sign("zero_duration", fact, fact.occurred_at)
            return


def repeated_notices(told: Iterable[Fact]) -> Iterator[Sign]:
    """Every one-time notice after the first (一次性告知: all that is missing is told at once)."""
    notices = [f for f in told if f.type == NOTICE]
    for number, fact in enumerate(notices[1:], 2):
        yield Sign("repeat_notice", fact, fact.occurred_at, None, str(number))


def known_at(signal: str, fact: Fact, told: Iterable[Fact]) -> int:
    """From which recording on a sign about a fact could be seen (ms): a notice is the second one
    once the first is told, a decision at the instant of acceptance once the acceptance is."""
    if signal == "repeat_notice":
        earlier = takewhile(lambda f: f != fact, (f for f in told if f.type == NOTICE))
        first = min((f.recorded_at for f in earlier), default=fact.recorded_at)
        return max(fact.recorded_at, first)
    beside = [f for f in told if f.type in ACCEPTANCES and f.occurred_at == fact.occurred_at]
    if signal == "zero_duration" and beside:
        return max(fact.recorded_at, min(f.recorded_at for f in beside))
    return fact.recorded_at


def self_ratings(told: Iterable[Fact], staff_id: str) -> Iterator[Sign]:
    """Ratings in a citizen's name by one who acts for the hall, or who handled the case; the metric
    `rating_signs` has the same rule."""
    for fact in told:
        of_citizens = fact.type == RATING and fact.data.get("source", "mass") == "mass"
        if of_citizens and not fact.historical:
            actor = fact.actor
            if actor.role not in CITIZENS or (actor.id and actor.id == staff_id):
                yield Sign("self_rating", fact, fact.occurred_at, None, actor.role)


def _output(subject: Subject, sign: Sign) -> Output:
    data = {
        "signal": sign.signal,
        "about_event_id": sign.fact.event_id,
        "minutes": sign.minutes,
        "detail": sign.detail,
        "item_code": subject.item_code,
        "window_id": subject.window_id,
    }
    name = identify(subject.case_id, "integrity", *list(data.values())[:4])
    return Output(name, "IntegritySignal", sign.at, data, subject.historical)
