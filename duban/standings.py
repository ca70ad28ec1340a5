"""What `duban rank` asks: a period's ranking, published or live, with the shares behind it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from duban.figures import Rate
from duban.periods import bounds
from duban.policy import Reference
from duban.ranking import Entry
from duban.score_policy import ScorePolicy
from duban.warehouse import epoch, metric, rows

Fields = dict[str, Any]
ENTRY = (
    "place", "hall_id", "subject", "score", "points", "n", "on_time", "late", "ratings",
    "satisfied", "grade", "sides",
)  # fmt: skip


class Ranking(NamedTuple):
    """Places of a period. `revision` is None where they are live scores of now."""

    revision: int | None
    reason: str
    entries: list[Fields]
    published_at: datetime | None = None

    @property
    def places(self) -> list[Entry]:
        """The same as the rules have places."""
        return [
            Entry(**{name: row[name] for name in Entry._fields} | {"sides": tuple(row["sides"])})
            for row in self.entries
        ]


def terms_of(reference: Reference, policy_id: str, period: str, hall_id: str) -> ScorePolicy:
    """The version of a policy that a period of a hall is scored by; a plain one where nobody has
    published the policy."""
    begins, _ = bounds(period, reference.zone_of(hall_id))
    return reference.score_terms(policy_id, begins) or ScorePolicy("", 0, (), policy_id=policy_id)


def halls_scored(period: str, policy_id: str) -> list[str]:
    """Halls with a score in a period of a policy."""
    sql = (
        "SELECT DISTINCT hall_id FROM scores_now WHERE period = {period:String}"
        " AND policy_id = {policy:String} ORDER BY hall_id"
    )
    return [row["hall_id"] for row in rows(sql, period=period, policy=policy_id)]


def places_of(reference: Reference, policy_id: str, period: str, hall: str) -> Ranking:
    """The places of a hall as published last, else as they stand now; without a hall, of all halls
    beside each other as they stand now."""
    asked = {"month": period, "policy": policy_id, "hall": hall}
    if hall and (found := list(metric("rank_published", **asked).dicts())):
        last = found[0]
        return Ranking(last["revision"], last["reason"], found, last["published_at"])
    terms = terms_of(reference, policy_id, period, hall)
    limits = {"minimum_n": terms.minimum_n, "top": terms.top, "bottom": terms.bottom}
    return Ranking(None, "", list(metric("rank", **asked, **limits, flags=terms.flags).dicts()))


def ranking_of(reference: Reference, policy_id: str, period: str, hall: str) -> Ranking:
    """The same, with the share of satisfied ratings and of answered invitations of each."""
    found = places_of(reference, policy_id, period, hall)
    of_windows = terms_of(reference, policy_id, period, hall).subject == "window"
    answers = answers_of(reference, period, hall) if of_windows else {}
    return found._replace(entries=[_entry(row, answers) for row in found.entries])


def answers_of(reference: Reference, period: str, hall: str) -> dict[tuple[str, str], Rate]:
    """Answered of all invitations to rate in a period, by hall and window."""
    since, until = bounds(period, reference.zone_of(hall))
    found = metric("rating_response", hall=hall, since=epoch(since), until=epoch(until)).dicts()
    return {(r["hall_id"], r["subject"]): Rate(r["answered"], r["invited"]) for r in found}


def _entry(row: Mapping[str, Any], answers: Mapping[tuple[str, str], Rate]) -> Fields:
    return {
        **{name: row[name] for name in ENTRY},
        "satisfaction": _said(Rate(row["satisfied"], row["ratings"])),
        "response": _said(answers.get((row["hall_id"], row["subject"]), Rate())),
    }


def _said(rate: Rate) -> Fields:
    """A share with its numerator, denominator and 95 % interval; None of nothing."""
    low, high = rate.interval or (None, None)
    return {"part": rate.part, "whole": rate.whole, "rate": rate.value, "low": low, "high": high}


def halls_of(subject: str, period: str, policy_id: str) -> Sequence[str]:
    """Halls in which somebody has a score in a period of a policy."""
    sql = (
        "SELECT hall_id FROM scores_now WHERE period = {period:String} AND subject = {who:String}"
        " AND policy_id = {policy:String} ORDER BY hall_id"
    )
    return [r["hall_id"] for r in rows(sql, period=period, policy=policy_id, who=subject)]
