"""Cases at hand and on the shelf: whichever lies where, each is found as it was put last."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams import cases as module
from streams import state
from streams.cases import Cases, Place
from streams.clocks_job import ClocksJob
from streams.records import Here
from streams.shelf import InMemory, OnDisk
from tests.given import REFERENCE, at, fact, when
from tests.rules.test_clocks_job import ACCEPTED, SUBMITTED, Fixed, event, messages, record
from tests.rules.test_new_reference import NAMED, Changing

WAKE = at("2026-10-08 17:00")
HERE = Here("first", 7)
ASSESSED = when("2026-09-29 09:00", fact("CaseSubmitted", "2026-09-28 09:00", item_code="sign"))
both = pytest.mark.parametrize("all_on_shelf", [False, True])


def put_down(version: int, is_open: bool):
    """A case at rest and its record."""
    held = state.Held("h/1", "h", "default", version=version)
    stored = state.at_rest(held, is_open, WAKE if is_open else None)
    return stored, state.encode(held, ASSESSED, stored)


@both
@given(
    changes=st.lists(
        st.tuples(st.sampled_from("abc"), st.booleans(), st.sampled_from(["put", "restore"]))
    )
)
def test_a_case_is_found_as_it_was_put_last(all_on_shelf, changes):
    cases, model = Cases(InMemory(), all_on_shelf=all_on_shelf), {}
    for version, (name, is_open, how) in enumerate(changes, 1):
        stored, value = put_down(version, is_open)
        model[name] = (version, is_open)
        if how == "put":
            cases.put(name, stored, value)
        else:
            cases.restore(name, value)
        for known in "abc":
            found = cases.get(known)
            assert (found and (found.version, found.changing)) == model.get(known)
        assert sorted(cases.names()) == sorted(n for n, (_, is_open) in model.items() if is_open)
        assert sorted(name for _, name in cases.wakes()) == sorted(cases.names())
        if version % 2:
            cases.committed(Place(HERE, None, ""))


@both
def test_nothing_reaches_the_shelf_before_it_is_committed(all_on_shelf):
    shelf = InMemory()
    cases = Cases(shelf, all_on_shelf=all_on_shelf)
    cases.put("a", *put_down(1, is_open=False))
    assert shelf.get("a") is None
    cases.committed()
    assert shelf.get("a") is not None


def test_memory_keeps_of_a_case_on_the_shelf_only_when_it_wakes():
    cases = Cases(InMemory(), all_on_shelf=True)
    cases.put("a", *put_down(1, is_open=True))
    assert cases._open["a"].squeezed == b""
    assert cases.wake("a") == WAKE
    assert cases.get("a").squeezed != b""


def kept() -> InMemory:
    """A shelf with one open and one closed case, as a worker leaves it."""
    shelf = InMemory()
    cases = Cases(shelf, all_on_shelf=True)
    cases.put("a", *put_down(1, is_open=True))
    cases.put("b", *put_down(2, is_open=False))
    cases.committed(Place(HERE, 5, "before"))
    return shelf


def test_a_kept_shelf_says_what_it_holds_and_how_far_it_has_come():
    cases = Cases(kept(), all_on_shelf=True)
    place = cases.reopen()
    assert (place.here, place.tick, place.looked) == (HERE, 5, "before")
    assert (cases.names(), cases.wake("a"), cases.get("b").version) == (["a"], WAKE, 2)


@pytest.mark.parametrize("later", [module.OLDEST_MS, -3_600_000])
def test_a_shelf_that_is_too_old_or_from_the_future_is_not_believed(later, monkeypatch):
    shelf, now = kept(), module._now()
    monkeypatch.setattr(module, "_now", lambda: now + later)
    assert Cases(shelf, all_on_shelf=True).reopen() is None


def test_a_shelf_that_was_not_kept_holds_nothing_to_go_on_from():
    assert Cases(InMemory(), all_on_shelf=True).reopen() is None
    assert Cases(kept()).reopen() is None


def test_what_is_forgotten_is_gone():
    cases = Cases(kept(), all_on_shelf=True)
    cases.reopen()
    cases.forget()
    assert (len(cases), cases.get("a"), cases.get("b"), cases.reopen()) == (0, None, None, None)


def test_a_store_on_disk_is_found_again_only_where_it_is_kept(tmp_path):
    for keep, found in ((True, b"value"), (False, None)):
        first = OnDisk(tmp_path / "0", keep=True)
        first.write({"a": b"value", "\x00open/a": b"stub", "z": b"other"})
        assert list(first.scan("\x00open/")) == [("\x00open/a", b"stub")]
        first.close()
        again = OnDisk(tmp_path / "0", keep=keep)
        assert again.get("a") == found
        again.close()


def test_a_kept_store_that_is_broken_is_replaced(tmp_path):
    OnDisk(tmp_path / "0", keep=True).close()
    (tmp_path / "0" / "CURRENT").write_bytes(b"\x00garbage")
    again = OnDisk(tmp_path / "0", keep=True)
    assert again.get("a") is None
    again.clear()
    again.close()


@pytest.fixture
def lived(tmp_path):
    """A job on a kept store that took in a case, was looked at and stopped; what it wrote."""
    job = ClocksJob(0, Changing(NAMED), OnDisk(tmp_path / "0", keep=True), all_on_shelf=True)
    assert job.here() is None
    job.restored()
    now = at("2026-09-28 16:30")
    written = [job.apply([SUBMITTED, ACCEPTED], now)]
    job.committed(Here("topic", 3))
    written.append(job.fire(now, 10))
    job.committed(Here("topic", 9))
    job.close()
    return tmp_path / "0", written


def test_a_restart_goes_on_from_its_own_store_as_from_the_whole_topic(lived):
    path, written = lived
    own = ClocksJob(0, Changing(NAMED), OnDisk(path, keep=True), all_on_shelf=True)
    assert own.here() == Here("topic", 9)
    own.restored()
    whole = ClocksJob(0, Changing(NAMED))
    for result in written:
        for key, value in result.state:
            whole.restore(key, value)
    whole.restored()
    assert own.next_due() == whole.next_due()
    later = at("2026-10-20 09:00")
    said = [messages(job.fire(later, 10)) for job in (own, whole)]
    assert said[0] == said[1] != []
    own.close()


def test_what_the_store_has_missed_is_read_from_the_topic(lived):
    path, written = lived
    away = ClocksJob(0, Changing(NAMED))
    for result in written:
        for key, value in result.state:
            away.restore(key, value)
    away.restored()
    decided = record(event("DecisionMade", "2026-09-29 10:00", decision="approved"))
    missed = away.apply([decided], at("2026-09-29 10:00"))
    own = ClocksJob(0, Changing(NAMED), OnDisk(path, keep=True), all_on_shelf=True)
    own.here()
    for key, value in missed.state:
        own.restore(key, value)
    own.restored()
    assert own.apply([decided], at("2026-09-29 11:00")).is_empty
    own.close()


def test_a_job_whose_cases_are_all_on_the_shelf_says_what_any_other_says():
    assert Fixed.current is REFERENCE
    decided = record(event("DecisionMade", "2026-10-12 10:00", decision="approved"))
    reopened = record(event("CaseReopened", "2026-10-13 09:00", cause="quality"))
    said = []
    for all_on_shelf in (False, True):
        job = ClocksJob(0, Fixed, all_on_shelf=all_on_shelf)
        results = []
        for facts, now in (
            ([SUBMITTED, ACCEPTED], "2026-09-28 16:30"),
            ([], "2026-10-09 18:00"),
            ([decided], "2026-10-12 10:00"),
            ([reopened], "2026-10-13 09:00"),
        ):
            results += [job.apply(facts, at(now)), job.fire(at(now), 10)]
            job.committed(HERE)
        said.append([(m.type, m.event_id) for m in messages(*results)])
    assert said[0] == said[1] != []
