"""Tracks: which facts start, stop and move the clocks of one definition.

The standing facts are walked once, in order. A fact may stop the running clock of its key (the
branch or step that definition's `per` names) and start the next one; a stopping fact without a key
stops them all. A pause in force holds also the clocks that start while it lasts. A clock of unit
`instant` binds whenever its date was told, and what had ended the case before that still ends it; a
later date takes the place of the one before from its own telling on.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from duban.case import ENDINGS, NEW_MATTERS, Fact
from duban.policy import HOLDING, MOVING, PAUSING, RELEASING, ClockDef, Item, Policy

STOP, MOVE, REDATE = "stop", "move", "redate"
REOPEN, REOPEN_MINUS_CLOSED = "reopen", "reopen_minus_closed"
REOPENED = "CaseReopened"
ACCEPTANCES = frozenset({"CaseAccepted", "CaseDeemedAccepted"})
WHOLE_CASE = ("",)  # the one key of a kind that has no `per`


class Move(NamedTuple):
    """Something that happens to a clock: it stops, goes on after an ending, is moved, or is due at
    another date from then on."""

    verb: str
    fact: Fact


@dataclass(slots=True)
class Track:
    """One clock's share of a case's facts. `terms` is the fact that says how long it has: its
    anchor, or for a new clock after a reopening the anchor of the one before; `since` the instant
    from which it is told; `before` the pauses, and their ends, of the case before that."""

    key: str
    anchor: Fact
    terms: Fact
    since: int
    before: Sequence[Fact] = ()
    moves: list[Move] = field(default_factory=list)
    stopped_by: Fact | None = None

    @property
    def last_terms(self) -> Fact:
        """The fact whose date holds now."""
        return next((m.fact for m in reversed(self.moves) if m.verb == REDATE), self.terms)

    @property
    def stopped_at(self) -> int | None:
        """When it stopped (ms), or None while it runs."""
        return self.stopped_by.occurred_at if self.stopped_by is not None else None


class Life(NamedTuple):
    """What clocks read of a case besides its single facts; made once for all definitions."""

    case_id: str
    standing: Sequence[Fact]
    types: frozenset[str]
    policy: Policy
    item: Item | None

    def branch(self, branch_id: str) -> Mapping[str, Any] | None:
        """The latest word of a parallel group about one branch."""
        for fact in reversed(self.standing):
            if fact.type == "ParallelGroupOpened":
                for branch in fact.data.get("branches") or ():
                    if branch.get("branch_id") == branch_id:
                        found: Mapping[str, Any] = branch
                        return found
        return None

    def said(self, name: str, until: Fact) -> str:
        """Class or item of the case, as its facts up to `until` have it."""
        teller = "CaseAccepted" if name == "case_class" else "CaseSubmitted"
        value = ""
        for fact in self.standing:
            if fact.type == teller:
                value = str(fact.data.get(name) or value)
            if fact is until:
                break
        if value or name != "case_class":
            return value
        return self.item.case_class if self.item else ""

    def reopen_mode(self, fact: Fact) -> str:
        """What a reopening does to the clocks that the case's end had stopped."""
        cause = str(fact.data.get("cause") or "")
        return self.policy.reopen_by_cause.get(cause) or self.policy.reopen_mode


def life_of(case_id: str, standing: Sequence[Fact], policy: Policy, item: Item | None) -> Life:
    """What the clocks of a case read of it."""
    return Life(case_id, standing, frozenset([f.type for f in standing]), policy, item)


def tracks_of(definition: ClockDef, life: Life, begins: int = 0) -> list[Track]:
    """Every clock that the standing facts from `begins` (ms) on have started, in the order of
    their starts."""
    if definition.starts.isdisjoint(life.types):
        return []
    walk = _Walk(definition, life)
    for fact in life.standing:
        if fact.type in definition.concerned:
            if fact.occurred_at >= begins:
                walk.see(fact)
            else:
                walk.recall(fact)
    return walk.found


