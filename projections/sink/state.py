"""Read the worker's record of a case (topic case-state); the worker's own part is left alone."""

import io
import json
from functools import cache
from typing import Any

import fastavro

from duban.avro import CodecError, fingerprint, parse
from duban.codec import MAGIC, MAGIC_LENGTH, MISFITS
from duban.launch import SCHEMAS


@cache
def _schemas() -> dict[bytes, Any]:
    """Every version of CaseState by the header that its records begin with."""
    raws = (
        json.loads(path.read_text(encoding="utf-8"))
        for path in (SCHEMAS / "state" / "CaseState").glob("*.avsc")
    )
    return {MAGIC + fingerprint(raw).to_bytes(8, "little"): parse(raw) for raw in raws}


def decode_state(value: bytes) -> dict[str, Any]:
    """The record as its schema has it, instants in ms; raises CodecError."""
    schema = _schemas().get(value[:MAGIC_LENGTH])
    if schema is None:
        raise CodecError("unknown_state", f"begins with {value[:MAGIC_LENGTH].hex()}")
    body = io.BytesIO(value)
    body.seek(MAGIC_LENGTH)
    try:
        record: dict[str, Any] = fastavro.schemaless_reader(body, schema, None)
    except EOFError as error:
        raise CodecError("truncated", "CaseState ends early") from error
    except MISFITS as error:
        raise CodecError("garbled", f"CaseState: {error!r}") from error
    return record
