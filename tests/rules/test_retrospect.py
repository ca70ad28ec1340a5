"""With which of the facts that came in together points come and go, and what it costs to know."""

from duban.assess import assess
from duban.case import Facts, evolve
from streams.retrospect import DEEPEST, Retrospect
from tests.given import CASE, REFERENCE, at, fact
from tests.rules.test_clocks import ACCEPTED, SUBMITTED

NOW = at("2026-10-20 09:00")
RATED = fact("RatingGiven", "2026-09-29 10:00", level=5)
VOIDED = fact("EventVoided", "2026-09-30 09:00", of="RatingGiven 2026-09-29 10:00 [('level', 5)]")
LATER = [fact("OneTimeNoticeIssued", f"2026-10-{day} 09:00", items=[]) for day in (12, 13, 14)]


def looked(told, new):
    """When the points of the rating went, and how many looks it took to know."""
    facts, looks = Facts(), []
    for one in told:
        facts = evolve(facts, one)

    def look(some):
        looks.append(some)
        return assess(CASE, "sujiatun", some, REFERENCE, NOW)

    out = assess(CASE, "sujiatun", facts, REFERENCE, NOW).outputs
    rated = assess(CASE, "sujiatun", _all(told, but=VOIDED), REFERENCE, NOW).outputs.values()
    point = next(o.id for o in rated if o.data.get("cause_event_id") == RATED.event_id)
    before = Retrospect(facts, [f.event_id for f in new], out, look)
    return before.turned_at(point), len(looks)


def _all(told, but):
    facts = Facts()
    for one in told:
        facts = facts if one is but else evolve(facts, one)
    return facts


def test_what_goes_in_a_slice_goes_with_the_fact_that_takes_it_back():
    told = [SUBMITTED, ACCEPTED, RATED, VOIDED, *LATER]
    assert looked(told, [VOIDED, *LATER]) == (VOIDED.recorded_at, 4)
    assert looked(told, [*LATER[:1], VOIDED]) == (VOIDED.recorded_at, 2)


def test_what_no_new_fact_has_changed_went_with_time_or_reference_data():
    told = [SUBMITTED, ACCEPTED, RATED, VOIDED, *LATER]
    assert looked(told, []) == (None, 0)
    assert looked(told, LATER) == (None, 3)  # it was void before


def test_of_very_many_facts_not_all_are_thought_away():
    minutes = [f"2026-10-12 {9 + n // 60:02}:{n % 60:02}" for n in range(100)]
    many = [fact("OneTimeNoticeIssued", when, items=[]) for when in minutes]
    told = [SUBMITTED, ACCEPTED, RATED, VOIDED, *many]
    assert looked(told, [VOIDED, *many]) == (VOIDED.recorded_at, DEEPEST)
