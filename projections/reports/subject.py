"""The page of a window or person: its score, with every point and its cause, to be checked."""

from typing import Any

from duban.accounts import account_of
from duban.figures import Rate
from duban.policy import ScoreRule
from duban.ranking import Entry
from duban.score_policy import PERSONS, SIDES, Axis, ScorePolicy
from projections.dashboard.causes import about
from projections.dashboard.words import name_of
from projections.reports.conduct import measures_of
from projections.reports.consequences import board
from projections.reports.letter import Cover, letter
from projections.reports.model import (
    Block,
    Cell,
    Number,
    Report,
    Section,
    Table,
    Text,
    with_parts,
)  # fmt: skip
from projections.reports.period import Period
from projections.reports.ranking import standing_of, standings
from projections.reports.source import Row, Source
from projections.reports.voices import interval
from projections.reports.words import KINDS, joined, named

OUTCOMES = {"outcome:on_time": "按承诺时限办结", "outcome:late": "超过承诺时限"}
RATINGS = {
    "rating:5": "群众评价非常满意", "rating:4": "群众评价满意", "rating:3": "群众评价基本满意",
    "rating:2": "群众评价不满意", "rating:1": "群众评价非常不满意",
}  # fmt: skip


def subject_page(source: Source, period: Period, subject: str, cover: Cover) -> Report:
    """计分单: place, score and its sum, points by rule, every point, measures."""
    found, terms = standings(source, period), source.terms(period)
    entry = next((e for e in found.entries if e.subject == subject), None)
    asked = {"month": period.code, "policy": source.policy, "subject": subject}
    points = _standing(source.ask("score_points", **asked))
    rules = _rules(source)
    name = source.who(terms.subject, subject)
    you = "你" if terms.subject in PERSONS else f"你{named(KINDS, terms.subject)}"
    blocks: list[Block] = [Text(_said(name, period, entry, terms, points) + standing_of(found))]
    if made_up := _made_up(source, period, subject):
        blocks.append(made_up)
    if points:
        blocks.append(_by_rule(points, rules))
    measures = measures_of(source, period, subject)
    return letter(
        source,
        cover,
        banner=f"{named(KINDS, terms.subject)}计分单",
        title=f"{period.name}{name}计分情况",
        lead=f"现将{you}本期得分、名次和每一笔计分的事由告知如下。对计分或名次有异议的，可以提出申诉。",
        sections=(
            Section("得分与名次", blocks),
            _rates(entry),
            Section("处理情况", [measures]) if measures else None,
        ),
        appendices=(Section("计分明细", [_every(source, points, rules)]) if points else None,),
        addressees=name,
    )


def _standing(rows: list[Row]) -> list[Row]:
    """Points without those taken back and their opposites."""
    back = {r["reverses"] for r in rows if r["reverses"]}
    return [r for r in rows if not r["reverses"] and str(r["point_id"]) not in back]


def _rules(source: Source) -> dict[tuple[str, str], ScoreRule]:
    """Rules by the version of the policy and their id."""
    versions = source.names.reference.by_policy.get(source.policy, ())
    return {(v.version, rule.rule_id): rule for v in versions for rule in v.rules}


def _rule_of(point: Row, rules: dict[tuple[str, str], ScoreRule]) -> ScoreRule | None:
    return rules.get((point["score_policy_version"], point["rule_id"]))


def cause_of(point: Row, rules: dict[tuple[str, str], ScoreRule]) -> str:
    """超过承诺时限, 群众评价满意, 锦旗 …"""
    rule = _rule_of(point, rules)
    on = rule.on if rule else ""
    if on.startswith(("breach:", "sign:")):
        return about(rule, on, "zh")
    return OUTCOMES.get(on) or RATINGS.get(on) or name_of("happened", point["cause_type"], "zh")


