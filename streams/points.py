"""A point as the score job keeps it: one row per point id, in `score-state` and on disk.

Rows are the worker's own: msgpack led by a version number, under keys that begin with two
underscores, which whoever projects the topic passes over. A row has what sums need and no more;
what explains a point stays in `score-points`.
"""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from duban.score_policy import DEFAULT_POLICY
from duban.tally import Rule, millionths

ROW_VERSION = 2
PREFIX = b"__point/"


class Key(NamedTuple):
    """Whose score it is."""

    hall_id: str
    subject: str
    period: str
    policy_id: str = DEFAULT_POLICY


class Row(msgspec.Struct, array_like=True, frozen=True, order=True):
    """One point. Of two bodies under one id the smaller row stands: the one recorded first. Rows of
    version 1 end with `reverses`."""

    v: int
    recorded_at: int
    tenant_id: str
    hall_id: str
    subject: str
    period: str
    policy_version: str
    rule_id: str
    millionths: int
    reverses: bool
    policy_id: str = DEFAULT_POLICY
    subject_kind: str = "window"
    axis: str = ""
    cause_recorded_at: int = 0  # 0: not known, and so before any cut

    @property
    def key(self) -> Key:
        """Whose score it moves."""
        return Key(self.hall_id, self.subject, self.period, self.policy_id)

    @property
    def rule(self) -> Rule:
        """What it counts as."""
        return self.policy_version, self.rule_id, self.axis

    @property
    def standing(self) -> int:
        """1 for a posting, -1 for one that takes another back."""
        return -1 if self.reverses else 1


pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(Row).decode


def row_of(point: Mapping[str, Any]) -> Row:
    """The row of a `ScorePointPosted`, given flat."""
    return Row(
        ROW_VERSION,
        point["recorded_at"],
        point["tenant_id"],
        point["hall_id"],
        point["subject"],
        point["period"],
        point["score_policy_version"],
        point["rule_id"],
        millionths(point["points"]),
        point["reverses"] is not None,
        point["policy_id"],
        point["subject_kind"],
        point["axis"],
        point["cause_recorded_at"] or 0,
    )


def unpack(value: bytes) -> Row:
    """The row of a value; raises `ValueError` where a newer worker wrote it."""
    row = _unpack(value)
    if row.v > ROW_VERSION:
        raise ValueError(f"a point of version {row.v}; this worker reads up to {ROW_VERSION}")
    return row


def name_of(key: Key) -> bytes:
    """The key of a score in the state topic; those of the default policy are older than its id."""
    names = key[:3] if key.policy_id == DEFAULT_POLICY else key
    return json.dumps(names).encode()


def key_of(point_id: str) -> bytes:
    """The key of a row in the state topic."""
    return PREFIX + point_id.encode()


def id_in(key: bytes) -> str:
    """The way back; "" where the key is no row's."""
    return key[len(PREFIX) :].decode() if key.startswith(PREFIX) else ""
