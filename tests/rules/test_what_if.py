"""What would move if a version were published, by the rules alone."""

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from duban.cli import output
from duban.publish import plan
from duban.reference import load
from duban.what_if import NEWLY, NO_LONGER, Moved, run
from tests.given import REFERENCE, at, fact, told
from tests.rules.test_versions import AFTER, BEFORE, STARTED, having, promised

CASES = {
    "sujiatun/open": told(*STARTED),
    "sujiatun/ended": told(*STARTED, fact("DecisionMade", "2026-10-13 11:00")),
    "sujiatun/other": told(fact("CaseSubmitted", "2026-10-12 09:00", item_code="unknown")),
}


def moved(after, now, before=REFERENCE, cases=CASES):
    return run(cases.items(), before, after, at(now))


def test_a_shorter_term_makes_a_case_overdue_and_a_longer_one_saves_it():
    short = having(promised(1, "2", "2026-10-14", "open_recompute"))
    found = moved(short, "2026-10-14 00:00")
    assert found.clocks == [
        Moved("sujiatun/open", "promise", "", at("2026-10-15 17:00"), at("2026-10-13 17:00"),
              False, NEWLY)
    ]  # fmt: skip
    assert (found.looked_at, found.cases(), found.cases(NEWLY), found.cases(NO_LONGER)) == (
        3, 1, 1, 0,
    )  # fmt: skip
    long = having(promised(30, "2", "2026-10-14", "open_recompute"))
    saved = moved(long, "2026-10-16 09:00")
    assert [(m.case_id, m.overdue) for m in saved.clocks] == [("sujiatun/open", NO_LONGER)]


def test_new_only_moves_nothing_and_a_calendar_moves_what_crosses_it():
    assert moved(having(promised(1, "2", "2026-10-14")), "2026-10-16 09:00").clocks == []
    cases = {"sujiatun/1": told(fact("CaseSubmitted", "2026-12-30 09:00", item_code="sign"),
                                fact("CaseAccepted", "2026-12-30 10:00"))}  # fmt: skip
    found = moved(AFTER, "2026-12-30 12:00", BEFORE, cases)
    assert [(m.new_due, m.provisional) for m in found.clocks if m.kind == "promise"] == [
        (at("2027-01-05 17:00"), False)
    ]


def test_clocks_that_a_policy_brings_or_drops_are_named():
    newer = promised(3, "2", "2026-10-14", "open_recompute")
    dropped = having(replace(newer, clocks=newer.clocks[:1]))
    (gone,) = moved(dropped, "2026-10-14 09:00").clocks
    assert (gone.kind, gone.old_due is None, gone.new_due) == ("statutory", False, None)
    (back,) = moved(REFERENCE, "2026-10-14 09:00", dropped).clocks
    assert (back.kind, back.old_due) == ("statutory", None)


@pytest.mark.parametrize(("after_s", "shown"), [(0.0, True), (60.0, False)])
def test_a_bar_shows_only_what_takes_long(monkeypatch, after_s, shown):
    drawn = io.StringIO()
    monkeypatch.setattr(output, "err", Console(file=drawn, force_terminal=True, width=80))
    monkeypatch.setattr(output, "BAR_AFTER_S", after_s)
    monkeypatch.setattr(output.sys.stderr, "isatty", lambda: True, raising=False)
    with output.progress("推算在办件", 10) as seen:
        for done in range(1, 11):
            seen(done)
    assert ("10/10" in drawn.getvalue()) is shown


def policy_file(version: str, effective: str, applies_to: str = "new_only", unit: str = "") -> str:
    return f"""
[[policy]]
policy_id = "default"
version = "{version}"
effective_from = {effective}
applies_to = "{applies_to}"
[[policy.clocks]]
kind = "promise"
budget = 5
unit = "{unit or "working_day"}"
start = ["CaseAccepted"]
stop = ["DecisionMade"]
"""


def events(directory: Path, *texts: str):
    directory.mkdir()
    for number, text in enumerate(texts):
        (directory / f"{number}.toml").write_text(text, encoding="utf-8")
    return load(directory)


def test_a_policy_that_would_silently_have_no_effect_is_told_apart(tmp_path):
    known = events(tmp_path / "known", policy_file("10", "2026-01-01"))
    lower = events(tmp_path / "lower", policy_file("9", "2026-01-01"))
    (one,) = plan(lower, known).ignored
    assert one.why == "与 default@10 同时生效而版本号较低，永远不会适用"
    higher = events(tmp_path / "higher", policy_file("11", "2026-01-01"))
    assert plan(higher, known).ignored == ()
    both = plan([*lower, *known], [])
    assert [i.event.subject_id for i in both.ignored] == ["default@9"]
    assert plan(lower, lower).ignored == ()


def test_a_takeover_in_another_unit_is_told_apart(tmp_path):
    known = events(tmp_path / "known", policy_file("1", "2026-01-01"))
    minutes = policy_file("2", "2026-02-01", "open_from_now", "working_minute")
    newer = events(tmp_path / "newer", minutes)
    (one,) = plan(newer, known).ignored
    assert "promise" in one.why
    assert "working_minute" in one.why
    again = events(tmp_path / "again", minutes.replace("open_from_now", "open_recompute"))
    assert plan(again, known).ignored == ()
    assert json.loads(newer[0].data["body"])["clocks"][0]["unit"] == "working_minute"
