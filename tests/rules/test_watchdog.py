"""When the watchdog ends a worker, and when it must not."""

from collections.abc import Iterable

from streams.watchdog import OPENING_TIMES, Seen, Watchdog

LIMIT = 12
RUNNING = Seen("clocks/3", 1, "running", processed=100, committed=100)


def said(looks: Iterable[Seen | None]) -> list[str | None]:
    """What the watchdog says at each look at one loop; None: the broker did not answer."""
    dog = Watchdog(LIMIT)
    return [dog.look(None if seen is None else [seen]) for seen in looks]


def well(number: int) -> Seen:
    """A loop that takes its turns."""
    return RUNNING._replace(turns=number)


def ends_at(verdicts: list[str | None]) -> int | None:
    """Number of the first look that ends the worker."""
    return next((n for n, verdict in enumerate(verdicts) if verdict), None)


def test_a_loop_behind_that_applies_nothing_ends_the_worker() -> None:
    verdicts = said(well(n)._replace(behind=7) for n in range(20))
    assert ends_at(verdicts) == LIMIT
    assert verdicts[LIMIT] == "clocks/3: 7 behind at 100, and nothing moves"


def test_growing_lag_counts_the_same() -> None:
    assert ends_at(said(well(n)._replace(behind=n + 1) for n in range(20))) == LIMIT


def test_one_record_applied_in_time_is_progress() -> None:
    slow = (well(n)._replace(behind=7, processed=100 + n // 10, committed=100 + n // 10)
            for n in range(100))  # fmt: skip
    assert ends_at(said(slow)) is None


def test_an_idle_loop_goes_on_for_ever() -> None:
    assert ends_at(said(well(n) for n in range(1000))) is None


def test_a_loop_that_takes_no_turn_ends_the_worker_though_nothing_is_behind() -> None:
    verdicts = said(well(0) for _ in range(20))
    assert verdicts[LIMIT] == "clocks/3: the loop takes no turn"


def test_a_loop_that_waits_on_purpose_may_wait_and_begins_anew() -> None:
    away = [RUNNING._replace(phase="waiting", behind=7)] * 1000
    assert ends_at(said(away)) is None
    stuck = [well(n)._replace(behind=7) for n in range(20)]
    assert ends_at(said([*stuck[: LIMIT - 1], away[0], *stuck])) == 2 * LIMIT


def test_while_the_broker_is_away_nothing_ends() -> None:
    stuck = [RUNNING._replace(behind=7)] * (LIMIT - 1)
    assert ends_at(said([*stuck, *[None] * 1000, *stuck])) is None


def test_records_applied_without_a_commit_end_the_worker() -> None:
    verdicts = said(well(n)._replace(processed=100 + n) for n in range(20))
    assert ends_at(verdicts) == LIMIT + 1
    assert verdicts[LIMIT + 1] == "clocks/3: processed up to 113, but committed only 100"


def test_a_single_uncommitted_turn_ends_it_too() -> None:
    once = [well(0), *(well(n)._replace(processed=104) for n in range(1, 20))]
    assert ends_at(said(once)) == LIMIT + 1


def test_commits_a_little_behind_are_no_standstill() -> None:
    flowing = (well(n)._replace(processed=104 + 8 * n, committed=100 + 8 * n) for n in range(100))
    assert ends_at(said(flowing)) is None


def test_a_group_under_a_new_name_has_committed_nothing_yet() -> None:
    assert ends_at(said(well(n)._replace(committed=0) for n in range(100))) is None


def test_a_restore_that_stands_still_ends_the_worker_later() -> None:
    opening = RUNNING._replace(phase="opening", restored=500, restore_end=900)
    verdicts = said([opening] * 50)
    assert ends_at(verdicts) == LIMIT * OPENING_TIMES
    assert verdicts[LIMIT * OPENING_TIMES] == "clocks/3: the restore stands at 500 of 900"
    assert ends_at(said(opening._replace(restored=n // 20) for n in range(500))) is None


def test_another_assignment_begins_anew() -> None:
    looks = [RUNNING._replace(epoch=n // LIMIT, behind=7) for n in range(100)]
    assert ends_at(said(looks)) is None


def test_each_loop_is_counted_for_itself() -> None:
    dog = Watchdog(LIMIT)
    other = RUNNING._replace(name="scores/0")
    verdicts = [dog.look([well(n), other]) for n in range(LIMIT + 1)]
    assert verdicts[-1] == "scores/0: the loop takes no turn"
