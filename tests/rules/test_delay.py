"""Who caused a delay: shares among those who held the case, adding up to the delay."""

from dataclasses import replace
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from duban.custody import Holder
from duban.delay import delay_of, proportion
from duban.policy import ClockDef
from tests.given import POLICY, REFERENCE, at, fact, when

SUBMITTED = fact("CaseSubmitted", "2026-10-12 09:00", item_code="sign")
ACCEPTED = fact("CaseAccepted", "2026-10-12 09:00")  # three days: due 2026-10-15 17:00
CHAIN = fact(
    "ResponsibilityChainBound", "2026-10-12 09:30", project_id="p1",
    links=[{"party": "local_government", "org": "township", "steps": []},
           {"party": "owner", "org": "", "steps": ["drawings"]}],
)  # fmt: skip
DAY = 420  # minutes of business a day


def stepped(**days):
    """The reference with days for the steps of the item."""
    (item,) = REFERENCE.items["sign"]
    return replace(REFERENCE, items={"sign": (replace(item, steps=days),)})


def step(name, begin, end="", org="", staff=""):
    made = [fact("StepAssigned", begin, step=name, org=org, staff=staff)]
    return [*made, fact("StepCompleted", end, step=name)] if end else made


def decided(when_):
    return fact("DecisionMade", when_, decision="approved")


def shares(now, *facts, reference=REFERENCE, kind="promise"):
    """Shares of the clock as {(step, org, party): minutes}; they are checked to add up."""
    case = when(now, *facts, reference=reference)
    clock = next(c for c in case.clocks if c.kind == kind)
    found = delay_of(clock, case.standing, case.item, at(now))
    assert sum(s.minutes for s in found) == clock.late_minutes(at(now))
    return {(s.step, s.org, s.party): s.minutes for s in found}


def test_without_budgets_a_delay_falls_on_who_held_the_case_after_it_was_due():
    first = step("survey", "2026-10-12 10:00", "2026-10-16 12:00", org="planning")
    then = step("seal", "2026-10-16 12:00", "2026-10-19 17:00", org="seals")
    assert shares("2026-11-01 09:00", SUBMITTED, ACCEPTED, *first, *then,
                  decided("2026-10-19 17:00")) == {
        ("survey", "planning", "department"): 180,
        ("seal", "seals", "department"): 240 + DAY,
    }  # fmt: skip


def test_with_budgets_it_is_shared_by_what_each_took_beyond_its_own():
    # survey: one day, used up on the 13th at the close, held two days longer; seal: one day, used
    # up on the 16th, held until the close of the 19th, one day longer. Two to one.
    first = step("survey", "2026-10-12 10:00", "2026-10-15 17:00", org="planning")
    then = step("seal", "2026-10-15 17:00", "2026-10-19 17:00", org="seals")
    case = (SUBMITTED, ACCEPTED, *first, *then, decided("2026-10-19 17:00"))
    assert shares("2026-11-01 09:00", *case, reference=stepped(survey=1, seal=1)) == {
        ("survey", "planning", "department"): 2 * DAY * 2 // 3,
        ("seal", "seals", "department"): 2 * DAY // 3,
    }


def test_within_all_budgets_the_holder_after_the_due_instant_answers():
    first = step("survey", "2026-10-12 10:00", "2026-10-16 17:00", org="planning")
    case = (SUBMITTED, ACCEPTED, *first, decided("2026-10-16 17:00"))
    assert shares("2026-11-01 09:00", *case, reference=stepped(survey=9)) == {
        ("survey", "planning", "department"): DAY
    }


def test_the_chain_of_responsibility_names_the_party_by_step_or_organisation():
    first = step("visit", "2026-10-12 10:00", "2026-10-16 17:00", org="township")
    then = step("drawings", "2026-10-16 17:00", "2026-10-19 17:00", org="anybody")
    case = (SUBMITTED, ACCEPTED, CHAIN, *first, *then, decided("2026-10-19 17:00"))
    assert shares("2026-11-01 09:00", *case) == {
        ("visit", "township", "local_government"): DAY,
        ("drawings", "anybody", "owner"): DAY,
    }


def test_an_obstacle_lies_with_the_party_it_names_until_it_is_cleared():
    logged = fact("ObstacleLogged", "2026-10-16 09:00", obstacle_id="o1", party="centre")
    cleared = fact("ObstacleCleared", "2026-10-16 17:00", obstacle_id="o1")
    case = (SUBMITTED, ACCEPTED, logged, cleared, decided("2026-10-19 17:00"))
    assert shares("2026-11-01 09:00", *case) == {
        ("", "", "centre"): DAY,
        ("", "", "department"): DAY,
    }


def test_time_upstream_is_a_line_of_its_own():
    up = fact("ForwardedUp", "2026-10-16 09:00", authority="省厅")
    back = fact("UpstreamReplied", "2026-10-16 17:00", authority="省厅")
    case = (SUBMITTED, ACCEPTED, up, back, decided("2026-10-19 17:00"))
    assert shares("2026-11-01 09:00", *case) == {
        ("", "省厅", "upstream"): DAY,
        ("", "", "department"): DAY,
    }


