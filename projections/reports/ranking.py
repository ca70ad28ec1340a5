"""评比: places as published, or as they stand where the period is not closed yet, by one policy.

How many stand on a board, how many points a place takes and who is compared is the policy's to say.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from duban.figures import Rate
from duban.periods import MONTHS
from duban.ranking import Entry
from duban.score_policy import PERSONS, ScorePolicy
from duban.standings import answers_of, places_of
from projections.reports.consequences import appeals, board, measures
from projections.reports.model import (
    Block,
    Cell,
    Chart,
    Number,
    Section,
    Series,
    Table,
    Text,
)
from projections.reports.period import Period, spoken
from projections.reports.source import Source
from projections.reports.words import KINDS, joined, named

BARS = 40  # more than a page can show stand in the annex alone
COUNTS = ({"on_time": "按时", "late": "超期"}, {"ratings": "评价", "satisfied": "满意"})
NAMES = 10  # in a sentence: many may share a place


@dataclass(frozen=True, slots=True)
class Standings:
    """A ranking; `published_at` is none while the period is open."""

    entries: tuple[Entry, ...]
    published_at: datetime | None = None
    revision: int = 0

    def side(self, side: str) -> list[Entry]:
        """Those of a board."""
        return [e for e in self.entries if side in e.sides]

    @property
    def ranked(self) -> list[Entry]:
        """Those that have a place."""
        return [e for e in self.entries if e.place]


def standings(source: Source, period: Period) -> Standings:
    """The ranking of a period: as published last, else as it stands by the policy's own terms."""
    if period.start > source.as_of.date():
        return Standings(())
    found = places_of(source.names.reference, source.policy, period.code, source.hall)
    published_at = found.published_at and source.local(found.published_at)
    return Standings(tuple(found.places), published_at, found.revision or 0)


def title_of(terms: ScorePolicy) -> str:
    """窗口评比, or the policy's own name."""
    return terms.name or f"{named(KINDS, terms.subject)}评比"


def _boards(terms: ScorePolicy) -> list[str]:
    """The boards that a policy has, the red flag first."""
    sizes = {"flag": terms.flags, "top": terms.top, "bottom": terms.bottom}
    return [side for side in ("flag", "top", "bottom") if sizes[side]]


def section(source: Source, period: Period, *, drawn: bool = True) -> Section:
    """The section of a period that the policy ranks: boards, scores drawn as bars, what the policy
    names."""
    found, terms = standings(source, period), source.terms(period)
    if not found.ranked:
        kind = named(KINDS, terms.subject)
        return Section(title_of(terms), [Text(f"本期没有达到评比条件的{kind}，不作排名。")])
    blocks: list[Block] = [Text(_said(source, terms, found))]
    if any(found.side(side) for side in ("top", "bottom")):
        blocks.append(boards(source, terms, found))
    blocks += filter(None, [measures(source, terms, period), appeals(source, period)])
    if drawn and len(found.ranked) <= BARS:
        blocks.append(_chart(source, terms, found, period))
    return Section(title_of(terms), blocks)


def _said(source: Source, terms: ScorePolicy, found: Standings) -> str:
    kind = named(KINDS, terms.subject)
    unit = "名" if terms.subject in PERSONS else "个"
    parts = [f"本期共有{len(found.ranked)}{unit}{kind}参加评比"]
    for side in _boards(terms):
        if entries := found.side(side):
            named_so = _names(source, terms, entries[:NAMES])
            more = f"等{len(entries)}{unit}" if len(entries) > NAMES else ""
            parts.append(f"{board(terms, side)}：{named_so}{more}")
    if outside := len(found.entries) - len(found.ranked):
        least = f"计分不满{terms.minimum_n}笔"
        parts.append(f"另有{outside}{unit}{kind}{least}，不参加排名")
    return "；".join(parts) + "。" + standing_of(found)


def _names(source: Source, terms: ScorePolicy, entries: list[Entry]) -> str:
    return joined([source.who(terms.subject, e.subject) for e in entries])


def standing_of(found: Standings) -> str:
    """Whether the places are published, and which revision they are."""
    if found.published_at is None:
        return "本期评比尚未截止，以上为截至统计时的计分结果。"
    said = f"评比结果于{spoken(found.published_at.date())}公布"
    return said + (f"，此后经第{found.revision}次修订。" if found.revision else "。")


def boards(source: Source, terms: ScorePolicy, found: Standings) -> Table:
    """前三名, 后三名."""
    counts = {
        name: head
        for pair in COUNTS if any(getattr(e, name) for e in found.entries for name in pair)
        for name, head in pair.items()
    }  # fmt: skip
    rows: list[tuple[Cell, ...]] = [
        (
            board(terms, side), e.place, source.who(terms.subject, e.subject), Number(e.score, 2),
            *(getattr(e, name) for name in counts),
        )
        for side in ("top", "bottom")
        for e in found.side(side)
    ]  # fmt: skip
    kind = named(KINDS, terms.subject)
    return Table(
        f"上榜{kind}",
        ("榜", "名次", kind, "得分", *counts.values()),
        rows,
        note=f"得分相同的名次并列；基础分{terms.base:g}分，加分扣分逐件记入台账，可查可复核。",
        words=(0, 2),
        widths=(1, 1, 3, 1.2, *(1 for _ in counts)),
    )


