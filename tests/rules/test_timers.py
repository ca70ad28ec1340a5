"""The index of due instants: what is due comes out in turn, however far off it was at first."""

from hypothesis import given
from hypothesis import strategies as st

from streams.timers import HORIZON_MS, LOOK_THROUGH_MS, SLACK, Timers

HOUR = 3_600_000


class Cases(dict[str, int]):
    """Cases by name and the instant at which each has something to say."""

    def timers(self) -> Timers:
        return Timers(lambda: ((wake, name) for name, wake in self.items()))

    def say(self, timers: Timers, name: str, wake: int) -> None:
        self[name] = wake
        timers.add(wake, name, len(self))


def taken(timers: Timers, cases: Cases, now: int) -> list[str]:
    """Names of what is due and true; what is taken has nothing more to say."""
    found = [name for at, name in timers.due(now) if cases.get(name) == at]
    for name in found:
        cases.pop(name, None)
    return list(dict.fromkeys(found))


def test_what_is_due_comes_out_the_earliest_first():
    cases = Cases()
    timers = cases.timers()
    for name, wake in (("b", 2 * HOUR), ("a", HOUR), ("c", 3 * HOUR)):
        cases.say(timers, name, wake)
    assert timers.next == HOUR
    assert taken(timers, cases, 2 * HOUR) == ["a", "b"]
    assert timers.next == 3 * HOUR


def test_what_is_due_beyond_the_horizon_is_not_held_and_comes_in_time():
    cases = Cases()
    timers = cases.timers()
    assert taken(timers, cases, 0) == []
    far = 3 * HORIZON_MS
    cases.say(timers, "far", far)
    assert (len(timers), timers.next) == (0, far)
    assert taken(timers, cases, far - 1) == []
    assert taken(timers, cases, far) == ["far"]


def test_a_case_that_has_moved_on_is_passed_over():
    cases = Cases()
    timers = cases.timers()
    taken(timers, cases, 0)
    cases.say(timers, "a", HOUR)
    cases.say(timers, "a", 5 * HOUR)
    assert taken(timers, cases, 2 * HOUR) == []
    assert taken(timers, cases, 5 * HOUR) == ["a"]


def test_entries_that_lead_nowhere_do_not_pile_up():
    cases = Cases()
    timers = cases.timers()
    taken(timers, cases, 0)
    for number in range(3 * SLACK):
        cases.say(timers, "a", HOUR + number)
    assert len(timers) <= SLACK + 2
    assert taken(timers, cases, HOUR + 3 * SLACK) == ["a"]


def test_whoever_stops_asking_leaves_the_rest():
    cases = Cases()
    timers = cases.timers()
    for name in "abc":
        cases.say(timers, name, HOUR)
    assert next(timers.due(HOUR))[1] == "a"
    assert taken(timers, cases, HOUR) == ["b", "c"]


wakes = st.lists(
    st.tuples(st.sampled_from("abcdefgh"), st.integers(0, 10 * HORIZON_MS)), max_size=30
)
steps = st.lists(st.integers(0, 2 * HORIZON_MS), min_size=1, max_size=12)


@given(wakes, steps)
def test_nothing_is_early_late_or_lost(said, steps):
    cases, now = Cases(), 0
    timers = cases.timers()
    for step in steps:
        now += step
        for name, wake in [said.pop() for _ in range(min(3, len(said)))]:
            cases.say(timers, name, max(wake, now + 1))
        wanted = {name for name, wake in cases.items() if wake <= now + LOOK_THROUGH_MS // 2}
        now += LOOK_THROUGH_MS // 2
        assert set(taken(timers, cases, now)) == wanted
        assert timers.next is None or not cases or timers.next <= min(cases.values())
