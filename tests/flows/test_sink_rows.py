"""Records into rows: pure, idempotent, and honest about what cannot become one."""

import io
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import fastavro
import pytest

from duban import codec, contracts
from duban.avro import UnknownSchema
from duban.bus_dead import dead_letter
from duban.bus_make import key_of
from duban.bus_read import Record
from duban.events import Actor, Event
from duban.launch import SCHEMAS
from duban.settings import Settings
from projections import migrate
from projections.sink.batch import Ready, ready, write
from projections.sink.have import Have
from projections.sink.rows import Poison, Row, rows
from projections.sink.store import Unstorable
from projections.sink.tables import COLUMNS, FEEDS, KEYS

AT = 1_795_000_000_000
LATER = 4_000_000_000_000
CASE_ID = "aq/2026-1"


def an_id(n: int) -> str:
    return f"00000000-0000-4000-8000-{n:012}"


def event(kind: str = "CaseSubmitted", n: int = 1, **more: Any) -> Event:
    data = more.pop("data", {"item_code": "x"})
    return Event(
        type=kind, event_id=an_id(n), subject_id=CASE_ID, hall_id="aq", occurred_at=AT,
        recorded_at=AT + 5, actor=Actor(id="c1", role="handler", window_id="w3"), data=data, **more,
    )  # fmt: skip


def record(value: bytes | None, topic: str = "case-events", offset: int = 7, **more: Any) -> Record:
    return Record(topic, 2, offset, AT + 9, more.get("key", b"aq/2026-1"), value, more.get("h", ()))


def as_dict(table: str, row: Row) -> dict[str, Any]:
    assert len(row) == len(COLUMNS[table])
    return dict(zip(COLUMNS[table], row, strict=True))


def state(version: int = 3, case_id: str = CASE_ID, schema: int = 3, **case: Any) -> bytes:
    path = SCHEMAS / f"state/CaseState/{schema}.avsc"
    raw = json.loads(path.read_text(encoding="utf-8"))
    body = io.BytesIO()
    body.write(codec.MAGIC + codec.fingerprint(raw).to_bytes(8, "little"))
    value = {
        "version": version, "tenant_id": "default", "hall_id": "aq", "case_id": case_id,
        "case": {"status": "accepted", "due_at": AT, **case},
        "clocks": [
            {"clock_id": "k1", "kind": "branch", "clock_key": "fire"},
            {"clock_id": "k2", "is_deleted": True},
        ],
        "core": b"worker's own",
    }  # fmt: skip
    fastavro.schemaless_writer(body, fastavro.parse_schema(raw), value)
    return body.getvalue()


def test_a_fact_becomes_one_row_with_its_place_and_its_own_fields_as_json() -> None:
    made = rows(record(codec.encode(event(note="补正"))))
    [(table, row)] = made
    found = as_dict(table, row)
    assert table == FEEDS["case-events"].marker
    assert found["case_id"] == CASE_ID
    assert (found["event_id"], found["event_type"]) == (an_id(1), "CaseSubmitted")
    assert (found["actor_role"], found["window_id"], found["note"]) == ("handler", "w3", "补正")
    assert (found["kafka_topic"], found["kafka_partition"], found["kafka_offset"]) == (
        "case-events", 2, 7,
    )  # fmt: skip
    assert json.loads(found["payload"])["item_code"] == "x"
    assert "event_id" not in json.loads(found["payload"])


def test_of_two_bodies_under_one_id_the_first_recorded_has_the_higher_version() -> None:
    early = as_dict(*rows(record(codec.encode(event())))[0])
    late = Event(**{**{f: getattr(event(), f) for f in event().__slots__}, "recorded_at": AT + 99})
    assert early["version"] > as_dict(*rows(record(codec.encode(late)))[0])["version"]


def test_business_time_is_kept_per_partition_and_is_no_fact() -> None:
    tick = codec.encode(event("ClockTicked", data={"at": AT + 60_000}))
    assert rows(record(tick)) == [("business_clock", (2, AT + 60_000, AT + 60_000))]


