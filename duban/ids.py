"""Deterministic ids: the same parts always give the same id, on any machine and at any time."""

from hashlib import sha1
from uuid import UUID

SPACE = UUID("6f3b1c58-3f0e-5d1c-9a52-0d5a51a7a7c1")
_SPACE = SPACE.bytes


def identify(*parts: object) -> str:
    """Deterministic id of whatever the parts name together: `uuid5(SPACE, "part|part|…")`,
    written out because the hot loop makes a dozen of them for each fact."""
    name = "|".join(map(str, parts)).encode()
    digest = bytearray(sha1(_SPACE + name, usedforsecurity=False).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x50  # version 5
    digest[8] = digest[8] & 0x3F | 0x80  # variant of RFC 9562
    text = digest.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
