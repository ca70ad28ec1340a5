"""Order of arrival and doubling never matter: same facts, same case, same net messages."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from duban.case import Facts, evolve
from streams.difference import look_at
from streams.state import Held, at_rest, decode, encode, taken_up
from tests.given import CASE, REFERENCE, at, fact

MINUTES = st.integers(0, 40 * 24 * 60)
KINDS = (
    ("CaseSubmitted", {"item_code": "sign"}),
    ("CaseAccepted", {}),
    ("ClockExclusionStarted", {"ground": "hearing", "written_notice_no": "7"}),
    ("ClockExclusionEnded", {"ground": "hearing"}),
    ("ForwardedUp", {"authority": "省厅"}),
    ("UpstreamReplied", {"authority": "省厅"}),
    ("ExtensionGranted", {"days": 10, "approver_role": "organ_head"}),
    ("DeadlineImposed", {"due_at": at("2026-10-09 12:00")}),
    ("DecisionMade", {"decision": "approved"}),
    ("CaseReopened", {"cause": "quality"}),
    ("CaseClosed", {}),
    ("RatingGiven", {"level": 5, "source": "mass"}),
    ("RatingGiven", {"level": 1, "source": "mass"}),
)
START, LATE = at("2026-09-28 08:00"), at("2026-12-31 17:00")


@st.composite
def facts(draw):
    """Up to ten facts of one case, some told late, some correcting or voiding an earlier one."""
    made = []
    for type_, data in draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=10)):
        when = START + draw(MINUTES) * 60_000
        told = when + draw(st.sampled_from((0, 0, 0, 3 * 86_400_000)))
        one = fact(type_, "2026-09-28 08:00", **data)
        identity = f"{one.event_id[:-4]}{len(made):04x}"
        target = made[-1].event_id if made and draw(st.integers(0, 7)) == 0 else None
        same = target is not None and made[-1].type == type_
        made.append(
            one._replace(
                occurred_at=when,
                recorded_at=told,
                event_id=identity,
                digest=identity,
                corrects=target if same else None,
            )
        )
    return made


def net(events):
    """Messages raised minus messages taken back, and points by cause."""
    tally: Counter[tuple] = Counter()
    for event in events:
        data = event.data
        match event.type:
            case "SignalRaised":
                tally["signal", data["signal_id"]] += 1
            case "SignalRetracted":
                tally["signal", data["signal_id"]] -= 1
            case "ClockBreached":
                tally["breach", data["clock_id"], data["due_at"]] += 1
            case "ClockBreachRetracted":
                tally["breach", data["clock_id"], data["due_at"]] -= 1
            case "ScorePointPosted":
                key = ("points", data["rule_id"], data["cause_event_id"])
                tally[key] += round(data["points"] * 10)
    return {k: v for k, v in tally.items() if v}


def run(arrivals, turns, reference=REFERENCE):
    """Take facts in one by one, looking at the case after each at a rising instant."""
    held, events = Held(CASE, "sujiatun", "default"), []
    for one, now in zip(arrivals, turns, strict=True):
        held.facts = evolve(held.facts, one)
        seen, said = look_at(held, reference, now, one.event_id)
        events += said
        held.version += 1
        held = taken_up(CASE, decode(encode(held, seen, at_rest(held, True, None))))
    seen, said = look_at(held, reference, LATE, "timer")
    return held.facts.ordered, events + said


@settings(max_examples=300, deadline=None)
@given(st.data(), facts())
def test_any_order_and_doubling_gives_the_same_case_and_the_same_net_messages(data, made):
    arrivals = data.draw(st.permutations([*made, *data.draw(st.lists(st.sampled_from(made)))]))
    moments = st.lists(MINUTES, min_size=len(arrivals), max_size=len(arrivals))
    turns = sorted(START + m * 60_000 for m in data.draw(moments))
    state, events = run(arrivals, turns)
    plain_state, plain_events = run(made, [LATE] * len(made))
    assert state == plain_state
    assert net(events) == net(plain_events)
    assert all(count == 1 for key, count in net(events).items() if key[0] == "signal")


@given(facts(), st.integers(0, 10))
def test_folding_in_parts_equals_folding_whole(made, cut):
    parts = Facts()
    for one in (*made[cut:], *made[:cut]):
        parts = evolve(parts, one)
    whole = Facts()
    for one in made:
        whole = evolve(whole, one)
    assert parts == whole


@settings(deadline=None)
@given(facts())
def test_no_event_id_is_sent_twice(made):
    _, events = run(made, [START + i * 86_400_000 for i in range(len(made))])
    ids = [event.event_id for event in events]
    assert len(ids) == len(set(ids))


def test_the_losing_body_of_an_id_changes_nothing_when_it_is_told_again():
    stands = fact("CaseAccepted", "2026-09-28 08:00")._replace(digest="a")
    loses = stands._replace(recorded_at=stands.recorded_at + 1, digest="b")
    known = evolve(evolve(Facts(), loses), stands)
    assert known.ordered == (stands,) and known.conflicting == {stands.event_id}
    assert evolve(known, loses) is known
    assert evolve(known, stands) is known
