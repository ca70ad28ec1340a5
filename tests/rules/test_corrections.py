"""What stands of a record after corrections and voidings, whatever order they came in."""

from itertools import permutations

import pytest

from duban import codec, contracts
from duban.contracts import ContractError
from duban.events import Event
from duban.standing import effective
from tests.given import fact, told

SUBMITTED = fact("CaseSubmitted", "2026-03-02 09:30", item_code="sign")


def one(name, when, recorded, corrects=None, type_="CaseAccepted"):
    """A fact with a short id."""
    made = fact(type_, when, recorded=recorded)
    return made._replace(event_id=name, digest=name, corrects=corrects)


def void(name, of, recorded):
    made = fact("EventVoided", recorded, recorded=recorded)
    return made._replace(event_id=name, digest=name, data={"voids_event_id": of})


def stand(*facts):
    """Ids of the facts that stand, the same in every order of arrival."""
    found = {
        tuple(f.event_id for f in effective(told(*some).ordered)) for some in permutations(facts)
    }
    assert len(found) == 1
    return list(found.pop())


FIRST = one("first", "2026-03-02 10:00", "2026-03-02 10:00")
SECOND = one("second", "2026-03-03 10:00", "2026-03-03 11:00", "first")
THIRD = one("third", "2026-03-06 10:00", "2026-03-06 11:00", "first")


def test_of_two_corrections_of_one_fact_the_last_recorded_stands():
    assert stand(FIRST, SECOND, THIRD) == ["third"]
    earlier = THIRD._replace(occurred_at=FIRST.occurred_at - 1)
    assert stand(FIRST, SECOND, earlier) == ["third"]


def test_they_are_one_statement_even_where_the_original_never_came():
    assert stand(SECOND, THIRD) == ["third"]


def test_a_correction_of_a_correction_is_its_last_word_whenever_it_was_recorded():
    chained = THIRD._replace(corrects="second", recorded_at=FIRST.recorded_at - 1)
    assert stand(FIRST, SECOND, chained) == ["third"]


def test_a_voided_correction_gives_back_what_it_corrected():
    assert stand(FIRST, SECOND, void("v", "second", "2026-03-04 09:00")) == ["first"]
    assert stand(FIRST, SECOND, THIRD, void("v", "third", "2026-03-07 09:00")) == ["second"]


def test_a_link_of_a_chain_that_is_voided_breaks_nothing():
    chained = THIRD._replace(corrects="second")
    assert stand(FIRST, SECOND, chained, void("v", "second", "2026-03-07 09:00")) == ["third"]


def test_a_fact_of_another_type_corrects_nothing():
    other = one("other", "2026-03-04 10:00", "2026-03-04 10:00", "first", "DecisionMade")
    assert stand(FIRST, other) == ["first", "other"]


def test_facts_that_correct_themselves_or_each_other_do_not_vanish():
    assert stand(FIRST._replace(corrects="first")) == ["first"]
    assert stand(FIRST._replace(corrects="second"), SECOND) == ["second"]


def test_a_fact_of_a_hall_is_voided_by_a_type_of_its_own():
    praise = one("praise", "2026-03-02 10:00", "2026-03-02 10:00", type_="PraiseReceived")
    gone = void("v", "", "2026-03-03 10:00")._replace(type="HallFactVoided")
    gone = gone._replace(data={"voided_event_id": "praise"})
    assert stand(praise, gone) == []
    assert stand(praise, gone, gone._replace(
        event_id="w", digest="w", data={"voided_event_id": "v"})) == ["praise"]  # fmt: skip


@pytest.mark.parametrize("second", ["a", "z"])
@pytest.mark.parametrize("recorded", ["2026-03-03 09:59", "2026-03-03 10:00", "2026-03-04 10:00"])
def test_a_voiding_may_be_voided_whichever_of_them_was_recorded_first(second, recorded):
    """Clocks of halls differ, and two facts may be recorded in one millisecond."""
    first = void("m", "first", "2026-03-03 10:00")
    assert stand(FIRST, first, void(second, "m", recorded)) == ["first"]


def test_of_voidings_that_void_each_other_the_last_recorded_is_heard():
    one_way = void("v", "w", "2026-03-03 10:00")
    other = void("w", "v", "2026-03-04 10:00")
    assert stand(FIRST, one_way, other, void("x", "first", "2026-03-05 10:00")) == []


@pytest.mark.parametrize(
    ("type_", "about"),
    [("CaseAccepted", "corrects_event_id"), ("EventVoided", "voids_event_id")],
)
def test_a_fact_that_names_itself_breaks_its_contract(type_, about):
    name = "00000000-0000-4000-8000-0000000000aa"
    data = {"voids_event_id": name, "reason": "录入有误"} if type_ == "EventVoided" else {}
    corrects = None if data else name
    event = Event(type=type_, event_id=name, subject_id="h/1", hall_id="h", occurred_at=1,
                  recorded_at=1, corrects_event_id=corrects, data=data)  # fmt: skip
    with pytest.raises(ContractError, match=f"{about} names the event itself"):
        contracts.check(event)
    with pytest.raises(ContractError, match=f"{about} names the event itself"):
        contracts.check_sound({**codec.record_of(event), "type": type_})
    with pytest.raises(ContractError, match=f"{about} names the event itself"):
        contracts.from_json(contracts.to_json(event))
