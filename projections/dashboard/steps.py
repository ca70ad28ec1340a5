"""How far a matter has come, and what may be recorded of it next: an order to mend, an order of
supervision, a complaint, an opinion, the review of a bad rating."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from duban.case import Fact
from projections.dashboard.forms import FORMS
from projections.dashboard.record_form import REVIEW, record_href

# What each fact leaves to be done; nothing once a matter is settled, or its case closed.
NEXT: Mapping[str, tuple[str, ...]] = {
    "RectificationOrdered": ("RectificationSubmitted",),
    "RectificationSubmitted": ("RectificationAccepted", "RectificationRejected"),
    "RectificationRejected": ("RectificationSubmitted",),
    "RectificationAccepted": (),
    "SupervisionOrdered": ("SupervisionAnswered",),
    "SupervisionAnswered": (),
    "ComplaintFiled": ("ComplaintTriaged", "ComplaintAnswered"),
    "ComplaintTriaged": ("ComplaintAnswered",),
    "ComplaintAnswered": (),
    "OpinionReceived": ("OpinionAnswered",),
    "OpinionAnswered": (),
    "NegativeReviewOpened": ("ReviewContacted", "ReviewVerified", "ReviewAppealed"),
    "ReviewContacted": ("ReviewContacted", "ReviewVerified", "ReviewAppealed"),
    "ReviewVerified": ("ReviewRectified", "ReviewAppealed", "ReviewClosed"),
    "ReviewAppealed": ("ReviewAppealDecided",),
    "ReviewAppealDecided": ("ReviewVerified", "ReviewRectified", "ReviewClosed"),
    "ReviewRectified": ("CallbackDone", "ReviewClosed"),
    "CallbackDone": ("CallbackDone", "ReviewClosed"),
    "ReviewClosed": (),
}
# What leaves less than its type does.
SETTLES: Mapping[tuple[str, str, object], tuple[str, ...]] = {
    ("ComplaintTriaged", "accepted", False): (),
    ("ReviewAppealDecided", "decision", "upheld"): ("ReviewClosed",),
}
OPENINGS = (
    "RectificationOrdered", "SupervisionOrdered", "ComplaintFiled", "OpinionReceived",
    "NegativeReviewOpened",
)  # fmt: skip
# Steps of which a form is opened from the case alone; who calls back may do so for any case.
STEPS = frozenset(NEXT) - {*OPENINGS, "CallbackDone"}
KEYS = ("order_no", "opinion_id")  # which of several matters of a case a step is of
OFFERED = 12  # at once; the API takes the steps of any matter
BAD = 2  # of five levels, and below
SUBJECTS = ("what", "complaint", "opinion")  # what a matter is about, in its own words


class Matter(NamedTuple):
    """A matter of a case: which opening began it, its number among several, what it is about, by
    when, and what may come next."""

    opening: str
    key: str
    what: str
    due_at: int | None
    next: tuple[str, ...]


def matters(standing: Iterable[Fact]) -> list[Matter]:
    """The matters of a case, from its facts that stand, in the order of its life. A step says by
    its number which matter it is of, as the clock of an order is told apart."""
    found: dict[tuple[str, str], Matter] = {}
    over: set[tuple[str, str]] = set()  # with their case
    for fact in standing:
        key = key_of(fact.data)
        if fact.type == "CaseClosed":
            over |= found.keys()
        elif fact.type == "CaseReopened":
            over.clear()
        elif fact.type in OPENINGS:
            due_at = fact.data.get("due_at")
            opened = Matter(fact.type, key, _what(fact), due_at, NEXT[fact.type])
            found[fact.type, key] = opened
            over.discard((fact.type, key))
        elif (name := _of(found, fact.type, key)) and found[name].next:  # none opens it again
            due_at = fact.data.get("due_at") or found[name].due_at
            found[name] = found[name]._replace(due_at=due_at, next=_left(fact))
    return [one._replace(next=()) if name in over else one for name, one in found.items()]


def _left(fact: Fact) -> tuple[str, ...]:
    """What a step leaves to be done."""
    settled = (left for (type_, field, value), left in SETTLES.items()
               if type_ == fact.type and fact.data.get(field) == value)  # fmt: skip
    return next(settled, NEXT[fact.type])


def key_of(fields: Mapping[str, object]) -> str:
    """The number by which a fact says which of several matters it is of."""
    return next((str(fields[name]) for name in KEYS if fields.get(name)), "")


def _what(fact: Fact) -> str:
    return next((str(fact.data[name]) for name in SUBJECTS if fact.data.get(name)), "")


def _of(found: Mapping[tuple[str, str], Matter], step: str, key: str) -> tuple[str, str] | None:
    """The matter that a step is of: of its kind and number, settled or not."""
    return next((name for name in found if name[1] == key and step in REACHED[name[0]]), None)


def _reached(opening: str) -> frozenset[str]:
    """All steps that may follow an opening, near or far."""
    found: set[str] = set()
    ahead = list(NEXT[opening])
    while ahead:
        step = ahead.pop()
        if step not in found:
            found.add(step)
            ahead += NEXT[step]
    return frozenset(found)


REACHED: Mapping[str, frozenset[str]] = {opening: _reached(opening) for opening in OPENINGS}


def matter_of(step: str, key: str, standing: Iterable[Fact]) -> Matter | None:
    """The matter of a case that a step would be of."""
    found = {(one.opening, one.key): one for one in matters(standing)}
    name = _of(found, step, key)
    return found[name] if name else None


def reviews_to_open(
    hall: str, no: str, counted: Iterable[Fact], window: str
) -> list[tuple[str, str]]:
    """The review of the last bad rating that a citizen gave a case, of its ratings that count:
    type, address of its form."""
    bad = [f for f in counted if f.type == "RatingGiven" and f.data["level"] <= BAD]
    mass = [f for f in bad if f.data.get("source", "mass") == "mass"]
    return [
        (
            REVIEW,
            record_href(
                hall, REVIEW, about_case_id=f"{hall}/{no}", rating_event_id=fact.event_id,
                level=str(fact.data["level"]), about_window_id=window,
            ),
        )
        for fact in mass[-1:]
    ]  # fmt: skip


def _keyed(step: str, key: str) -> dict[str, str]:
    return {name: key for name in KEYS if name in FORMS[step].given}


def next_steps(hall: str, no: str, standing: Iterable[Fact]) -> list[tuple[str, str]]:
    """What may be recorded of the matters of a case, of its latest where there are many: type,
    address of its form."""
    ahead = [(step, matter.key) for matter in matters(standing) for step in matter.next]
    return [
        (step, record_href(hall, step, case=no, **_keyed(step, key)))
        for step, key in ahead[-OFFERED:]
    ]
