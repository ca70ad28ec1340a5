"""From which receipt silence ran out: what an acceptance that a person confirms is dated from.

行政许可法 art 32 takes five days of silence for an acceptance from the day of that receipt. What
came in later, while the case was accepted in law, gives it no other date.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from duban.case import Fact, read
from duban.clock_run import clock_on
from duban.clocks import Clock
from duban.deemed import CONFIRMATION, ran_out
from duban.policy import Reference
from duban.takeover import kinds
from duban.tracks import life_of, tracks_of
from duban.versions import choose, days_of
from duban.worktime import BeyondCalendar


class Silence(NamedTuple):
    """Answers for one case, from the facts before anything is confirmed."""

    case_id: str
    hall_id: str
    reference: Reference

    def since(self, earlier: Sequence[Fact], at: int) -> int | None:
        """The first receipt (ms) that had stayed unanswered too long by an instant, if any."""
        told = [fact for fact in earlier if fact.type != CONFIRMATION]
        if not told:
            return None
        try:
            ran = [c for c in self._checks(told, at) if ran_out(c, (), at) is not None]
        except BeyondCalendar:
            return None
        return min((clock.anchor.occurred_at for clock in ran), default=None)

    def _checks(self, told: Sequence[Fact], at: int) -> Iterator[Clock]:
        """Clocks whose expiry counts as an acceptance."""
        view = read(told)
        since = view.accepted_at or view.submitted_at or told[0].occurred_at
        chosen = choose(self.reference, self.hall_id, view, since, at)
        days = days_of(self.reference, self.hall_id, chosen.window_id)
        if chosen.policy is None or days is None:
            return
        life = life_of(self.case_id, told, chosen.policy, chosen.item)
        for kind in kinds(life.policy, chosen.steps, life.types):
            effect = kind.definition.effect
            if effect is None or effect.outcome != "acceptance":
                continue
            for track in tracks_of(kind.definition, life, kind.begins):
                of = kind.at(track.anchor.occurred_at)
                calendar = days.of(of.definition.days, track.stopped_at)
                if (clock := clock_on(track, of, life, calendar)) is not None:
                    yield clock
