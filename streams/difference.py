"""What to say now: what should be out and is not, and what is out and should not be.

`look_at` is the only place that raises or takes back anything. The first time a message goes
out, its event id is its own; a second time, or a taking back, is named after its cause and the
version of the case as well.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from duban.alerting import UNDO, Output
from duban.assess import Assessment, assess
from duban.case import Facts
from duban.events import PROCESSOR, Event
from duban.ids import identify
from duban.policy import Reference
from streams.retrospect import Retrospect
from streams.state import Held, remember, versions

ALERT_TURNS = ("AlertNoted", "AlertCleared")
# Messages that name themselves, and are taken back by one of their type that names them.
NAMED_BY_THEMSELVES = {"ScorePointPosted": "point_id", "RatingSetAside": "set_aside_id"}


def look_at(
    held: Held, reference: Reference, now: int, *causes: str
) -> tuple[Assessment, list[Event]]:
    """What a case amounts to at `now` (ms), and the events to send; `held.emitted` is brought up to
    date with them. `causes` are the ids of the facts taken in since the last look, in the order in
    which they came; or "timer", or "reference".
    """

    def see(facts: Facts) -> Assessment:
        return assess(held.case_id, held.hall_id, facts, reference, now)

    assessment = see(held.facts)
    before = Retrospect(held.facts, causes, assessment.outputs, see)
    return assessment, _difference(held, assessment, causes[-1], before)


def _difference(held: Held, assessment: Assessment, cause: str, before: Retrospect) -> list[Event]:
    wanted, out = assessment.outputs, held.emitted
    new = sorted((o for name, o in wanted.items() if name not in out), key=_told_in_order)
    gone = [o for name, o in out.items() if name not in wanted and name != _void(o)]
    if not new and not gone:
        return []
    why = f"{cause}#{held.version}"
    events = list(_taken_back(held, gone, assessment, why, before))
    for output in gone:
        del out[output.id]
    held.taken_back |= {o.id for o in gone}
    for output in new:
        sent, event_id = _first_or_again(held, output, why, before)
        out[output.id] = remember(sent)
        events.append(_event(held, sent, sent.type, event_id, why))
    return events


def _void(output: Output) -> str:
    """Id of the mark that an output's clock is no more; such a mark is never taken back."""
    return identify(output.data["clock_id"], "void") if output.type == "ClockSuperseded" else ""


def _told_in_order(output: Output) -> tuple[int, int]:
    """By instant; an alert is raised before it is noted, and noted before it is cleared."""
    turn = ALERT_TURNS.index(output.type) + 1 if output.type in ALERT_TURNS else 0
    return output.at, turn


def _first_or_again(
    held: Held, output: Output, cause: str, before: Retrospect
) -> tuple[Output, str]:
    if output.id not in held.taken_back:
        return output, output.id
    event_id = identify(output.id, output.type, cause)
    if output.type in NAMED_BY_THEMSELVES:
        data = {**output.data, NAMED_BY_THEMSELVES[output.type]: event_id}
        if output.type == "ScorePointPosted":  # what brought it back may be told after a cut
            data["cause_recorded_at"] = _told_at(output, before)
        output = output._replace(data=data)
    return output, event_id


def _taken_back(
    held: Held, gone: Sequence[Output], assessment: Assessment, cause: str, before: Retrospect
) -> Iterator[Event]:
    moved: dict[str, Output] = {}
    for output in gone:
        if output.type in ALERT_TURNS:
            yield from _out_again(held, output, assessment, cause)
        elif output.type in UNDO:
            event_id = identify(output.id, "taken back", cause)
            data = _undone(output, event_id, _reason(held, assessment, cause))
            undo = output._replace(data=data)
            if output.type == "ScorePointPosted":
                data |= _why_back(assessment, output, before)
            elif output.type == "RatingSetAside":
                undo = undo._replace(at=_told_at(output, before) or output.at)
            yield _event(held, undo, UNDO[output.type], event_id, cause)
        elif "clock_id" in output.data:
            moved.setdefault(str(output.data["clock_id"]), output)
    for clock_id, output in moved.items():
        yield _superseded(held, clock_id, output, assessment, cause)


def _out_again(held: Held, output: Output, assessment: Assessment, cause: str) -> Iterator[Event]:
    """An alert that is no longer cleared or noted is out again, as what it was; of one that is not
    cleared after all, what somebody had noted is said again."""
    alert = str(output.data["alert_id"])
    raised = assessment.outputs.get(alert)
    if raised is None:  # it is taken back whole
        return
    yield _event(held, raised, raised.type, identify(output.id, "taken back", cause), cause)
    noted = identify(alert, "noted")
    if output.type == "AlertCleared" and noted in held.emitted and noted in assessment.outputs:
        again = assessment.outputs[noted]
        yield _event(held, again, again.type, identify(noted, "again", cause), cause)


