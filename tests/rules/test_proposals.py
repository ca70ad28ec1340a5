"""What facts and rankings call for, and when somebody has acted on it."""

from itertools import permutations

import pytest

from duban.measures import LADDER
from duban.proposals import CARRIED_OUT, Cause, Proposal, Taken, proposals
from duban.triggers import triggers
from duban.words import CLOCKS
from tests.given import at

DAY = "2026-09-10 10:00"
LATER = "2026-09-20 10:00"


def cause(on, when=DAY, name="", subject="w1", kind="window", **more):
    called = name or f"{on} {when} {subject}"
    return Cause("luannan", on, kind, subject, at(when), when[:7], called, **more)


def taken(type_, when=LATER, subject="w1", detail="", name="", **more):
    called = name or f"{type_} {when}"
    return Taken(called, "luannan", type_, "window", subject, detail, at(when), when[:7], **more)


def called_for(causes=(), measures=()) -> list[Proposal]:
    """By the triggers that ship, the same in whatever order they are told."""
    found = [proposals(order, measures, triggers()) for order in permutations(causes)]
    assert all(one == found[0] for one in found)
    return found[0]


@pytest.mark.parametrize(
    ("on", "measure"),
    [
        ("breach:step", "yellow_card"),  # step overtime though the promise is not over
        ("breach:promise", "yellow_card"),
        ("breach:statutory", "red_card"),
        ("breach:forward_send", "yellow_card"),  # forwarding to the superior late
        ("breach:upstream_relay", "yellow_card"),
        ("breach:hotline_chase", "criticism"),  # five days late still after a chase
        ("breach:deemed_issue", "talk"),
        ("breach:rectification", "criticism"),  # 整改不到位, 及时通报
        ("rectification:rejected", "criticism"),
        ("finding:no_reason", "yellow_card"),
        ("finding:off_system", "yellow_card"),
        ("finding:fees", "red_card"),
        ("sign:repeat_notice", "yellow_card"),
        ("patrol:missed", "talk"),
        ("inspection", "rectification"),
    ],
)
def test_one_such_fact_calls_for_a_measure_and_names_itself_as_its_cause(on, measure):
    [found] = called_for([cause(on, name="the fact")])
    assert (found.measure, found.subject, found.state) == (measure, "w1", "open")
    assert (found.causes, found.at, found.month) == (("the fact",), at(DAY), "2026-09")


@pytest.mark.parametrize("kind", ["staff", "chief_rep"])
@pytest.mark.parametrize(
    "on", ["finding:refused", "finding:no_reason", "finding:off_system", "finding:fees",
           "finding:conduct"],
)  # fmt: skip
def test_a_finding_that_names_a_person_calls_for_an_admonition_and_for_no_card(on, kind):
    found = called_for([cause(on, subject="s7", kind=kind)])
    assert [p.measure for p in found if p.measure != "talk"] == ["admonition"]
    admonished = taken("AdmonitionIssued", subject="s7")._replace(subject_kind=kind)
    [after] = [p for p in called_for([cause(on, subject="s7", kind=kind)], [admonished])
               if p.measure == "admonition"]  # fmt: skip
    assert after.state == "answered"


def test_half_days_that_a_person_was_absent_add_up_to_an_admonition():
    days = ("2026-09-10 10:00", "2026-09-11 10:00")
    absent = [cause("attendance:absent", d, subject="s7", kind="staff", amount=2) for d in days]
    assert called_for(absent[:1]) == []
    [found] = called_for(absent)
    assert (found.measure, found.n, found.needs) == ("admonition", 4, 3)
    as_chief = [absent[0], absent[1]._replace(subject_kind="chief_rep")]
    assert [p.n for p in called_for(as_chief)] == [4]  # the same person
    of_window = [cause("attendance:absent", d, amount=2) for d in days]
    assert called_for(of_window) == []  # an admonition is of a person


@pytest.mark.parametrize("on", ["breach:queue_wait", "finding:image", "sign:late_entry"])
def test_what_no_trigger_names_calls_for_nothing(on):
    assert called_for([cause(on)]) == []


def test_three_steps_overtime_in_a_month_call_for_a_red_card_in_place_of_a_yellow_one():
    days = ["2026-09-10 10:00", "2026-09-11 10:00", "2026-09-12 10:00"]
    [found] = called_for([cause("breach:step", day) for day in days])
    assert (found.measure, found.n, found.at) == ("red_card", 3, at(days[2]))
    two = called_for([cause("breach:step", days[0]), cause("breach:step", "2026-10-01 10:00")])
    assert [(p.measure, p.month) for p in two] == [
        ("yellow_card", "2026-09"), ("yellow_card", "2026-10"),
    ]  # fmt: skip


