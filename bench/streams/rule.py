"""The counting rule, as every Python engine here calls it, and what an engine tells the bench.

Per record: decode the Avro body; per key keep the last record and how many there were; send every
tenth record of a partition, by offset, on with the key's new state. Peers run this module in
environments of their own: it imports nothing but fastavro.
"""

import json
import os
import time
from collections.abc import Iterable, Mapping
from io import BytesIO
from pathlib import Path
from struct import Struct
from typing import Any

import fastavro
from fastavro.schema import fingerprint, to_parsing_canonical_form

RAW = {
    "type": "record",
    "name": "Counted",
    "namespace": "duban.bench",
    "fields": [
        {"name": "case_id", "type": "string"},
        {"name": "event", "type": "string"},
        {"name": "window_id", "type": "string"},
        {"name": "staff_id", "type": "string"},
        {"name": "occurred_at", "type": "long"},
        {"name": "minutes", "type": "int"},
    ],
}
SCHEMA: Any = fastavro.parse_schema(RAW)
# Avro single-object encoding: a marker, then the schema's CRC-64-AVRO fingerprint.
FRAME = b"\xc3\x01" + bytes.fromhex(fingerprint(to_parsing_canonical_form(SCHEMA), "CRC-64-AVRO"))
HEAD = Struct(">qi")  # of a key's state: count, minutes of the last record; the record follows
EVERY = 10
FIRST, HELD = "first", "held.json"


def decode(value: bytes) -> dict[str, Any]:
    """The body of a record; raises `ValueError` where it is not of our schema."""
    buffer = BytesIO(value)
    if buffer.read(len(FRAME)) != FRAME:
        raise ValueError(f"a record that begins with {value[: len(FRAME)].hex()}")
    body = fastavro.schemaless_reader(buffer, SCHEMA, None)
    assert isinstance(body, dict)
    return body


def updated(held: bytes | None, value: bytes) -> bytes:
    """The state of a key after one more record."""
    count = HEAD.unpack_from(held)[0] if held else 0
    return HEAD.pack(count + 1, decode(value)["minutes"]) + value


def told(name: str) -> str:
    """What the bench told this process by environment: broker, source, output, group …"""
    return os.environ[f"BENCH_{name.upper()}"]


class Meter:
    """Counts what is about to be processed; tells the bench when the warm-up is over."""

    def __init__(self) -> None:
        self._first = int(told("warmup"))
        self._total = int(told("total"))
        self._folder = Path(told("folder"))
        self.seen = 0

    def takes(self, records: int = 1) -> None:
        """So many more are about to be processed."""
        before, self.seen = self.seen, self.seen + records
        if before <= self._first < self.seen:
            self._say(FIRST, repr(time.time()))

    @property
    def complete(self) -> bool:
        """Whether every record of the load has been taken."""
        return self.seen >= self._total

    def holds(
        self, state: Mapping[bytes, bytes], outputs: Iterable[tuple[bytes, bytes]] = ()
    ) -> None:
        """Leave behind, for checking, what an engine kept in memory only."""
        kept = {
            "ended": time.time(),
            "state": {key.decode(): value.hex() for key, value in state.items()},
            "outputs": [(key.decode(), value.hex()) for key, value in outputs],
        }
        self._say(HELD, json.dumps(kept))

    def _say(self, name: str, text: str) -> None:
        """Write a file of the bench's folder; it is there whole or not at all."""
        fresh = self._folder / f"{name}.new"
        fresh.write_text(text)
        fresh.replace(self._folder / name)
