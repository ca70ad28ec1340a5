"""What is already on the topic: whether a fact is new, there already, or has changed since.

A changed fact of a log read again is a new event that corrects the one before it. Corrections make
a chain, so a value that moves and moves back ends right, and a log read twice adds nothing.
"""

from collections.abc import Iterable
from dataclasses import replace
from enum import Enum
from hashlib import blake2b
from typing import NamedTuple
from uuid import UUID, uuid5

from duban.events import Event


class Finding(Enum):
    """How a fact stands to what is on the topic."""

    NEW = "new"
    CHANGED = "changed"
    THERE = "there"


class Judged(NamedTuple):
    """A finding and the event to send; the event of `THERE` is there already."""

    finding: Finding
    event: Event


class Known:
    """Ids and contents of the facts that are there. Filled from the topic, and by each fact sent.

    It holds two ids and a 16-byte digest for each fact of the halls concerned.
    """

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self._content: dict[bytes, bytes] = {}
        self._corrected_by: dict[bytes, bytes] = {}
        for event in events:
            self.add(event)

    def __len__(self) -> int:
        return len(self._content)

    def add(self, event: Event) -> None:
        """Take note of a fact. The first under an id stays."""
        own = UUID(event.event_id).bytes
        self._content.setdefault(own, digest(event))
        if event.corrects_event_id:
            self._corrected_by[UUID(event.corrects_event_id).bytes] = own

    def judge(self, event: Event) -> Judged:
        """Whether to send a fact, and as what. Follows its corrections to the one that stands."""
        stands = UUID(event.event_id).bytes
        if stands not in self._content:
            return Judged(Finding.NEW, event)
        seen = {stands}
        while (following := self._corrected_by.get(stands)) and following not in seen:
            stands = following
            seen.add(stands)
        content = digest(event)
        if self._content[stands] == content:
            return Judged(Finding.THERE, event)
        before = UUID(bytes=stands)
        renamed = replace(
            event, event_id=str(uuid5(before, content.hex())), corrects_event_id=str(before)
        )
        return Judged(Finding.CHANGED, renamed)


def digest(event: Event) -> bytes:
    """What a fact says, without its id, number and time of recording, in 16 bytes.

    Both sides must have gone through the codec, so that defaults are filled in alike.
    """
    says = (
        event.type, event.tenant_id, event.subject_type, event.subject_id, event.occurred_at,
        event.actor, event.channel, event.correlation_id, event.basis, event.evidence, event.note,
        sorted(event.data.items()),
    )  # fmt: skip
    return blake2b(repr(says).encode(), digest_size=16).digest()
