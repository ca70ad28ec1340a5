"""The clock strip: one bar per clock, cut into what its time was spent on.

Blue counts, hatched is excluded by law, violet is upstream's, green was done early, red is over; a
black tick is due. Positions are percent of the strip's own axis, from start to due or end.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

PAD = 0.06  # of the axis, so that the due tick never stands at the very edge


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a strip, `left` and `width` in percent, and what to say of it."""

    left: float
    width: float
    kind: str
    why: str = ""
    notice: str = ""
    begin: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True)
class Strip:
    """What to draw: pieces from left to right, the due tick, and 'now' where the clock runs."""

    pieces: tuple[Piece, ...]
    due: float | None = None
    now: float | None = None


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a clock as the stream wrote it; `end` None while it lasts."""

    begin: int
    end: int | None
    kind: str
    why: str = ""
    notice: str = ""


def segments_of(text: str) -> tuple[Segment, ...]:
    """Segments from the JSON in `clocks.segments`; nothing for an empty or foreign text."""
    try:
        found = json.loads(text or "[]")
    except json.JSONDecodeError:
        return ()
    return tuple(
        Segment(int(s["from"]), s.get("to"), s["kind"], s.get("why", ""), s.get("notice", ""))
        for s in found
        if s.get("from") is not None
    )


def strip(
    segments: Sequence[Segment],
    started: int,
    due: int | None,
    stopped: int | None,
    now: int,
    axis: tuple[int, int] | None = None,
) -> Strip:
    """Lay a clock out on its own axis, or on `axis` (from, to) to compare several clocks."""
    until = max(stopped if stopped is not None else now, started)
    begin, end = axis or axis_of([(started, due, until)])
    scale = 100 / max(end - begin, 1)
    early = stopped is not None and due is not None and stopped < due
    pieces: list[Piece] = []
    for s in segments:
        a, b = max(s.begin, started), min(s.end if s.end is not None else until, until)
        if b <= a:
            continue
        for left, right, kind in _cut(a, b, s.kind, due, early):
            width = (right - left) * scale
            pieces.append(
                Piece(_r((left - begin) * scale), _r(width), kind, s.why, s.notice, left, right)
            )
    return Strip(
        tuple(pieces),
        None if due is None else _r((due - begin) * scale),
        _r((now - begin) * scale) if stopped is None and begin <= now <= end else None,
    )


def axis_of(clocks: Sequence[tuple[int, int | None, int]]) -> tuple[int, int]:
    """One axis for clocks given as (started, due, until), with room behind the last instant."""
    begin = min(started for started, _, _ in clocks)
    end = max(max(due or 0, until) for _, due, until in clocks)
    return begin, end + int((end - begin) * PAD) + 1


def _cut(a: int, b: int, kind: str, due: int | None, early: bool) -> list[tuple[int, int, str]]:
    """Counted time after the due instant is over; the counted time of an early clock is green."""
    if kind not in ("counted", "over"):
        return [(a, b, kind)]
    if due is None or b <= due:
        return [(a, b, "early" if early else "counted")]
    return ([(a, due, "counted")] if a < due else []) + [(max(a, due), b, "over")]


def _r(value: float) -> float:
    return round(value, 2)
