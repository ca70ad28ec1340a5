"""The worker's record of a case: which branch a clock is for, and records of older shape."""

import io
import json

import fastavro
import pytest
from cramjam import lz4

from duban import avro
from duban.launch import SCHEMAS
from streams.state import Held, at_rest, clock_row, decode, taken_up
from tests.given import fact, when

ID = "00000000-0000-4000-8000-000000000001"


def written(version: int, core: bytes) -> bytes:
    """A record as a worker of that version wrote it."""
    path = SCHEMAS / f"state/CaseState/{version}.avsc"
    raw = json.loads(path.read_text(encoding="utf-8"))
    buffer = io.BytesIO()
    buffer.write(b"\xc3\x01" + avro.fingerprint(raw).to_bytes(8, "little"))
    value = {
        "version": 7, "tenant_id": "default", "hall_id": "h", "case_id": "h/1",
        "case": {"status": "accepted"}, "clocks": [{"clock_id": ID, "kind": "promise"}],
        "core": core,
    }  # fmt: skip
    fastavro.schemaless_writer(buffer, avro.parse(raw), value)
    return buffer.getvalue()


HELD = Held("h/1", "h", "default", version=7, taken_back=frozenset({ID}))


@pytest.mark.parametrize("version", [1, 2, 3])
def test_a_worker_goes_on_from_records_of_every_shape(version):
    squeezed = at_rest(HELD, changing=True, wake=None).squeezed
    core = squeezed if version == 3 else bytes(lz4.decompress_block(squeezed))
    stored = decode(written(version, core))
    assert (stored.version, stored.changing) == (7, True)
    assert taken_up("h/1", stored).taken_back == {ID}


@pytest.mark.parametrize("version", [1, 2])
def test_a_case_of_older_shape_is_looked_at_at_once(version):
    core = bytes(lz4.decompress_block(at_rest(HELD, changing=True, wake=None).squeezed))
    assert decode(written(version, core)).wake == 0


def test_a_restore_reads_what_stands_first_and_leaves_the_rows():
    squeezed = at_rest(HELD, changing=True, wake=None).squeezed
    assert decode(written(3, squeezed)[: -len("rows")]).version == 7


def test_a_record_of_no_shape_is_refused():
    with pytest.raises(ValueError, match="00000000000000000000"):
        decode(bytes(40))


def test_a_clock_says_which_branch_or_step_it_is_for():
    submitted = fact("CaseSubmitted", "2026-09-28 09:00", item_code="sign")
    assessment = when("2026-09-29 09:00", submitted, fact("CaseAccepted", "2026-09-28 09:10"))
    (promise,) = [c for c in assessment.clocks if c.kind == "promise"]
    assert clock_row(promise, assessment)["clock_key"] == ""
    promise.key = "fire"
    assert clock_row(promise, assessment)["clock_key"] == "fire"


@pytest.mark.parametrize(
    ("decided", "days"),
    [
        ("2026-09-28 16:00", 0),  # the day of the start is not counted
        ("2026-09-29 08:00", 1),  # a day begun is a day used, also before the doors open
        ("2026-09-29 17:00", 1),
        ("2026-09-29 19:00", 1),
        ("2026-10-03 10:00", 2),  # in the holiday: 29 and 30 September
        ("2026-10-08 10:00", 3),
        ("2026-10-12 10:00", 6),  # 8, 9 and, made up, 10 October
    ],
)
def test_days_used_count_the_day_on_which_a_clock_stopped(decided, days):
    submitted = fact("CaseSubmitted", "2026-09-28 09:00", item_code="sign")
    ended = fact("DecisionMade", decided, decision="approved")
    accepted = fact("CaseAccepted", "2026-09-28 09:10")
    assessment = when("2026-10-30 09:00", submitted, accepted, ended)
    (promise,) = [c for c in assessment.clocks if c.kind == "promise"]
    assert clock_row(promise, assessment)["units_used"] == days
    if promise.outcome != "late":
        assert promise.saved == promise.budget - days