def _chart(source: Source, terms: ScorePolicy, found: Standings, period: Period) -> Chart:
    flags = {e.subject for e in found.side("flag")}
    return Chart(
        "bars",
        f"{period.name}各{named(KINDS, terms.subject)}得分",
        "分",
        [source.who(terms.subject, e.subject) for e in found.ranked],
        [Series("得分", [e.score for e in found.ranked])],
        marks=["红旗" if e.subject in flags else "" for e in found.ranked],
        decimals=2,
    )


def appendix(source: Source, period: Period) -> Section | None:
    """Everybody with place, sample, interval and response: who has few ratings can see that."""
    found, terms = standings(source, period), source.terms(period)
    if not found.entries:
        return None
    answers = answers_of(source.names.reference, period.code, source.hall)
    kind, graded = named(KINDS, terms.subject), any(e.grade for e in found.entries)
    rows: list[tuple[Cell, ...]] = [
        (
            e.place or "—", source.who(terms.subject, e.subject), Number(e.score, 2), e.on_time,
            e.late, *_rated(Rate(e.satisfied, e.ratings)),
            _parts(answers.get((source.hall, e.subject))), e.n,
            *((e.grade or "—",) if graded else ()),
        )
        for e in found.entries
    ]  # fmt: skip
    heads = (
        "名次", kind, "得分", "按时", "超期", "满意／评价", "好评率区间", "评价／邀评", "计分笔数",
        *(("等次",) if graded else ()),
    )  # fmt: skip
    table = Table(
        "", heads, rows, words=(1,),
        note="好评率区间为百分之九十五威尔逊区间，评价越少区间越宽；评价／邀评为已答复的邀评和发出的邀评。",
        widths=(0.8, 2.4, 1.1, 0.9, 0.9, 1.3, 1.4, 1.3, 0.9, *((1,) if graded else ())),
    )  # fmt: skip
    return Section(f"{title_of(terms)}明细", [table])


def _rated(rate: Rate) -> tuple[str, str]:
    """满意／评价, and the interval of the share."""
    if rate.interval is None:
        return "—", "—"
    low, high = (100 * end for end in rate.interval)
    return _parts(rate), f"{low:.0f}–{high:.0f}%"


def _parts(rate: Rate | None) -> str:
    return f"{rate.part:,.0f}／{rate.whole:,.0f}" if rate and rate.whole else "—"


def of_parts(source: Source, period: Period) -> Section:
    """The section where the policy's periods are shorter: how often each was on a board."""
    terms = source.terms(period)
    parts = {part: standings(source, part) for part in period.each(MONTHS[terms.period])}
    held = {part: found for part, found in parts.items() if found.ranked}
    if not held:
        return Section(title_of(terms), [Text("期内没有可汇总的评比。")])
    heads = _boards(terms)
    by_part: list[tuple[Cell, ...]] = [
        (part.part, *(_names(source, terms, found.side(side)) or "—" for side in heads))
        for part, found in held.items()
    ]
    kind = named(KINDS, terms.subject)
    blocks: list[Block] = [
        Text(f"期内共评比{len(held)}次，各期结果和各{kind}上榜次数如下。"),
        Table(
            "各期评比结果", ("期", *(board(terms, side) for side in heads)), by_part,
            words=tuple(range(1 + len(heads))), widths=(1, *[_WIDTHS[side] for side in heads]),
        ),
        _times(source, terms, list(held.values())),
    ]  # fmt: skip
    return Section(title_of(terms), [*blocks, *filter(None, [appeals(source, *held)])])


_WIDTHS = {"flag": 2.0, "top": 3.4, "bottom": 3.4}


def _times(source: Source, terms: ScorePolicy, parts: list[Standings]) -> Table:
    heads = _boards(terms)
    times = {
        side: Counter(e.subject for found in parts for e in found.side(side)) for side in heads
    }
    scores: dict[str, list[float]] = {}
    for found in parts:
        for entry in found.ranked:
            scores.setdefault(entry.subject, []).append(entry.score)
    means = {subject: sum(s) / len(s) for subject, s in scores.items()}
    rows: list[tuple[Cell, ...]] = [
        (
            source.who(terms.subject, subject),
            len(scores[subject]),
            Number(mean, 2),
            *(times[side][subject] for side in heads),
        )
        for subject, mean in sorted(means.items(), key=lambda m: (-m[1], m[0]))
    ]
    kind = named(KINDS, terms.subject)
    return Table(
        f"各{kind}上榜次数",
        (kind, "参评期数", "平均得分", *(board(terms, side) for side in heads)), rows,
        note="平均得分为各期得分之和除以参评期数。", widths=(3, 1.2, 1.2, *(1 for _ in heads)),
    )  # fmt: skip
