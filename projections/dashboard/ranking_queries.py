"""Rankings from the warehouse: what is published, and what the scores say now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from duban.periods import before, bounds
from duban.ranking import Contender, Entry, rank
from duban.score_policy import ScorePolicy
from duban.warehouse import epoch
from projections.dashboard.ask import ask, ask_metric

_HALLS = "SELECT DISTINCT hall_id FROM scores ORDER BY hall_id"
_PERIODS = """
SELECT policy_id, period, any(subject_kind) AS kind,
  (policy_id, period) IN (
    SELECT policy_id, period FROM rankings WHERE hall_id = {hall:String}) AS closed
FROM scores_now WHERE hall_id = {hall:String} GROUP BY policy_id, period ORDER BY policy_id, period
"""
_LIVE = """
SELECT subject, score, points, n, on_time, late, ratings, satisfied, grade
FROM scores_now
WHERE hall_id = {hall:String} AND policy_id = {policy:String} AND period = {period:String}
  AND n > 0
"""
_PUBLISHED = """
SELECT subject, place, score, points, n, on_time, late, ratings, satisfied, grade, sides,
  revision, reason, toUnixTimestamp64Milli(published_at) AS published
FROM rankings_now
WHERE hall_id = {hall:String} AND policy_id = {policy:String} AND period = {period:String}
"""
_MEASURES = """
SELECT subject, measure, scope, because FROM ranking_measures_now
WHERE hall_id = {hall:String} AND policy_id = {policy:String} AND period = {period:String}
ORDER BY subject, measure
"""
_FIGURES = tuple(name for name in Entry._fields if name != "sides")


@dataclass(frozen=True, slots=True)
class Period:
    """A period of a policy that a hall has points in."""

    policy: str
    period: str
    kind: str  # of its subjects
    closed: bool


@dataclass(frozen=True, slots=True)
class Follows:
    """A measure that the policy names for a subject; a person carries it out."""

    subject: str
    measure: str
    scope: str
    because: str


@dataclass(frozen=True, slots=True)
class Appeal:
    """An appeal against a place; `decided_at` is None while no person has decided it."""

    subject: str
    kind: str
    at: int
    reason: str
    decided_at: int | None = None
    upheld: bool = False
    answer: str = ""


@dataclass(frozen=True, slots=True)
class Ranking:
    """A ranking: as published, or live (`revision` is then -1)."""

    entries: tuple[Entry, ...] = ()
    revision: int = -1
    published_at: int | None = None
    reason: str = ""


async def halls() -> tuple[str, ...]:
    """Halls that have any score. Raises `Away`."""
    return tuple(row["hall_id"] for row in await ask(_HALLS))


async def periods(hall: str) -> tuple[Period, ...]:
    """Policies and periods that a hall has points in, oldest first. Raises `Away`."""
    rows = await ask(_PERIODS, hall=hall)
    return tuple(Period(r["policy_id"], r["period"], r["kind"], bool(r["closed"])) for r in rows)


async def published(hall: str, policy: str, period: str) -> Ranking | None:
    """The ranking as it was published and last revised; None before. Raises `Away`."""
    rows = await ask(_PUBLISHED, hall=hall, policy=policy, period=period)
    if not rows:
        return None
    made = [
        Entry(**{name: row[name] for name in _FIGURES}, sides=tuple(row["sides"])) for row in rows
    ]
    entries = sorted(made, key=lambda e: (e.place or len(made) + 1, e.subject))
    last = rows[0]
    return Ranking(tuple(entries), last["revision"], last["published"], last["reason"])


async def follows(hall: str, policy: str, period: str) -> list[Follows]:
    """What follows from a published ranking by its policy. Raises `Away`."""
    rows = await ask(_MEASURES, hall=hall, policy=policy, period=period)
    return [Follows(**row) for row in rows]


async def appeals(hall: str, policy: str, period: str) -> list[Appeal]:
    """Appeals against a ranking, the oldest first, each with what became of it. Raises `Away`."""
    asked = {"hall": hall, "policy": policy, "month": period}
    rows = await ask_metric("ranking_appeals", set="all", **asked)
    return [
        Appeal(
            row["subject"], row["kind"], _ms(row["appealed_at"]), row["said"],
            _ms(row["answered_at"]) if row["answered_at"] else None,
            row["state"] == "upheld", row["answer"],
        )
        for row in rows
    ]  # fmt: skip


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)


async def live(hall: str, policy: ScorePolicy, period: str) -> Ranking:
    """The ranking as it would be if the period were closed now. Raises `Away`."""
    rows = await ask(_LIVE, hall=hall, policy=policy.policy_id, period=period)
    return Ranking(tuple(rank((Contender(**row) for row in rows), policy)))


async def places_before(hall: str, policy: ScorePolicy, period: str) -> dict[str, int]:
    """Places of the period before, by subject; those without one are left out. Raises `Away`."""
    earlier = before(period)
    found = await published(hall, policy.policy_id, earlier) or await live(hall, policy, earlier)
    return {entry.subject: entry.place for entry in found.entries if entry.place}


async def responses(hall: str, period: str, zone: str) -> dict[str, tuple[int, int]]:
    """(answered, invited) of the invitations to rate in a period, by window. Raises `Away`."""
    begin, end = bounds(period, zone)
    rows = await ask_metric("rating_response", hall=hall, since=epoch(begin), until=epoch(end))
    return {row["subject"]: (row["answered"], row["invited"]) for row in rows}


def newest(found: Sequence[Period], policy: str) -> str:
    """The period that is shown first: the last one closed, else the last one there is."""
    mine = [p for p in found if p.policy == policy]
    closed = [p for p in mine if p.closed]
    return (closed or mine)[-1].period if mine else ""
