"""表扬与批评, 监督检查: what people said and decided, with the window and the reason."""

from collections import Counter, defaultdict

from projections.reports.facts import HallFact, HallFacts
from projections.reports.model import Block, Cell, Section, Table, Text
from projections.reports.period import Period, short
from projections.reports.source import Row, Source
from projections.reports.voices import table_of
from projections.reports.words import (
    ATTENDANCE,
    CARDS,
    FINDINGS,
    HONOURS,
    INSPECTORS,
    MANNERS,
    PARTIES,
    PLANS,
    PRAISE,
    SCOPES,
    SEVERITIES,
    SIGNS,
    joined,
    named,
    spelt,
)  # fmt: skip

UNITS = {"banner": "面", "plaque": "块", "letter": "封", "phone": "次", "press": "篇"}
LISTED = 12  # missed turns that a sentence names one by one
MEASURE_STATES = {"in_force": "有效", "revoked": "已撤销", "overturned": "申诉成立"}
MEASURE_FLAGS = {"no_evidence": "证据待补", "appeal_open": "申诉中"}


def praise_and_blame(source: Source, period: Period, facts: HallFacts) -> Section:
    """表扬与批评."""
    blocks: list[Block] = [Text(_praise_said(facts))]
    blocks += [t for t in (_praise(source, facts), _honours(source, period)) if t]
    found = measures_of(source, period)
    blocks.append(found or Text("本期没有作出黄牌警告、效能告诫、约谈、责令整改和通报批评。"))
    return Section("表扬与批评", blocks)


def _praise_said(facts: HallFacts) -> str:
    kinds = facts.counted("PraiseReceived", "kind", "count")
    if not kinds:
        return "本期没有收到锦旗、镜匾、表扬信。"
    parts = [f"{named(PRAISE, k)}{n:,}{UNITS.get(k, '件')}" for k, n in _in_order(kinds, PRAISE)]
    return f"本期共收到群众表扬{sum(kinds.values()):,}件，其中{joined(parts)}。"


def _in_order(found: Counter[str], words: dict[str, str]) -> list[tuple[str, int]]:
    order = list(words)
    return sorted(found.items(), key=lambda i: order.index(i[0]) if i[0] in order else len(order))


def subject_name(source: Source, fact: HallFact) -> str:
    """Who a fact is about."""
    return source.who(fact.kind, fact.subject)


def _praise(source: Source, facts: HallFacts) -> Table | None:
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for fact in facts.of("PraiseReceived"):
        found[subject_name(source, fact)][fact.data.get("kind", "")] += fact.data.get("count", 1)
    if not found:
        return None
    kinds = [k for k in UNITS if any(c[k] for c in found.values())]
    rows: list[tuple[Cell, ...]] = [
        (who, *(c[k] for k in kinds), sum(c.values()))
        for who, c in sorted(found.items(), key=lambda i: (-sum(i[1].values()), i[0]))
    ]
    return Table("受表扬窗口", ("窗口", *(PRAISE[k] for k in kinds), "合计"), rows)


def _honours(source: Source, period: Period) -> Table | None:
    rows: list[tuple[Cell, ...]] = [
        (
            short(row["granted_at"]), spelt(HONOURS, row["board"] or row["kind"]),
            spelt(HONOURS, row["class_name"]), source.who(row["subject_kind"], row["subject"]),
        )
        for row in source.ask("honours")
        if period.has(row["granted_at"]) and row["state"] != "revoked"
    ]  # fmt: skip
    if not rows:
        return None
    return Table("荣誉", ("日期", "荣誉", "类别", "授予"), rows, words=(0, 1, 2, 3))


def measures_of(source: Source, period: Period, subject: str = "") -> Table | None:
    """What people decided, with what has become of it; of one window or person, or of all."""
    found = [
        row for row in source.ask("measures", subject=subject) if period.has(row["occurred_at"])
    ]
    rows: list[tuple[Cell, ...]] = [
        (
            short(row["occurred_at"]), measure_name(row),
            source.who(row["subject_kind"], row["subject"]), row["reason"] or "—",
            _state(row),
        )
        for row in found
    ]  # fmt: skip
    if not rows:
        return None
    return Table(
        "处理情况", ("日期", "处理", "对象", "事由", "状态"), rows,
        words=(0, 1, 2, 3, 4), widths=(1.6, 1.3, 1.6, 3.6, 1.4),
    )  # fmt: skip


def measure_name(row: Row) -> str:
    """黄牌警告, 效能告诫, 约谈, 全市通报 …"""
    match row["event_type"]:
        case "CardIssued":
            return named(CARDS, row["detail"])
        case "AdmonitionIssued":
            return "效能告诫"
        case "TalkHeld":
            return "约谈"
        case "RectificationOrdered":
            return "责令限期整改"
    return named(SCOPES, row["detail"])


def _state(row: Row) -> str:
    said = MEASURE_STATES[row["state"]]
    flags = [MEASURE_FLAGS[f] for f in row["flags"] if f in MEASURE_FLAGS]
    return f"{said}（{joined(flags)}）" if flags else said


