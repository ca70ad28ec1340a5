"""What to say now: what should be out and is not, and what is out and should not be.

`difference` is the only place that raises or takes back anything. The first time a message goes
out, its event id is its own; a second time, or a taking back, is named after its cause and the
version of the case as well.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from duban.alerting import UNDO, Output
from duban.assess import Assessment
from duban.events import Actor, Event
from duban.ids import identify
from streams.state import Held, remember, versions

PROCESSOR = Actor("duban", "system")
ALERT_TURNS = ("AlertNoted", "AlertCleared")


def difference(held: Held, assessment: Assessment, cause: str) -> list[Event]:
    """Events to send for a case; `held.emitted` is brought up to date with them.

    `cause` is the id of the fact that was taken in last, "timer", or "reference".
    """
    wanted, out = assessment.outputs, held.emitted
    new = sorted((o for name, o in wanted.items() if name not in out), key=_told_in_order)
    gone = [o for name, o in out.items() if name not in wanted and name != _void(o)]
    if not new and not gone:
        return []
    why = f"{cause}#{held.version}"
    events = list(_taken_back(held, gone, assessment, why))
    for output in gone:
        del out[output.id]
    held.taken_back |= {o.id for o in gone}
    for output in new:
        sent, event_id = _first_or_again(held, output, why)
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


def _first_or_again(held: Held, output: Output, cause: str) -> tuple[Output, str]:
    if output.id not in held.taken_back:
        return output, output.id
    event_id = identify(output.id, output.type, cause)
    if output.type == "ScorePointPosted":
        output = output._replace(data={**output.data, "point_id": event_id})
    return output, event_id


def _taken_back(
    held: Held, gone: Sequence[Output], assessment: Assessment, cause: str
) -> Iterator[Event]:
    dropped = {o.data["alert_id"] for o in gone if o.type in ("AlertRaised", "AlertEscalated")}
    moved: dict[str, Output] = {}
    for output in gone:
        if output.type in ALERT_TURNS and output.data["alert_id"] in dropped:
            continue
        if output.type in UNDO:
            event_id = identify(output.id, "taken back", cause)
            data = _undone(output, event_id, _reason(held, assessment, cause))
            undo = output._replace(data=data)
            yield _event(held, undo, _undo_type(output), event_id, cause)
        elif "clock_id" in output.data:
            moved.setdefault(str(output.data["clock_id"]), output)
    for clock_id, output in moved.items():
        yield _superseded(held, clock_id, output, assessment, cause)


def _undo_type(output: Output) -> str:
    """An alert that is no longer cleared or noted is out again, as what it was."""
    if output.type in ALERT_TURNS and output.data["level"] == "escalate":
        return "AlertEscalated"
    return UNDO[output.type]


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
        case _:
            return {k: v for k, v in data.items() if not k.startswith("acknowledged_")}


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


def _event(held: Held, output: Output, type_: str, event_id: str, cause: str) -> Event:
    by_hall = output.type == "ScorePointPosted"
    return Event(
        type=type_,
        event_id=event_id,
        subject_id=held.hall_id if by_hall else held.case_id,
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
