"""Publish reference events: new versions are sent, known ones skipped, changed ones refused."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from duban import bus
from duban.events import Event
from duban.reference import key


class Plan(NamedTuple):
    """What publishing a set of events comes to."""

    new: tuple[Event, ...]
    same: tuple[Event, ...]
    refused: tuple[Event, ...]  # versions that are published with other content


def plan(wanted: Iterable[Event], published: Iterable[Event]) -> Plan:
    """Compare events with what is published, by key (pure)."""
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
    return Plan(tuple(new), tuple(same), tuple(refused))


def publish(wanted: Sequence[Event], dry_run: bool = False) -> Plan:
    """Send what is new to `reference`, unless a version is refused: then nothing is sent.

    Raises `bus.BrokerAway` and `bus.DeliveryError`.
    """
    found = plan(wanted, bus.read_reference())
    if found.new and not found.refused and not dry_run:
        with bus.Producer() as producer:
            producer.send_many(found.new)
    return found


def _alike(event: Event, other: Event) -> bool:
    return event.event_id == other.event_id or (
        (event.type, event.hall_id, dict(event.data))
        == (other.type, other.hall_id, dict(other.data))
    )
