"""Cases that time can no longer change lie on disk, and every fact finds them there."""

import os
from dataclasses import replace
from functools import reduce
from uuid import NAMESPACE_URL, uuid5

import pytest
from rocksdict import Options, Rdict

from duban import codec
from duban.assess import assess
from duban.case import Facts, evolve
from streams import state
from streams.clocks_job import ClocksJob
from streams.intake import fact_of
from streams.records import Here
from streams.shelf import OnDisk, StoreTrouble, remove, sweep
from tests.given import CASE, REFERENCE, at
from tests.rules.test_clocks_job import ACCEPTED, SUBMITTED, Fixed, event, record, tick, told

CLOSED_AT = "2026-10-12 10:00"
LATER = at("2026-10-13 09:00")
DECIDED = event("DecisionMade", CLOSED_AT, decision="approved")
LIFE = [SUBMITTED, ACCEPTED, record(DECIDED)]
EARLIER = event("DecisionMade", "2026-09-29 10:00", decision="approved")
LATE = {
    "a late fact": record(replace(EARLIER, recorded_at=LATER)),
    "a doubled acceptance": record(event("CaseAccepted", "2026-09-29 10:00")),
    "the same acceptance again": ACCEPTED,
    "a correction": record(replace(EARLIER, recorded_at=LATER, corrects_event_id=DECIDED.event_id)),
    "a reopening": record(event("CaseReopened", "2026-10-13 08:59", cause="quality")),
}


@pytest.fixture
def shelf(tmp_path):
    opened = OnDisk(tmp_path / "closed" / "0")
    yield opened
    if (tmp_path / "closed" / "0").exists():
        opened.close()


def taken_in(job, *records, now=LATER):
    """One turn and its commit."""
    result = job.apply(records, now)
    job.committed(Here("", 0))
    return result


def last(*results):
    """What the state topic says of the case in the end."""
    values = [v for r in results for k, v in r.state if k.decode() == CASE]
    return state.taken_up(CASE, state.decode(values[-1]))


def is_what_follows(held, *records):
    """Facts and messages that are out are those of one look at all facts."""
    facts = reduce(evolve, (fact_of(codec.decode_record(r.value), r) for r in records), Facts())
    wanted = assess(CASE, "sujiatun", facts, REFERENCE, LATER).outputs
    out = {n for n, o in held.emitted.items() if n in wanted or o.type != "ClockSuperseded"}
    return held.facts == facts and out == wanted.keys()


def test_a_closed_case_leaves_memory_with_its_transaction_and_no_sooner(shelf):
    job = ClocksJob(0, Fixed, shelf)
    result = job.apply(LIFE, LATER)
    assert shelf.get(CASE) is None
    assert is_what_follows(last(result), *LIFE)
    assert job.apply([ACCEPTED], LATER).is_empty  # found though neither open nor on disk yet
    job.committed(Here("", 0))
    assert shelf.get(CASE) == dict(result.state)[CASE.encode()]
    assert job.next_due() is None


@pytest.mark.parametrize("late", LATE.values(), ids=LATE)
@pytest.mark.parametrize("restarted", [False, True])
def test_what_is_told_of_a_closed_case_finds_it(shelf, late, restarted):
    job = ClocksJob(0, Fixed, shelf)
    first = taken_in(job, *LIFE)
    if restarted:
        for key, value in first.state:
            job.restore(key, value)
        job.restored()
    assert shelf.get(CASE) is not None
    second = taken_in(job, late)
    assert is_what_follows(last(first, second), *LIFE, late)
    known = late is ACCEPTED
    assert second.is_empty == known
    assert bool(shelf.get(CASE)) == (late is not LATE["a reopening"])


def test_a_reopened_case_is_woken_and_moves_out_again(shelf):
    job = ClocksJob(0, Fixed, shelf)
    reopened = LATE["a reopening"]
    again = record(event("DecisionMade", "2026-10-13 09:00", decision="approved"))
    results = [taken_in(job, *LIFE), taken_in(job, reopened)]
    job.reference_changed()
    assert job.next_due() == 0
    assert job.fire(LATER, 10).is_empty
    results.append(taken_in(job, again))
    assert is_what_follows(last(*results), *LIFE, reopened, again)
    assert shelf.get(CASE) == results[-1].state[-1][1]


def test_reference_data_wakes_no_closed_case(shelf):
    job = ClocksJob(0, Fixed, shelf)
    taken_in(job, *LIFE)
    job.reference_changed()
    assert job.next_due() is None


