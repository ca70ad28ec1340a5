"""One report, three forms: what they show, and that nothing in them is bent or broken."""

import io
import re
from dataclasses import replace
from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from reportlab.lib.colors import black

from duban.figures import Rate
from duban.metrics import load_metric
from duban.policy import Reference
from duban.score_policy import ScorePolicy
from projections.dashboard.names import Names, Post
from projections.reports.bulletin import DEFINED, definitions, plain
from projections.reports.consequences import board
from projections.reports.drawing import Box, Words, draw
from projections.reports.fonts import fonts
from projections.reports.html import to_html
from projections.reports.model import (
    Chart,
    Number,
    Percent,
    Report,
    Section,
    Series,
    Table,
    Text,
    percent,
    text_of,
    with_parts,
)
from projections.reports.pdf import to_pdf
from projections.reports.period import parse
from projections.reports.prose import OPENERS, STOPS, Face, broken
from projections.reports.source import Source
from projections.reports.words import numeral
from projections.reports.xlsx import to_xlsx
from tests.paper import bare, html_rows, pdf_text

BARS = Chart(
    "bars", "得分", "分", ["甲窗口", "乙窗口"], [Series("得分", [109.2, 82.65])], ["红旗", ""], 2
)
LINES = Chart(
    "lines", "趋势", "件", ["一月", "二月"], [Series("受理", [3, 9]), Series("办结", [2, 9])]
)
TABLE = Table(
    "指标", ("名称", "比率", "环比", "平均", "件数"),
    [("按时<b>", Rate(1284, 1285), Percent(-0.0512, signed=True), Number(1.25), 1285),
     ("=1+1", Rate(0, 0), Percent(None), Number(None), None)],
    note="无",
)  # fmt: skip
REPORT = Report(
    banner="工作通报", title="关于2026年9月窗口服务情况的通报", issuer="某某政务服务中心",
    dated="2026年10月8日", number="某政通〔2026〕9号", issue="第九期", addressees="各窗口",
    lead="现将情况通报如下。", copies=("区委办公室",), footnote="数据截至今日。",
    sections=[Section("办件情况", [Text("共受理一千件。"), TABLE, LINES]), Section("评比", [BARS])],
    appendices=[Section("口径", [Text("按时办结 ÷ 办结。")])],
)  # fmt: skip


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        (Rate(1284, 1285), "99.92%"), (Rate(999_999, 1_000_000), "99.99%"), (Rate(2, 3), "66.67%"),
        (Rate(5, 5), "100%"), (Rate(0, 5), "0%"), (Rate(1, 1_000_000), "0.01%"), (Rate(0, 0), "—"),
        (Rate(-2, 38), "−5.26%"), (Percent(0.5201, signed=True), "+52.01%"), (None, "—"),
        (Percent(-0.1403, signed=True), "−14.03%"), (Percent(0.0, signed=True), "0.00%"),
        (Number(-0.5, 2, signed=True), "−0.50"), (Number(1234.56), "1,234.6"), (-2, "−2"),
        (39_072, "39,072"), ("甲", "甲"),
    ],
)  # fmt: skip
def test_numbers_are_shown_as_people_write_them(cell, shown):
    assert text_of(cell) == shown