def _said(
    name: str, period: Period, entry: Entry | None, terms: ScorePolicy, points: list[Row]
) -> str:
    if entry is None:
        return f"{period.name}，{name}没有计分记录。"
    place = f"列第{entry.place}名" if entry.place else f"计分不满{terms.minimum_n}笔，不参加排名"
    boards = joined([board(terms, side) for side in entry.sides if side in SIDES])
    return (
        f"{period.name}，{name}得分{entry.score:.2f}分，{place}"
        + (f"（{boards}）" if boards else "")
        + (f"，{entry.grade}" if entry.grade else "")
        + f"；共计分{len(points):,}笔。"
    )


def _made_up(source: Source, period: Period, subject: str) -> Table | None:
    """How the score follows from the points, as `duban score` has it: base, what each part of the
    policy gives within its limit, and the limits of the whole."""
    found = account_of(source.names.reference, source.policy, period.code, source.hall, subject)
    if not found.points:
        return None
    terms, axes = found.terms, found.scored.axes
    known = {axis.axis for axis in terms.axes}  # points of another version's axis count as they are
    free = sum(p["points"] for p in found.points if p["axis"] not in known)
    rows: list[tuple[Cell, ...]] = [
        ("基础分", "", Number(terms.base, 2)),
        ("不分项的加减分", "", Number(free, 2, signed=True)),
    ]
    rows += [
        (axis.name, _how(axis), Number(axes[axis.axis], 2, signed=True))
        for axis in terms.axes if axis.axis in axes
    ]  # fmt: skip
    limits = f"不低于{terms.minimum:g}分，不高于{terms.maximum:g}分"
    rows.append(("得分", limits, Number(found.scored.score, 2)))
    return Table("得分构成", ("项目", "限额", "计入"), rows, words=(0, 1), widths=(2, 3, 1))


def _how(axis: Axis) -> str:
    """How the points of a part count: by their mean, within a limit."""
    mean = "取平均" if axis.how == "mean" else ""
    limit = f"以{axis.at_most:g}分为限" if axis.at_most else ""
    return "，".join(filter(None, (mean, limit)))


def _by_rule(points: list[Row], rules: dict[tuple[str, str], ScoreRule]) -> Table:
    sums: dict[str, list[Any]] = {}
    for point in points:
        rule = _rule_of(point, rules)
        found = sums.setdefault(cause_of(point, rules), [0, 0.0, rule.source if rule else ""])
        found[0], found[1] = found[0] + 1, found[1] + point["points"]
    rows: list[tuple[Cell, ...]] = [
        (cause, n, Number(total, 2, signed=True), basis or "—")
        for cause, (n, total, basis) in sorted(sums.items(), key=lambda s: (s[1][1], s[0]))
    ]
    rows.append(
        ("合计", sum(n for n, _, _ in sums.values()),
         Number(sum(t for _, t, _ in sums.values()), 2, signed=True), "")
    )  # fmt: skip
    return Table(
        "分事由合计", ("事由", "笔数", "分值合计", "依据"), rows, words=(0, 3),
        widths=(2.4, 0.8, 1.1, 4),
    )  # fmt: skip


def _rates(entry: Entry | None) -> Section:
    if entry is None:
        return Section("按时与评价", [Text("本期没有办结和评价。")])
    on_time = Rate(entry.on_time, entry.on_time + entry.late)
    rated = Rate(entry.satisfied, entry.ratings)
    said = f"按时办结率{with_parts(on_time)}" if on_time.whole else "本期没有有时限的办结件"
    said += (
        f"；好评率{with_parts(rated)}，{interval(rated)}。" if rated.whole else "；没有群众评价。"
    )
    return Section("按时与评价", [Text(said)])


def _every(source: Source, points: list[Row], rules: dict[tuple[str, str], ScoreRule]) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (
            n, f"{p['at']:%m月%d日%H:%M}", cause_of(p, rules), _case(source, p["case_id"]),
            Number(p["points"], 2, signed=True),
        )
        for n, p in enumerate(points, start=1)
    ]  # fmt: skip
    return Table(
        "", ("序号", "时间", "事由", "办件", "分值"), rows, words=(1, 2, 3),
        widths=(0.7, 1.7, 2.6, 3, 1),
    )  # fmt: skip


def _case(source: Source, case_id: str) -> str:
    hall, _, number = case_id.partition("/")
    return source.names.case_no(hall, number) if number else "—"
