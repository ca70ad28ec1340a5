"""Deemed outcomes, shares of delay and integrity signals do not depend on the order of arrival."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from duban.case import evolve
from streams.difference import look_at
from streams.state import Held, at_rest, decode, encode, taken_up
from tests.given import CASE, at, fact
from tests.rules.test_deemed import SILENT

START, LATE = at("2026-09-21 08:00"), at("2026-12-31 17:00")
MINUTES = st.integers(0, 30 * 24 * 60)
KINDS = (
    ("CaseSubmitted", {"item_code": "sign"}),
    ("CaseAccepted", {}),
    ("SupplementReceived", {}),
    ("StepAssigned", {"step": "survey", "org": "planning"}),
    ("StepCompleted", {"step": "survey"}),
    ("ForwardedUp", {"authority": "省厅"}),
    ("BranchReceipted", {"branch_id": "fire", "org": "fire"}),
    ("BranchOpined", {"branch_id": "fire", "opinion": "disagree"}),
    ("BranchAbsent", {"branch_id": "fire", "reason": ""}),
    ("DeemedOutcomeConfirmed", {"outcome": "acceptance"}),
    ("DeemedOutcomeConfirmed", {"outcome": "consent", "branch_id": "fire"}),
    ("DeemedOutcomeConfirmed", {"outcome": "renewal"}),
    ("DeadlineImposed", {"due_at": at("2026-10-09 12:00")}),
    ("DecisionMade", {"decision": "approved"}),
    ("CaseReopened", {"cause": "quality"}),
    ("OneTimeNoticeIssued", {}),
    ("ClockExclusionStarted", {"ground": "hearing", "expected_days": 1}),
)


@st.composite
def lives(draw):
    """Up to nine facts of a month, some told three days late, some correcting the one before."""
    made = []
    for number, (type_, data) in enumerate(draw(st.lists(st.sampled_from(KINDS), max_size=9))):
        one = fact(type_, "2026-09-21 08:00", **data)
        moment = START + draw(MINUTES) * 60_000
        identity = f"{one.event_id[:-4]}{number:04x}"
        same = bool(made) and made[-1].type == type_ and draw(st.booleans())
        late = draw(st.sampled_from((0, 0, 3 * 86_400_000)))
        made.append(
            one._replace(
                occurred_at=moment,
                recorded_at=moment + late,
                event_id=identity,
                digest=identity,
                corrects=made[-1].event_id if same else None,
            )
        )
    return made


def run(arrivals, turns):
    """Take facts in one by one, looking at the case after each at a rising instant."""
    held, events = Held(CASE, "sujiatun", "default"), []
    for one, now in zip(arrivals, turns, strict=True):
        held.facts = evolve(held.facts, one)
        seen, said = look_at(held, SILENT, now, one.event_id)
        events += said
        held.version += 1
        held = taken_up(CASE, decode(encode(held, seen, at_rest(held, True, None))))
    seen, said = look_at(held, SILENT, LATE, "timer")
    return seen, events + said


def net(events):
    """What was said less what was taken back, and the minutes of each holder on each clock."""
    tally: Counter[tuple] = Counter()
    for event in events:
        data = event.data
        match event.type:
            case "DeemedOutcomeReached" | "DeemedOutcomeRetracted":
                key = (data["outcome"], data["branch_id"], data["clock_id"], data["due_at"])
                tally[key] += 1 if event.type == "DeemedOutcomeReached" else -1
            case "IntegritySignal" | "IntegrityRetracted":
                key = (data["signal"], data["about_event_id"], data["minutes"], data["detail"])
                tally[key] += 1 if event.type == "IntegritySignal" else -1
            case "DelayAttributed":
                held = tuple(data[name] for name in ("step", "org", "staff", "party"))
                tally["delay", data["clock_id"], *held] += data["minutes"]
    return {key: count for key, count in tally.items() if count}


@settings(max_examples=300, deadline=None)
@given(st.data(), lives())
def test_any_order_and_doubling_leaves_the_same_messages(data, made):
    doubles = data.draw(st.lists(st.sampled_from(made))) if made else []
    arrivals = data.draw(st.permutations([*made, *doubles]))
    moments = st.lists(MINUTES, min_size=len(arrivals), max_size=len(arrivals))
    turns = sorted(START + m * 60_000 for m in data.draw(moments))
    seen, events = run(arrivals, turns)
    _, plain = run(made, [LATE] * len(made))
    assert net(events) == net(plain)
    assert len({event.event_id for event in events}) == len(events)
    delays = Counter()
    for key, minutes in net(events).items():
        if key[0] == "delay":
            delays[key[1]] += minutes
    late = {c.id: c.late_minutes(LATE) for c in seen.clocks if c.stopped_at is not None}
    assert delays == {name: minutes for name, minutes in late.items() if minutes > 0}


def test_every_kind_of_message_is_drawn_taken_back_and_confirmed():
    """The property above says something: each of its messages comes about in these facts."""
    submitted = fact("CaseSubmitted", "2026-09-21 10:00", item_code="sign")
    in_time = fact("CaseAccepted", "2026-09-22 10:00", recorded="2026-10-09 10:00")
    decided = fact("DecisionMade", "2026-10-10 10:00", decision="approved")
    later = fact("DecisionMade", "2026-10-12 10:00", decision="approved")
    mended = later._replace(corrects=decided.event_id)
    facts = (submitted, in_time, decided, mended)
    turns = [at(f"2026-10-{day} 16:00") for day in ("08", "09", "10", "12")]
    _, events = run(facts, turns)
    types = Counter(e.type for e in events)
    assert types["DeemedOutcomeReached"] == types["DeemedOutcomeRetracted"] == 1
    assert sorted(e.data["minutes"] > 0 for e in events if e.type == "DelayAttributed") == [
        False, True, True,
    ]  # fmt: skip
    assert types["IntegritySignal"] >= 1