def praise(hall: str = "aq", **more: Any) -> bytes:
    of_hall = {"subject_type": "hall", "subject_id": hall, "hall_id": hall}
    data = {"subject": "w3", "kind": "banner"}
    return codec.encode(replace(event("PraiseReceived", data=data), **of_hall | more))


def test_a_fact_of_a_hall_is_about_no_case() -> None:
    [(table, row)] = rows(record(praise(), "hall-events", key=b"aq"))
    found = as_dict(table, row)
    assert (table, found["case_id"], found["subject_id"]) == ("events", "", "aq")
    own = {"subject": "w3", "subject_kind": "window", "kind": "banner", "count": 1, "case_id": ""}
    assert json.loads(found["payload"]) == own


@pytest.mark.parametrize(
    ("value", "key", "reason"),
    [
        (praise(), b"bj", "wrong_key"),
        (praise(), None, "wrong_key"),
        (codec.encode(event()), b"aq", "wrong_topic"),
        (praise(event_id=an_id(1).replace("4", "A", 1)), b"aq", "bad_event_id"),
        (praise(corrects_event_id=an_id(2).replace("4", "A", 1)), b"aq", "schema_rules"),
        (praise(note="长" * 4001), b"aq", "schema_rules"),
    ],
)
def test_what_is_no_fact_of_this_hall_is_buried(
    value: bytes, key: bytes | None, reason: str
) -> None:
    with pytest.raises(Poison) as caught:
        rows(Record("hall-events", 2, 7, AT + 9, key, value, ()))
    assert caught.value.reason == reason


def test_a_case_comes_with_its_clocks_first_and_is_the_marker() -> None:
    made = rows(record(state(closed_at=AT + 1), "case-state"))
    assert [table for table, _ in made] == ["clocks", "clocks", "cases"]
    first, gone, case = (as_dict(table, row) for table, row in made)
    assert (first["clock_id"], first["is_deleted"], first["version"]) == ("k1", 0, 3)
    assert (gone["clock_id"], gone["is_deleted"]) == ("k2", 1)
    assert (case["case_id"], case["version"], case["closed_at"]) == (CASE_ID, 3, AT + 1)
    assert first["clock_key"] == "fire"


def test_a_state_written_before_clocks_had_keys_is_still_read() -> None:
    first, _, case = (
        as_dict(*row) for row in rows(record(state(schema=1, closed_at=AT + 1), "case-state"))
    )
    assert (first["clock_id"], first["clock_key"]) == ("k1", "")
    assert case["closed_at"] == AT + 1


@pytest.mark.parametrize("key", [b"__position", b"__clock", b"__looked"])
def test_the_workers_own_keys_are_no_rows(key: bytes) -> None:
    assert rows(record(b"{}", "case-state", key=key)) == []
    assert rows(record(None, "case-state")) == []


def test_a_dead_letter_is_a_row_about_where_it_lay() -> None:
    broken = record(b"\x00\xff", offset=41)
    _, key, value, headers = dead_letter(broken, "wrong_magic", "不是事件", "sink", at=AT)
    [(table, row)] = rows(record(value, "dead-letters", 0, key=key, h=headers))
    found = as_dict(table, row)
    assert (found["source_topic"], found["source_offset"]) == ("case-events", 41)
    assert (found["reason"], found["detail"], found["at"]) == ("wrong_magic", "不是事件", AT)


def test_a_version_of_an_item_is_a_row_and_other_reference_data_is_none() -> None:
    [path] = (SCHEMAS / "examples" / "ItemPublished").glob("*.json")
    told = json.loads(path.read_text(encoding="utf-8"))
    value = codec.encode(contracts.from_json(told, now=LATER))
    [(table, row)] = rows(record(value, "reference", key=b"item:x@1"))
    found = as_dict(table, row)
    assert table == FEEDS["reference"].marker
    assert (found["item_code"], found["item_version"]) == (told["item_code"], told["version"])
    assert found["materials"] == len(told.get("materials", ()))
    assert found["is_based"] is bool(told.get("basis_texts"))
    assert rows(record(value, "reference", key=b"unit:x@1")) == []
    assert rows(record(None, "reference", key=b"item:x@1")) == []


