"""Proposals on a real warehouse: turns of patrols, breaches and their retraction, findings, signs,
inspections, repeated measures and a published ranking, as the sink would have stored them."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from duban import warehouse
from duban.events import Event
from projections.sink.store import Store
from tests.filled import filled, row, store
from tests.hall_facts import HALL, START, an_id, card, said
from tests.stack import Stack

pytestmark = pytest.mark.stack

NOW = int((START + timedelta(days=25)).timestamp() * 1000)
BREACH = {"kind": "step", "clock_id": "c", "window_id": "w3"}


def on(day: int) -> str:
    return (START + timedelta(days=day)).isoformat()


def turn(name: str, day: int, party: str) -> Event:
    about = {"party": party, "due_at": on(day), "staff": f"s-{party}"}
    return said("PatrolScheduled", f"turn {name}", 0, case=f"{HALL}/patrol-{name}", **about)


def round_made(name: str, day: int, party: str) -> Event:
    return said("PatrolDone", f"round {name}", day, case=f"{HALL}/patrol-{name}", party=party)


def breach(name: str, day: int, case: str = "2026-ZG-1", **more: object) -> Event:
    about = BREACH | {"due_at": on(day)} | more
    return said("ClockBreached", name, day, case=f"{HALL}/{case}", **about)


def of_mechanisms() -> list[Event]:
    """Facts of mechanisms that have no figure of their own."""
    case = f"{HALL}/2026-ZG-1"
    volunteer = {"kind": "volunteer", "subject": "s1", "subject_kind": "staff"}
    return [
        said("FastTrackGranted", "fast", 1, case=case, reason="特事特办"),
        said("FeePaid", "fee", 1, case=case, amount="120.50"),
        said("FeePaid", "fee 2", 2, case=f"{HALL}/2026-ZG-2", amount="79.50"),
        said("ResultDelivered", "home", 3, case=case, how="home"),
        said("GuideAssigned", "agent", 1, case=case, kind="agent", guide="s2"),
        said("GuideAssigned", "lead", 1, case=case, kind="lead", guide="s3"),
        *(said("ActivityHeld", f"team {t}", 2, team=t, **volunteer) for t in "abc"),
        said("PledgePublished", "wall", 1, subject="b1", subject_kind="branch",
             places=["wall", "desk"]),
        said("PledgePublished", "web", 9, subject="b1", subject_kind="branch", places=["web"]),
    ]  # fmt: skip


def told() -> list[Event]:
    order = {"order_no": "1", "what": "整改", "due_at": on(8), "to_org": "planning"}
    ranking = {
        "policy_id": "window-month", "period": "2026-08", "cut_at": on(4), "n": 1,
        "cut_event_id": an_id("cut"),
        "entries": [{"subject": "w9", "place": 1, "score": 55.0, "points": -45.0, "n": 9,
                     "on_time": 0, "late": 9, "ratings": 0, "satisfied": 0, "grade": "不合格",
                     "sides": ["bottom"]}],
        "measures": [{"subject": "w9", "measure": "leader_on_duty", "scope": "hall",
                      "because": "grade:不合格 2026-08"}],
    }  # fmt: skip
    return [
        turn("1", 2, "discipline_officer"), round_made("1", 1, "discipline_officer"),
        turn("2", 5, "centre_manager"), round_made("2", 6, "centre_manager"),
        turn("3", 9, "duty_lead"),
        turn("4", 12, "duty_lead"),
        turn("5", 3650, "chief_rep"),
        breach("late step", 3),
        breach("taken back", 4, window_id="w4"),
        said("ClockBreachRetracted", "retraction", 5, case=f"{HALL}/2026-ZG-1",
             **BREACH | {"window_id": "w4", "breach_event_id": an_id("taken back")}),
        said("RectificationOrdered", "order", 2, case=f"{HALL}/order-1", **order),
        said("RectificationOrdered", "order again", 2, case=f"{HALL}/order-4",
             **order | {"to_org": "seals", "due_at": on(60)}),
        said("RectificationSubmitted", "submitted", 5, case=f"{HALL}/order-4", order_no="1"),
        said("RectificationRejected", "rejected", 6, case=f"{HALL}/order-4",
             reason="走过场", due_at=on(40)),
        breach("order overdue", 8, "order-1", kind="rectification", window_id=""),
        said("FindingRaised", "refusal", 3, subject="w1", finding_id="f1", category="refused"),
        card("answer", 4, subject="w1"),
        said("FindingRaised", "untidy", 3, subject="w1", finding_id="f2", category="image"),
        said("InspectionDone", "inspection", 6, subject="w2", findings=3, manner="covert"),
        said("InspectionDone", "all well", 6, subject="w1", findings=0),
        said("InspectionDone", "inspected", 6, subject="w7", findings=1),
        said("RectificationOrdered", "mend", 7, case=f"{HALL}/order-2", because="inspected",
             **order | {"to_org": "w7's agency", "due_at": on(60)}),
        said("FindingRaised", "not mended", 6, subject="w8", finding_id="f3", category="refused"),
        card("for something else", 7, subject="w8", because="refusal"),
        said("FindingRaised", "fees", 6, subject="w11", finding_id="f4", category="no_reason"),
        said("FindingRaised", "fees, put better", 6, subject="w11", finding_id="f4",
             category="no_reason", corrects="fees", recorded=7),
        card("of the first wording", 8, subject="w12", because="fees"),
        said("FindingRaised", "a finding", 6, subject="w13", finding_id="f5", category="fees"),
        said("RectificationOrdered", "of a finding", 7, case=f"{HALL}/order-3", **order
             | {"to_org": "the fifth", "due_at": on(60), "finding_event_id": an_id("a finding")}),
        *(breach(f"no permit {n}", n, kind="deemed_issue", window_id="w10") for n in (9, 10)),
        said("SupervisionOrdered", "pressed", 11, case=f"{HALL}/2026-ZG-1", because="no permit 9",
             by="efficiency_office", to_org="planning", order_no="d-1", due_at=on(12), what="出证"),
        said("SupervisionAnswered", "answered", 13, case=f"{HALL}/2026-ZG-1", order_no="d-1"),
        said("SupervisionOrdered", "pressed 2", 11, case=f"{HALL}/2026-ZG-2", by="leader",
             to_org="planning", order_no="d-1", due_at=on(12), what="尽快办结"),
        said("IntegritySignal", "twice", 7, case=f"{HALL}/2026-ZG-1", signal="repeat_notice",
             about_event_id=an_id("notice"), window_id="w5"),
        said("TalkHeld", "talk", 7, subject="w6", reason="超期"),
        said("TalkHeld", "talk again", 14, subject="w6", reason="超期"),
        said("RankingPublished", "ranking", 4, **ranking),
        *of_mechanisms(),
    ]  # fmt: skip


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    parts = "broker,topics,warehouse"
    with filled(tmp_path_factory.mktemp("proposals"), told(), NOW, parts) as stack:
        yield stack


def asked(name: str, **filters: Any) -> list[dict[str, Any]]:
    return list(warehouse.metric(name, now=NOW, **filters).dicts())


def test_a_turn_without_its_round_is_named_with_whose_it_was(stored: Stack) -> None:
    found = [(r["party"], r["staff"], r["state"], r["is_repeat"]) for r in asked("patrol_turns")]
    assert found == [
        ("discipline_officer", "s-discipline_officer", "done", 0),
        ("centre_manager", "s-centre_manager", "late", 0),
        ("duty_lead", "s-duty_lead", "missed", 0),
        ("duty_lead", "s-duty_lead", "missed", 1),  # the parties do not rotate
        ("chief_rep", "s-chief_rep", "due", 0),
    ]
    assert len(asked("patrol_turns", hall=HALL, month="2026-09")) == 4
    assert asked("patrol_turns", hall="luannan") == []


def test_what_may_call_for_a_measure_is_found_and_what_was_taken_back_is_not(
    stored: Stack,
) -> None:
    found = {(r["cause"], r["subject_kind"], r["subject"], r["amount"]) for r in asked("triggers")}
    assert found == {
        ("breach:step", "window", "w3", 1),
        ("breach:rectification", "org", "planning", 1),
        ("finding:refused", "window", "w1", 1), ("finding:image", "window", "w1", 1),
        ("inspection", "window", "w2", 3), ("inspection", "window", "w7", 1),
        ("finding:no_reason", "window", "w11", 1), ("finding:fees", "window", "w13", 1),
        ("finding:refused", "window", "w8", 1), ("breach:deemed_issue", "window", "w10", 1),
        ("sign:repeat_notice", "window", "w5", 1),
        ("rectification:rejected", "org", "seals", 1),
        ("patrol:missed", "staff", "s-duty_lead", 1),
        ("ranking:window-month", "window", "w9", 1),
    }  # fmt: skip
    assert asked("triggers", hall="luannan") == []


def test_the_command_lists_what_nobody_has_acted_on(stored: Stack) -> None:
    def proposed(*options: str) -> set[tuple[str, str, str]]:
        found = stored.json("proposals", *options)["list"]
        return {(p["subject"], p["measure"], p["state"]) for p in found}

    open_ = {
        ("w3", "yellow_card", "open"), ("planning", "criticism", "open"),
        ("seals", "criticism", "open"),
        ("w2", "rectification", "open"), ("w5", "yellow_card", "open"),
        ("s-duty_lead", "talk", "open"), ("w9", "leader_on_duty", "not_tracked"),
        ("w6", "rectification", "open"), ("w8", "yellow_card", "open"),
        ("w13", "red_card", "open"),
        *((window, "talk", "open") for window in ("w1", "w8", "w10")),
    }  # fmt: skip
    answered = {
        ("w1", "yellow_card", "answered"), ("w7", "rectification", "answered"),
        ("w10", "supervision", "answered"), ("w11", "yellow_card", "answered"),
    }  # fmt: skip
    assert proposed("--hall", HALL) == open_
    assert proposed("--all") == open_ | answered
    assert proposed("--subject", "w9") == {("w9", "leader_on_duty", "not_tracked")}
    assert proposed("--hall", "luannan") == set()
    shown = stored.run("proposals", "--subject", "w9").stdout
    assert "一把手带班" in shown


def test_a_measure_says_what_it_was_taken_for(stored: Stack) -> None:
    found = {r["subject"]: (r["cause"], r["flags"]) for r in asked_plain("measures")}
    assert found["the fifth"] == (an_id("a finding"), [])
    assert found["planning"] == ("", ["no_lower_step"])
    assert found["w12"] == (an_id("fees"), [])


def test_a_supervision_order_says_what_became_of_it(stored: Stack) -> None:
    found = [(r["case_id"], r["ordered_by"], r["state"], r["cause"]) for r in asked("supervisions")]
    assert sorted(found) == [
        (f"{HALL}/2026-ZG-1", "efficiency_office", "late", an_id("no permit 9")),
        (f"{HALL}/2026-ZG-2", "leader", "overdue", ""),
    ]
    assert asked("supervisions", month="2026-08") == []


def test_mechanisms_without_a_figure_of_their_own_are_counted_by_their_facts(
    stored: Stack,
) -> None:
    found = {(r["event_type"], r["detail"]): r for r in asked("mechanisms", hall=HALL)}
    assert set(found) >= {
        ("FastTrackGranted", "特事特办"), ("ResultDelivered", "home"),
        ("GuideAssigned", "agent"), ("GuideAssigned", "lead"),
    }  # fmt: skip
    fees = found["FeePaid", ""]
    assert (fees["facts"], fees["cases"], float(fees["amount"])) == (2, 2, 200.0)


def test_pledges_say_in_which_of_the_six_places_they_are_missing(stored: Stack) -> None:
    [row] = asked_plain("pledges")
    assert (row["subject"], row["places"]) == ("b1", ["desk", "wall", "web"])
    assert row["missing"] == ["paper", "tv", "brochure"]


def test_each_person_is_to_be_agent_for_one_project_and_in_two_teams_at_the_most(
    stored: Stack,
) -> None:
    found = [(r["staff"], r["agencies"], r["teams"], r["flags"]) for r in asked("duties")]
    assert found == [
        ("s1", 0, ["a", "b", "c"], ["no_agency", "too_many_teams"]),
        ("s2", 1, [], []),
    ]


def asked_plain(name: str, **filters: Any) -> list[dict[str, Any]]:
    return list(warehouse.metric(name, **filters).dicts())


# --- other halls, told after what stands above


def test_an_overdue_order_is_laid_on_whom_that_order_was_sent_to(stored: Stack) -> None:
    case = {"hall": "orders", "case": "orders/1"}
    order = {"what": "整改", "due_at": on(8), **case}
    overdue = {"kind": "rectification", "window_id": "", "due_at": on(8), **case}
    store([
        said("RectificationOrdered", "first", 2, order_no="1", to_org="the first", **order),
        said("RectificationOrdered", "second", 3, order_no="2", to_org="the second", **order),
        said("SupervisionOrdered", "pressed too", 4, order_no="1", to_org="another", by="leader",
             **order),
        said("ClockBreached", "first overdue", 8, clock_id="k1", **overdue),
    ], NOW)  # fmt: skip
    clock = {"hall_id": "orders", "case_id": "orders/1", "kind": "rectification"}
    Store().insert("clocks", [row("clocks", clock_id="k1", clock_key="1", **clock)])
    assert [r["subject"] for r in asked("triggers", hall="orders")] == ["the first"]


def test_a_call_that_ran_out_stays_with_whom_it_lay_then_whoever_takes_it_over(
    stored: Stack,
) -> None:
    case = {"hall": "calls", "case": "calls/1"}
    overdue = {"kind": "hotline_chase", "window_id": "", "due_at": on(8), **case}
    store([
        said("HotlineDispatched", "c1", 1, to_org="before", **case),
        said("HotlineDispatched", "c2", 3, to_org="then", **case),
        said("HotlineChased", "c3", 4, **case),
        said("ClockBreached", "c4", 8, clock_id="k", **overdue),
        said("HotlineDispatched", "c6", 8, to_org="at that very instant", **case),
        said("HotlineDispatched", "c5", 12, to_org="afterwards", **case),
    ], NOW)  # fmt: skip
    assert [r["subject"] for r in asked("triggers", hall="calls")] == ["then"]


def test_an_order_that_was_given_after_its_day_is_laid_on_whom_it_was_given_to(
    stored: Stack,
) -> None:
    case = {"hall": "belated", "case": "belated/1"}
    order = {"what": "整改", "due_at": on(8), "order_no": "1", **case}
    store([
        said("RectificationOrdered", "b1", 9, to_org="its own", **order),
        said("ClockBreached", "b2", 9, clock_id="k", kind="rectification", window_id="",
             due_at=on(8), **case),
    ], NOW)  # fmt: skip
    assert [r["subject"] for r in asked("triggers", hall="belated")] == ["its own"]


def test_an_overdue_order_is_laid_on_nobody_whom_only_a_voided_correction_names(
    stored: Stack,
) -> None:
    case = {"hall": "voided", "case": "voided/1"}
    order = {"what": "整改", "due_at": on(8), "order_no": "1", **case}
    store([
        said("RectificationOrdered", "v1", 2, to_org="right", **order),
        said("RectificationOrdered", "v2", 2, to_org="wrong", corrects="v1", recorded=3, **order),
        said("EventVoided", "v3", 4, voids_event_id=an_id("v2"), reason="误录", **case),
        said("ClockBreached", "v4", 8, clock_id="k", kind="rectification", window_id="",
             due_at=on(8), **case),
    ], NOW)  # fmt: skip
    assert [r["subject"] for r in asked("triggers", hall="voided")] == ["right"]


def test_nothing_is_proposed_of_what_was_imported_from_an_old_log(stored: Stack) -> None:
    old = {"hall": "old", "historical": True, "subject": "w1"}
    store([
        said("AttendanceExcepted", "o1", 2, kind="absent", half_days=3, **old),
        said("FindingRaised", "o2", 2, finding_id="f1", category="fees", **old),
        said("InspectionDone", "o3", 2, findings=3, **old),
    ], NOW)  # fmt: skip
    assert asked("triggers", hall="old") == []
