"""The worker's record of a case: which branch a clock is for, and records of older shape."""

import io
import json

import fastavro
import pytest

from duban import avro
from duban.launch import SCHEMAS
from streams.state import Held, clock_row, decode, pack
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


@pytest.mark.parametrize("version", [1, 2])
def test_a_worker_goes_on_from_records_of_every_shape(version):
    core = pack(Held("h/1", "h", "default"), changing=True)
    assert decode(written(version, core)).version == 7


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