def test_late_permits_late_deliveries_and_refusals_are_counted_together_over_a_year():
    """泰州: the first time a talk, from the second on the efficiency office."""
    told = [
        cause("breach:deemed_issue", "2026-03-10 10:00", "permit"),
        cause("breach:delivery", "2026-05-10 10:00", "delivery"),
        cause("finding:refused", "2027-04-10 10:00", "refusal"),
        cause("breach:deemed_issue", "2028-06-10 10:00", "long after"),
    ]
    found = [p for p in called_for(told) if p.measure != "yellow_card"]
    assert [(p.measure, p.month, p.causes) for p in found] == [
        ("talk", "2026-03", ("permit",)),
        ("supervision", "2026-05", ("permit", "delivery")),
        ("supervision", "2027-04", ("delivery", "refusal")),
        ("talk", "2028-06", ("long after",)),
    ]
    assert [p.cause for p in called_for(told) if p.measure == "yellow_card"] == ["finding:refused"]


def test_each_window_answers_for_itself():
    found = called_for([cause("breach:step"), cause("breach:step", subject="w2")])
    assert [(p.subject, p.n) for p in found] == [("w1", 1), ("w2", 1)]


def test_a_proposal_is_answered_by_such_a_measure_taken_since():
    told = [cause("breach:step")]
    for measures, state in (
        ([], "open"),
        ([taken("CardIssued", detail="yellow")], "answered"),
        ([taken("CardIssued", detail="red")], "answered"),
        ([taken("CardIssued", detail="yellow", stands=False)], "answered"),  # a person decided
        ([taken("CardIssued", "2026-09-01 10:00", detail="yellow")], "open"),
        ([taken("CardIssued", subject="w2", detail="yellow")], "open"),
        ([taken("TalkHeld")], "open"),
    ):
        assert [p.state for p in called_for(told, measures)] == [state]


def test_a_measure_that_names_its_cause_answers_that_alone():
    told = [cause("breach:step", name="step"), cause("finding:no_reason", name="refusal")]
    for measure, states in (
        (taken("CardIssued", detail="yellow", cause="step"), ["answered", "open"]),
        (taken("CardIssued", detail="yellow", cause="refusal"), ["open", "answered"]),
        (taken("CardIssued", detail="yellow", cause="of no proposal"), ["answered", "answered"]),
        (taken("CardIssued", "2026-09-01 10:00", detail="red", cause="step"), ["answered", "open"]),
    ):
        found = sorted(called_for(told, [measure]), key=lambda p: p.cause)
        assert [p.state for p in found] == states


def test_a_measure_upon_another_answers_what_its_cause_proposes():
    told = [cause("inspection", name="inspection")]
    order = taken("RectificationOrdered", subject="the agency", cause="inspection")
    assert [p.state for p in called_for(told, [order])] == ["answered"]
    assert [p.state for p in called_for(told, [order._replace(hall_id="zhangzhou")])] == ["open"]
    twice = [cause("breach:deemed_issue", day, name=day) for day in (DAY, LATER)]
    pressed = taken("SupervisionOrdered", subject="the agency", cause=LATER)
    found = {p.measure: p.state for p in called_for(twice, [pressed])}
    assert found == {"talk": "open", "supervision": "answered"}


def test_a_measure_answers_nothing_that_took_more_facts_than_there_were_yet():
    days = ("2026-09-10 10:00", "2026-09-12 10:00", "2026-10-20 10:00")
    cards = [taken("CardIssued", when, name=when) for when in days]
    talk = taken("TalkHeld", "2026-09-13 10:00", cause=days[1])
    assert [p.state for p in called_for((), [*cards, talk])] == ["answered", "open"]
    steps = [cause("breach:step", day, name=day) for day in (*days[:2], LATER)]
    red = taken("CardIssued", "2026-09-11 10:00", detail="red", cause=days[0])
    assert [p.state for p in called_for(steps, [red])] == ["open"]
    assert [p.state for p in called_for(steps, [red._replace(at=at(LATER))])] == ["answered"]


def test_a_cause_may_be_named_by_any_id_that_it_was_told_under():
    told = [cause("finding:no_reason", name="first", told=("first", "better"))]
    for name in ("first", "better"):
        card = taken("CardIssued", detail="yellow", cause=name, subject="w2")
        assert [p.state for p in called_for(told, [card])] == ["answered"]


def test_a_window_and_a_person_may_have_one_id_but_a_person_is_one_in_charge_or_not():
    told = [cause("patrol:missed", subject="1", kind="staff")]
    for kind, state in (("window", "open"), ("staff", "answered"), ("chief_rep", "answered")):
        talk = taken("TalkHeld", subject="1")._replace(subject_kind=kind)
        assert [p.state for p in called_for(told, [talk])] == [state]


def test_a_cause_of_another_hall_is_none_here():
    told = [cause("finding:no_reason"), cause("finding:no_reason", name="x")._replace(hall_id="b")]
    card = taken("CardIssued", detail="yellow", cause="x")  # no cause in this hall
    assert [p.state for p in called_for(told, [card])] == ["open", "answered"]


