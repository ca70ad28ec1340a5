"""What is to be said of a closed period now: its ranking, and the points that places earn."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from duban.alerting import Output
from duban.causes import Cause
from duban.events import Event
from duban.periods import bounds, length_of
from duban.policy import Reference
from duban.ranking import measures, rank
from duban.score_policy import EVERYBODY, ScorePolicy
from duban.scoring import points_of
from duban.tally import Counters, Tally
from streams.posting import Whose, settle
from streams.rankings import Closing, Group, Ranking, Rankings, Told, end_of, reason
from streams.score_events import contenders, ranking_data, ranking_event

Tallies = Mapping[str, Tally]


class Said(NamedTuple):
    """A ranking to publish, None where the one published last still holds, and the points to send
    for its places."""

    event: Event | None
    points: list[Event]


def say(
    group: Group, rankings: Rankings, tallies: Tallies, counts: Counters, reference: Reference
) -> Said | None:
    """The ranking of a group where it is another one than was published last, and the points that
    places earn by the policies of now; None where neither moved. Brings what is kept of it up to
    date."""
    ranking = rankings.of[group]
    terms = reference.score_terms(
        group.policy_id, bounds(group.period, reference.zone_of(group.hall_id))[0]
    )
    closing = _closing(ranking, end_of(group, reference))
    if closing is None or terms is None or terms.period != length_of(group.period):
        return None
    cut = closing.recorded_at
    is_first = ranking.said is None
    counted = _by_the_cut(ranking, tallies, cut) if is_first else tallies
    with_points = sorted((name, tally) for name, tally in counted.items() if tally.stands)
    entries = rank(contenders(with_points, counts, terms), terms)
    follows = measures(entries, terms, group.period, lambda p: rankings.earlier(group, p))
    content = ranking_data(group, terms, entries, follows)
    late = (row.cause_recorded_at for row, _ in ranking.after(cut))
    at = cut if is_first else max(late, default=cut)
    event = None
    if ranking.said is None or not content.items() <= ranking.said.items():
        event = _revised(group, rankings, closing, cut, at, content)
    whose = Whose(closing.tenant_id, group.hall_id, closing.event_id)
    earned = list(_earned(group, ranking, closing, at, terms, reference))
    sent = settle(whose, ranking.kept.posted, earned, at)
    return Said(event, sent) if event or sent else None


def _revised(
    group: Group,
    rankings: Rankings,
    closing: Closing,
    cut: int,
    at: int,
    content: Mapping[str, Any],
) -> Event:
    """The ranking that is published now, and why."""
    ranking = rankings.of[group]
    told = Told() if ranking.said is None else ranking.told(cut)
    why = reason(told, ranking.kept.told) if ranking.said else ""
    revision = 0 if ranking.said is None else ranking.said["revision"] + 1
    event = ranking_event(group, closing, cut, at, content, revision, why)
    before = ranking.standings()
    ranking.publish(event)
    ranking.kept.told = told
    if ranking.standings() != before:
        rankings.following(group)
    return event


def _closing(ranking: Ranking, end: int) -> Closing | None:
    """Who closed the period; one that was published stays closed though the closing is voided."""
    first = ranking.first(end)
    if first is not None or ranking.said is None:
        return first
    return Closing(ranking.said["cut_at"], ranking.said["cut_event_id"], ranking.tenant_id)


def _by_the_cut(ranking: Ranking, tallies: Tallies, cut: int) -> Tallies:
    """The sums of points whose cause was recorded by the cut."""
    counted = dict(tallies)
    after = list(ranking.after(cut))
    for subject in {row.subject for row, _ in after} & counted.keys():
        counted[subject] = counted[subject].copy()
    for row, times in after:
        if row.subject in counted:
            counted[row.subject].add(row.rule, -times * row.millionths, -times * row.standing)
    return counted


def _earned(
    group: Group,
    ranking: Ranking,
    closing: Closing,
    at: int,
    terms: ScorePolicy,
    reference: Reference,
) -> Iterator[Output]:
    """What places earn under policies of longer periods, such as a year."""
    end, zone = end_of(group, reference), reference.zone_of(group.hall_id)
    longer = [p for p in reference.score_policies(end) if p.is_longer_than(terms.period)]
    for subject, stood in (ranking.standings() or {}).items():
        gains, data = {terms.subject: subject}, {"score": stood.score}
        for side in (*stood.sides, EVERYBODY):
            on = f"rank:{group.policy_id}:{side}"
            of = (closing.event_id, "RankingPublished")
            cause = Cause(on, *of, end, at, data, gains, hall_id=group.hall_id)
            yield from points_of(cause, longer, zone)