def supervision(source: Source, period: Period, facts: HallFacts) -> Section:
    """监督检查: patrols by the four parties, findings, rectification, signs to look into."""
    blocks: list[Block] = [Text(_supervised(facts)), *_patrols(source, period, facts)]
    blocks += [t for t in (_inspections(facts), _findings(source, facts)) if t]
    kinds = ("patrol", "rectification", "supervision")
    if matters := table_of(source, period, kinds, "巡查轮次、限期整改和督办"):
        blocks.append(matters)
    if attendance := _attendance(facts):
        blocks.append(Text(attendance))
    blocks.append(Text(_signs(source, period)))
    return Section("监督检查", blocks)


def _supervised(facts: HallFacts) -> str:
    found = facts.findings
    if not found:
        again = len(facts.of("FindingRaised"))
        said = f"本期没有新的问题，以前的问题又发现{again}次。"
        return said if again else "本期巡查和检查没有发现问题。"
    left = [f for f in found if not f.is_closed]
    grades = Counter(f.raised.data.get("severity", "") for f in found)
    parts = [f"{named(SEVERITIES, k)}{n}个" for k, n in _in_order(grades, SEVERITIES)]
    said = f"本期共发现问题{len(found)}个，其中{joined(parts)}；"
    if not left:
        return said + "均已整改。"
    return said + f"已整改{len(found) - len(left)}个，未整改{len(left)}个。"


def _patrols(source: Source, period: Period, facts: HallFacts) -> list[Block]:
    done: Counter[str] = Counter()
    for row in source.of("patrols", period):
        done[row["party"]] += row["turns"]
    rota = source.of("patrol_turns", period)
    states = Counter((row["party"], row["state"]) for row in rota)
    planned = Counter(row["party"] for row in rota)
    found = Counter(f.raised.data.get("party", "") for f in facts.findings)
    if not done and not rota and not any(found.get(p) for p in PARTIES if p):
        return []
    rows: list[tuple[Cell, ...]] = [
        (name, planned[party], done[party], states[party, "late"], states[party, "missed"],
         found[party])
        for party, name in PARTIES.items() if party
    ]  # fmt: skip
    heads = ("巡查方", "排定轮次", "到岗轮次", "其中迟到", "漏巡", "发现问题")
    note = "排定轮次按应完成时间统计；过时而没有巡查记录的为漏巡。"
    table = Table("大厅四方巡查", heads, rows, note=note, widths=(2, 1, 1, 1, 1, 1))
    return [table, *_missed(rota)]


def _missed(rota: list[Row]) -> list[Text]:
    """Turns that nobody made, and parties that had two running: the four are to rotate."""
    missed = [
        f"{short(row['due_at'])}{named(PARTIES, row['party'])}"
        for row in rota if row["state"] == "missed"
    ]  # fmt: skip
    repeated = sum(row["is_repeat"] for row in rota)
    listed = f"：{joined(missed)}" if len(missed) <= LISTED else ""
    said = [f"漏巡{len(missed)}轮{listed}"] if missed else []
    said += [f"同一方连续两轮、没有轮换的有{repeated}次"] if repeated else []
    return [Text(f"{'；'.join(said)}。")] if said else []


def _inspections(facts: HallFacts) -> Table | None:
    rows: list[tuple[Cell, ...]] = [
        (
            short(f.at), named(PLANS, f.data.get("plan", "")),
            named(MANNERS, f.data.get("manner", "")), named(INSPECTORS, f.data.get("by", "")),
            f.data.get("findings", 0),
        )
        for f in facts.of("InspectionDone")
    ]  # fmt: skip
    heads = ("日期", "安排", "方式", "检查方", "发现问题")
    return Table("检查情况", heads, rows, words=(0, 1, 2, 3)) if rows else None


def _findings(source: Source, facts: HallFacts) -> Table | None:
    rows: list[tuple[Cell, ...]] = [
        (
            subject_name(source, f), spelt(FINDINGS, str(f.data.get("category", ""))),
            named(SEVERITIES, f.data.get("severity", "")), "已整改" if is_closed else "未整改",
        )
        for f, is_closed in facts.findings
    ]  # fmt: skip
    heads = ("对象", "问题", "程度", "整改")
    return Table("发现问题清单", heads, rows, words=(0, 1, 2, 3)) if rows else None


def _attendance(facts: HallFacts) -> str:
    kinds = facts.counted("AttendanceExcepted", "kind")
    if not kinds:
        return ""
    parts = [f"{named(ATTENDANCE, k)}{n}人次" for k, n in _in_order(kinds, ATTENDANCE)]
    return f"考勤：{joined(parts)}。"


def _signs(source: Source, period: Period) -> str:
    found = source.of("integrity", period)[0] | source.of("rating_signs", period)[0]
    parts = [f"{SIGNS[name]}{n}条" for name, n in found.items() if n and name in SIGNS]
    if not parts:
        return "数据质量：没有存疑信号。"
    return f"数据质量：系统提示{joined(parts)}。提示不是结论，请有关窗口核实。"
