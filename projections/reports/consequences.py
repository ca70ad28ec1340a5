"""What follows from a ranking: measures and nominations that its policy names, and open appeals."""

from duban.ranking import HONOUR
from duban.score_policy import ScorePolicy
from projections.reports.model import Cell, Table
from projections.reports.period import Period, parse, short
from projections.reports.source import Row, Source
from projections.reports.words import KINDS, MEASURES, SCOPES, joined, named, numeral

_MEASURES = """
SELECT subject, measure, scope, because FROM ranking_measures_now
WHERE hall_id = {hall:String} AND policy_id = {policy:String} AND period = {period:String}
ORDER BY subject, measure
"""


def board(terms: ScorePolicy, side: str) -> str:
    """红旗窗口, 前三名, 第一名, 后三名, 末位, 计分不足, 参加评比, 得分下降."""
    match side:
        case "flag":
            return f"红旗{named(KINDS, terms.subject)}"
        case "top":
            return "第一名" if terms.top == 1 else f"前{numeral(terms.top)}名"
        case "bottom":
            return "末位" if terms.bottom == 1 else f"后{numeral(terms.bottom)}名"
        case "all":
            return "参加评比"
        case "worse":
            return "得分下降"
    return "计分不足"


def measures(source: Source, terms: ScorePolicy, period: Period) -> Table | None:
    """What the policy of a ranking names for people to decide."""
    rows: list[tuple[Cell, ...]] = [
        (
            source.who(terms.subject, r["subject"]), named(MEASURES, r["measure"]),
            _why(terms, r["because"]), named(SCOPES, r["scope"]) if r["scope"] else "—",
        )
        for r in _named_by(source, period)
    ]  # fmt: skip
    if not rows:
        return None
    return Table(
        "按评比办法应予处理", (named(KINDS, terms.subject), "处理", "事由", "公布范围"), rows,
        note="以上由评比办法列出，由有权人员决定后执行。", words=(0, 1, 2, 3),
        widths=(2, 1.6, 3, 1.2),
    )  # fmt: skip


def nominations(source: Source, terms: ScorePolicy, period: Period) -> list[tuple[Cell, ...]]:
    """Whom a policy names for an honour: who, on what ranking, why."""
    return [
        (source.who(terms.subject, r["subject"]), terms.name, _why(terms, r["because"]))
        for r in _named_by(source, period)
        if r["measure"] == HONOUR
    ]


def _named_by(source: Source, period: Period) -> list[Row]:
    return source.query(_MEASURES, policy=source.policy, period=period.code)


def _why(terms: ScorePolicy, because: str) -> str:
    """后三名（2026年8月、2026年9月） for "bottom 2026-08, 2026-09"; a grade by its name."""
    when, _, rest = because.partition(" ")
    side, _, grade = when.partition(":")
    periods = [parse(code).name for code in rest.split(", ") if code]
    return f"{grade if side == 'grade' else board(terms, side)}（{joined(periods)}）"


def appeals(source: Source, *periods: Period) -> Table | None:
    """Appeals against the places of some periods that nobody has decided yet."""
    asked = [row for p in periods for row in source.ask(
        "ranking_appeals", month=p.code, policy=source.policy)]  # fmt: skip
    rows: list[tuple[Cell, ...]] = [
        (
            short(r["appealed_at"]), parse(r["period"]).name, source.who(r["kind"], r["subject"]),
            r["said"] or "—", "复核中",
        )
        for r in asked if r["state"] == "open"
    ]  # fmt: skip
    if not rows:
        return None
    return Table(
        "名次申诉", ("提出日期", "评比期", "对象", "事由", "状态"), rows,
        note="申诉成立的，名次按复核结果修订后另行公布。", words=(0, 1, 2, 3, 4),
        widths=(1.2, 1.5, 1.8, 3.4, 1),
    )  # fmt: skip
