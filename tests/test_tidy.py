"""Rules of the house that no linter knows: clocks, lengths, names, and documents that stay true."""

import ast
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import typer

from duban.cli import application
from duban.metrics import load_metric
from tests.reference_docs import PAGES, REFERENCE, ROOT

FUNCTION_LINES_MAX = 60
# Jobs of the worker get their time as an argument too, though they may import the codec.
JOBS = (
    "streams.clocks_job", "streams.scores_job", "streams.difference", "streams.state",
    "streams.closing", "streams.hall_facts", "streams.posting", "streams.rankings",
)  # fmt: skip
CLOCKS = frozenset(
    {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.time_ns"}
    | {"time.monotonic", "time.localtime", "time.gmtime"}
)
SQL_CLOCK = re.compile(r"\b(now|now64|today|yesterday|utcTimestamp)\s*\(\s*\d*\s*\)", re.I)
DOCUMENTS = [
    *(ROOT / name for name in ("README.md", "README.zh-CN.md", "ARCHITECTURE.md", "CHANGELOG.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
CLI = "from duban.cli import main; main()"


def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def rule_modules() -> list[str]:
    """The modules that import-linter holds to be pure."""
    contracts = project()["tool"]["importlinter"]["contracts"]
    return next(c["source_modules"] for c in contracts if c["name"].startswith("Rules are pure"))


def tracked(*patterns: str) -> list[Path]:
    """Files that git tracks; without git (a copy of the sources), those that lie there."""
    command = ["git", "ls-files", "-z", *patterns]
    try:
        said = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError):
        hidden = {".venv", "build", "dist"}
        found = (p for pattern in patterns for p in ROOT.rglob(pattern))
        return [p for p in found if not hidden & set(p.relative_to(ROOT).parts)]
    return [path for name in said.split("\0") if name and (path := ROOT / name).is_file()]


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def clocks_read(tree: ast.Module) -> list[str]:
    """Every mention of a wall clock, called or not."""
    dotted = (ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute))
    return [name for name in dotted if ".".join(name.split(".")[-2:]) in CLOCKS]


# --- code ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("module", [*rule_modules(), *JOBS])
def test_rules_read_no_wall_clock(module):
    path = ROOT / f"{module.replace('.', '/')}.py"
    assert clocks_read(parsed(path)) == []


@pytest.mark.parametrize(
    "planted",
    ["datetime.now(UTC)", "datetime.datetime.utcnow()", "f = date.today", "x = time.time_ns()"],
)
def test_a_planted_clock_is_seen(planted):
    assert clocks_read(ast.parse(planted))


def test_functions_are_short():
    long = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name} has {lines} lines"
        for path in tracked("*.py")
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (lines := (node.end_lineno or 0) - node.lineno + 1) > FUNCTION_LINES_MAX
    ]
    assert long == []


def test_every_module_says_what_it_is():
    silent = [
        str(path.relative_to(ROOT))
        for path in tracked("*.py")
        if not ast.get_docstring(tree := parsed(path)) and tree.body
    ]
    assert silent == []


def test_sql_files_read_no_clock():
    """Business time is a parameter; `{now}` and columns of that name are no calls."""
    files = tracked("*.sql")
    assert len(files) > 20
    assert [str(p.relative_to(ROOT)) for p in files if SQL_CLOCK.search(_without_comments(p))] == []


@pytest.mark.parametrize("planted", ["SELECT now()", "toDate( today() )", "now64(3)", "NOW ()"])
def test_a_planted_clock_in_sql_is_seen(planted):
    assert SQL_CLOCK.search(planted)


@pytest.mark.parametrize("allowed", ["{now:DateTime64(3)}", "closed_day = today - 7", "known(x)"])
def test_business_time_in_sql_is_no_clock(allowed):
    assert not SQL_CLOCK.search(allowed)


def _without_comments(path: Path) -> str:
    lines = path.read_text(encoding="utf-8").splitlines()
    return "\n".join(line.partition("--")[0] for line in lines)


def test_sql_inside_programs_reads_no_clock():
    found = [
        f"{path.relative_to(ROOT)}:{text.lineno}"
        for path in tracked("projections/*.py", "duban/*.py", "deploy/demo/*.py")
        for text in _texts(parsed(path))
        if SQL_CLOCK.search(str(text.value)) and "SELECT" in str(text.value)
    ]
    assert found == []


