"""Facts and versions in any order of arrival: the same case, the same net messages."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from duban.case import evolve, read
from duban.standing import effective
from streams.difference import look_at
from streams.state import Held
from tests.given import CASE, REFERENCE, assess, at, fact, name_of, told
from tests.rules.test_order import LATE, facts, net
from tests.rules.test_versions import hours, notice, promised, with_calendars

HALL = "sujiatun"
EARLIER = notice(2026, "2025-11-04", [f"2026-10-0{day}" for day in range(1, 8)])
HOUR = 3_600_000
MOMENTS = st.integers(at("2026-09-28 08:00") // HOUR, at("2026-11-20 00:00") // HOUR)
MODES = st.sampled_from(("new_only", "open_from_now", "open_recompute"))
BEFORE = with_calendars(EARLIER)


def after(published: int, mode: str, effective_from: int):
    """Everything changes at once: national days, the hall's days, the policy."""
    newer = promised(5, "2", "2026-10-01", mode)
    policy = replace(newer, effective_from=effective_from, published_at=published)
    events = (
        notice(2026, "2025-11-04", ["2026-10-08", "2026-10-12", "2026-10-20"], "2"),
        hours(HALL, "2026-01-01", "1", ["2026-10-14", "2026-10-29"]),
    )
    moved = [
        replace(e, event_id=name_of(f"{e.event_id} {published}"), occurred_at=published)
        for e in events
    ]
    made = with_calendars(EARLIER, *moved)
    return replace(made, policies={"default": (*REFERENCE.policies["default"], policy)})


def lived(clock):
    named = (clock.policy_version, clock.calendar.version, clock.provisional)
    return clock.id, clock.due_at, clock.outcome, clock.spent, clock.segments, named


def ended(made):
    return read(effective(told(*made).ordered)).ended_at


@settings(max_examples=300, deadline=None)
@given(facts(), st.integers(1, 1000), MODES, st.integers(-500, 500))
def test_nothing_published_after_its_end_changes_a_case(made, hours_later, mode, shift):
    """Its end is that of its last clock: one that runs on, such as delivery, is not over."""
    end, before = ended(made), assess(CASE, HALL, told(*made), BEFORE, LATE)
    stops = [clock.stopped_at for clock in before.clocks]
    if end is None or None in stops:
        return
    published = max([end, *stops]) + hours_later * HOUR
    reference = after(published, mode, published + shift * HOUR)
    then = assess(CASE, HALL, told(*made), reference, LATE)
    assert then.outputs == before.outputs
    assert list(map(lived, then.clocks)) == list(map(lived, before.clocks))
    assert then.next_wake == before.next_wake
    assert (then.policy_version, then.calendar_version) == (
        before.policy_version, before.calendar_version,
    )  # fmt: skip


def test_the_versions_of_these_tests_do_move_open_cases():
    made = after(at("2026-10-05 09:00"), "open_from_now", at("2026-10-09 00:00"))
    one = facts_of_an_open_case()
    before = assess(CASE, HALL, told(*one), BEFORE, LATE)
    then = assess(CASE, HALL, told(*one), made, LATE)
    dues = [[c.due_at for c in seen.clocks] for seen in (before, then)]
    assert all(a != b for a, b in zip(*dues, strict=True))


def facts_of_an_open_case():
    return (
        fact("CaseSubmitted", "2026-10-08 09:00", item_code="sign"),
        fact("CaseAccepted", "2026-10-08 10:00"),
    )


def live(made, delays, published, reference):
    """Facts come in some time after they happened; the versions when they are published: open
    cases are then looked at again, ended ones are not."""
    arriving = sorted(
        zip((f.occurred_at + d * HOUR for f, d in zip(made, delays, strict=True)), made,
            strict=True))  # fmt: skip
    held, events, current, seen = Held(CASE, HALL, "default"), [], BEFORE, None
    for now, one in arriving:
        if current is BEFORE and now >= published:
            current = reference
            if seen is not None and seen.open:
                seen, said = look_at(held, current, published, "reference")
                events += said
        held.facts = evolve(held.facts, one)
        seen, said = look_at(held, current, now, one.event_id)
        events += said
        held.version += 1
    if current is reference or assess(CASE, HALL, held.facts, reference, LATE).open:
        events += look_at(held, reference, LATE, "reference")[1]
    return held, events


@settings(max_examples=300, deadline=None)
@given(st.data(), facts(), MOMENTS, MODES, st.integers(-200, 400))
def test_versions_published_in_the_middle_end_in_what_they_say_from_the_start(
    data, made, moment, mode, shift
):
    published = moment * HOUR
    reference = after(published, mode, published + shift * HOUR)
    sizes = st.lists(st.integers(0, 30 * 24), min_size=len(made), max_size=len(made))
    held, events = live(made, data.draw(sizes), published, reference)
    plain, plain_events = live(made, [0] * len(made), 0, reference)
    assert net(events) == net(plain_events)
    assert said(held) == said(plain)
    assert len({e.event_id for e in events}) == len(events)


def said(held: Held) -> set[str]:
    """Ids of what is out, but for the marks of clocks that are no more."""
    return {o.id for o in held.emitted.values() if o.type != "ClockSuperseded"} | {
        o.id for o in held.emitted.values() if "reason" in o.data or o.data.get("new_due")
    }
