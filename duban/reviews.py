"""Ratings that do not count: a bad one that was looked into and found mistaken or malicious (误评、
恶意差评), or against which an objection was upheld.

The rating stays a fact of its case and is shown; only points and satisfaction leave it out. A
review is a case of its own most times, so its verdict is told to the rated case (`RatingSetAside`);
no hall sets aside what was said of another one. What a program finds sets nothing aside: people
judge.

Source: 差评处置 (`domain` §4: appeal and review of mistaken and false ratings; GB/T 39734-2020,
差评分类、差评处置), and `ReviewAppealDecided`: upheld means that the rating does not count.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from duban.alerting import Output
from duban.case import Fact
from duban.ids import identify
from duban.standing import first_told

SET_ASIDE, OPENED, RATED = "RatingSetAside", "NegativeReviewOpened", "RatingGiven"
# What takes a rating out of all counts: the field that says so, and its values.
FINDINGS: Mapping[str, tuple[str, frozenset[str]]] = {
    "ReviewVerified": ("verdict", frozenset({"mistaken", "malicious"})),
    "ReviewAppealDecided": ("decision", frozenset({"upheld"})),
}
OF_REVIEWS = frozenset({SET_ASIDE, OPENED, *FINDINGS})


class Verdict(NamedTuple):
    """Why a rating does not count: when that was recorded, the fact that says so, what it found."""

    recorded_at: int
    event_id: str
    type: str
    finding: str


class Ruling(NamedTuple):
    """A verdict on a rating of a case."""

    case_id: str
    rating_event_id: str
    verdict: Verdict


def of_reviews(facts: Sequence[Fact]) -> bool:
    """Whether any fact could set a rating aside; of most cases none does."""
    return any(fact.type in OF_REVIEWS for fact in facts)


def rulings(case_id: str, standing: Sequence[Fact]) -> Iterator[Ruling]:
    """What the reviews in a case have found against ratings, by people of its own hall. A finding
    is about the review that was opened last before it; of several of one type about one rating
    the last one is heard."""
    openings = [fact for fact in standing if _opens(fact)]
    if not openings:
        return
    about = openings[0]
    heard: dict[tuple[str, str, str], tuple[Fact, Fact]] = {}
    for fact in standing:
        if _opens(fact):
            about = fact
        elif fact.type in FINDINGS and not fact.actor.is_program and not fact.sender:
            rated = str(about.data.get("about_case_id") or case_id)
            heard[rated, str(about.data["rating_event_id"]), fact.type] = about, fact
    for (rated, rating, _), (about, fact) in heard.items():
        field, against = FINDINGS[fact.type]
        finding = str(fact.data.get(field))
        if finding in against:
            told_at = max(about.recorded_at, fact.recorded_at)
            yield Ruling(rated, rating, Verdict(told_at, fact.event_id, fact.type, finding))


def _opens(fact: Fact) -> bool:
    """Whether a fact opens the review of a rating that it names."""
    return fact.type == OPENED and bool(fact.data.get("rating_event_id")) and not fact.sender


def set_aside_outputs(case_id: str, standing: Sequence[Fact], historical: bool) -> list[Output]:
    """What is to be told to the cases of other ratings in the hall."""
    hall = case_id.partition("/")[0]
    outputs = []
    for rated, rating, verdict in rulings(case_id, standing):
        if rated == case_id or rated.partition("/")[0] != hall:
            continue
        name = identify(case_id, "set aside", rated, rating, verdict.event_id)
        data = {
            "set_aside_id": name,
            "about_case_id": rated,
            "rating_event_id": rating,
            "verdict": verdict.finding,
            "verdict_event_id": verdict.event_id,
            "verdict_type": verdict.type,
            "reverses": None,
        }
        outputs.append(Output(name, SET_ASIDE, verdict.recorded_at, data, historical))
    return outputs


def set_aside(
    case_id: str, facts: Sequence[Fact], standing: Sequence[Fact]
) -> Mapping[str, Verdict]:
    """The standing ratings of a case that do not count, by id. A verdict may name a rating by any
    id that it was told under, before it was corrected or since."""
    found = [*_told(facts), *((r.rating_event_id, r.verdict) for r in rulings(case_id, standing)
                              if r.case_id == case_id)]  # fmt: skip
    if not found:
        return {}
    known = {fact.event_id: fact for fact in facts}
    against: dict[str, Verdict] = {}
    for rating, verdict in sorted(found, key=lambda one: one[1], reverse=True):
        named = known.get(rating)
        against[first_told(named, known) if named else rating] = verdict
    ratings = ((f.event_id, first_told(f, known)) for f in standing if f.type == RATED)
    return {name: against[first] for name, first in ratings if first in against}


def _told(facts: Sequence[Fact]) -> Iterator[tuple[str, Verdict]]:
    """Verdicts of reviews elsewhere that were not taken back."""
    notes = [fact for fact in facts if fact.type == SET_ASIDE]
    gone = {note.data.get("reverses") for note in notes}
    for note in notes:
        data = note.data
        if data.get("reverses") is None and data["set_aside_id"] not in gone:
            verdict = Verdict(
                note.recorded_at, data["verdict_event_id"], data["verdict_type"], data["verdict"]
            )
            yield str(data["rating_event_id"]), verdict