def test_the_former_answers_until_a_hand_over_is_accepted():
    taken = fact("HandedOver", "2026-10-15 09:00", to_org="b", to_staff="s2", accepted_by="")
    signed = fact("StepAcknowledged", "2026-10-16 17:00", step="")
    case = (SUBMITTED, ACCEPTED, taken, signed, decided("2026-10-19 17:00"))
    assert shares("2026-11-01 09:00", *case) == {
        ("", "", "department"): DAY,
        ("", "b", "department"): DAY,
    }


def test_branches_that_hold_it_together_share_it():
    signed = [fact("BranchReceipted", "2026-10-14 09:00", branch_id=b, org=b) for b in "ab"]
    opined = fact("BranchOpined", "2026-10-16 17:00", branch_id="a", opinion="agree")
    case = (SUBMITTED, ACCEPTED, *signed, opined, decided("2026-10-19 17:00"))
    assert shares("2026-11-01 09:00", *case) == {
        ("a", "a", "department"): DAY // 2,
        ("b", "b", "department"): DAY // 2 + DAY,
    }


def test_a_case_that_is_overdue_now_has_shares_and_says_nothing_yet():
    case = (SUBMITTED, ACCEPTED, *step("survey", "2026-10-12 10:00", org="planning"))
    assert shares("2026-10-16 11:00", *case) == {("survey", "planning", "department"): 120}
    out = {o.type for o in when("2026-10-16 11:00", *case).outputs.values()}
    assert "DelayAttributed" not in out


def test_what_is_said_of_a_late_clock_adds_up_to_its_delay():
    case = when("2026-11-01 09:00", SUBMITTED, ACCEPTED, decided("2026-10-19 17:00"))
    parts = [o.data for o in case.outputs.values() if o.type == "DelayAttributed"]
    assert [(p["clock_kind"], p["minutes"], p["of_minutes"]) for p in parts] == [
        ("promise", 2 * DAY, 2 * DAY)
    ]


# --- whose term it is ---

BRANCH = ClockDef("branch", "branch", "working_day", ("BranchReceipted",), ("BranchOpined",),
                  fallback=3, per="branch_id")  # fmt: skip
STEP = ClockDef("step", 5, "working_day", ("StepAssigned",), ("StepCompleted",), per="step")
ASK = ClockDef("hearing_ask", 5, "working_day", ("HearingOffered",),
               ("HearingRequested", "DecisionMade"), side="applicant")  # fmt: skip
CHASE = ClockDef("upstream_chase", 5, "working_day", ("ForwardedUp",),
                 ("UpstreamChased", "UpstreamReplied"), per="branch_id")  # fmt: skip
ABOVE = ClockDef("upstream", 5, "working_day", ("ForwardedUp",), ("UpstreamReplied",),
                 per="branch_id", side="upstream")  # fmt: skip


def of(*clocks):
    """The reference with these kinds of clock."""
    return replace(REFERENCE, policies={"default": (replace(POLICY, clocks=clocks),)})


def test_a_branch_answers_for_its_own_term_alone():
    # Three days from Monday the 12th: due on the 15th; fire speaks a day late, land a week later.
    signed = [fact("BranchReceipted", "2026-10-12 14:00", branch_id=b, org=b) for b in ("a", "b")]
    late = fact("BranchOpined", "2026-10-16 17:00", branch_id="a", opinion="agree")
    group = fact("ParallelGroupOpened", "2026-10-12 10:00", branches=[
        {"branch_id": "b", "budget": 20, "unit": "working_day"}])  # fmt: skip
    spoke = fact("BranchOpined", "2026-10-19 17:00", branch_id="b", opinion="agree")
    case = (SUBMITTED, ACCEPTED, group, *signed, late, spoke)
    assert shares("2026-11-01 09:00", *case, reference=of(BRANCH), kind="branch") == {
        ("a", "a", "department"): DAY
    }


def test_a_step_answers_for_its_own_term_though_another_was_assigned_after_it():
    # Five days from Monday the 12th: due on the 19th; completed at the close of the 20th.
    first = step("review", "2026-10-12 10:00", "2026-10-20 17:00", org="planning")
    other = step("survey", "2026-10-20 10:00", org="surveyors")
    case = (SUBMITTED, ACCEPTED, *first, *other)
    assert shares("2026-10-20 18:00", *case, reference=of(STEP), kind="step") == {
        ("review", "planning", "department"): DAY
    }


def test_the_applicant_answers_for_the_applicants_terms_and_for_no_right_left_unused():
    # Told on Monday the 12th, five days (行政许可法 art 47): up to the 19th.
    told = fact("HearingOffered", "2026-10-12 10:00")
    asked = fact("HearingRequested", "2026-10-20 17:00")
    case = (SUBMITTED, ACCEPTED, told, asked)
    assert shares("2026-11-01 09:00", *case, reference=of(ASK), kind="hearing_ask") == {
        ("", "", "owner"): DAY
    }
    silent = when("2026-11-01 09:00", SUBMITTED, ACCEPTED, told, decided("2026-10-20 17:00"),
                  reference=of(ASK))  # fmt: skip
    assert "DelayAttributed" not in {o.type for o in silent.outputs.values()}


