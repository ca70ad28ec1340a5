"""Keys, partitions, ids and headers of what the bus writes."""

import time
import uuid

import pytest

from duban.bus import headers_of, new_id, partition_of, stable_id
from duban.bus_make import NAMESPACE, iso
from duban.events import Event

# From Kafka's own UtilsTest.testMurmur2: key, hash as Java's signed int.
MURMUR2 = [
    (b"21", -973932308),
    (b"foobar", -790332482),
    (b"a-little-bit-long-string", -985981536),
    (b"a-little-bit-longer-string", -1486304829),
    (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
    (b"abc", 479470107),
]


@pytest.mark.parametrize(("key", "java_hash"), MURMUR2)
@pytest.mark.parametrize("partitions", [1, 4, 12, 64])
def test_a_key_goes_where_kafkas_java_partitioner_puts_it(
    key: bytes, java_hash: int, partitions: int
) -> None:
    assert partition_of(key, partitions) == (java_hash & 0x7FFFFFFF) % partitions


def test_new_ids_are_version_7_and_follow_time() -> None:
    ids = [new_id(at) for at in range(1_790_000_000_000, 1_790_000_000_050)]
    assert ids == sorted(ids)
    assert {uuid.UUID(i).version for i in ids} == {7}
    assert {uuid.UUID(i).variant for i in ids} == {uuid.RFC_4122}
    assert uuid.UUID(ids[7]).int >> 80 == 1_790_000_000_007
    assert abs((uuid.UUID(new_id()).int >> 80) - time.time() * 1000) < 5_000


def test_stable_ids_differ_by_source_key_and_index_only() -> None:
    assert stable_id("hall/h1", "row-1", 0) == stable_id("hall/h1", "row-1", 0)
    others = [("hall/h2", "row-1", 0), ("hall/h1", "row-2", 0), ("hall/h1", "row-1", 1)]
    ids = {stable_id(*other) for other in others} | {stable_id("hall/h1", "row-1", 0)}
    assert len(ids) == 4
    assert uuid.UUID(stable_id("a", "b", 0)).version == 5


def test_headers_tell_an_event_apart_without_decoding_it() -> None:
    event = Event("CaseSubmitted", "id-1", "h1/7", 1_790_000_000_123, 0, hall_id="h1")
    assert dict(headers_of(event)) == {
        "ce_specversion": b"1.0",
        "ce_id": b"id-1",
        "ce_type": b"CaseSubmitted",
        "ce_source": b"/halls/h1",
        "ce_time": b"2026-09-21T14:13:20.123+00:00",
        "content-type": b"application/avro",
    }


def test_a_time_without_offset_is_refused() -> None:
    from datetime import datetime

    with pytest.raises(ValueError, match="offset"):
        iso(datetime(2026, 9, 21, 9, 0))  # noqa: DTZ001  a naive time is the point of the test


def test_stable_ids_are_uuid5_of_source_key_and_index() -> None:
    for parts in [("hall/h1", "行-1", 0), ("a", "b", 12), ("", "", 0)]:
        source, key, index = parts
        assert stable_id(*parts) == str(uuid.uuid5(NAMESPACE, f"{source}\n{key}\n{index}"))


@pytest.mark.parametrize("at", [1e30, float("nan"), -(10**18), 10**400])
def test_an_instant_outside_the_calendar_is_a_value_error(at):
    with pytest.raises(ValueError, match="between 1900 and 2200"):
        iso(at)