def test_a_withdrawal_says_from_when_and_nothing_of_the_item() -> None:
    [path] = (SCHEMAS / "examples" / "ItemWithdrawn").glob("*.json")
    made = contracts.from_json(json.loads(path.read_text(encoding="utf-8")), now=LATER)
    [(_, row)] = rows(record(codec.encode(made), "reference", key=b"item:x@2"))
    found = as_dict("items", row)
    assert (found["event_type"], found["promise"], found["class"]) == ("ItemWithdrawn", None, "")
    assert found["effective_from"] == made.data["effective_from"]


def examples() -> list[Path]:
    """Examples of every type on a topic that is projected."""
    found = sorted((SCHEMAS / "examples").glob("*/*.json"))
    return [path for path in found if contracts.topic_of(path.parent.name) in FEEDS]


@pytest.mark.parametrize("path", examples(), ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_every_example_gives_the_same_rows_twice(path: Path) -> None:
    told = json.loads(path.read_text(encoding="utf-8"))
    made = contracts.from_json(told, now=LATER)
    topic = contracts.topic_of(made.type)
    told = record(codec.encode(made), topic, key=key_of(topic, made))
    first = rows(told)
    assert first == rows(told)
    for table, row in first:
        assert len(row) == len(COLUMNS[table])
        assert table in (FEEDS[topic].marker, *FEEDS[topic].others)


@pytest.mark.parametrize(
    ("value", "topic", "reason"),
    [
        (None, "case-events", "null_value"),
        (b"", "case-events", "truncated"),
        (b"garbage", "case-events", "wrong_magic"),
        (codec.encode(event())[:-2], "case-events", "truncated"),
        (codec.encode(event()) + b"x", "case-events", "garbled"),
        (b"\xc3\x01nonsense", "case-state", "unknown_state"),
        (state()[:40], "case-state", "truncated"),
        (b"x", "dead-letters", "no_dead_letter"),
    ],
)
def test_what_cannot_be_read_is_poison_with_a_reason(
    value: bytes | None, topic: str, reason: str
) -> None:
    with pytest.raises(Poison) as poison:
        rows(record(value, topic))
    assert poison.value.reason == reason


def test_an_id_that_is_no_uuid_and_a_time_in_nanoseconds_are_poison() -> None:
    plain = {f: getattr(event(), f) for f in event().__slots__}
    for change, reason in (
        ({"event_id": "7"}, "bad_event_id"),
        ({"event_id": an_id(1).replace("4", "A", 1)}, "bad_event_id"),
        ({"occurred_at": AT * 1_000_000}, "bad_time"),
        ({"recorded_at": -1}, "bad_time"),
    ):
        with pytest.raises(Poison, match=reason):
            rows(record(codec.encode(Event(**{**plain, **change}))))


def test_a_schema_that_may_yet_come_is_waited_for_and_then_given_up() -> None:
    unknown = record(b"\xc3\x01" + b"\x07" * 8 + b"body")
    with pytest.raises(UnknownSchema):
        rows(unknown)
    answers = iter([True, True, False])
    buried: list[tuple[str, str]] = []
    made = ready(
        [unknown], lambda _: next(answers), lambda r, why, _: buried.append((r.topic, why))
    )
    assert (made, buried) == ([], [("case-events", "unknown_schema")])


class FakeStore:
    """Takes rows unless a value of them is refused."""

    def __init__(self, refuses: str = "") -> None:
        self.tables: dict[str, list[Row]] = {}
        self.order: list[str] = []
        self._refuses = refuses

    def insert(self, table: str, given: list[Row]) -> None:
        if self._refuses and any(self._refuses in map(str, row) for row in given):
            raise Unstorable("no")
        self.order.append(table)
        self.tables.setdefault(table, []).extend(given)


def made_of(*records: Record) -> list[Ready]:
    return [Ready(r, rows(r)) for r in records]


def no_have() -> dict[int, Have]:
    return {2: Have(0, -1, lambda *_: set())}


def test_a_row_that_no_table_takes_is_found_and_only_its_record_is_buried() -> None:
    facts = [record(codec.encode(event(n=n)), offset=n) for n in range(20)]
    store, buried = FakeStore(refuses=an_id(13)), []
    count = write(
        "case-events", made_of(*facts), store, no_have(),  # type: ignore[arg-type]  # a fake
        lambda r, why, _: buried.append((r.offset, why)),
    )  # fmt: skip
    assert count == 19
    assert buried == [(13, "unstorable")]
    assert len(store.tables["events"]) == 19


def test_clocks_go_in_before_their_case_and_only_the_last_state_counts() -> None:
    states = [record(state(version=v), "case-state", offset=v) for v in (1, 2, 5)]
    store = FakeStore()
    write("case-state", made_of(*states), store, no_have(), print)  # type: ignore[arg-type]  # a fake
    assert store.order == ["clocks", "cases"]
    assert [as_dict("cases", r)["version"] for r in store.tables["cases"]] == [5]
    assert len(store.tables["clocks"]) == 2


def test_what_lies_there_already_is_left_out_and_read_back_only_where_it_can_be() -> None:
    asked: list[tuple[int, int]] = []

    def read_back(first: int, last: int) -> set[tuple[int, str]]:
        asked.append((first, last))
        return {(5, an_id(5)), (6, "of a topic that was there before")}

    facts = [record(codec.encode(event(n=n)), offset=n) for n in range(4, 9)]
    store = FakeStore()
    have = {2: Have(4, 6, read_back)}
    write("case-events", made_of(*facts), store, have, print)  # type: ignore[arg-type]  # a fake
    assert [as_dict("events", r)["kafka_offset"] for r in store.tables["events"]] == [4, 6, 7, 8]
    assert asked == [(4, 6)]


def test_every_topic_has_one_marker_that_carries_its_place() -> None:
    for topic, feed in FEEDS.items():
        assert {"kafka_topic", "kafka_partition", "kafka_offset"} <= set(COLUMNS[feed.marker]), (
            topic
        )
        assert feed.identity in COLUMNS[feed.marker]
        assert feed.marker not in feed.others
    for table, names in KEYS.items():
        assert set(names) <= set(COLUMNS[table])


def test_columns_here_are_the_columns_of_the_tables() -> None:
    made: dict[str, list[str]] = {}
    for file in migrate.migrations():
        for statement in migrate.statements(file.text, Settings(warehouse_database="d")):
            head, _, body = statement.partition("\n")
            if head.startswith("CREATE TABLE"):
                lines = [line.strip() for line in body.splitlines() if line.startswith("  ")]
                names = [line.split()[0] for line in lines if not line.startswith("INDEX")]
                made[head.split("d.")[1].split()[0]] = names
            elif head.startswith("ALTER TABLE"):
                columns = made[head.split("d.")[1].split()[0]]
                added = re.findall(r"ADD COLUMN IF NOT EXISTS (\w+) .* AFTER (\w+)", body)
                assert added, statement
                for name, after in added:
                    columns.insert(columns.index(after) + 1, name)
    assert {table: tuple(names) for table, names in made.items() if table in COLUMNS} == COLUMNS


def test_an_edited_migration_is_refused_and_so_is_a_newer_database(tmp_path: Path) -> None:
    files = migrate.migrations()
    known = {f.name: f.checksum for f in files}
    assert migrate.pending(known, files) == []
    assert migrate.pending({}, files) == files
    with pytest.raises(migrate.MigrationError, match="edited after it was applied"):
        migrate.pending({**known, files[0].name: "other"}, files)
    with pytest.raises(migrate.MigrationError, match="newer duban"):
        migrate.pending({**known, "9999_later.sql": "x"}, files)
    (tmp_path / "0002_second.sql").write_text("SELECT 1;")
    with pytest.raises(migrate.MigrationError, match="expected a file 0001"):
        migrate.migrations(tmp_path)


def test_on_a_cluster_tables_are_replicated() -> None:
    alone = migrate.statements(migrate.migrations()[0].text, Settings())
    cluster = migrate.statements(migrate.migrations()[0].text, Settings(warehouse_cluster="main"))
    assert len(alone) == len(cluster) == 2
    assert "ENGINE = ReplacingMergeTree(version)" in alone[0]
    assert "ON CLUSTER 'main'" in cluster[0]
    assert "ENGINE = ReplicatedReplacingMergeTree(version)" in cluster[0]
