"""`extends` of a policy table: clocks and ladders taken over from others of the same directory.

It is resolved when files are loaded, so that what is published is complete in itself. A table names
what it takes over as "id" or, where there are several versions, as "id@version". Its own clocks and
ladders win over those it takes over, and what stands later in the list over what stands before;
settings that it leaves out (reopening, absence, opinions without reasons, integrity) come along.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from duban.reference_models import PolicyModel

# Single settings that a table takes over where it says nothing itself.
SETTINGS = ("reopen_mode", "reopen_by_cause", "absence", "unreasoned", "integrity")


class Found(NamedTuple):
    """A policy table and the file that holds it."""

    file: str
    model: PolicyModel

    @property
    def key(self) -> str:
        """ "id@version"."""
        return f"{self.model.policy_id}@{self.model.version}"


class BadExtends(ValueError):
    """A name in `extends` or `without` that leads nowhere or back; `place` says where it stands."""

    def __init__(self, found: Found, place: str, reason: str) -> None:
        self.found, self.place, self.reason = found, place, reason
        super().__init__(reason)


def merged(found: Found, all_tables: Sequence[Found]) -> dict[str, Any]:
    """The fields of `PolicyBody` with everything taken over. Raises `BadExtends`."""
    return _merged(found, all_tables, (found.key,))


def _merged(found: Found, tables: Sequence[Found], way: tuple[str, ...]) -> dict[str, Any]:
    clocks: dict[str, Any] = {}
    ladders: dict[str, Any] = {}
    rest: dict[str, Any] = {}
    for base in _bases(found, tables, way):
        taken = _merged(base, tables, (*way, base.key))
        clocks |= {clock.kind: clock for clock in taken.pop("clocks")}
        ladders |= taken.pop("ladders")
        rest |= taken
    own = found.model
    for place, kind in enumerate(own.without, start=1):
        if clocks.pop(kind, None) is None:
            raise BadExtends(found, f"without[{place}]", f"takes over no clock {kind}")
    clocks |= {clock.kind: clock for clock in own.clocks}
    rest |= {name: getattr(own, name) for name in SETTINGS if name in own.model_fields_set}
    return {**rest, "clocks": list(clocks.values()), "ladders": ladders | own.ladders}


def _bases(found: Found, tables: Sequence[Found], way: tuple[str, ...]) -> Iterator[Found]:
    for number, name in enumerate(found.model.extends, start=1):
        place = f"extends[{number}]"
        named = {t.key: t for t in tables if name in (t.model.policy_id, t.key)}
        if not named:
            raise BadExtends(found, place, f"there is no policy {name} in this directory")
        if len(named) > 1:
            several = ", ".join(sorted(named))
            raise BadExtends(found, place, f"{name} has several versions: name one of {several}")
        ((key, base),) = named.items()
        if key in way:
            circle = " → ".join((*way[way.index(key) :], key))
            raise BadExtends(found, place, f"takes over itself: {circle}")
        yield base
