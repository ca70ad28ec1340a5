"""What the score job itself has posted for a cause, and what it must post now: a set difference.

Each point that a cause ever earned has a count of turns: odd, it stands; even, it was taken back.
The id of a turn is made of the point's own id and the count, so that nothing depends on when.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from duban.alerting import Output
from duban.events import PROCESSOR, Event
from duban.ids import identify


class Posted(NamedTuple):
    """A point that a cause earned: how often it was posted and taken back, and what it said."""

    turns: int
    at: int
    data: dict[str, Any]


class Whose(NamedTuple):
    """The hall that points are of, and the fact they rest on."""

    tenant_id: str
    hall_id: str
    causation_id: str
    historical: bool = False


Ledger = dict[str, Posted]


def settle(whose: Whose, ledger: Ledger, wanted: Iterable[Output], told_at: int) -> list[Event]:
    """The points to send, so that just what is `wanted` stands; `ledger` is brought up to date.
    `told_at` is when the fact was recorded that moved anything."""
    due = {output.id: output for output in wanted}
    return [*_taken_back(whose, ledger, due, told_at), *_posted(whose, ledger, due, told_at)]


def _posted(
    whose: Whose, ledger: Ledger, due: Mapping[str, Output], told_at: int
) -> Iterator[Event]:
    for name, output in due.items():
        before = ledger.get(name)
        if before is not None and before.turns % 2:
            continue  # it stands as it should: another one was taken back just before
        turn = before.turns + 1 if before else 1
        point = _turn_id(name, turn)
        data = dict(output.data)
        if turn > 1:  # what brought it back may be told after a cut
            data["cause_recorded_at"] = _not_before(data, told_at)
        ledger[name] = Posted(turn, output.at, data)
        yield _event(whose, point, output.at, {**data, "point_id": point})


def _taken_back(
    whose: Whose, ledger: Ledger, due: Mapping[str, Output], told_at: int
) -> Iterator[Event]:
    for name, posted in list(ledger.items()):
        as_due = name in due and _worth(posted.data) == _worth(due[name].data)
        if as_due or not posted.turns % 2:
            continue
        turn = posted.turns + 1
        point = _turn_id(name, turn)
        data = {
            **posted.data,
            "point_id": point,
            "points": -posted.data["points"],
            "reverses": _turn_id(name, posted.turns),
            "cause_recorded_at": _not_before(posted.data, told_at),
        }
        ledger[name] = posted._replace(turns=turn)
        yield _event(whose, point, posted.at, data)


def _not_before(data: Mapping[str, Any], told_at: int) -> int:
    """When a point comes back or goes: never before it was earned, or was there again."""
    own: int = data["cause_recorded_at"]
    return max(told_at, own)


def _worth(data: Mapping[str, Any]) -> tuple[Any, ...]:
    """Who gets how much, and when: of two bodies under one id they may differ."""
    return tuple(data[name] for name in ("subject", "period", "points", "axis", "at"))


def _turn_id(name: str, turn: int) -> str:
    return name if turn == 1 else identify(name, "turn", turn)


def _event(whose: Whose, point_id: str, at: int, data: dict[str, Any]) -> Event:
    return Event(
        type="ScorePointPosted",
        event_id=point_id,
        subject_id=whose.hall_id,
        subject_type="hall",
        hall_id=whose.hall_id,
        tenant_id=whose.tenant_id,
        occurred_at=at,
        recorded_at=at,
        actor=PROCESSOR,
        channel="system",
        causation_id=whose.causation_id,
        historical=whose.historical,
        data={"reverses": None, **data},
    )
