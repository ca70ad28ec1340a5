"""What may earn points, and who would get them.

A cause is an outcome or a rating of a case, a term of it that ran out, a sign that its record
deserves a look, a fact of a hall, or a place in a published ranking.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from duban.alerting import Output, breach_id
from duban.case import Fact
from duban.clocks import Clock
from duban.custody import stretches
from duban.delay import duty_of
from duban.integrity import known_at
from duban.policy import Reference
from duban.score_policy import PERSONS

NOT_READ = frozenset({"reason"})  # text for people; no rule may ask for it
# What rules may read beyond the fields of a fact: of a survey how many were satisfied of those who
# answered, 0 to 1, so that one survey weighs as one whatever its size.
DERIVED: Mapping[str, frozenset[str]] = {"SurveyClosed": frozenset({"share"})}


# As a person at a counter behaved, so did the window: absent, at fault, praised. An honour given
# to a person, or an admonition, is that person's alone.
OF_THE_WINDOW_TOO = frozenset({
    "AttendanceExcepted", "FindingRaised", "PraiseReceived", "FeedbackCardReceived",
})  # fmt: skip


WATCHED = ("ClockBreached", "IntegritySignal")


class Cause(NamedTuple):
    """What may earn points. `subjects` says for each kind of subject who would get them, `period`
    where the cause itself names one. `hall_id` is of what a hall tells or ranks; a case has its own
    in its id."""

    on: str
    event_id: str
    type: str
    at: int
    recorded_at: int
    data: Mapping[str, Any]
    subjects: Mapping[str, str]
    case_id: str = ""
    policy_id: str = ""
    period: str = ""
    hall_id: str = ""


def case_causes(
    case_id: str,
    subjects: Mapping[str, str],
    runs: Sequence[Clock],
    standing: Sequence[Fact],
    now: int,
) -> Iterator[Cause]:
    """What a case may earn points for: how its term came out, and each rating that counts. It is
    late from the moment its term has run out, whether or not it has ended by then. `runs` are the
    clocks of that term: more than one where a reopened case was given a new one, which makes good
    no promise that was broken before.

    Source: the monthly window score of `domain` (base 100, a deduction per overdue case), and the
    five levels of 好差评. Which cause is worth what is for the policies in force at the cause.
    """
    for run in runs:
        stop = run.stopped_by
        missed = run.first_breach(now if stop is None else stop.occurred_at)
        if missed is not None:
            yield _late(run, missed, stop.data if stop else {}, case_id, subjects)
            break
    else:
        if runs and (stop := runs[-1].stopped_by):
            yield _of_case("outcome:on_time", stop, stop.data, case_id, subjects)
    for fact in standing:
        if fact.type == "RatingGiven":
            data = fact.data if "source" in fact.data else {**fact.data, "source": "mass"}
            yield _of_case(f"rating:{data['level']}", fact, data, case_id, subjects)


def _late(
    clock: Clock, due_at: int, data: Mapping[str, Any], case_id: str, subjects: Mapping[str, str]
) -> Cause:
    told = max(due_at, clock.anchor.recorded_at)
    breach = breach_id(clock, due_at)
    return Cause("outcome:late", breach, "ClockBreached", due_at, told, data, subjects, case_id)


def _of_case(
    on: str, fact: Fact, data: Mapping[str, Any], case_id: str, subjects: Mapping[str, str]
) -> Cause:
    return Cause(
        on, fact.event_id, fact.type, fact.occurred_at, fact.recorded_at, data, subjects, case_id
    )


def watched_causes(
    case_id: str,
    subjects: Mapping[str, str],
    clocks: Iterable[Clock],
    outputs: Iterable[Output],
    told: Sequence[Fact],
) -> Iterator[Cause]:
    """What electronic supervision sees of a case: `breach:KIND` for each clock of the hall's that
    has passed its due instant, a step's too where the promise was kept, and `sign:SIGN` once for
    each fact that has such a sign. `outputs` are what should be out about these clocks and facts.
    Whoever held a step when it ran out answers for it, and no person for a term that is counted
    by branch or order.

    Source: 电子监察 (step overtime though the promise is not over); a one-time notice given twice
    as a deduction (seed 002, 一次性告知). A sign proves nothing: a policy that scores it says so.
    """
    seen = sorted((o for o in outputs if o.type in WATCHED), key=lambda o: (o.at, o.id))
    if not seen:
        return
    by_id = {clock.id: clock for clock in clocks}
    found: dict[tuple[str, str], Cause] = {}
    for output in seen:
        if output.type == "IntegritySignal":
            cause = _signed(case_id, subjects, output, told)
        elif (clock := by_id[output.data["clock_id"]]).definition.side == "organ":
            cause = _ran_out(case_id, subjects, output, clock, told)
        else:
            continue
        found.setdefault((cause.on, cause.event_id), cause)
    yield from found.values()


def _ran_out(
    case_id: str, subjects: Mapping[str, str], breach: Output, clock: Clock, told: Sequence[Fact]
) -> Cause:
    anchor = clock.anchor
    if clock.definition.per:
        held = stretches(told, anchor.occurred_at, breach.at, duty_of(clock))
        own = (h.staff for h in (held[-1].holders if held else ()) if h.step == clock.key)
        subjects = {**subjects, "staff": next(own, "")}
    known = max(breach.at, anchor.recorded_at)
    on = f"breach:{clock.kind}"
    return Cause(on, breach.id, breach.type, breach.at, known, anchor.data, subjects, case_id)


def _signed(case_id: str, subjects: Mapping[str, str], sign: Output, told: Sequence[Fact]) -> Cause:
    signal = sign.data["signal"]
    fact = next(fact for fact in told if fact.event_id == sign.data["about_event_id"])
    known = max(sign.at, known_at(signal, fact, told))
    of = (fact.event_id, fact.type)
    return Cause(f"sign:{signal}", *of, sign.at, known, fact.data, subjects, case_id)


def hall_cause(hall_id: str, fact: Fact, reference: Reference) -> Cause:
    """What a fact of a hall may earn points for: whom it is about, and the hall, get them; of how a
    person behaved, the window of the post held then too. A fact that names nobody is about the
    hall.

    Source: the monthly window score of `domain`, which counts the absences of a window's people.
    """
    data = _with_share(fact)
    kind, subject = str(data.get("subject_kind") or "window"), str(data.get("subject") or "")
    about = {kind: subject} if subject else {}
    adjusts = fact.type == "ScoreAdjusted"  # of one subject: no part of its hall's score
    if person := person_of(fact):
        about["window"] = reference.window_of(hall_id, person, fact.occurred_at)
    return Cause(
        fact.type,
        fact.event_id,
        fact.type,
        fact.occurred_at,
        fact.recorded_at,
        data,
        about if adjusts and about else {**about, "hall": hall_id},
        str(data.get("case_id") or ""),
        str(data.get("policy_id") or ""),
        str(data.get("period") or "") if adjusts else "",
        hall_id,
    )


def person_of(fact: Fact) -> str:
    """The person for whose conduct a window answers too, "" of any other fact."""
    if fact.type not in OF_THE_WINDOW_TOO or fact.data.get("subject_kind") not in PERSONS:
        return ""
    return str(fact.data["subject"])


def _with_share(fact: Fact) -> Mapping[str, Any]:
    """The fields of a fact; a survey that nobody answered has no share, and earns nothing by it."""
    data = fact.data
    if fact.type != "SurveyClosed" or not data["n"]:
        return data
    return {**data, "share": min(1.0, data["satisfied"] / data["n"])}
