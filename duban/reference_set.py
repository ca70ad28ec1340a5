"""From the set of reference events to the values the rules use: items, policies, calendars.

The result is a function of the set: any order and any doubling of the same events give the same
`Reference`. Of two events that claim one version the smaller (`recorded_at`, id) counts. An event
that breaks its contract counts for nothing, and takes nobody's place; the rest goes on.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from duban import contracts
from duban.contracts import ContractError
from duban.events import Event
from duban.ids import identify
from duban.policy import (
    ClockDef,
    Effect,
    Extension,
    Integrity,
    Item,
    Policy,
    Post,
    Reference,
    Rung,
)
from duban.reference_archive import archive
from duban.reference_calendars import calendars, effective, national_calendars, natural
from duban.reference_check import TYPES
from duban.reference_models import ClockModel, EffectModel, PolicyBody
from duban.reference_scores import score_policy

Data = Mapping[str, Any]
CHIEF, WINDOW = "chief_rep", "window"
ELSEWHERE = frozenset({"linked_leader", "duty_lead"})
READ = TYPES | {"StaffPosted"}


def reference_from(events: Iterable[Event], zone: str = "Asia/Shanghai") -> Reference:
    """Everything published, as values; `zone` is that of halls that name none."""
    return reference_of((e for e in events if e.type in READ and not fault_of(e)), zone)


def reference_of(events: Iterable[Event], zone: str = "Asia/Shanghai") -> Reference:
    """The same of events of which `fault_of` said "" when they were read: to check thousands of
    posts again takes seconds."""
    kinds: dict[str, list[Event]] = defaultdict(list)
    published = _versions(events)
    for event in published:
        kinds[event.type].append(event)
    items, policies = defaultdict(list), defaultdict(list)
    for event in kinds["ItemPublished"]:
        items[str(event.data["item_code"])].append(_item(event))
    for event in kinds["PolicyPublished"]:
        policies[str(event.data["policy_id"])].append(_policy(event))
    scores = tuple(score_policy(event) for event in kinds["ScorePolicyPublished"])
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
        chiefs=_by(_unit, filter(_moves_cases, kinds["StaffPosted"])),
        posts=_by(_person, _at_the_counter(kinds["StaffPosted"], kinds["OrgUnitChanged"])),
        zone=zone,
        mark=identify(zone, *sorted(e.event_id for e in published if _moves_cases(e))),
    )


def fault_of(event: Event) -> str:
    """Why the rules cannot use a reference event, "" where they can. Decided by it alone."""
    try:
        contracts.check(event)
    except ContractError as error:
        return str(error)
    return ""


def first_of(event: Event, other: Event | None) -> Event:
    """Of two events that claim one version the one that counts, whichever is read first."""
    if other is None:
        return event
    return min(event, other, key=lambda e: (e.recorded_at, e.event_id))


def _versions(events: Iterable[Event]) -> list[Event]:
    """One event per version, in the order of (key, effective_from): the same for any order."""
    chosen: dict[tuple[str, str], Event] = {}
    for event in events:
        if event.type not in READ:
            continue
        name = (event.type, event.subject_id)
        chosen[name] = first_of(event, chosen.get(name))
    return sorted(chosen.values(), key=lambda e: (e.subject_type, effective(e), natural(e)))


# --- items, policies -------------------------------------------------------------------


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
        unreasoned=_effect(body.unreasoned),
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
        final=tuple(model.final),
        start_day=model.start_day,
        side=model.side,
        days=model.days,
        effect=_effect(model.effect),
    )


def _effect(model: EffectModel | None) -> Effect | None:
    return Effect(model.outcome, model.basis) if model else None


def _names(units: Sequence[Event]) -> dict[str, str]:
    """Names of units; of several versions the last one to take effect."""
    return {str(unit.data["org_id"]): str(unit.data["name"]) for unit in units}


def _moves_cases(event: Event) -> bool:
    """Whether points of a case may follow from it: of posts only from chief representatives'."""
    return bool(event.data.get("role", CHIEF) == CHIEF)


def _unit(event: Event) -> str:
    return str(event.data["unit_id"])


def _at_the_counter(posts: Iterable[Event], units: Iterable[Event]) -> Iterator[Event]:
    """Whoever is linked to a window, or on duty in the hall, does not sit there, nor does anybody
    at what was a unit of another kind when the post began: a branch, an agency. A unit that nobody
    had published by then is a window."""
    kinds: dict[str, list[Event]] = defaultdict(list)
    for unit in units:
        kinds[str(unit.data["org_id"])].append(unit)
    for post in posts:
        begin = post.data["valid_from"]
        known = [u.data["kind"] for u in kinds[_unit(post)] if effective(u) <= begin]
        if post.data["role"] not in ELSEWHERE and (not known or known[-1] == WINDOW):
            yield post


def _person(event: Event) -> str:
    return f"{_unit(event).partition('/')[0]}/{event.data['staff_id']}"


def _by(key: Callable[[Event], str], posts: Iterable[Event]) -> dict[str, tuple[Post, ...]]:
    """Posts by unit or by person, the last to begin first. Of a post that was published again,
    with its end, the newest version counts."""
    newest: dict[tuple[Any, ...], Event] = {}
    for event in sorted(posts, key=natural):
        data = event.data
        newest[data["staff_id"], _unit(event), data["role"], data["valid_from"]] = event
    found: dict[str, list[tuple[int, str, Post]]] = defaultdict(list)
    for event in newest.values():
        data = event.data
        post = Post(data["staff_id"], data["valid_from"], data["valid_to"], _unit(event))
        found[key(event)].append((post.begin, event.event_id, post))
    return {name: tuple(p for *_, p in sorted(of, reverse=True)) for name, of in found.items()}
