"""Native blocks that the embedded engine does not write itself.

clickhouse-go (Grafana's driver) reads the answer to its hello at protocol revision 54460 and every
later block at the revision that the hello names. The engine writes blocks of revision 0, so the
hello says so.
"""

import struct
from collections.abc import Iterable

HELLO = "SELECT displayName(), version(), revision(), timezone()"


def _varint(number: int) -> bytes:
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _text(value: str) -> bytes:
    raw = value.encode()
    return _varint(len(raw)) + raw


def _column(name: str, type_: str, data: bytes) -> bytes:
    plain_serialization = b"\x00"
    return _text(name) + _text(type_) + plain_serialization + data


def hello_block(version: str, zone: str) -> bytes:
    """Native block of one row at revision 54460: name, version, revision 0, time zone."""
    block_info = b"\x01\x00" + b"\x02" + struct.pack("<i", -1) + b"\x00"
    columns = (
        _column("displayName()", "String", _text("duban")),
        _column("version()", "String", _text(version)),
        _column("revision()", "UInt32", struct.pack("<I", 0)),
        _column("timezone()", "String", _text(zone)),
    )
    return block_info + _varint(len(columns)) + _varint(1) + b"".join(columns)


def empty_block(columns: Iterable[tuple[str, str]]) -> bytes:
    """Native block without rows: it tells a client names and types of (name, type) columns."""
    named = [_text(name) + _text(type_) for name, type_ in columns]
    return _varint(len(named)) + _varint(0) + b"".join(named)
