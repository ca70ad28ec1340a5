"""The vocabulary of tests about reviews: invented cases of two halls whose reviews, ratings and
verdicts correct, void and name each other, and which of the ratings count by the rules."""

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import reduce

from duban import codec
from duban.alerting import Output
from duban.case import Fact, Facts, evolve
from duban.events import Event
from duban.reviews import OPENED, RATED, SET_ASIDE, set_aside, set_aside_outputs
from duban.standing import effective
from streams.intake import fact_of
from streams.records import Record
from tests.hall_facts import an_id, said

HALLS = ("voices", "echoes")
VERIFIED, DECIDED, VOIDED = "ReviewVerified", "ReviewAppealDecided", "EventVoided"
OFTEN = {RATED: 5, OPENED: 5, VERIFIED: 4, DECIDED: 3, VOIDED: 2}


def reviewed(dice: random.Random, number: int) -> Iterator[Event]:
    """Facts of two cases in each of two halls: in ties of time, out of order, in rings, about
    cases and ratings of their own, of each other, of the other hall, and that nobody told."""
    cases = [f"{hall}/{number}-{part}" for hall in HALLS for part in "ab"]
    types = {
        f"{case} {place}": dice.choices([*OFTEN], [*OFTEN.values()])[0]
        for case in cases for place in range(dice.randrange(2, 16))
    }  # fmt: skip
    for name, type_ in types.items():
        case = _case(name)
        fields = _fields(dice, name, cases, types)
        same = [n for n, other in types.items() if _case(n) == case and other == type_]
        aim = dice.choice([*same, *same, *types])
        corrected = {} if dice.random() < 0.6 or aim == name else {"corrects": aim}
        yield said(
            type_, name, dice.randrange(4), recorded=dice.randrange(6), case=case,
            hall=case.partition("/")[0], role=dice.choice(("handler", "handler", "system")),
            **fields, **corrected,
        )  # fmt: skip


def _fields(
    dice: random.Random, name: str, cases: list[str], types: dict[str, str]
) -> dict[str, object]:
    case = _case(name)
    others = [n for n in types if _case(n) == case and n != name]
    at_home = [c for c in cases if c.partition("/")[0] == case.partition("/")[0]]
    about = dice.choice(["", *at_home, *at_home, *cases])
    rated = [n for n, t in types.items() if _case(n) == (about or case) and t == RATED]
    named = dice.choice([*(rated * 3), *types, f"{case} nobody"])
    return {
        RATED: {"source": "mass", "level": dice.randrange(1, 6)},
        OPENED: {"about_case_id": about, "level": 1,
                 "rating_event_id": an_id(named) if dice.random() < 0.9 else None},
        VERIFIED: {"verdict": dice.choice(("valid", "mistaken", "malicious"))},
        DECIDED: {"decision": dice.choice(("upheld", "rejected"))},
        VOIDED: {"voids_event_id": an_id(dice.choice([*others, "nobody"])), "reason": ""},
    }[types[name]]  # fmt: skip


def _case(name: str) -> str:
    return name.rpartition(" ")[0]


def counted(events: Iterable[Event]) -> tuple[list[str], list[str]]:
    """Ratings that stand, and those of them that count, by id: each case by itself, with what the
    reviews in other cases told it."""
    cases: defaultdict[str, Facts] = defaultdict(Facts)
    for event in events:
        cases[event.subject_id] = reduce(evolve, [_fact(event)], cases[event.subject_id])
    told = {case: effective(facts.ordered) for case, facts in cases.items()}
    notes: defaultdict[str, list[Fact]] = defaultdict(list)
    for case, standing in told.items():
        for output in set_aside_outputs(case, standing, False):
            notes[output.data["about_case_id"]].append(_note(output))
    ratings, counting = [], []
    for case, standing in told.items():
        aside = set_aside(case, [*cases[case].ordered, *notes[case]], standing)
        own = [fact.event_id for fact in standing if fact.type == RATED]
        ratings += own
        counting += [rating for rating in own if rating not in aside]
    return sorted(ratings), sorted(counting)


def _fact(event: Event) -> Fact:
    value = codec.encode(event)
    key = event.subject_id.encode()
    return fact_of(codec.decode_record(value), Record("case-events", 0, 0, 0, key, value, ()))


def _note(output: Output) -> Fact:
    return Fact(output.at, 0, output.at, output.id, SET_ASIDE, data=output.data)
