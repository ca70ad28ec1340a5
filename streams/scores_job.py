"""The score job: points in; the running score of each window and month out.

One instance owns one partition of `score-points`, which is keyed by hall. A total is what its
points add up to: a reversal is a point of its own, so nothing is ever edited.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from duban import codec
from duban.events import Actor, Event
from duban.policy import Reference
from streams.records import Record, References, Result

PROCESSOR = Actor("duban", "system")
Key = tuple[str, str, str]


class ScoresJob:
    """Totals by (hall, subject, period) of one partition."""

    def __init__(self, _partition: int, references: References) -> None:
        self._references = references
        self._totals: dict[Key, Event] = {}

    def restore(self, key: bytes, value: bytes | None) -> None:
        """Take back one total; totals are never deleted."""
        if value is not None:
            total = codec.decode(value)
            subject, period = str(total.data["subject"]), str(total.data["period"])
            self._totals[total.hall_id, subject, period] = total

    def restored(self) -> None:
        """Totals need no index."""

    def reference_changed(self) -> None:
        """A point keeps the worth it was posted with."""

    def committed(self) -> None:
        """All totals are in memory."""

    def close(self) -> None:
        """Nothing to let go of."""

    def next_due(self) -> int | None:
        """Nothing here waits for an instant."""
        return None

    def fire(self, now: int | None, limit: int) -> Result:
        """Nothing is ever due."""
        return Result()

    def apply(self, records: Sequence[Record], now: int | None, *, final: bool = False) -> Result:
        """Add points to their totals; one record of state per total that moved."""
        points, dead = [], []
        for record in records:
            try:
                point = codec.decode(record.value)
                if point.type == "ScorePointPosted":
                    points.append(point)
                else:
                    dead.append((record, "wrong_topic", f"{point.type} is no point"))
            except codec.RetryLater as error:
                if not final or not isinstance(error, codec.UnknownSchema):
                    raise
                dead.append((record, "unknown_schema", str(error)))
            except codec.CodecError as error:
                dead.append((record, error.reason, error.detail))
        touched = {self._add(point): None for point in points}
        state = [(json.dumps(k).encode(), codec.encode(self._totals[k])) for k in touched]
        return Result(state=state, dead=dead)

    def _add(self, point: Event) -> Key:
        data = point.data
        key = (point.hall_id, str(data["subject"]), str(data["period"]))
        old = self._totals.get(key)
        before = old.data if old else {}
        step = 1 if data["reverses"] is None else -1
        total: dict[str, Any] = {
            "subject": key[1],
            "period": key[2],
            "points": round(float(before.get("points", 0.0)) + float(data["points"]), 6),
            "n": int(before.get("n", 0)) + step,
            "version": int(before.get("version", 0)) + 1,
        }
        for name in ("on_time", "late", "ratings", "satisfied"):
            total[name] = int(before.get(name, 0))
        for name in counts(self._references.current, data):
            total[name] += step
        self._totals[key] = _state(point, total)
        return key


def counts(reference: Reference, data: Mapping[str, Any]) -> list[str]:
    """Which counters a point moves, by what its rule is about."""
    for policy in reference.scores:
        if policy.version == data["score_policy_version"]:
            on = next((r.on for r in policy.rules if r.rule_id == data["rule_id"]), "")
            return {
                "outcome:on_time": ["on_time"],
                "outcome:late": ["late"],
                "rating:4": ["ratings", "satisfied"],
                "rating:5": ["ratings", "satisfied"],
            }.get(on, ["ratings"] if on.startswith("rating:") else [])
    return []


def _state(point: Event, total: dict[str, Any]) -> Event:
    return Event(
        type="ScoreState",
        event_id=point.event_id,
        subject_id=point.hall_id,
        subject_type="hall",
        hall_id=point.hall_id,
        tenant_id=point.tenant_id,
        occurred_at=point.occurred_at,
        recorded_at=point.recorded_at,
        actor=PROCESSOR,
        channel="system",
        causation_id=point.event_id,
        data=total,
    )