def _undone(output: Output, event_id: str, reason: str) -> dict[str, Any]:
    """Fields of the event that takes an output back."""
    data = dict(output.data)
    match output.type:
        case "SignalRaised":
            kept = "signal_id clock_id clock_kind level rung item_code window_id"
            return {k: data[k] for k in kept.split()} | {"reason": reason}
        case "ClockBreached":
            return data | {"breach_event_id": output.id, "reason": reason}
        case "AlertRaised" | "AlertEscalated":
            return data | {"reason": reason}
        case "DeemedOutcomeReached":
            return data | {"deemed_event_id": output.id, "reason": reason}
        case "IntegritySignal":
            return data | {"signal_event_id": output.id, "reason": reason}
        case "DelayAttributed":
            return data | {"minutes": -data["minutes"], "reverses": output.id}
        case "ScorePointPosted":
            return data | {
                "point_id": event_id,
                "points": -data["points"],
                "reverses": data["point_id"],
            }
        case "RatingSetAside":
            return data | {"set_aside_id": event_id, "reverses": data["set_aside_id"]}
    raise ValueError(f"{output.type} is taken back by nothing of its own")


def _superseded(
    held: Held, clock_id: str, output: Output, assessment: Assessment, cause: str
) -> Event:
    """One message for a clock whose dates are no longer what was said of it."""
    clock = next((c for c in assessment.clocks if c.id == clock_id), None)
    data = {
        "clock_id": clock_id,
        "kind": output.data["kind"],
        "item_code": output.data.get("item_code", ""),
        "window_id": output.data.get("window_id", ""),
        "reason": _reason(held, assessment, cause),
        "old_due": output.data.get("due_at", output.data.get("new_due")),
        "new_due": clock.due_at if clock else None,
        "provisional": bool(clock and clock.provisional),
        "policy_version": assessment.policy_version,
        "calendar_version": assessment.calendar_version,
    }
    void = identify(clock_id, "void")
    event_id = identify(void, cause)
    said = Output(void, "ClockSuperseded", output.at, data, output.historical)
    if clock is None:
        held.emitted[void] = remember(said)
    return _event(held, said, "ClockSuperseded", event_id, cause)


def _reason(held: Held, assessment: Assessment, cause: str) -> str:
    """Why something moved. Without a new fact only the reference can have moved it: a policy
    where the clocks name another one than before, else a calendar."""
    name = cause.partition("#")[0]
    if name in ("timer", "reference"):
        return "calendar" if held.versions.policies == versions(assessment).policies else "policy"
    fact = next((f for f in held.facts.ordered if f.event_id == name), None)
    corrects = fact is not None and (fact.corrects or fact.type == "EventVoided")
    return "correction" if corrects else "late_event"


def _why_back(assessment: Assessment, output: Output, before: Retrospect) -> dict[str, Any]:
    """What takes points back: the verdict on a rating that stands but does not count, else the fact
    with which they went."""
    verdict = assessment.set_aside.get(output.data["cause_event_id"])
    if verdict is None:
        return {"cause_recorded_at": _told_at(output, before)}
    return {
        "cause_event_id": verdict.event_id,
        "cause_type": verdict.type,
        # Points that were back for a while are taken back after they were.
        "cause_recorded_at": max(verdict.recorded_at, output.data.get("cause_recorded_at") or 0),
    }


def _told_at(output: Output, before: Retrospect) -> int | None:
    """When the fact was recorded with which points went or came back, never before their own cause;
    where time or new reference data did it, that of their own cause."""
    own: int | None = output.data.get("cause_recorded_at")
    told_at = before.turned_at(output.id)
    return own if told_at is None else max(told_at, own or 0)


def _event(held: Held, output: Output, type_: str, event_id: str, cause: str) -> Event:
    by_hall = output.type == "ScorePointPosted"
    about = output.data["about_case_id"] if output.type == "RatingSetAside" else held.case_id
    return Event(
        type=type_,
        event_id=event_id,
        subject_id=held.hall_id if by_hall else about,
        subject_type="hall" if by_hall else "case",
        hall_id=held.hall_id,
        tenant_id=held.tenant_id,
        occurred_at=output.at,
        recorded_at=output.at,
        actor=PROCESSOR,
        channel="system",
        causation_id=_fact_id(cause),
        historical=output.historical,
        data=output.data,
    )


def _fact_id(cause: str) -> str | None:
    """The fact that a cause names; none where it is a timer or new reference data."""
    name = cause.partition("#")[0]
    return None if name in ("timer", "reference") else name
