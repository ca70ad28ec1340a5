"""Proposals from rows of the metrics that they rest on, for whoever has asked for the rows."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from duban.proposals import Cause, Proposal, Taken, proposals
from duban.triggers import triggers

Row = Mapping[str, Any]
METRICS = ("triggers", "measures", "honours", "supervisions")  # all of a hall, or of all halls


def proposed(asked: Mapping[str, Sequence[Row]]) -> list[Proposal]:
    """What is called for by the triggers that ship: `asked` has the rows of each of METRICS."""
    causes = map(_cause, asked["triggers"])
    return proposals(causes, list(_taken(asked)), triggers())


def _cause(row: Row) -> Cause:
    plain = (*("hall_id", "cause", "subject_kind", "subject", "event_id"),
             *("amount", "measure", "because"))  # fmt: skip
    return Cause(
        at=_ms(row["at"]), month=row["at_month"], told=tuple(row["told"]),
        **{name: row[name] for name in plain},
    )  # fmt: skip


def _taken(asked: Mapping[str, Sequence[Row]]) -> Iterator[Taken]:
    for row in asked["measures"]:
        yield Taken(
            row["measure_id"], row["hall_id"], row["event_type"], row["subject_kind"],
            row["subject"], row["detail"], _ms(row["occurred_at"]), row["at_month"],
            row["state"] == "in_force", row["cause"],
        )  # fmt: skip
    for row in asked["honours"]:
        yield Taken(
            row["honour_id"], row["hall_id"], "HonourGranted", row["subject_kind"], row["subject"],
            row["kind"], _ms(row["granted_at"]), cause=row["cause"],
        )  # fmt: skip
    for row in asked["supervisions"]:
        yield Taken(
            row["order_id"], row["hall_id"], "SupervisionOrdered", "org", row["to_org"], "",
            _ms(row["ordered_at"]), cause=row["cause"],
        )  # fmt: skip


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)
