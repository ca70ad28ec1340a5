"""How the due date came about, day by day, by the same rules that the worker runs.

The facts in the warehouse are read again through `duban.assess` with the published reference; no
second arithmetic stands beside the worker's.
"""

from dataclasses import dataclass

from duban.assess import Assessment, assess
from duban.case import Fact, Facts, canonical
from duban.clocks import Clock
from duban.events import Actor, rank
from duban.explain import DayLine, explain
from projections.dashboard import sources
from projections.dashboard.figures import CaseFile, FactRow
from projections.dashboard.sentences import WEEKDAYS, Speaker
from projections.dashboard.words import keys, name_of, say

ENDS = 5  # lines shown at either end before plain days are folded away
SHORTEST = 3  # fewer days than that are not worth folding


@dataclass(frozen=True, slots=True)
class DayRow:
    """One date as the page lists it; `folded` lines show only when all are asked for."""

    date: str
    why: str
    counted: str
    source: str
    tone: str = ""
    folded: bool = False


def derivation(seen: Assessment | None, speaker: Speaker) -> dict[str, object]:
    """Values for the template: the clock's name, its days, how many of them are folded."""
    clock = governing_clock(seen)
    if clock is None:
        return {"clock": "", "days": [], "folded": 0, "result": ""}
    lines = explain(clock)
    fold = _foldable(lines)
    rows = [_row(line, speaker, clock, n in fold) for n, line in enumerate(lines)]
    due = say("case.due", speaker.lang, at=speaker.instant(clock.due_at))
    return {
        "clock": name_of("clock", clock.kind, speaker.lang),
        "days": rows,
        "folded": len(fold),
        "result": due,
    }


def governing_clock(seen: Assessment | None) -> Clock | None:
    """The clock that decides, or the first where none does."""
    return (seen.governing or next(iter(seen.clocks), None)) if seen else None


def assessed(found: CaseFile, now: int) -> Assessment | None:
    """The case derived anew from its facts at `now` (ms); None where there are none."""
    facts = Facts(tuple(sorted(map(_fact, found.facts), key=canonical)))
    if not facts.ordered:
        return None
    case = found.case
    return assess(case.case_id, case.hall_id, facts, sources.names().reference, now)


def _fact(row: FactRow) -> Fact:
    return Fact(
        occurred_at=row.occurred_at,
        rank=rank(row.type),
        recorded_at=row.recorded_at,
        event_id=row.event_id,
        type=row.type,
        actor=Actor(row.actor_id, row.actor_role, row.org_id, row.window_id),
        channel=row.channel,
        corrects=row.corrects or None,
        historical=row.historical,
        data=row.data,
    )


def _foldable(lines: list[DayLine]) -> set[int]:
    """Indexes of plain days far from any turn; a weekend belongs to the stretch it stands in."""
    plain = {"workday", "excluded", "upstream", "closed"}
    turns, before = {0, len(lines) - 1}, lines[0].why if lines else ""
    for n, line in enumerate(lines):
        here = before if line.why == "weekend" else line.why
        if before != here or here not in plain:
            turns |= {n - 1, n}
        before = here
    near = {n + d for n in turns for d in (-1, 0, 1)}
    near |= set(range(ENDS)) | set(range(len(lines) - ENDS, len(lines)))
    fold: set[int] = set()
    stretch: list[int] = []
    for n in range(len(lines) + 1):
        if n < len(lines) and n not in near:
            stretch.append(n)
            continue
        fold |= set(stretch) if len(stretch) >= SHORTEST else set()
        stretch = []
    return fold


def _row(line: DayLine, speaker: Speaker, clock: Clock, folded: bool) -> DayRow:
    lang = speaker.lang
    weekday = WEEKDAYS[lang][line.date.weekday()]
    year = speaker.local(speaker.now).year
    day = line.date.strftime("%m-%d" if line.date.year == year else "%Y-%m-%d")
    counted = f"{line.n:,}" if line.used else say("kind.not_counted", lang)
    why = line.why if f"kind.{line.why}" in keys() else "not_counted"
    return DayRow(
        f"{day} {weekday}",
        say(f"kind.{why}", lang),
        counted,
        _source(line, speaker),
        "plain" if line.used else line.why,
        folded,
    )


def _source(line: DayLine, speaker: Speaker) -> str:
    first, _, rest = line.source.partition(" ")
    if line.why == "excluded" and f"ground.{first}" in keys():
        return " · ".join(filter(None, (name_of("ground", first, speaker.lang), rest)))
    if line.why == "imposed":
        return name_of("happened", line.source, speaker.lang)
    return "" if line.source == "unpublished" else line.source
