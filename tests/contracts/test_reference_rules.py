"""Reference events that keep their schema and make no sense: refused at the doors, passed over by
whoever reads them all the same."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from duban import contracts
from duban.codec import record_of
from duban.events import Event
from duban.launch import SCHEMAS
from duban.reference import SHIPPED, load, reference_from
from duban.reference_check import TYPES

EXAMPLES = {
    path.parent.name: contracts.from_json(json.loads(path.read_text(encoding="utf-8")))
    for path in sorted((SCHEMAS / "examples").glob("*/*.json"))
    if path.parent.name in TYPES
}
GOOD = (*load(SHIPPED), *EXAMPLES.values())
PUBLISHED = reference_from(GOOD)
CLOCK = {
    "kind": "promise", "budget": "item.promise", "unit": "item",
    "start": ["CaseAccepted"], "stop": ["CaseClosed"],
}  # fmt: skip
RUNG = {"level": "red", "offset": 0, "to": ["handler"]}
DAY = {"date": "2026-10-01", "kind": "holiday", "name": "", "hours": []}
BACKWARDS = [{"start": "14:00", "end": "09:00"}]
OVERLAPPING = [{"start": "09:00", "end": "12:00"}, {"start": "11:00", "end": "15:00"}]


def body(**more: Any) -> dict[str, str]:
    return {"body": json.dumps({"clocks": [CLOCK], **more})}


def clock(**more: Any) -> dict[str, str]:
    return body(clocks=[CLOCK | more])


def week(shifts: Any) -> dict[str, Any]:
    return {"weekly": [{"weekday": 1, "shifts": shifts}]}


SENSELESS: list[tuple[str, dict[str, Any], str]] = [
    ("PolicyPublished", clock(start=["Nope"], unit="fortnight"), "body.clocks[0].start[0]"),
    ("PolicyPublished", clock(ladder="none"), "body"),
    ("PolicyPublished", clock(stop=None), "body.clocks[0].stop"),
    ("PolicyPublished", clock(budget="item.colour"), "body.clocks[0]"),
    ("PolicyPublished", clock(extension={"days": -1}), "body.clocks[0].extension.days"),
    ("PolicyPublished", body(clocks=[]), "body"),
    ("PolicyPublished", body(clocks=[CLOCK, CLOCK]), "body"),
    ("PolicyPublished", body(ladders={"a": {"rungs": [RUNG | {"offset": 1.5}]}}),
     "body.ladders.a.rungs[0].offset"),
    ("PolicyPublished", body(integrity={"batch_facts": 0}), "body.integrity.batch_facts"),
    ("PolicyPublished", {"body": '{"clocks":' + "[" * 500 + "]" * 500 + "}"}, "body"),
    ("PolicyPublished", {"applies_to": "unknown"}, "applies_to"),
    ("ItemPublished", {"unit": "unknown"}, "unit"),
    ("ItemPublished", {"promise": 21, "statutory": 20}, ""),
    ("ItemPublished", {"policy_id": ""}, "policy_id"),
    ("ScorePolicyPublished", {"rules": [
        {"rule_id": "r", "on": "outcome:maybe", "points": 1.0, "source": ""}]}, "rules[0].on"),
    ("OrgUnitChanged", {"kind": "unknown"}, "kind"),
    ("OrgUnitChanged", {"name": ""}, "name"),
    ("CalendarPublished", {"days": [DAY, DAY]}, ""),
    ("CalendarPublished", {"days": [DAY | {"date": "2031-10-01"}]}, ""),
    ("CalendarPublished", {"days": [DAY | {"kind": "unknown"}]}, "unknown"),
    ("CalendarPublished", {"days": [DAY | {"hours": BACKWARDS}]}, "holidays[0].shifts[0]"),
    ("HallHoursChanged", week(BACKWARDS), "weekly[0].shifts[0]"),
    ("HallHoursChanged", week(OVERLAPPING), "weekly[0].shifts"),
]  # fmt: skip
TYPE_NAMES = [f"{kind}-{number}" for number, (kind, _, _) in enumerate(SENSELESS)]


def hostile(event_type: str, data: Mapping[str, Any], **envelope: Any) -> Event:
    """An example with other content, recorded so early that it would win its place."""
    good = EXAMPLES[event_type]
    return replace(
        good,
        event_id=str(uuid5(NAMESPACE_URL, f"{event_type}{sorted(data.items())}{envelope}")),
        recorded_at=0,
        data={**good.data, **data},
        **envelope,
    )


@pytest.mark.parametrize(("kind", "data", "field"), SENSELESS, ids=TYPE_NAMES)
def test_what_makes_no_sense_is_refused_and_the_field_named(kind, data, field):
    flat = contracts.to_json(EXAMPLES[kind]) | data
    for refuse in (
        lambda: contracts.from_json(flat),
        lambda: contracts.check(hostile(kind, data)),
        lambda: contracts.check_sound(record_of(hostile(kind, data)) | {"type": kind}),
    ):
        with pytest.raises(contracts.ContractError) as caught:
            refuse()
        assert field in {problem.field for problem in caught.value.problems}


@pytest.mark.parametrize("event", EXAMPLES.values(), ids=list(EXAMPLES))
def test_no_event_stands_under_another_ones_name(event):
    for other in ({"subject_id": f"another@{event.data['version']}x"}, {"subject_type": "other"}):
        with pytest.raises(contracts.ContractError):
            contracts.check(replace(event, **other))


def test_ever_so_many_faults_are_told_in_few_words():
    strange = hostile("PolicyPublished", clock(start=["长" * 900] * 300))
    with pytest.raises(contracts.ContractError) as caught:
        contracts.check(strange)
    assert len(str(caught.value).encode()) < 60_000


# --- whoever reads them all the same ------------------------------------------------------------

UNREADABLE = [
    hostile("PolicyPublished", {"body": "no JSON"}),
    hostile("CalendarPublished", {"days": [DAY | {"date": "2026-13-40"}]}),
    hostile("CalendarPublished", {"year": 99_999}),
    hostile("HallHoursChanged", {"zone": "Mars/Olympus"}),
    hostile("HallHoursChanged", week([{"start": "nine", "end": "5"}])),
    hostile("ItemPublished", {"version": "²"}),
    *(replace(event, event_id=event.event_id[::-1]) for event in EXAMPLES.values()),
    *(hostile(kind, {}, subject_id="default@77") for kind in EXAMPLES),
]
HOSTILE = [*(hostile(kind, data) for kind, data, _ in SENSELESS), *UNREADABLE]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(range(len(HOSTILE)))), st.randoms(use_true_random=False))
def test_hostile_events_leave_what_the_good_ones_say(some, random):
    order = [*GOOD, *(HOSTILE[number] for number in some)]
    random.shuffle(order)
    assert reference_from(order) == PUBLISHED


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_each_hostile_event_is_passed_over(number):
    assert reference_from([HOSTILE[number], *GOOD]) == PUBLISHED


def test_types_of_which_no_rule_reads_anything_take_nobodys_place():
    item = EXAMPLES["ItemPublished"]
    withdrawn = Event("ItemWithdrawn", str(uuid5(NAMESPACE_URL, "w")), item.subject_id, 0, 0,
                      subject_type="item", data={
                          "item_code": "LN-CG-012", "version": "3", "reason": "x",
                          "effective_from": 0})  # fmt: skip
    contracts.check(withdrawn)
    assert reference_from([withdrawn, *GOOD]) == PUBLISHED


def test_a_calendar_of_the_last_year_alone_answers():
    only = replace(EXAMPLES["CalendarPublished"], subject_id="cn-2200@1",
                   data={"calendar_id": "cn", "year": 2200, "version": "1", "doc_no": "",
                         "days": [DAY | {"date": "2200-10-01"}]})  # fmt: skip
    contracts.check(only)
    calendar = reference_from([only]).calendar("")
    assert calendar is not None
    assert calendar.provisional(1_790_000_000_000) is False
