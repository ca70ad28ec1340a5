"""What an old log becomes: facts, ids, counts, rejects. No stack: the emitter is a list."""

import gzip
import json
import tracemalloc
from collections import Counter
from itertools import chain, repeat
from pathlib import Path
from typing import Any, BinaryIO, cast
from zoneinfo import ZoneInfo

import pytest
import typer
from openpyxl import Workbook
from typer.testing import CliRunner

from duban import codec, hall_facts
from duban.events import Event
from producers.importers import xes
from producers.importers.__main__ import main
from producers.importers.facts import Place
from producers.importers.known import Known
from producers.importers.mapping import LogMapping, MappingError, load, named
from producers.importers.source import stem
from producers.importers.work import Job, Report, run
from tests.receipt import RECEIPT, needs_receipt

NOW = 1_790_000_000_000  # 2026-09-21

HEAD = '<?xml version="1.0"?>\n<log xmlns="http://www.xes-standard.org/">\n'
EVENT = """<event><string key="concept:name" value="{step}"/>
<date key="time:timestamp" value="{at}"/><string key="org:resource" value="R1"/></event>
"""


class Topic:
    """Stands for the topic: keeps what is sent, as the codec brings it back."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def send(self, event: Event) -> None:
        self.events.append(codec.decode(codec.encode(event)))


def take(path: Path, topic: Topic | None, mapping: LogMapping | None = None, **more: Any) -> Report:
    def place(found: LogMapping) -> Place:
        return Place(found.hall or stem(path), "default", ZoneInfo(found.zone or "Asia/Shanghai"))

    job = Job(
        path=path,
        place=place,
        mapping=mapping,
        by_standard=more.get("by_standard", False),
        emitter=topic,
        known=lambda hall: Known(topic.events if topic else ()),
        progress=lambda position: None,
        now=NOW,
    )
    return run(job)


def trace(name: str, *events: tuple[str, str], attributes: str = "") -> str:
    inner = "".join(EVENT.format(step=step, at=at) for step, at in events)
    return f'<trace><string key="concept:name" value="{name}"/>{attributes}\n{inner}</trace>\n'


def log(path: Path, *traces: str, end: str = "</log>") -> Path:
    path.write_text(HEAD + "".join(traces) + end, encoding="utf-8")
    return path


GOOD = trace("c1", ("receive", "2012-01-02T09:00:00+08:00"), ("decide", "2012-01-03T10:00:00Z"))


def test_without_a_mapping_the_standard_attributes_are_read_and_nothing_is_invented(
    tmp_path: Path,
) -> None:
    topic = Topic()
    report = take(log(tmp_path / "old.xes", GOOD), topic)

    assert (report.mapping, report.hall) == ("xes", "old")
    assert [(e.type, e.subject_id) for e in topic.events] == [
        ("CaseSubmitted", "old/c1"),
        ("StepCompleted", "old/c1"),
        ("StepCompleted", "old/c1"),
    ]
    submitted, first, second = topic.events
    assert submitted.data["item_code"] == ""
    assert submitted.occurred_at == first.occurred_at == 1_325_466_000_000
    assert (first.data["step"], first.data["staff"], first.actor.id) == ("receive", "R1", "R1")
    assert second.recorded_at == second.occurred_at == 1_325_584_800_000
    assert all(event.historical for event in topic.events)


def test_a_second_run_adds_nothing_and_counts_the_duplicates(tmp_path: Path) -> None:
    topic = Topic()
    path = log(tmp_path / "old.xes", GOOD)
    assert (take(path, topic).added, len(topic.events)) == (3, 3)

    again = take(path, topic)

    assert (again.added, again.duplicates, again.rejected, len(topic.events)) == (0, 3, 0, 3)


def test_a_packed_copy_under_another_name_is_the_same_log(tmp_path: Path) -> None:
    topic = Topic()
    path = log(tmp_path / "old.xes", GOOD)
    take(path, topic)
    (tmp_path / "odd").mkdir()
    packed = tmp_path / "odd" / "old.xes"  # packed, though its name does not say so
    packed.write_bytes(gzip.compress(path.read_bytes()))

    assert take(packed, topic).duplicates == 3


def test_a_changed_fact_corrects_the_one_before_it_also_when_it_moves_back(tmp_path: Path) -> None:
    topic = Topic()
    path, moved = tmp_path / "old.xes", GOOD.replace("10:00:00Z", "11:00:00Z")
    take(log(path, GOOD), topic)

    report = take(log(path, moved), topic)
    assert (report.added, report.corrected, report.duplicates) == (1, 1, 2)
    assert topic.events[-1].corrects_event_id == topic.events[2].event_id
    assert topic.events[-1].occurred_at == topic.events[2].occurred_at + 3_600_000
    assert take(log(path, moved), topic).added == 0

    back = take(log(path, GOOD), topic)
    assert (back.added, back.corrected) == (1, 1)
    assert topic.events[-1].corrects_event_id == topic.events[-2].event_id
    assert len({event.event_id for event in topic.events}) == 5
    assert take(log(path, GOOD), topic).added == 0


@pytest.mark.parametrize(
    ("bad", "reason", "line"),
    [
        (trace("c2", ("x", "yesterday")), "time:timestamp: not a time: 'yesterday'", 10),
        (trace("c2", ("", "2012-01-02T09:00:00Z")), "the event has no concept:name", 10),
        (trace("c2"), "the case has no events", 9),
        (trace("", ("x", "2012-01-02T09:00:00Z")), "the case has no concept:name", 9),
        (trace("c2", ("x", "2030-01-02T09:00:00Z")), "occurred_at: lies more than 24", 9),
    ],
)
def test_a_bad_trace_is_left_out_whole_with_its_line_and_the_others_go_on(
    tmp_path: Path, bad: str, reason: str, line: int
) -> None:
    topic = Topic()
    report = take(log(tmp_path / "old.xes", GOOD, bad, GOOD.replace("c1", "c3")), topic)

    assert {event.subject_id for event in topic.events} == {"old/c1", "old/c3"}
    (reject,) = report.rejects
    assert reject.reason.startswith(reason)
    assert reject.line == line
    assert report.rejected == 1
    assert report.events == 4 + report.lost_events


def test_a_broken_file_keeps_what_came_before_and_names_the_line(tmp_path: Path) -> None:
    topic = Topic()
    report = take(log(tmp_path / "old.xes", GOOD, "<trace></event>\n", end=""), topic)

    assert report.broken.startswith("line 9: not well-formed: mismatched tag")
    assert len(topic.events) == 3


def test_a_cut_gzip_is_named_as_such(tmp_path: Path) -> None:
    path = tmp_path / "old.xes.gz"
    whole = gzip.compress((HEAD + GOOD * 2000 + "</log>").encode())
    path.write_bytes(whole[: len(whole) // 2])

    assert "broken gzip" in take(path, Topic()).broken


def test_entities_are_never_declared(tmp_path: Path) -> None:
    path = tmp_path / "old.xes"
    bomb = '<!DOCTYPE log [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>\n'
    path.write_text('<?xml version="1.0"?>\n' + bomb + "<log>&b;</log>", encoding="utf-8")

    report = take(path, Topic())

    assert report.broken == "line 2: a document type is not allowed in a log"


class Endless:
    """A log that is made while it is read."""

    def __init__(self, traces: int) -> None:
        self.parts = chain([HEAD], repeat(GOOD, traces), ["</log>"])

    def read(self, _size: int) -> bytes:
        return next(self.parts, "").encode()


def test_a_log_of_any_length_is_read_in_the_same_memory() -> None:
    def peak(traces: int) -> int:
        tracemalloc.start()
        try:
            assert sum(1 for _ in xes.read(cast(BinaryIO, Endless(traces)))) == traces
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak(10_000) < 1.2 * peak(1_000)


def test_a_dry_run_sends_nothing_and_counts_what_it_would(tmp_path: Path) -> None:
    report = take(log(tmp_path / "old.xes", GOOD), None)

    assert (report.events, report.added, report.facts.total()) == (2, 0, 3)


# --- mappings ----------------------------------------------------------------------------------

MAP = """
hall = "h"
source = "s"
[activities.decide]
type = "DecisionMade"
fields.decision = { from = "result", value = "unknown", map = { ok = "approved" } }
[[attributes]]
attribute = "due"
type = "DeadlineImposed"
fields.due_at = { from = "due", time = true }
"""


def test_activities_and_attributes_become_facts(tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_text(MAP, encoding="utf-8")
    due = '<date key="due" value="2012-01-05T17:00:00"/>'
    decided = GOOD.replace(
        '<string key="concept:name" value="decide"/>',
        '<string key="concept:name" value="decide"/><string key="result" value="ok"/>',
    ).replace('value="c1"/>', f'value="c1"/>{due}')
    topic = Topic()

    take(log(tmp_path / "old.xes", decided), topic, load(tmp_path / "m.toml"))

    by_type = {event.type: event for event in topic.events}
    assert by_type["DecisionMade"].data["decision"] == "approved"
    assert by_type["DeadlineImposed"].data["due_at"] == 1_325_754_000_000  # 17:00 in Shanghai
    assert by_type["StepCompleted"].hall_id == "h"


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("hall = ", "Invalid value"),
        ("halll = 'x'", "halll: Extra inputs"),
        ("zone = 'Mars/Olympus'", "zone: Value error, unknown time zone 'Mars/Olympus'"),
        ("[[attributes]]\nattribute='a'\ntype='T'\nfields.x={}", "needs `from` or `value`"),
    ],
)
def test_a_wrong_mapping_says_where(tmp_path: Path, text: str, where: str) -> None:
    path = tmp_path / "m.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(MappingError, match=r"m\.toml") as caught:
        load(path)
    assert where in str(caught.value)


# --- tables and NDJSON -------------------------------------------------------------------------

ROWS = [
    ["案件编号", "环节", "时间", "经办人"],
    ["A-1", "受理", "2026-01-05 09:00:00", "s1"],
    ["A-2", "受理", "2026-01-05 09:05:00", "s2"],
    ["A-1", "办结", "2026-01-06 16:00:00", "s1"],
]
COLUMNS = LogMapping.model_validate(
    {"columns": {"case": "案件编号", "activity": "环节", "time": "时间", "resource": "经办人"}}
)


def tables(directory: Path) -> list[Path]:
    text = "\n".join(",".join(row) for row in ROWS)
    (directory / "a.csv").write_bytes(text.encode("gb18030"))
    (directory / "b.csv").write_bytes(text.encode("utf-8-sig"))
    book = Workbook()
    assert book.active is not None
    for row in ROWS:
        book.active.append(row)
    book.save(directory / "c.xlsx")
    return [directory / name for name in ("a.csv", "b.csv", "c.xlsx")]


def test_csv_and_excel_rows_of_one_case_are_gathered(tmp_path: Path) -> None:
    for path in tables(tmp_path):
        topic = Topic()
        report = take(path, topic, COLUMNS)
        assert (report.broken, report.rejected, report.events) == ("", 0, 3)
        steps = Counter(e.subject_id for e in topic.events if e.type == "StepCompleted")
        assert steps == {f"{stem(path)}/A-1": 2, f"{stem(path)}/A-2": 1}
        assert topic.events[0].occurred_at == 1_767_574_800_000  # 09:00 in Shanghai


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    path = tables(tmp_path)[0]
    assert "no column 'case:concept:name'" in take(path, Topic()).broken
    path.write_text("案件编号,环节,时间\n,受理,2026-01-05 09:00:00\n", encoding="utf-8")
    report = take(path, Topic(), COLUMNS)
    assert (report.rejects[0].line, report.rejects[0].reason) == (2, "no value under '案件编号'")


CARDS = [
    ["编号", "日期", "窗口", "办件编号", "满意度", "备注"],
    ["1", "2026-01-05", "cg-1", "luannan/2026-CG-1", "非常满意", ""],
    ["2", "2026-01-06", "cg-1", "", "不满意", "等候久"],
    ["3", "2026-01-06", "mz-2", "", "说不清", ""],
    ["4", "", "mz-2", "", "满意", ""],
]


def sheet(path: Path, rows: list[list[str]]) -> Path:
    path.write_text("\n".join(",".join(row) for row in rows), encoding="utf-8-sig")
    return path


def shipped_mapping(name: str) -> LogMapping:
    return load(named(Path(name))).model_copy(update={"hall": "luannan"})


def test_a_sheet_of_feedback_cards_gives_one_fact_a_row(tmp_path: Path) -> None:
    topic, path = Topic(), sheet(tmp_path / "反馈卡.csv", CARDS)

    report = take(path, topic, shipped_mapping("feedback-cards"))

    assert (report.events, report.added, report.rejected, report.broken) == (4, 2, 2, "")
    assert [(r.line, r.reason) for r in report.rejects] == [
        (4, "level: is missing"), (5, "no value under '日期'"),
    ]  # fmt: skip
    first, second = topic.events
    said = {"subject": "cg-1", "case_id": "luannan/2026-CG-1", "level": 5}
    assert said.items() <= first.data.items()
    assert (first.hall_id, first.subject_type, first.subject_id) == ("luannan", "hall", "luannan")
    assert (first.channel, first.historical, second.data["level"]) == ("box", True, 2)
    assert first.occurred_at == 1_767_542_400_000  # 5 January in Shanghai


def test_a_sheet_read_again_adds_nothing_and_a_changed_card_corrects_its_fact(
    tmp_path: Path,
) -> None:
    topic, path = Topic(), sheet(tmp_path / "反馈卡.csv", CARDS[:3])
    take(path, topic, shipped_mapping("feedback-cards"))
    again = take(path, topic, shipped_mapping("feedback-cards"))
    assert (again.added, again.duplicates) == (0, 2)
    changed = [*CARDS[:2], ["2", "2026-01-06", "cg-1", "", "满意", "等候久"]]
    report = take(sheet(path, changed), topic, shipped_mapping("feedback-cards"))
    assert (report.added, report.corrected, report.duplicates) == (1, 1, 1)
    assert topic.events[-1].corrects_event_id == topic.events[1].event_id
    assert [s.data["level"] for s in hall_facts.read(topic.events).standing] == [5, 4]


def test_equal_rows_of_a_sheet_without_numbers_are_as_many_facts(tmp_path: Path) -> None:
    rows = [
        ["日期", "窗口", "种类", "件数"],
        ["2026-01-05", "mz-2", "锦旗", ""],
        ["2026-01-05", "mz-2", "锦旗", ""],
        ["2026-01-07", "mz-2", "表扬信", "3"],
        ["2026-01-08", "mz-2", "感谢视频", "1"],
        ["2026-01-09", "mz-2", "表扬信", "几封"],
    ]
    topic, path = Topic(), sheet(tmp_path / "表扬.csv", rows)
    report = take(path, topic, shipped_mapping("praise"))
    assert [(r.line, r.reason) for r in report.rejects] == [(6, "件数: not a number: '几封'")]
    assert [(e.data["kind"], e.data["count"]) for e in topic.events] == [
        ("banner", 1), ("banner", 1), ("letter", 3), ("unknown", 1),
    ]  # fmt: skip
    assert len({e.event_id for e in topic.events}) == 4
    assert take(path, topic, shipped_mapping("praise")).added == 0


def test_a_sheet_may_be_an_excel_workbook_and_a_missing_column_is_named(tmp_path: Path) -> None:
    book = Workbook()
    assert book.active is not None
    for row in (["日期", "窗口", "种类", "件数"], ["2026-01-05 09:00", "mz-2", "镜匾", 2]):
        book.active.append(row)
    book.save(tmp_path / "b.xlsx")
    topic = Topic()
    assert take(tmp_path / "b.xlsx", topic, shipped_mapping("praise")).added == 1
    assert (topic.events[0].data["kind"], topic.events[0].data["count"]) == ("plaque", 2)
    short = sheet(tmp_path / "c.csv", [["日期", "窗口"], ["2026-01-05", "mz-2"]])
    assert "no column '种类'" in take(short, Topic(), shipped_mapping("praise")).broken


def test_a_mapping_is_named_by_its_path_or_shipped_under_its_name(tmp_path: Path) -> None:
    assert load(named(Path("praise"))).name == "praise"
    own = tmp_path / "praise.toml"
    assert named(own) == own
    assert named(Path("nothing-of-ours")) == Path("nothing-of-ours")


def test_a_line_of_ndjson_about_a_hall_needs_no_more_than_the_hall(tmp_path: Path) -> None:
    praise = {"type": "PraiseReceived", "hall_id": "h", "kind": "banner", "subject": "w1"}
    path = tmp_path / "facts.ndjson"
    path.write_text(json.dumps({**praise, "occurred_at": "2026-01-05T09:00:00+08:00"}), "utf-8")
    topic = Topic()
    assert take(path, topic).added == 1
    assert (topic.events[0].subject_type, topic.events[0].subject_id) == ("hall", "h")


def test_ndjson_lines_are_facts_and_bad_ones_are_named(tmp_path: Path) -> None:
    fact = {
        "type": "StepCompleted",
        "hall_id": "h",
        "subject_id": "h/1",
        "occurred_at": "2026-01-05T09:00:00+08:00",
        "step": "x",
    }
    lines = [json.dumps(fact), "{", json.dumps({**fact, "step": 7}), json.dumps(fact), "[]"]
    path = tmp_path / "facts.ndjson"
    path.write_text("\n".join(lines), encoding="utf-8")
    topic = Topic()

    report = take(path, topic)

    assert (report.events, report.added, report.duplicates, report.rejected) == (5, 1, 1, 3)
    assert [reject.line for reject in report.rejects] == [2, 3, 5]
    assert report.rejects[1].reason.startswith("step: ")
    assert topic.events[0].historical
    assert topic.events[0].recorded_at == topic.events[0].occurred_at


# --- the log at hand ---------------------------------------------------------------------------


@needs_receipt
def test_the_receipt_log_gives_the_facts_that_its_counts_follow_from() -> None:
    topic = Topic()
    report = take(RECEIPT, topic)

    assert (report.mapping, report.hall) == ("receipt", "receipt")
    assert len(report.subjects) == 1_434
    assert (report.events, report.rejected, report.lost_events) == (8_577, 0, 0)
    assert report.facts == {
        "CaseSubmitted": 1_434,
        "StepCompleted": 8_577,
        "DeadlineImposed": 1_434,
        "CaseClosed": 1_329,
    }
    due = {e.subject_id: e.data["due_at"] for e in topic.events if e.type == "DeadlineImposed"}
    end = {e.subject_id: e.occurred_at for e in topic.events if e.type == "CaseClosed"}
    late = Counter(end[case] > due[case] for case in end)
    assert (late[False], late[True], len(due) - len(end)) == (952, 377, 105)
    assert len({event.event_id for event in topic.events}) == len(topic.events)


@needs_receipt
def test_by_the_standard_alone_the_receipt_log_has_no_deadline() -> None:
    report = take(RECEIPT, None, by_standard=True)

    assert report.mapping == "xes"
    assert report.facts == {"CaseSubmitted": 1_434, "StepCompleted": 8_577}


def test_the_option_that_leaves_the_mapping_out_has_one_name() -> None:
    app = typer.Typer()
    app.command()(main)
    said = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "200"}).stdout
    assert "--no-map" in said
    assert "--no-no-map" not in said