def test_an_order_to_an_agency_does_not_say_whom_a_ranking_meant():
    """Three windows at the bottom have one cut as their cause: an order names their agencies."""
    told = [cause("ranking:window-month", name="cut", measure="rectification")]
    order = taken("RectificationOrdered", subject="the agency", cause="cut")
    order = order._replace(subject_kind="org")
    assert [p.state for p in called_for(told, [order])] == ["not_tracked"]
    of_agency = [told[0]._replace(subject="the agency", subject_kind="org")]
    assert [p.state for p in called_for(of_agency, [order])] == ["answered"]


def test_a_measure_is_not_its_own_answer():
    first, second = (taken("TalkHeld", when, name=when) for when in (DAY, LATER))
    [found] = called_for((), [first, second])
    assert found.measure == "rectification"
    orders = [taken("RectificationOrdered", when, name=when) for when in (DAY, LATER)]
    [found] = called_for((), orders)
    assert (found.measure, found.state) == ("criticism", "open")


def test_a_ranking_is_the_cause_of_what_it_names_for_each_subject_by_itself():
    told = [
        cause("ranking:window-month", name="cut", subject=subject, measure="talk")
        for subject in ("w1", "w2")
    ]
    talk = taken("TalkHeld", subject="w2", cause="cut")
    found = {p.subject: p.state for p in called_for(told, [talk])}
    assert found == {"w1": "open", "w2": "answered"}


def test_a_yellow_card_does_not_answer_what_a_red_one_is_called_for():
    told = [cause("finding:fees")]
    assert [p.state for p in called_for(told, [taken("CardIssued", detail="yellow")])] == ["open"]


def test_a_second_card_within_a_year_calls_for_the_next_step_of_the_ladder():
    first, second = (taken("CardIssued", when, name=when) for when in (DAY, LATER))
    assert called_for((), [first]) == []
    [found] = called_for((), [first, second])
    assert (found.measure, found.causes) == ("talk", (DAY, LATER))
    assert called_for((), [first._replace(stands=False), second]) == []
    long_ago = first._replace(at=at("2025-09-01 10:00"))
    assert called_for((), [long_ago, second]) == []
    assert called_for((), [first._replace(subject="w2"), second]) == []


def test_a_later_measure_moves_no_proposal_that_an_earlier_one_made():
    days = ("2026-09-10 10:00", "2026-09-20 10:00", "2026-10-20 10:00", "2028-01-10 10:00")
    cards = [taken("CardIssued", when, name=when) for when in days]
    found = called_for((), cards)
    assert [(p.month, p.at, p.causes) for p in found] == [
        ("2026-09", at(days[1]), days[:2]),
        ("2026-10", at(days[2]), days[:3]),
    ]


@pytest.mark.parametrize(
    ("again", "measure"),
    [
        ("AdmonitionIssued", "talk"),
        ("TalkHeld", "rectification"),
        ("RectificationOrdered", "criticism"),
        ("PublicCriticism", "leader_on_duty"),
    ],
)
def test_each_step_that_is_taken_again_calls_for_a_higher_one(again, measure):
    [found] = called_for((), [taken(again, DAY), taken(again, LATER)])
    assert found.measure == measure
    if measure in CARRIED_OUT:
        assert LADDER.index(CARRIED_OUT[measure][0]) > LADDER.index(again)


def test_what_a_published_ranking_names_is_called_for_as_it_says():
    named = cause("ranking:window-month", measure="leader_on_duty", because="grade:不合格 2026-09")
    [found] = called_for([named])
    assert (found.measure, found.because) == ("leader_on_duty", "grade:不合格 2026-09")
    honour = cause("ranking:window-month", measure="honour", because="flag 2026-09")
    assert [p.state for p in called_for([honour], [taken("HonourGranted")])] == ["answered"]


def test_what_no_fact_says_was_carried_out_is_not_tracked():
    named = cause("ranking:window-month", measure="leader_on_duty", because="bottom 2026-09")
    found = called_for([named], [taken("TalkHeld", name="a talk")])
    assert [(p.measure, p.state) for p in found] == [("leader_on_duty", "not_tracked")]


def test_an_inspection_counts_by_its_findings():
    [found] = called_for([cause("inspection", amount=4)])
    assert (found.n, found.measure) == (4, "rectification")


def test_every_trigger_says_where_it_comes_from_and_names_what_there_is():
    for trigger in triggers():
        assert trigger.source
        assert all(trigger.name)
        kind, _, name = trigger.on.partition(":")
        known = {"breach": CLOCKS, "again": LADDER, "sign": {"repeat_notice"}}.get(kind, {name})
        assert name in known, trigger.on
        assert trigger.measure in {*CARRIED_OUT, "leader_on_duty"}