def _texts(tree: ast.Module) -> Iterator[ast.Constant]:
    return (
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


def test_nobody_else_claims_the_names_of_our_programs():
    """Programs are top-level packages in a checkout; in a wheel they lie inside `duban`."""
    claimed = packages_distributions()
    names = project()["tool"]["importlinter"]["root_packages"]
    assert {name: claimed.get(name, []) for name in names if name != "duban"} == {
        name: [] for name in names if name != "duban"
    }


# --- documents -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PAGES)
def test_reference_pages_are_as_the_code_has_them(name):
    written = (REFERENCE / name).read_text(encoding="utf-8")
    assert written == PAGES[name](), "stale: run `python -m tests.reference_docs`"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document):
    text = re.sub(r"```.*?```", "", document.read_text(encoding="utf-8"), flags=re.S)
    targets = re.findall(r"\]\((?!https?:)([^)#]+)[^)]*\)", text)
    assert [t for t in targets if not (document.parent / t).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_python_examples_can_be_read(document):
    for block in blocks(document.read_text(encoding="utf-8"), "python"):
        ast.parse(block)


def blocks(text: str, language: str) -> list[str]:
    """The fenced blocks of a language, without their fences."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.S | re.M)


def readmes() -> tuple[str, str]:
    english, chinese = ROOT / "README.md", ROOT / "README.zh-CN.md"
    return english.read_text(encoding="utf-8"), chinese.read_text(encoding="utf-8")


def test_both_readmes_have_the_same_headings_and_examples():
    english, chinese = readmes()
    assert headings(english) == headings(chinese)
    for language in ("console", "python", "text"):
        assert blocks(english, language) == blocks(chinese, language)


def test_the_readmes_show_the_columns_that_the_outcomes_have():
    columns = list(load_metric("case_outcomes").lists)
    for text in readmes():
        (shown,) = re.findall(
            r'case_outcomes.*\n\{"columns": (\[[^]]*\]), "rows": \[(\[.*?\])\]', text
        )
        assert set(json.loads(shown[0])) == set(columns)
        assert len(json.loads(shown[1])) == len(columns)


def test_make_leaves_the_defaults_of_the_demo_to_the_demo():
    outside = {k: v for k, v in os.environ.items() if k == "PATH"}  # not within another make
    command = ["make", "-n", "demo"]
    said = subprocess.run(
        command, cwd=ROOT, env=outside, capture_output=True, check=True, text=True
    ).stdout
    assert said.rstrip().endswith("duban demo")


def headings(text: str) -> list[str]:
    """The levels of all headings, in order: `#`, `##` …"""
    return re.findall(r"^(#+) ", re.sub(r"```.*?```", "", text, flags=re.S), re.M)


def test_the_readmes_name_every_command_and_no_other():
    command = typer.main.get_command(application())
    known = set(command.commands)  # type: ignore[attr-defined]  # a group
    for text in readmes():
        table = {name for row in re.findall(r"^\| `duban .*", text, re.M) for name in named(row)}
        assert table == known


def named(row: str) -> list[str]:
    """Commands that a row of the table is about: those of its first cell."""
    first = re.split(r"(?<!\\)\|", row)[1]
    return re.findall(r"`duban ([a-z-]+)", first)


def due_examples() -> list[tuple[str, str]]:
    """Every `duban due` in the README with its output, and what prose says it ends on."""
    text = readmes()[0]
    found = [b for b in blocks(text, "console") if b.startswith("$ duban due ")]
    return [(b.splitlines()[0].removeprefix("$ duban "), b.partition("\n")[2]) for b in found]


def say(arguments: str, folder: Path) -> str:
    """What `duban ARGUMENTS` prints on a terminal of 80 columns, with no settings of ours."""
    ours = {k: v for k, v in os.environ.items() if not k.startswith("DUBAN_")}
    env = {**ours, "COLUMNS": "80", "PYTHONUTF8": "1", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", CLI, *arguments.split()]
    return subprocess.run(
        command, env=env, cwd=folder, capture_output=True, check=True, encoding="utf-8", timeout=120
    ).stdout


def test_the_due_example_is_still_true(tmp_path):
    examples = due_examples()
    assert len(examples) == 1
    for arguments, output in examples:
        said = [line.rstrip() for line in say(arguments, tmp_path).splitlines()]
        assert said == output.splitlines()


@pytest.mark.parametrize(
    ("more", "day"),
    [("", "2026-10-30"), (" --pause 2026-10-12/2026-10-16", "2026-11-06")],
)
def test_what_is_said_beside_the_due_example_is_true(tmp_path, more, day):
    said = say(f"due --from 2026-09-28T16:30+08:00 --days 20{more}", tmp_path)
    assert f"到期：{day}" in said
    assert all(day in text for text in readmes())