class _Walk:
    """Where the walk over the facts stands."""

    __slots__ = ("bygone", "definition", "found", "last", "life", "pauses")

    def __init__(self, definition: ClockDef, life: Life) -> None:
        self.definition, self.life = definition, life
        self.found: list[Track] = []
        self.last: dict[str, Track] = {}  # of each key
        self.bygone: list[tuple[str, Fact]] = []  # stops and reopenings seen so far, with keys
        self.pauses: list[Fact] = []  # seen so far, with their ends

    def see(self, fact: Fact) -> None:
        """Take in the next fact."""
        definition, kind = self.definition, fact.type
        if kind in RELEASING:
            self.pauses.append(fact)
        if kind in definition.stops and self._fits(fact, definition.stop_when):
            self._stop(fact)
        elif kind == REOPENED:
            self._reopen(fact)
        elif kind in MOVING:
            self._move(fact)
        if kind in definition.starts and self._fits(fact, definition.when):
            for key in _keys(definition, fact) if definition.per else WHOLE_CASE:
                self._start(key, fact)
        if kind in HOLDING:  # what a pause itself starts, it does not hold
            self.pauses.append(fact)

    def recall(self, fact: Fact) -> None:
        """Keep in mind a fact from before the kind was there."""
        if fact.type in PAUSING:
            self.pauses.append(fact)
        if fact.type == REOPENED:
            self.bygone.append(("", fact))
        elif fact.type in self.definition.stops and self._fits(fact, self.definition.stop_when):
            self.bygone.append((_key(self.definition, fact), fact))

    def _move(self, fact: Fact) -> None:
        """A pause goes on while the case is closed, so a clock that may be reopened hears of it."""
        for track in self.last.values():
            ended = track.stopped_by is not None and track.stopped_by.type in ENDINGS
            hears = track.stopped_by is None or (ended and fact.type in PAUSING)
            if hears and _concerns(self.definition, track.key, fact):
                track.moves.append(Move(MOVE, fact))

    def _before(self, key: str) -> list[Fact]:
        """What may hold a clock of a key from its start on."""
        return [fact for fact in self.pauses if _concerns(self.definition, key, fact)]

    def _fits(self, fact: Fact, wanted: Mapping[str, frozenset[str]]) -> bool:
        return not wanted or all(
            _text(fact, name, self.life) in values for name, values in wanted.items()
        )

    def _stop(self, fact: Fact) -> None:
        key = _key(self.definition, fact) if self.definition.per else ""
        self.bygone.append((key, fact))
        for track in self.last.values():
            if key in ("", track.key):
                _apply_stop(track, fact)

    def _reopen(self, fact: Fact) -> None:
        self.bygone.append(("", fact))
        mode = self.life.reopen_mode(fact)
        for key, track in list(self.last.items()):
            if track.stopped_by is None or track.stopped_by.type not in ENDINGS:
                continue
            if self._settled(key):
                continue  # accepted meanwhile, though the case was ended: nothing is left to ask
            if mode != "new_clock":
                _apply_reopen(track, fact, mode)
            elif _of_the_case(self.definition):
                if not self._over(track.last_terms, fact):
                    before = self._before(key)
                    self._add(Track(key, fact, track.last_terms, fact.occurred_at, before))
            else:
                _apply_reopen(track, fact, "continue_minus_closed")

    def _start(self, key: str, fact: Fact) -> None:
        before, definition = self.last.get(key), self.definition
        if definition.unit == "instant":
            self._impose(key, fact, before)
        elif definition.before and fact.data.get(definition.before) is None:
            return  # it names no date to count back from
        elif definition.before and before is not None and before.stopped_by is None:
            before.moves.append(Move(REDATE, fact))
        elif self._settled(key):
            return
        elif before is None or (definition.repeats and before.stopped_by is not None):
            track = Track(key, fact, fact, fact.occurred_at, self._before(key))
            self._add(track)
            ending = None if fact.type in NEW_MATTERS else self._ended(key)
            if ending is not None:
                _apply_stop(track, ending._replace(occurred_at=fact.occurred_at))

    def _settled(self, key: str) -> bool:
        """Whether a fact has stopped the clocks of a key for good."""
        final = self.definition.final
        return bool(final) and any(f.type in final and k in ("", key) for k, f in self.bygone)

    def _ended(self, key: str) -> Fact | None:
        """The fact that had ended the case before now, and was not followed by a reopening."""
        ending: Fact | None = None
        for of_key, fact in self.bygone:
            if fact.type == REOPENED:
                ending = None
            elif fact.type in ("DecisionMade", "CaseClosed") and of_key in ("", key):
                ending = fact
        return ending

    def _over(self, terms: Fact, fact: Fact) -> bool:
        """Whether a date from which silence would be an answer had come before a fact."""
        date = terms.data.get(self.definition.due_field)
        dated = self.definition.effect is not None and self.definition.unit == "instant"
        return dated and date is not None and date <= fact.occurred_at

    def _impose(self, key: str, fact: Fact, before: Track | None) -> None:
        """A date that somebody sets: the last word counts, from when it is told. A date that was
        missed by then stays missed."""
        repeats = self.definition.repeats
        if fact.data.get(self.definition.due_field) is None or self._over(fact, fact):
            return  # it names no date to wait for, so the one before it stands
        if before is not None and not (repeats and before.stopped_by is not None):
            before.moves.append(Move(REDATE, fact))
            return
        since = fact if repeats else self.life.standing[0]
        track = Track(key, fact, fact, since.occurred_at)
        self._add(track)
        for of_key, end in () if repeats else self.bygone:
            if end.type == REOPENED and track.stopped_by and track.stopped_by.type in ENDINGS:
                _apply_reopen(track, end, self.life.reopen_mode(end))
            elif end.type != REOPENED and of_key in ("", key):
                _apply_stop(track, end)

    def _add(self, track: Track) -> None:
        self.found.append(track)
        self.last[track.key] = track


