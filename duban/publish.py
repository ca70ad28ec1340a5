"""Publish reference events: new versions are sent, known ones skipped, changed ones refused."""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from duban import bus
from duban.events import Event
from duban.reference import key
from duban.reference_calendars import effective, natural
from duban.reference_set import fault_of


class Ignored(NamedTuple):
    """A policy of which something would silently have no effect, and why (in Chinese)."""

    event: Event
    why: str


class Plan(NamedTuple):
    """What publishing a set of events comes to."""

    new: tuple[Event, ...]
    same: tuple[Event, ...]
    refused: tuple[Event, ...] = ()  # versions that are published with other content
    ignored: tuple[Ignored, ...] = ()  # policies that would have no effect, in part or at all


def plan(wanted: Iterable[Event], published: Iterable[Event]) -> Plan:
    """Compare events with what is published, by key, and new policies with the others (pure).
    What no rule can use is not there."""
    published = [event for event in published if not fault_of(event)]
    there: dict[str, list[Event]] = {}
    for event in published:
        there.setdefault(key(event), []).append(event)
    new, same, refused = [], [], []
    for event in wanted:
        known = there.get(key(event), [])
        if not known:
            new.append(event)
        elif any(_alike(event, other) for other in known):
            same.append(event)
        else:
            refused.append(event)
    return Plan(tuple(new), tuple(same), tuple(refused), tuple(_ignored(new, published)))


def _ignored(new: Sequence[Event], published: Sequence[Event]) -> Iterator[Ignored]:
    """New policies that nobody would ever be counted by, or that say a thing that cannot be."""
    policies = [e for e in (*published, *new) if e.type == "PolicyPublished"]
    for event in new:
        if event.type != "PolicyPublished":
            continue
        others = [
            e for e in policies if e.data["policy_id"] == event.data["policy_id"] and e is not event
        ]
        twins = [e for e in others if effective(e) == effective(event)]
        above = max(twins, key=natural, default=None)
        if above is not None and natural(above) > natural(event):
            yield Ignored(event, f"与 {above.subject_id} 同时生效而版本号较低，永远不会适用")
        earlier = [e for e in others if effective(e) < effective(event)]
        before = max(earlier, key=lambda e: (effective(e), natural(e)), default=None)
        if event.data.get("applies_to") == "open_from_now" and before is not None:
            yield from _other_units(event, before)


def _other_units(event: Event, before: Event) -> Iterator[Ignored]:
    """Kinds that `open_from_now` cannot take over: what was used up in one unit says nothing
    about a term in another."""
    old, new = _units(before), _units(event)
    for kind in sorted(old.keys() & new.keys()):
        if old[kind] != new[kind] and "item" not in (old[kind], new[kind]):
            why = f"时钟 {kind} 的单位由 {old[kind]} 改为 {new[kind]}，open_from_now 无法接续"
            yield Ignored(event, why)


def _units(event: Event) -> dict[str, str]:
    clocks = json.loads(event.data["body"])["clocks"]
    return {str(clock["kind"]): str(clock["unit"]) for clock in clocks}


def publish(wanted: Sequence[Event], dry_run: bool = False) -> Plan:
    """Send what is new to `reference`, unless a version is refused or would have no effect: then
    nothing is sent.

    Raises `bus.BrokerAway` and `bus.DeliveryError`.
    """
    found = plan(wanted, bus.read_reference())
    if found.new and not found.refused and not found.ignored and not dry_run:
        with bus.Producer() as producer:
            producer.send_many(found.new)
    return found


def _alike(event: Event, other: Event) -> bool:
    return event.event_id == other.event_id or (
        (event.type, event.hall_id, dict(event.data))
        == (other.type, other.hall_id, dict(other.data))
    )
