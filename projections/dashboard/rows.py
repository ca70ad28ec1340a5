"""Rows of lists and bars of clocks, ready for a template: sentences instead of values."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from duban.deemed import WAITS
from projections.dashboard.figures import CaseRow, ClockRow, Overview, WindowRate
from projections.dashboard.filters import Filter
from projections.dashboard.names import Names
from projections.dashboard.sentences import HOUR, Speaker, number, percent
from projections.dashboard.strips import Piece, Strip, strip
from projections.dashboard.words import name_of, say

MINIMUM = 30  # cases below which a window is not ranked
SHOWN = 3  # windows at either end of the ranking


@dataclass(frozen=True, slots=True)
class TitledPiece:
    """A piece of a strip with the sentence a hover shows."""

    left: float
    width: float
    kind: str
    title: str
    why: str = ""  # ground and notice of what is excluded by law


@dataclass(frozen=True, slots=True)
class Bar:
    """A strip ready to be drawn; `label` says in words what it shows."""

    pieces: tuple[TitledPiece, ...]
    due: float | None
    due_title: str
    label: str


@dataclass(frozen=True, slots=True)
class Row:
    """One case in a list."""

    href: str
    no: str
    item: str
    window: str
    tag: tuple[str, str]
    status: str
    accepted: str
    due: str
    left: str
    tone: str
    closed: str
    strip: Bar | None


def case_href(hall_id: str, no: str) -> str:
    """Address of a case's page."""
    return f"/cases/{quote(hall_id, safe='')}/{quote(no)}"


def status_of(case: CaseRow, speaker: Speaker) -> str:
    """Where a case stands; that a deemed outcome waits for a person goes before everything else."""
    waits = WAITS in case.anomalies and not case.ended
    return name_of("status", "deemed" if waits else case.status, speaker.lang)


def row(case: CaseRow, speaker: Speaker, names: Names) -> Row:
    """A case as a list shows it, in its own hall's time and working days."""
    speaker = speaker.by(names.calendar(case.hall_id))
    unit = case.clock.unit if case.clock else "working_day"
    ended_at = case.closed_at if case.ended else None
    halted = not case.ended and case.status in ("paused", "upstream")
    left = speaker.left(case.due_at, unit, ended_at)
    if case.ended and case.outcome != "late":
        left = _saved(case, speaker)
    elif halted and not (case.due_at and case.due_at < speaker.now and case.signal):
        left = say("case.paused", speaker.lang)
    return Row(
        href=case_href(case.hall_id, case.no),
        no=names.case_no(case.hall_id, case.no),
        item=item_of(case, speaker),
        window=names.window(case.hall_id, case.window_id) or "—",
        tag=_tag(case, speaker),
        status=status_of(case, speaker),
        accepted=speaker.instant(case.accepted_at),
        due=speaker.instant(case.due_at),
        left=left,
        tone="" if halted else _tone(case, speaker),
        closed=speaker.instant(ended_at),
        strip=bar(case.clock, speaker) if case.clock else None,
    )


def _saved(case: CaseRow, speaker: Speaker) -> str:
    """What a case that was not late saved of its term: 省 3 个工作日."""
    if case.outcome != "early" or case.clock is None or not case.clock.saved:
        return "—"
    return say("case.saved", speaker.lang, n=speaker.amount(case.clock.saved, case.clock.unit))


def item_of(case: CaseRow, speaker: Speaker) -> str:
    """Name of the matter, else its code, else that nobody named it."""
    return case.item_name or case.item_code or say("case.unnamed_item", speaker.lang)


def _tag(case: CaseRow, speaker: Speaker) -> tuple[str, str]:
    """(class, words) of what stands first in a row: how it ended, else its gravest signal."""
    if case.outcome:
        return case.outcome, name_of("outcome", case.outcome, speaker.lang)
    if case.signal in ("yellow", "red"):
        return case.signal, name_of("level", case.signal, speaker.lang)
    if _tone(case, speaker) == "overdue" and case.status not in ("paused", "upstream"):
        return "late", say("level.over", speaker.lang)
    if case.signal == "reminder":
        return case.signal, name_of("level", case.signal, speaker.lang)
    return "ok", say("level.none", speaker.lang)