@settings(deadline=None)
@given(st.integers(0, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_a_hundred_percent_is_said_of_all_of_them_only(parts):
    rate = Rate(*parts)
    assert (percent(rate) == "100%") == (rate.whole > 0 and rate.part == rate.whole)
    assert (percent(rate) == "0%") == (rate.whole > 0 and rate.part == 0)


def test_a_rate_in_a_sentence_has_its_parts_beside_it():
    assert with_parts(Rate(1284, 1285)) == "99.92%（1,284/1,285）"


def test_html_stands_alone_and_lets_no_markup_in():
    page = to_html(REPORT)
    assert not re.search(r"<(script|link|img|iframe)|https?://|@import|url\(", page)
    assert "按时&lt;b&gt;" in page
    assert page.count("<svg") == 2
    for words in ("工作通报", "某政通〔2026〕9号", "一、办件情况", "附件1", "抄送：区委办公室。"):
        assert words in page


def test_a_workbook_has_numbers_as_numbers_and_charts_of_its_own():
    book = load_workbook(io.BytesIO(to_xlsx(REPORT)))
    assert book.sheetnames == ["正文", "一、办件情况", "二、评比", "附件1 口径"]
    sheet = book["一、办件情况"]
    cells = {c.value: c for row in sheet.iter_rows() for c in row if c.value is not None}
    rate = next(c for v, c in cells.items() if isinstance(v, float) and abs(v - 1284 / 1285) < 1e-9)
    assert rate.number_format == "0.00%"
    assert cells["=1+1"].data_type == "s"
    assert len(sheet._charts) == len(book["二、评比"]._charts) == 1


def test_a_pdf_has_a_letter_and_its_annex():
    made = to_pdf(REPORT)
    assert made.startswith(b"%PDF-")
    assert len(re.findall(rb"/Type /Page\b", made)) >= 2


def test_a_pdf_says_what_the_html_says_row_by_row():
    text = pdf_text(to_pdf(REPORT))
    for words in (REPORT.banner, REPORT.title, REPORT.number, "一、办件情况", "附件1口径"):
        assert bare(words) in text
    rows = html_rows(to_html(REPORT))
    assert len(rows) > len(TABLE.rows)
    for row in rows:
        assert "".join(row) in text


def test_a_chart_of_many_bars_is_no_larger_than_a_page():
    names = [f"{number}号窗口" for number in range(80)]
    chart = replace(BARS, labels=names, series=[Series("得分", [100.0] * 80)], marks=[""] * 80)
    text = pdf_text(to_pdf(replace(REPORT, sections=[Section("评比", [chart])])))
    assert all(name in text for name in names)


def test_without_a_font_to_embed_the_viewer_sets_the_type(monkeypatch):
    monkeypatch.setattr("projections.reports.fonts.FOLDERS", ())
    made = to_pdf(REPORT)
    assert b"/STSong-Light" in made
    assert b"/FontFile2" not in made


def test_a_font_that_cannot_be_embedded_is_refused(tmp_path):
    wrong = tmp_path / "no-font.ttf"
    wrong.write_bytes(b"no font")
    with pytest.raises(ValueError, match="no TrueType font"):
        to_pdf(REPORT, str(wrong))


han = st.text("政务服务大厅窗口办件", min_size=1, max_size=8)
numbers = st.sampled_from(["99.94%", "1,284/1,285", "2026", "−5.26%"])
stops = st.sampled_from(list("，。；：、）"))
pieces = st.one_of(han, numbers, st.tuples(han, stops).map("".join), st.just("（甲）"))


@settings(deadline=None)
@given(st.lists(pieces, min_size=1, max_size=40).map("".join), st.integers(80, 400))
def test_no_line_begins_with_a_stop_ends_with_a_bracket_or_breaks_a_number(text, width):
    face = Face(fonts().body, 12, 20, black, indent=24)
    lines = [line.text for line in broken(text, face, width)]
    assert "".join(lines) == text
    for line, after in pairwise(lines):
        assert line[-1] not in OPENERS
        assert after[0] not in STOPS
        assert not (line[-1].isdigit() and after[0].isdigit())


def test_bars_lie_from_nought_and_say_their_value():
    drawing = draw(BARS)
    first, second = (s for s in drawing.shapes if isinstance(s, Box))
    assert first.x == second.x
    assert second.width / first.width == pytest.approx(82.65 / 109.2)
    words = [s.text for s in drawing.shapes if isinstance(s, Words)]
    assert words == ["甲窗口", "109.20", "红旗", "乙窗口", "82.65"]


def test_names_of_lines_that_end_together_do_not_lie_upon_each_other():
    ends = [s.y for s in draw(LINES).shapes if isinstance(s, Words) and s.text in ("受理", "办结")]
    assert abs(ends[0] - ends[1]) >= 8


@pytest.mark.parametrize(
    ("text", "name", "months", "before", "year_ago"),
    [
        ("2026-09", "2026年9月", 1, "2026-08", "2025-09"),
        ("2026-01", "2026年1月", 1, "2025-12", "2025-01"),
        ("2026-Q3", "2026年第三季度", 3, "2026-Q2", "2025-Q3"),
        ("2026-H1", "2026年上半年", 6, "2025-H2", "2025-H1"),
        ("2026", "2026年度", 12, "2025", "2025"),
    ],
)
def test_a_period_knows_its_months_and_those_before(text, name, months, before, year_ago):
    found = parse(text)
    assert (found.code, found.name, len(found.months)) == (text, name, months)
    assert (found.before.code, found.year_ago.code) == (before, year_ago)
    assert found.months[-1] == found.last_day.strftime("%Y-%m")
    assert [p.code for p in found.each()] == list(found.months)


@pytest.mark.parametrize(
    ("text", "length", "parts"),
    [
        ("2026", 3, ["2026-Q1", "2026-Q2", "2026-Q3", "2026-Q4"]),
        ("2026", 6, ["2026-H1", "2026-H2"]), ("2026-H2", 3, ["2026-Q3", "2026-Q4"]),
        ("2026-Q1", 3, ["2026-Q1"]),
    ],
)  # fmt: skip
def test_a_period_has_the_shorter_ones_of_a_policy_in_it(text, length, parts):
    assert [p.code for p in parse(text).each(length)] == parts


@pytest.mark.parametrize(
    ("subject", "top", "bottom", "flag_said", "top_said", "bottom_said"),
    [
        ("window", 3, 3, "红旗窗口", "前三名", "后三名"),
        ("staff", 1, 1, "红旗人员", "第一名", "末位"),
        ("chief_rep", 12, 2, "红旗首席代表", "前十二名", "后二名"),
    ],
)
def test_boards_are_called_by_the_size_that_the_policy_gives_them(
    subject, top, bottom, flag_said, top_said, bottom_said
):
    terms = ScorePolicy("1", 0, (), subject=subject, top=top, bottom=bottom)
    assert board(terms, "flag") == flag_said
    assert (board(terms, "top"), board(terms, "bottom")) == (top_said, bottom_said)


def test_twelve_months_back_end_with_the_period():
    assert parse("2026-02").back(12).start == date(2025, 3, 1)


@pytest.mark.parametrize("text", ["2026-13", "2026-H3", "2026-Q5", "26-01", "", "2026-1"])
def test_what_is_no_period_is_refused(text):
    with pytest.raises(ValueError, match="is no period"):
        parse(text)


def test_sections_are_numbered_as_official_letters_are():
    assert [numeral(n) for n in (1, 2, 10, 11, 19)] == ["一", "二", "十", "十一", "十九"]


@pytest.mark.parametrize("name", DEFINED)
def test_a_definition_in_a_report_has_no_latin_words(name):
    said = plain(load_metric(name).definitions["zh"])
    assert len(said) > 8
    assert not re.search("[A-Za-z]", said)
    assert len(definitions().blocks) == len(DEFINED)


@pytest.mark.parametrize(
    ("kind", "subject", "said"),
    [
        ("window", "tax", "税务窗口"), ("hall", "", "某区政务服务中心"),
        ("hall", "h", "某区政务服务中心"), ("staff", "h-tax-02", "税务窗口承办人 02"),
        ("chief_rep", "h-tax-01", "税务窗口首席代表 01"), ("staff", "h-9", "工作人员 9"),
    ],
)  # fmt: skip
def test_people_are_called_by_window_role_and_number_never_by_a_reference(kind, subject, said):
    names = Names(
        Reference(names={"h": "某区政务服务中心", "h/tax": "税务窗口"}),
        posts={"h-tax-01": Post("h/tax", "chief_rep"), "h-tax-02": Post("h/tax", "handler")},
    )
    assert Source("h", 0, "Asia/Shanghai", names).who(kind, subject) == said


def test_each_value_of_a_wide_table_knows_its_head_for_small_screens():
    page = to_html(REPORT)
    assert '<table class="many">' in page
    for head in TABLE.heads:
        assert page.count(f'data-l="{head}"') == len(TABLE.rows)