def test_to_chase_is_the_halls_duty_and_to_answer_is_that_of_the_authority_above():
    # Sent up on Monday the 12th: to be chased and answered by the 19th.
    sent = fact("ForwardedUp", "2026-10-12 10:00", authority="省厅")
    reply = fact("UpstreamReplied", "2026-10-20 17:00", authority="省厅", answer="approved")
    taken = ACCEPTED._replace(actor=ACCEPTED.actor._replace(org_id="hall"))
    case = (SUBMITTED, taken, sent, reply)
    for kind, party in (("upstream_chase", ("", "hall", "department")),
                        ("upstream", ("", "省厅", "upstream"))):  # fmt: skip
        found = shares("2026-11-01 09:00", *case, reference=of(CHASE, ABOVE), kind=kind)
        assert found == {party: DAY}


# --- properties ----------------------------------------------------------------------------------

NAMES = st.sampled_from("abcd")
HOLDERS = st.builds(Holder, NAMES, NAMES, episode=st.none())  # shares are not told by turn
WEIGHTS = st.dictionaries(HOLDERS, st.fractions(0, 1000), max_size=9)


@given(WEIGHTS, st.integers(0, 10_000))
def test_largest_remainders_lose_nothing(weights, total):
    made = proportion(weights, total)
    exact = {h[:4]: total * w / sum(weights.values()) for h, w in weights.items() if w}
    assert sum(s.minutes for s in made) == (total if exact else 0)
    assert all(abs(s.minutes - exact[s[:4]]) < 1 for s in made)
    assert all(isinstance(w, Fraction) for w in weights.values())


MOVES = st.sampled_from(
    [
        ("StepAssigned", {"step": "survey", "org": "planning", "staff": "s1"}),
        ("StepAssigned", {"step": "seal", "org": "seals", "staff": "s2"}),
        ("StepCompleted", {"step": "survey"}),
        ("StepCompleted", {"step": "seal"}),
        ("StepAcknowledged", {"step": "", "staff": "s4"}),
        ("HandedOver", {"to_org": "b", "to_staff": "s3", "accepted_by": "s3"}),
        ("HandedOver", {"to_org": "c", "to_staff": "s4", "accepted_by": ""}),
        ("ForwardedUp", {"authority": "省厅"}),
        ("UpstreamReplied", {"authority": "省厅"}),
        ("SupplementRequested", {}),
        ("SupplementReceived", {}),
        ("ObstacleLogged", {"obstacle_id": "o1", "party": "owner"}),
        ("ObstacleCleared", {"obstacle_id": "o1"}),
        ("BranchReceipted", {"branch_id": "a", "org": "seals"}),
        ("BranchReceipted", {"branch_id": "b", "org": "fire"}),
        ("BranchOpined", {"branch_id": "a", "opinion": "agree"}),
        ("ClockExclusionStarted", {"ground": "hearing", "written_notice_no": "1"}),
        ("ClockExclusionEnded", {"ground": "hearing"}),
        ("CaseReopened", {"cause": "quality"}),
        ("DecisionMade", {"decision": "approved"}),
    ]
)


@st.composite
def lives(draw):
    """Accepted on a Monday, then whatever happens in five weeks, then decided."""
    made = [SUBMITTED, ACCEPTED]
    for number, (type_, data) in enumerate(draw(st.lists(MOVES, max_size=12))):
        minutes = draw(st.integers(0, 35 * 24 * 60))
        one = fact(type_, "2026-10-12 09:00", **data)
        identity = f"{one.event_id[:-4]}{number:04x}"
        told = one.occurred_at + minutes * 60_000
        made.append(one._replace(occurred_at=told, recorded_at=told, event_id=identity))
    return [*made, decided("2026-11-20 17:00")]


@settings(max_examples=150, deadline=None)
@given(lives(), st.sampled_from([{}, {"survey": 1}, {"survey": 2, "seal": 1}]), st.randoms())
def test_parts_add_up_to_the_delay_in_whatever_order_the_facts_come(facts, days, dice):
    reference = stepped(**days)
    case = when("2026-12-01 09:00", *facts, reference=reference)
    for clock in case.clocks:
        parts = [
            o.data for o in case.outputs.values()
            if o.type == "DelayAttributed" and o.data["clock_id"] == clock.id
        ]  # fmt: skip
        late = clock.late_minutes(at("2026-12-01 09:00")) if clock.stopped_at else 0
        assert sum(p["minutes"] for p in parts) == max(0, late)
        assert all(p["minutes"] > 0 and p["of_minutes"] == late for p in parts)
    dice.shuffle(facts)
    again = when("2026-12-01 09:00", *facts, reference=reference)
    assert again.outputs == case.outputs
