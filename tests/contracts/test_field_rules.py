"""The quick yes or no about a decoded record agrees with the slow answer that names the fault."""

import math
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from duban import codec, contracts
from duban.bus_make import make
from duban.events import Actor, Evidence
from tests.contracts.generated import events

WRONG = {
    "an id that is none": lambda e: replace(e, event_id="7"),
    "an empty tenant": lambda e: replace(e, tenant_id=""),
    "two lines in an id": lambda e: replace(e, correlation_id="a\nb"),
    "an id too long": lambda e: replace(e, hall_id="x" * 201),
    "a number below zero": lambda e: replace(e, seq=-1),
    "an instant before the tables": lambda e: replace(e, occurred_at=-(10**13)),
    "an instant behind the tables": lambda e: replace(e, recorded_at=10**13),
    "a cause that is no uuid": lambda e: replace(e, causation_id="because"),
    "an id in capitals": lambda e: replace(e, event_id=e.event_id[:-1] + "A"),
    "an actor of two lines": lambda e: replace(e, actor=Actor(id="a\nb")),
    "a novel for a note": lambda e: replace(e, note="长" * 4001),
    "evidence without a kind": lambda e: replace(e, evidence=(Evidence(""),)),
    "evidence with a bad sum": lambda e: replace(e, evidence=(Evidence("photo", "", "00"),)),
    "too much evidence": lambda e: replace(e, evidence=(Evidence("photo"),) * 1001),
}


# All but this is asked of what a topic holds already: a case that cannot be found is no reason to
# lose the fact.
WITHOUT_ITS_HALL = contracts.Problem("about_case_id", 'must be a case with its hall: "hall/…"')


def slow(event):
    try:
        contracts.check(event)
    except contracts.ContractError as error:
        return error.problems
    return []


def quick(event):
    """The way of the worker: bytes, yes or no, then the rest or all of it."""
    flat = codec.decode_record(codec.encode(event))
    sound = contracts.is_sound(flat)
    try:
        if sound:
            contracts.check_sound(flat)
        else:
            contracts.check(codec.event_of(flat))
    except contracts.ContractError as error:
        return error.problems
    return []


QUIET = {"deadline": None, "suppress_health_check": list(HealthCheck)}
ANY = st.sampled_from(contracts.event_types()).flatmap(events).map(contracts.from_json)
ODD = {
    str: st.sampled_from(["", "\n", "a\x00", "x" * 201, "x" * 4001, "7", "é"]),
    int: st.sampled_from([-1, 0, 10**13, -(10**13)]),
    float: st.sampled_from([-1.0, 0.0, 1e300, math.nan, math.inf]),
}


@settings(max_examples=300, **QUIET)
@given(ANY)
def test_every_valid_event_is_sound(event):
    assert contracts.is_sound(codec.decode_record(codec.encode(event)))
    assert quick(event) == slow(event) == []


@pytest.mark.parametrize("spoil", WRONG.values(), ids=WRONG)
@settings(max_examples=5, **QUIET)
@given(event=events("DeadlineImposed").map(contracts.from_json))
def test_what_breaks_a_rule_is_named_as_ever(spoil, event):
    event = spoil(event)
    assert not contracts.is_sound(codec.decode_record(codec.encode(event)))
    assert quick(event) == slow(event) != []


@settings(max_examples=600, **QUIET)
@given(ANY, st.data())
def test_no_field_of_any_type_gets_past_the_quick_answer(event, data):
    """One field, of the envelope or its own, is spoilt by a value of its type."""
    record = codec.record_of(event)
    name = data.draw(st.sampled_from([n for n, v in record.items() if type(v) in ODD]))
    record[name] = data.draw(ODD[type(record[name])])
    try:
        written = codec.encode_record(event.type, record)
    except codec.CodecError:
        return  # an enum's symbol that is none
    found, all_of_it = quick(codec.decode(written)), slow(codec.decode(written))
    assert found == all_of_it or (found, all_of_it) == ([], [WITHOUT_ITS_HALL])


def test_a_case_named_without_its_hall_is_refused_of_a_sender_and_kept_of_a_topic():
    named = make(
        "ComplaintFiled", case="pixian/ts-1", complaint="重复提交", about_case_id="pixian/1"
    )
    assert quick(named) == slow(named) == []
    unnamed = replace(named, data={**named.data, "about_case_id": "1"})
    assert (quick(unnamed), slow(unnamed)) == ([], [WITHOUT_ITS_HALL])