def test_a_closed_case_with_something_left_to_say_waits_for_its_instant(shelf):
    """Business time by ticks lags behind facts: the last tick was before the red signal, the
    decision came after it."""
    job = ClocksJob(0, Fixed, shelf)
    decided = record(event("DecisionMade", "2026-10-10 10:00", decision="approved"))
    first = taken_in(job, tick("2026-10-09 16:00"), SUBMITTED, ACCEPTED, decided, now=None)
    assert shelf.get(CASE) is None
    again = ClocksJob(0, Fixed, shelf)
    for key, value in first.state:
        again.restore(key, value)
    again.restored()
    assert again.fire(None, 10).is_empty
    second = taken_in(again, tick("2026-10-09 17:00"), now=None)
    assert told(first, second)[-1] == "SignalRaised red 2026-10-09 17:00"
    assert shelf.get(CASE) == second.state[-1][1]
    assert again.next_due() is None


def test_a_restore_believes_the_last_record_of_a_case_only(shelf):
    job = ClocksJob(0, Fixed, shelf)
    first, second = taken_in(job, *LIFE), taken_in(job, LATE["a reopening"])
    key, closed = first.state[-1]
    _, opened = second.state[-1]
    for values, on_shelf in [
        ((closed, opened), None),
        ((closed, opened, closed), closed),
        ((opened, closed, None), None),
    ]:
        again = ClocksJob(0, Fixed, shelf)
        for value in values:
            again.restore(key, value)
        again.restored()
        assert shelf.get(CASE) == on_shelf
        again.restore(key, None)
        again.restored()


def test_what_lay_in_a_store_before_is_not_believed(tmp_path):
    path = tmp_path / "closed" / "0"
    foreign = Rdict(str(path), Options(raw_mode=True))
    foreign[CASE.encode()] = b"of another broker"
    foreign.close()
    (path / "README").write_text("not of a store")
    opened = OnDisk(path)
    assert opened.get(CASE) is None
    assert not (path / "README").exists()
    opened.close()
    assert not path.exists()


def test_a_broken_store_is_replaced(tmp_path):
    path = tmp_path / "0"
    OnDisk(path)._db.close()  # as a kill leaves it, but for the lock
    (path / "CURRENT").write_bytes(b"\x00garbage")
    opened = OnDisk(path)
    opened.write({CASE: b"value"})
    assert opened.get(CASE) == b"value"
    opened.close()


def test_a_store_that_somebody_has_open_is_an_error_and_stays_whole(tmp_path):
    path = tmp_path / "0"
    first = OnDisk(path)
    first.write({CASE: b"value"})
    with pytest.raises(StoreTrouble, match=r"the store .*/0 cannot be removed: .*DUBAN_WORKER"):
        OnDisk(path)
    assert first.get(CASE) == b"value"
    first.close()


def test_a_place_where_no_store_can_be_is_an_error(tmp_path):
    (tmp_path / "closed").write_text("a file")
    with pytest.raises(StoreTrouble, match="cannot be"):
        OnDisk(tmp_path / "closed" / "0")
    with pytest.raises(StoreTrouble, match="cannot be"):
        OnDisk(tmp_path / "closed")


def test_a_store_that_was_closed_says_so(shelf):
    shelf.close()
    with pytest.raises(StoreTrouble, match="cannot be read"):
        shelf.get(CASE)
    with pytest.raises(StoreTrouble, match="cannot be written"):
        shelf.write({CASE: b""})


def test_stores_of_partitions_that_went_elsewhere_are_removed(tmp_path):
    for name in ("0", "1", "2"):
        OnDisk(tmp_path / name)._db.close()
    held = OnDisk(tmp_path / "3")
    sweep(tmp_path, {1})
    assert sorted(os.listdir(tmp_path)) == ["1", "3"]
    held.close()
    remove(tmp_path / "1")
    sweep(tmp_path / "nowhere", ())
    assert os.listdir(tmp_path) == []


def test_many_closed_cases_are_found_again_after_a_restore(shelf):
    life = [codec.decode(r.value) for r in LIFE]
    names = [f"sujiatun/m-{i}" for i in range(1500)]

    def of(name, fact):
        own = str(uuid5(NAMESPACE_URL, name + fact.event_id))
        return record(replace(fact, subject_id=name, event_id=own), key=name)

    job = ClocksJob(0, Fixed, shelf)
    result = taken_in(job, *(of(name, fact) for name in names for fact in life))
    shelf.close()
    fresh = OnDisk(shelf._path)
    again = ClocksJob(0, Fixed, fresh)
    for key, value in result.state:
        again.restore(key, value)
    again.restored()
    values = dict(result.state)
    assert all(fresh.get(name) == values[name.encode()] for name in names)
    assert again.next_due() is None
    assert taken_in(again, *(of(name, life[1]) for name in names)).is_empty
    fresh.close()