def _of_the_case(definition: ClockDef) -> bool:
    """Whether a kind is a term of the case, which a new matter begins anew: it can govern, or
    acceptance starts it, or somebody sets its date. A step, a branch, an authority above has its
    clock from a fact of its own and only goes on."""
    dated = definition.unit == "instant"
    return definition.governs > 0 or dated or not definition.starts.isdisjoint(ACCEPTANCES)


def _apply_stop(track: Track, fact: Fact) -> None:
    if track.stopped_by is None:
        track.moves.append(Move(STOP, fact))
        track.stopped_by = fact


def _apply_reopen(track: Track, fact: Fact, mode: str) -> None:
    verb = REOPEN_MINUS_CLOSED if mode == "continue_minus_closed" else REOPEN
    track.moves.append(Move(verb, fact))
    track.stopped_by = None


def _key(definition: ClockDef, fact: Fact) -> str:
    return str(fact.data.get(definition.per) or "") if definition.per else ""


def _keys(definition: ClockDef, fact: Fact) -> Iterable[str]:
    """Keys that a fact starts clocks for: each branch that the opening of a group names."""
    if definition.per == "branch_id" and fact.type == "ParallelGroupOpened":
        named = (str(b.get("branch_id") or "") for b in fact.data.get("branches") or ())
        return dict.fromkeys(name for name in named if name)
    return (_key(definition, fact),)


def _concerns(definition: ClockDef, key: str, fact: Fact) -> bool:
    """A pause of a branch holds that branch's clock and the clocks of the whole case."""
    if not definition.per:
        return True
    if fact.type in PAUSING:
        branch = str(fact.data.get("branch_id") or "")
        return not branch or (definition.per == "branch_id" and key == branch)
    return _key(definition, fact) in ("", key)


def _text(fact: Fact, name: str, life: Life) -> str:
    """A field as conditions compare it."""
    value = fact.data.get(name)
    if value is True or value is False:
        return "true" if value else "false"
    if value is None or value == "":
        return life.said(name, fact) if name in ("case_class", "item_code") else ""
    return str(value)
