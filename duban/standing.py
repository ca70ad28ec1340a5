"""What stands of the facts of a case, or of a hall, after corrections and voidings.

Nothing is ever edited: a wrong fact is answered by one of its type that names it, or is voided.
What stands depends on the facts alone, never on when they came.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from duban.case import Fact

# What takes a fact away, and the field that names it: of cases, and of halls.
VOIDINGS: Mapping[str, str] = {
    "EventVoided": "voids_event_id",
    "HallFactVoided": "voided_event_id",
}


def effective(facts: Sequence[Fact]) -> list[Fact]:
    """Facts that stand: neither voided nor corrected (by a fact of the same type).

    A fact and its corrections, and theirs, are one statement: of those not voided that nobody
    corrected the one recorded last is the last word. A voided correction gives back what it
    corrected.
    """
    if not any(f.corrects or f.type in VOIDINGS for f in facts):
        return list(facts)
    void = _voided(facts)
    left = [f for f in facts if f.event_id not in void and f.type not in VOIDINGS]
    if not any(f.corrects for f in left):
        return left
    known = {f.event_id: f for f in facts}
    versions: defaultdict[tuple[str, str], list[Fact]] = defaultdict(list)
    for fact in left:
        versions[fact.type, first_told(fact, known)].append(fact)
    last = {id(_last_word(told)) for told in versions.values()}
    return [f for f in left if id(f) in last]


def _voided(facts: Iterable[Fact]) -> set[str]:
    """Ids that voidings have voided. A voiding may itself be voided, whichever was recorded first;
    where voidings void each other in a ring the one recorded last is heard first."""
    told = sorted((f for f in facts if f.type in VOIDINGS), key=_recorded, reverse=True)
    aims = {f.event_id: str(f.data.get(VOIDINGS[f.type])) for f in told}
    aimed = Counter(aims.values())
    left = dict.fromkeys(aims)
    void: set[str] = set()
    while left:
        heard = next((name for name in left if not aimed[name]), next(iter(left)))
        del left[heard]
        aimed[aims[heard]] -= 1
        if heard not in void:
            void.add(aims[heard])
    return void


def first_told(fact: Fact, known: Mapping[str, Fact]) -> str:
    """Id of the fact that a chain of corrections of one type began with."""
    seen = [fact.event_id]
    while fact.corrects and fact.corrects not in seen:
        before = known.get(fact.corrects)
        if before is None:
            return fact.corrects
        if before.type != fact.type:
            break
        fact = before
        seen.append(fact.event_id)
    return fact.event_id if fact.corrects not in seen else min(seen)


def _last_word(told: Sequence[Fact]) -> Fact:
    corrected = {f.corrects for f in told}
    leaves = [f for f in told if f.event_id not in corrected]
    return max(leaves or told, key=_recorded)


def _recorded(fact: Fact) -> tuple[int, str]:
    return fact.recorded_at, fact.event_id
