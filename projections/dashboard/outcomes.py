"""What followed from a case's clocks and record: who caused its delay, what silence led to, which
facts deserve a look. Derived anew from the facts by the worker's own rules.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from duban.alerting import Output
from duban.assess import Assessment
from duban.clocks import Clock
from duban.delay import Share, delay_of
from projections.dashboard.case_view import StoryLine
from projections.dashboard.names import Names
from projections.dashboard.sentences import Speaker, percent
from projections.dashboard.words import name_of, say


@dataclass(frozen=True, slots=True)
class DelayLine:
    """A part of a delay: whose it is, where it fell, how much, its share."""

    party: str
    where: str
    minutes: str
    share: str


def delay(seen: Assessment | None, speaker: Speaker, names: Names, hall: str) -> dict[str, object]:
    """Values for the template: the clock that is late and the parts of its delay; no parts where
    nothing is late. The clock that decides comes before the others."""
    for clock in _by_weight(seen):
        parts = delay_of(clock, seen.standing, seen.item, speaker.now) if seen else []
        if parts:
            whole = sum(part.minutes for part in parts)
            return {
                "late_clock": name_of("clock", clock.kind, speaker.lang),
                "late_by": speaker.minutes(whole),
                "delay": [
                    _line(part, whole, speaker, names.window(hall, part.org)) for part in parts
                ],
            }
    return {"late_clock": "", "late_by": "", "delay": []}


def _by_weight(seen: Assessment | None) -> list[Clock]:
    clocks = seen.clocks if seen else []
    return sorted(clocks, key=lambda clock: -clock.definition.governs)


def _line(part: Share, whole: int, speaker: Speaker, org: str) -> DelayLine:
    """Who held it as a step and an organisation: a page names no person, not even by reference."""
    where = " · ".join(filter(None, (part.step, org)))
    return DelayLine(
        name_of("party", part.party, speaker.lang),
        where or say("case.in_the_hall", speaker.lang),
        speaker.minutes(part.minutes),
        percent(part.minutes, whole),
    )


def told(seen: Assessment | None, speaker: Speaker) -> list[tuple[int, StoryLine]]:
    """What silence led to and what deserves a look, as lines of the story with their instants."""
    outputs = seen.outputs.values() if seen else ()
    return [(o.at, line) for o in outputs for line in _told(o, speaker)]


def _told(output: Output, speaker: Speaker) -> Iterator[StoryLine]:
    lang, data = speaker.lang, output.data
    if output.type == "DeemedOutcomeReached":
        what = name_of("deemed", str(data["outcome"]), lang)
        parts = [what, str(data["branch_id"]), str(data["basis_text"])]
    elif output.type == "IntegritySignal":
        parts = [name_of("sign", str(data["signal"]), lang)]
        if data["minutes"]:
            parts.append(speaker.minutes(int(data["minutes"])))
    else:
        return
    yield StoryLine(
        when=speaker.instant(output.at),
        what=name_of("happened", output.type, lang),
        detail=" · ".join(filter(None, parts)),
        tone="yellow",
    )
