"""From the set of reference events to the values the rules use: items, policies, calendars.

The result is a function of the set: any order and any doubling of the same events give the same
`Reference`. Of two events that claim one version the smaller (`recorded_at`, id) counts.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from duban.events import Event
from duban.policy import (
    ClockDef,
    Effect,
    Extension,
    Integrity,
    Item,
    Policy,
    Reference,
    Rung,
    ScorePolicy,
    ScoreRule,
)
from duban.reference_archive import archive
from duban.reference_calendars import calendars, effective, national_calendars, natural
from duban.reference_models import ClockModel, EffectModel, PolicyBody

Data = Mapping[str, Any]


def reference_from(events: Iterable[Event], zone: str = "Asia/Shanghai") -> Reference:
    """Everything published, as values; `zone` is that of halls that name none."""
    kinds: dict[str, list[Event]] = defaultdict(list)
    for event in _versions(events):
        kinds[event.type].append(event)
    items, policies = defaultdict(list), defaultdict(list)
    for event in kinds["ItemPublished"]:
        items[str(event.data["item_code"])].append(_item(event))
    for event in kinds["PolicyPublished"]:
        policies[str(event.data["policy_id"])].append(_policy(event))
    scores = tuple(_score(event) for event in kinds["ScorePolicyPublished"])
    notices, hours = kinds["CalendarPublished"], kinds["HallHoursChanged"]
    made = calendars(notices, hours, zone)
    return Reference(
        items={code: tuple(versions) for code, versions in items.items()},
        policies={name: tuple(versions) for name, versions in policies.items()},
        scores=scores,
        calendars=made,
        nationals=national_calendars(made, notices, hours, zone),
        past=archive(notices, hours, zone),
        names=_names(kinds["OrgUnitChanged"]),
    )


def _versions(events: Iterable[Event]) -> list[Event]:
    """One event per version, in the order of (key, effective_from): the same for any order."""
    chosen: dict[tuple[str, str], Event] = {}
    for event in events:
        name = (event.subject_type, event.subject_id)
        other = chosen.get(name)
        if other is None or (event.recorded_at, event.event_id) < (
            other.recorded_at,
            other.event_id,
        ):
            chosen[name] = event
    return sorted(chosen.values(), key=lambda e: (e.subject_type, effective(e), natural(e)))


# --- items, policies, scores -------------------------------------------------------------------


def _item(event: Event) -> Item:
    data = event.data
    return Item(
        code=data["item_code"],
        version=data["version"],
        name=data["name"],
        effective_from=data["effective_from"],
        case_class=data.get("case_class", "permit"),
        item_class=data.get("class", "approval"),
        domain=data.get("domain", ""),
        unit=data.get("unit", "working_day"),
        statutory=data.get("statutory"),
        upper=data.get("upper"),
        promise=data.get("promise"),
        policy_id=data.get("policy_id", "default"),
        window_id=data.get("window_id", ""),
        steps={s["step"]: s["budget"] for s in data.get("steps", ()) if s.get("budget")},
        published_at=event.occurred_at,
    )


def _policy(event: Event) -> Policy:
    data = event.data
    body = PolicyBody.model_validate_json(data["body"])
    ladders = {
        name: tuple(Rung(r.level, r.offset, r.unit, tuple(r.to)) for r in ladder.rungs)
        for name, ladder in body.ladders.items()
    }
    return Policy(
        policy_id=data["policy_id"],
        version=data["version"],
        effective_from=data["effective_from"],
        clocks=tuple(_clock(clock) for clock in body.clocks),
        ladders=ladders,
        doc_no=data.get("doc_no", ""),
        applies_to=data.get("applies_to", "new_only"),
        reopen_mode=body.reopen_mode,
        reopen_by_cause=body.reopen_by_cause,
        absence=_effect(body.absence),
        published_at=event.occurred_at,
        integrity=Integrity(**body.integrity.model_dump()),
    )


def _clock(model: ClockModel) -> ClockDef:
    more = model.extension
    extra = Extension(more.max, more.days, more.approver_role, more.ask_before) if more else None
    return ClockDef(
        kind=model.kind,
        budget=model.budget,
        unit=model.unit,
        start=tuple(model.start),
        stop=tuple(model.stop),
        pause_grounds=frozenset(model.pause_grounds),
        extension=extra,
        ladder=model.ladder,
        governs=model.governs,
        source=model.source,
        name=model.name,
        fallback=model.fallback,
        due_field=model.due_field,
        before=model.before,
        per=model.per,
        when={name: frozenset(values) for name, values in model.when.items()},
        stop_when={name: frozenset(values) for name, values in model.stop_when.items()},
        repeats=model.repeats,
        start_day=model.start_day,
        side=model.side,
        days=model.days,
        effect=_effect(model.effect),
    )


def _effect(model: EffectModel | None) -> Effect | None:
    return Effect(model.outcome, model.basis) if model else None


def _score(event: Event) -> ScorePolicy:
    data = event.data
    rules = tuple(
        ScoreRule(rule["rule_id"], rule["on"], rule["points"], rule.get("source", ""))
        for rule in data["rules"]
    )
    return ScorePolicy(
        data["version"],
        data["effective_from"],
        rules,
        data["base"],
        data["maximum"],
        event.occurred_at,
    )


def _names(units: Sequence[Event]) -> dict[str, str]:
    """Names of units; of several versions the last one to take effect."""
    return {str(unit.data["org_id"]): str(unit.data["name"]) for unit in units}
