"""Clocks with keys, repeats and conditions: order and doubling matter to them as little."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from duban.policy import Extension, Policy
from tests.given import GROUNDS, PROMISE_LADDER, REFERENCE, at, fact
from tests.rules.test_kinds import ITEM, kind
from tests.rules.test_order import LATE, MINUTES, START, net, run

ENDINGS = "DecisionMade CaseRefused CaseClosed"
WARNED = {"ladder": "promise"}
KINDS = (
    kind("promise", "item.promise", "item", "CaseAccepted", ENDINGS, pause_grounds=GROUNDS,
         governs=3, extension=Extension(1, 2, "organ_head", 1), **WARNED),
    kind("step", "step", start="StepAssigned", stop=f"StepCompleted {ENDINGS}", per="step",
         fallback=1, repeats=True, **WARNED),
    kind("branch", "branch", start="ParallelGroupOpened BranchReceipted", per="branch_id",
         stop=f"BranchOpined {ENDINGS}", fallback=4, pause_grounds=GROUNDS, **WARNED),
    kind("chase", 2, start="ForwardedUp UpstreamChased", stop="UpstreamChased UpstreamReplied",
         per="branch_id", repeats=True, **WARNED),
    kind("notice", 3, start="HearingScheduled", stop=f"HearingNotified {ENDINGS}",
         before="hearing_at", **WARNED),
    kind("rectify", 0, "instant", "RectificationOrdered RectificationRejected",
         "RectificationSubmitted", repeats=True, **WARNED),
    kind("agreed", 1, start="BranchOpined", stop="CaseClosed",
         when={"opinion": frozenset({"agree"})}, start_day=True, **WARNED),
)  # fmt: skip
RULES = replace(
    REFERENCE,
    items={"sign": (ITEM,)},
    policies={
        "default": (
            Policy(
                "default", "1", 0, KINDS, {"promise": PROMISE_LADDER},
                reopen_by_cause={"quality": "continue_minus_closed", "bad_review": "new_clock"},
            ),
        )
    },
)  # fmt: skip
GROUP = [{"branch_id": "a", "budget": 3, "unit": "calendar_day"}, {"branch_id": "b"}]
PAUSE = {"ground": "hearing", "written_notice_no": "7"}
FACTS = (
    *[(name, {}) for name in ("CaseAccepted", "CaseClosed", "CaseRefused", "HearingNotified")],
    *[("CaseReopened", {"cause": c}) for c in ("quality", "bad_review", "correction")],
    *[("StepAssigned", {"step": s}) for s in ("review", "survey")],
    *[("StepCompleted", {"step": s}) for s in ("review", "survey")],
    *[("BranchReceipted", {"branch_id": b}) for b in ("a", "c")],
    *[("BranchOpined", {"branch_id": b, "opinion": o}) for b, o in (("a", "agree"), ("b", ""))],
    *[(name, {"branch_id": b}) for name in ("ForwardedUp", "UpstreamChased") for b in ("", "a")],
    *[("UpstreamReplied", {"branch_id": b}) for b in ("", "a")],
    *[("ClockExclusionStarted", {**PAUSE, "branch_id": b}) for b in ("", "a")],
    *[("ClockExclusionEnded", data) for data in ({}, {"branch_id": "a"}, {"ground": "hearing"})],
    ("CaseSubmitted", {"item_code": "sign"}),
    ("ParallelGroupOpened", {"branches": GROUP}),
    ("HearingScheduled", {"hearing_at": at("2026-10-20 09:00")}),
    ("RectificationOrdered", {"due_at": at("2026-10-12 12:00")}),
    ("RectificationRejected", {"due_at": at("2026-10-26 12:00")}),
    ("RectificationSubmitted", {}),
    ("ExtensionRequested", {"days": 2}),
    ("ExtensionGranted", {"days": 2, "approver_role": "organ_head"}),
    ("DecisionMade", {"decision": "approved"}),
    ("EventVoided", {}),
)


@st.composite
def facts(draw):
    """Up to twelve facts of one case, some told late, some correcting or voiding another."""
    made = []
    for name, data in draw(st.lists(st.sampled_from(FACTS), min_size=1, max_size=12)):
        when = START + draw(MINUTES) * 60_000
        told = when + draw(st.sampled_from((0, 0, 0, 3 * 86_400_000)))
        one = fact(name, "2026-09-28 08:00", **data)
        identity = f"{one.event_id[:-4]}{len(made):04x}"
        target = made[draw(st.integers(0, len(made) - 1))] if made else None
        if name == "EventVoided":
            one = one._replace(data={"voids_event_id": target.event_id if target else ""})
        corrects = target and target.type == name and draw(st.booleans())
        made.append(
            one._replace(
                occurred_at=when,
                recorded_at=told,
                event_id=identity,
                digest=identity,
                corrects=target.event_id if target and corrects else None,
            )
        )
    return made


@settings(max_examples=200, deadline=None)
@given(st.data(), facts())
def test_any_order_and_doubling_gives_the_same_clocks(data, made):
    arrivals = data.draw(st.permutations([*made, *data.draw(st.lists(st.sampled_from(made)))]))
    moments = st.lists(MINUTES, min_size=len(arrivals), max_size=len(arrivals))
    turns = sorted(START + m * 60_000 for m in data.draw(moments))
    state, events = run(arrivals, turns, RULES)
    plain_state, plain_events = run(made, [LATE] * len(made), RULES)
    assert state == plain_state
    assert net(events) == net(plain_events)
    assert all(count == 1 for key, count in net(events).items() if key[0] == "signal")


@settings(max_examples=200, deadline=None)
@given(facts())
def test_clocks_that_run_at_once_have_ids_of_their_own_and_no_id_is_sent_twice(made):
    _, events = run(made, [START + i * 86_400_000 for i in range(len(made))], RULES)
    ids = [event.event_id for event in events]
    assert len(ids) == len(set(ids))
    started = [e.data["clock_id"] for e in events if e.type == "ClockStarted"]
    stopped = [e.data["clock_id"] for e in events if e.type == "ClockStopped"]
    assert set(stopped) <= set(started)
