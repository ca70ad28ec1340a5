"""What `duban score` asks: the points behind a score, added up anew, and what is said of them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from duban.policy import Reference
from duban.ranking import Contender, Entry, rank
from duban.score_policy import ScorePolicy
from duban.standings import Fields, places_of, terms_of
from duban.tally import Counters, Scored, Tally, Total, counters, millionths
from duban.warehouse import metric, rows

_LIVE = """
SELECT subject, points, n, on_time, late, ratings, satisfied, score, grade FROM scores_now
WHERE hall_id = {hall:String} AND period = {month:String} AND policy_id = {policy:String}
  AND {subject:String} IN ('', subject)
"""


class Account(NamedTuple):
    """The points of somebody in a period, what they come to, and what is said live."""

    hall_id: str
    subject: str
    terms: ScorePolicy
    points: list[Fields]
    total: Total
    scored: Scored
    live: Fields | None

    @property
    def agrees(self) -> bool:
        """Whether the live score is that of the points."""
        if self.live is None:
            return not self.points
        same = all(self.live[name] == value for name, value in self.total._asdict().items())
        return same and self.live["score"] == self.scored.score


def account_of(
    reference: Reference, policy_id: str, period: str, hall: str, subject: str
) -> Account:
    """Add up every point of somebody, and put what is said live beside it."""
    found = accounts_of(reference, policy_id, period, hall, subject)
    terms = terms_of(reference, policy_id, period, hall)
    return found[0] if found else _account(terms, {}, hall, subject, [], None)


def accounts_of(
    reference: Reference, policy_id: str, period: str, hall: str, subject: str = ""
) -> list[Account]:
    """The same for everybody of a hall with points or a score; points are read once."""
    asked = {"month": period, "policy": policy_id, "hall": hall, "subject": subject}
    terms = terms_of(reference, policy_id, period, hall)
    counts = counters(reference.scores).get(policy_id, {})
    sources = {(p.version, r.rule_id): r.source for p in reference.scores
               if p.policy_id == policy_id for r in p.rules}  # fmt: skip
    points: defaultdict[str, list[Fields]] = defaultdict(list)
    for point in metric("score_points", **asked).dicts():
        point["source"] = sources.get((point["score_policy_version"], point["rule_id"]), "")
        points[point["subject"]].append(point)
    live = {row.pop("subject"): row for row in rows(_LIVE, **asked)}
    return [
        _account(terms, counts, hall, who, points.get(who, []), live.get(who))
        for who in sorted({*points, *live})
    ]


def _account(
    terms: ScorePolicy, counts: Counters, hall: str, subject: str, points: list[Fields],
    live: Fields | None,
) -> Account:  # fmt: skip
    tally = tally_of(points)
    return Account(hall, subject, terms, points, tally.total(counts), tally.scored(terms), live)


def tally_of(points: Iterable[Mapping[str, Any]]) -> Tally:
    """The sums of points as the warehouse has them, each once."""
    tally = Tally()
    for point in points:
        rule = (point["score_policy_version"], point["rule_id"], point["axis"])
        tally.add(rule, millionths(point["points"]), -1 if point["reverses"] else 1)
    return tally


def ranked(accounts: Sequence[Account]) -> list[Entry]:
    """The places that follow from the points of everybody in a hall."""
    there = (
        Contender(a.subject, a.scored.score, grade=a.scored.grade, **a.total._asdict())
        for a in accounts
        if a.total.n
    )
    return rank(there, accounts[0].terms) if accounts else []


class Proof(NamedTuple):
    """An account, the place that follows from everybody's points, and the one in the ranking as it
    was published last, or as it stands."""

    account: Account
    found: Entry | None
    said: Entry | None

    @property
    def agrees(self) -> bool:
        """Whether score, figures, place and boards are all those of the points."""
        return self.account.agrees and self.found == self.said


def proofs_of(reference: Reference, policy_id: str, period: str, hall: str) -> list[Proof]:
    """Everybody who has points, a score or a place in a period of a policy: best place first."""
    accounts = accounts_of(reference, policy_id, period, hall)
    of = {account.subject: account for account in accounts}
    found = {entry.subject: entry for entry in ranked(accounts)}
    said = {e.subject: e for e in places_of(reference, policy_id, period, hall).places}
    terms = terms_of(reference, policy_id, period, hall)
    proofs = [
        Proof(
            of.get(who) or _account(terms, {}, hall, who, [], None), found.get(who), said.get(who)
        )
        for who in {*of, *said}
    ]
    return sorted(proofs, key=_in_order)


def _in_order(proof: Proof) -> tuple[bool, int, str]:
    place = proof.found.place if proof.found else 0
    return not place, place, proof.account.subject