def _tone(case: CaseRow, speaker: Speaker) -> str:
    if case.due_at is None or (case.ended and case.outcome != "late"):
        return ""
    if case.outcome == "late" or (not case.ended and case.due_at < speaker.now):
        return "overdue"
    day = 24 * HOUR
    return "soon" if not case.ended and case.due_at - speaker.now < day else ""


def bar(clock: ClockRow, speaker: Speaker, axis: tuple[int, int] | None = None) -> Bar:
    """A clock as its strip, with a sentence for each piece and one for the whole."""
    laid: Strip = strip(
        clock.segments, clock.started_at, clock.due_at, clock.stopped_at, speaker.now, axis
    )
    kind = name_of("clock", clock.kind, speaker.lang)
    due = say("case.due", speaker.lang, at=speaker.instant(clock.due_at))
    comma = say("ui.comma", speaker.lang)
    return Bar(
        tuple(
            TitledPiece(p.left, p.width, p.kind, _title(p, speaker), _ground(p, speaker))
            for p in laid.pieces
        ),
        laid.due,
        due,
        comma.join((kind, due, speaker.left(clock.due_at, clock.unit, clock.stopped_at))),
    )


def _title(piece: Piece, speaker: Speaker) -> str:
    to = say("ui.to", speaker.lang)
    span = f"{speaker.instant(piece.begin)} {to} {speaker.instant(piece.end)}"
    words = say(f"legend.{piece.kind}", speaker.lang)
    return " · ".join(filter(None, (words, _ground(piece, speaker), span)))


def _ground(piece: Piece, speaker: Speaker) -> str:
    if piece.kind != "excluded":
        return piece.why if piece.kind == "upstream" else ""
    ground = name_of("ground", piece.why, speaker.lang) if piece.why else ""
    return " ".join(filter(None, (ground, piece.notice)))


@dataclass(frozen=True, slots=True)
class WindowLine:
    """One window in the ranking, or the gap between its two ends (`skipped` windows)."""

    rank: int = 0
    name: str = ""
    href: str = ""
    rate: str = ""
    share: str = ""
    width: float = 0
    tone: str = ""
    skipped: int = 0


def ranking(windows: Sequence[WindowRate], names: Names) -> tuple[list[WindowLine], int]:
    """(lines, lowest value of the axis in percent): both ends of the ranking, ties share a rank."""
    ranked = sorted(
        (w for w in windows if w.judged >= MINIMUM), key=lambda w: (-w.kept / w.judged, -w.judged)
    )
    shares = [w.kept / w.judged for w in ranked]
    low = _axis_low(min(shares, default=1.0))
    lines = [
        WindowLine(
            rank=1 + sum(other > share for other in shares),
            name=names.window(w.hall_id, w.window_id),
            href=Filter(figure="on_time_rate", hall=w.hall_id, window=w.window_id).url(),
            rate=percent(w.kept, w.judged),
            share=f"{number(w.kept)} ÷ {number(w.judged)}",
            width=round(100 * (100 * share - low) / (100 - low), 1),
            tone=tone_of(share),
        )
        for w, share in zip(ranked, shares, strict=True)
    ]
    if len(lines) > 2 * SHOWN + 1:
        gap = WindowLine(skipped=len(lines) - 2 * SHOWN)
        lines = [*lines[:SHOWN], gap, *lines[-SHOWN:]]
    return lines, low


def tone_of(share: float) -> str:
    """Class of an on-time rate, the same wherever one stands."""
    return "good" if share >= 0.99 else "warn" if share >= 0.95 else "bad"


def _axis_low(lowest: float) -> int:
    """Where the bars begin, in percent: at zero unless all are near a hundred, then it is said."""
    return 0 if lowest < 0.5 else 50 if lowest < 0.85 else 80


def due_list(overview: Overview, speaker: Speaker, names: Names, hall: str) -> dict[str, object]:
    """Values for the template of the overdue list."""
    return {
        "rows": [row(case, speaker, names) for case in overview.due],
        "more": max(overview.due_in_all - len(overview.due), 0),
        "more_href": Filter(state="urgent", hall=hall).url(),
    }
