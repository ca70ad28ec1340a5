"""What holds of every random life: of all event types, kinds, zones and versions at once.

The lives are those on which the engine is compared with the model (`tests.model`).
"""

import atexit
from collections import Counter
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from duban.case import Facts, evolve
from duban.explain import explain
from streams.difference import look_at
from streams.state import Held, at_rest, decode, encode, taken_up
from tests.model import engine, worlds
from tests.model.cases import BEGIN, DAY, MINUTE, SPAN, Case, draw
from tests.rules.test_order import net

PAUSE = {"ground": "hearing", "written_notice_no": "7"}
FILES = TemporaryDirectory(prefix="duban-worlds-")
atexit.register(FILES.cleanup)
unhurried = settings(max_examples=150, deadline=None)


@cache
def world(seed: int) -> worlds.World:
    """One of a few worlds, made once."""
    return worlds.make(seed, Path(FILES.name))


lives = st.builds(draw, st.integers(0, 10**9), st.integers(0, 3).map(world))


def looked_at(case, arrivals, moments):
    """Take the facts in one by one, looking at rising instants; messages and the facts kept."""
    reference = engine.reference_of(case)
    held, events = Held(case.case_id, case.hall, "default"), []
    for fact, now in zip(arrivals, moments, strict=True):
        held.facts = evolve(held.facts, fact)
        seen, said = look_at(held, reference, now, fact.event_id)
        events += said
        held.version += 1
        held = taken_up(case.case_id, decode(encode(held, seen, at_rest(held, True, None))))
    _, said = look_at(held, reference, case.now, "timer")
    return held.facts, events + said


@unhurried
@given(st.data(), lives)
def test_order_doubling_and_moments_of_looking_do_not_matter_to_any_life(data, case):
    facts = engine.facts_of(case)
    doubles = data.draw(st.lists(st.sampled_from(facts), max_size=3))
    arrivals = data.draw(st.permutations([*facts, *doubles]))
    moments = st.integers(BEGIN, case.now)
    looks = sorted(data.draw(st.lists(moments, min_size=len(arrivals), max_size=len(arrivals))))
    kept, events = looked_at(case, arrivals, looks)
    plain_kept, plain_events = looked_at(case, facts, [case.now] * len(facts))
    assert kept == plain_kept
    assert net(events) == net(plain_events)
    ids = [event.event_id for event in events]
    assert len(ids) == len(set(ids))


@unhurried
@given(lives, st.integers(0, 30))
def test_folding_any_life_in_parts_equals_folding_it_whole(case, cut):
    facts = engine.facts_of(case)
    parts, whole = Facts(), Facts()
    for fact in (*facts[cut:], *facts[:cut]):
        parts = evolve(parts, fact)
    for fact in facts:
        whole = evolve(whole, fact)
    assert parts == whole


@unhurried
@given(lives)
def test_no_rung_of_any_life_is_out_twice(case):
    signals = engine.judge(case)["signals"]
    names = [tuple(s[n] for n in ("kind", "key", "anchor", "rung", "due")) for s in signals]
    assert [name for name, times in Counter(names).items() if times > 1] == []


@unhurried
@given(lives)
def test_the_days_of_any_life_add_up_to_what_was_consumed(case):
    for clock in engine.assessed(case, engine.facts_of(case)).clocks:
        used = sum(line.used for line in explain(clock))
        if clock.definition.before:  # it is told from the event back, not from its start on
            assert used == clock.budget
        elif clock.state != "running":
            assert used == clock.consumed


@unhurried
@given(st.data())
def test_a_pause_shortens_nothing_that_remains(data):
    """For every item: what was left when the pause began is left when it ends, and no clock falls
    due earlier than without it."""
    place = world(data.draw(st.integers(0, 3)))
    start = BEGIN + data.draw(st.integers(0, SPAN // MINUTE)) * MINUTE
    begin = start + data.draw(st.integers(1, 12 * 24 * 60)) * MINUTE
    end = begin + data.draw(st.integers(1, 30 * 24 * 60)) * MINUTE
    told = [
        ("CaseSubmitted", start - MINUTE, {"item_code": data.draw(st.sampled_from(place.items))}),
        ("CaseAccepted", start, {}),
        ("ClockExclusionStarted", begin, PAUSE),
        ("ClockExclusionEnded", end, PAUSE),
    ]
    hall = data.draw(st.sampled_from(place.halls))
    facts = [one(*fact) for fact in told]
    free, held, gone_on = (
        clocks(Case(place, f"{hall}/1", hall, tuple(facts[:n]), False, end + 400 * DAY))
        for n in (2, 3, 4)
    )
    paused = [name for name, clock in held.items() if clock.state == "paused"]
    assume(paused)
    for name in paused:
        assert gone_on[name].state == "running"
        assert gone_on[name].due_at >= free[name].due_at
        versions = {found[name].policy_version for found in (free, held, gone_on)}
        if len(versions) == 1 and "+" not in versions.pop():
            assert gone_on[name].remaining == held[name].remaining


def one(type_, at, data):
    """A plain fact."""
    return {
        "id": f"{type_}-{at}", "type": type_, "occurred_at": at, "recorded_at": at, "data": data,
        "corrects": None, "window": "", "role": "handler",
    }  # fmt: skip


def clocks(case):
    """The clocks of a case by kind and key."""
    seen = engine.assessed(case, engine.facts_of(case))
    return {(clock.kind, clock.key): clock for clock in seen.clocks}
