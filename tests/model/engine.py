"""The engine's answer to a random case, in the words of the model."""

from functools import lru_cache
from pathlib import Path
from typing import Any

from duban.alerting import Output, signal_id
from duban.assess import Assessment, assess
from duban.case import Fact as EngineFact
from duban.case import Facts, evolve
from duban.clocks import Clock
from duban.events import Actor, rank
from duban.policy import Reference
from duban.reference import load, reference_from
from tests.model.cases import Case
from tests.model.oracle.life import Fact
from tests.model.oracle.verdict import Verdict

ALERTS = ("AlertRaised", "AlertEscalated")
TURNS = ("AlertNoted", "AlertCleared")


@lru_cache(maxsize=4)  # a world's two, and the next one's: one takes megabytes
def reference(directory: Path) -> Reference:
    """What the engine makes of a world's files."""
    return reference_from(load(directory))


def reference_of(case: Case) -> Reference:
    """The reference that a case is judged by."""
    return reference(case.world.late if case.late else case.world.early)


def key_of(clock: Clock) -> str:
    """What tells clocks of one kind apart."""
    return str(getattr(clock, "key", ""))


def judge(case: Case) -> Verdict:
    """Clocks, signals and deemed outcomes of a case, as the engine has them."""
    seen = assessed(case, facts_of(case))
    named = {
        c.id: {"kind": c.kind, "key": key_of(c), "anchor": c.anchor.event_id} for c in seen.clocks
    }
    clocks = [{**named[c.id], **described(c)} for c in seen.clocks]
    signals = []
    for out in seen.outputs.values():
        if out.type == "SignalRaised" or out.type == "AlertEscalated":
            said = {n: out.data[n] for n in ("level", "rung")}
            signals.append({**named[out.data["clock_id"]], **said, "due": out.data["due_at"],
                            "at": out.at})  # fmt: skip
    deemed = [
        {
            **(named.get(o.data["clock_id"]) or {"kind": "", "key": o.data["branch_id"]}),
            "outcome": o.data["outcome"],
        }
        for o in seen.outputs.values()
        if o.type == "DeemedOutcomeReached"
    ]
    told = list(seen.outputs.values())
    breaches = [
        {**named[o.data["clock_id"]], "due": o.data["due_at"]}
        for o in told
        if o.type == "ClockBreached"
    ]
    alerts = alerts_of(told, named)
    return {"clocks": clocks, "signals": signals, "deemed": deemed, "alerts": alerts,
            "breaches": breaches}  # fmt: skip


def alerts_of(told: list[Output], named: dict[str, dict[str, str]]) -> list[dict[str, Any]]:
    """Alerts that were raised, and whether somebody noted them and the clock's end cleared them."""
    seen = {kind: {o.data["alert_id"] for o in told if o.type == kind} for kind in TURNS}
    return [
        {
            **named[o.data["clock_id"]],
            **{n: o.data[n] for n in ("level", "rung")},
            "due": o.data["due_at"],
            "at": o.at,
            "noted": o.data["alert_id"] in seen["AlertNoted"],
            "cleared": o.data["alert_id"] in seen["AlertCleared"],
        }
        for o in told
        if o.type in ALERTS
    ]


def described(clock: Clock) -> dict[str, Any]:
    """What can be compared of a clock."""
    fixed = clock.unit == "instant" or bool(clock.definition.before)
    return {
        "unit": clock.unit,
        "budget": None if clock.unit == "instant" else clock.budget,
        "consumed": None if fixed else clock.consumed,
        "due": clock.due_at,
        "state": clock.state,
        "outcome": clock.outcome,
        "stopped_at": clock.stopped_at,
        "extensions": clock.extensions,
        "saved": clock.saved,
        "provisional": clock.provisional,
    }


def assessed(case: Case, facts: list[EngineFact]) -> Assessment:
    """The engine's look at a case whose facts arrive in an order."""
    kept = Facts()
    for fact in facts:
        kept = evolve(kept, fact)
    return assess(case.case_id, case.hall, kept, reference_of(case), case.now)


def facts_of(case: Case) -> list[EngineFact]:
    """The facts as the worker takes them in; acknowledgements name the engine's alerts."""
    plain = [f for f in case.facts if f["type"] != "AlertAcknowledged"]
    answers = [f for f in case.facts if f["type"] == "AlertAcknowledged"]
    given = [engine_fact(f) for f in plain]
    if answers:
        names = alert_names(case, given)
        for fact in answers:
            alert = names.get(fact["data"]["alert_id"], "unknown")
            given.append(engine_fact({**fact, "data": {"alert_id": alert}}))
    return given


def alert_names(case: Case, facts: list[EngineFact]) -> dict[str, str]:
    """The engine's id of each alert, by the name that the model gives to it."""
    kept = Facts()
    for fact in facts:
        kept = evolve(kept, fact)
    seen = assess(case.case_id, case.hall, kept, reference_of(case), case.now)
    clocks = {c.id: c for c in seen.clocks}
    found = {}
    for out in seen.outputs.values():
        if out.type in ALERTS:
            clock = clocks[out.data["clock_id"]]
            parts = (clock.kind, key_of(clock), clock.anchor.event_id, out.data["rung"],
                     out.data["due_at"])  # fmt: skip
            found["|".join(map(str, parts))] = str(out.data["alert_id"])
    return found


def engine_fact(fact: Fact) -> EngineFact:
    """A plain fact as the rules take it."""
    return EngineFact(
        occurred_at=fact["occurred_at"],
        rank=rank(fact["type"]),
        recorded_at=fact["recorded_at"],
        event_id=fact["id"],
        type=fact["type"],
        digest=f"{fact['recorded_at']}",
        actor=Actor("", fact["role"], "", fact["window"]),
        corrects=fact["corrects"],
        data=fact["data"],
    )


__all__ = ["engine_fact", "facts_of", "judge", "reference_of", "signal_id"]
