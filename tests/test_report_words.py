"""A report has a Chinese word for every code that the pages know, and for whatever ships."""

import tomllib

import pytest

from duban.launch import SCHEMAS
from duban.triggers import triggers
from projections.reports import words
from tests.engine.rig import ROOT

PAGES = tomllib.loads((ROOT / "projections/dashboard/evaluation.toml").read_text(encoding="utf-8"))
TABLES = {
    "honour": words.HONOURS, "category": words.FINDINGS, "praise": words.PRAISE,
    "activity": words.ACTIVITIES, "absence": words.ATTENDANCE, "scope": words.SCOPES,
    "good_deeds": words.HONOURS, "severity": words.SEVERITIES,
}  # fmt: skip


@pytest.mark.parametrize("section", TABLES)
def test_what_a_page_calls_by_a_word_a_report_does_too(section):
    codes = {code for code in PAGES[section] if code not in ("unknown", "none")}
    assert codes
    assert codes <= TABLES[section].keys()


def test_what_rules_and_presets_name_has_a_word():
    found = {t.on.removeprefix("finding:") for t in triggers() if t.on.startswith("finding:")}
    for path in (SCHEMAS / "reference").rglob("*.toml"):
        for score in tomllib.loads(path.read_text(encoding="utf-8")).get("score", ()):
            rules = [rule for rule in score["rules"] if rule["on"] == "HonourGranted"]
            kinds = {rule["where"]["kind"] for rule in rules if "kind" in rule.get("where", {})}
            assert kinds <= words.HONOURS.keys(), path.name
            rules = [rule for rule in score["rules"] if rule["on"] == "FindingRaised"]
            found |= {r["where"]["category"] for r in rules if "category" in r.get("where", {})}
    assert found <= words.FINDINGS.keys()
