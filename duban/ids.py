"""Deterministic ids: the same parts always give the same id, on any machine and at any time."""

from hashlib import sha1
from uuid import UUID

SPACE = UUID("6f3b1c58-3f0e-5d1c-9a52-0d5a51a7a7c1")
_SPACE = SPACE.bytes
_VARIANT = [f"{byte & 0x3F | 0x80:02x}" for byte in range(256)]


def identify(*parts: object) -> str:
    """Deterministic id of whatever the parts name together: `uuid5(SPACE, "part|part|…")`,
    written out because the hot loop makes a dozen of them for each fact."""
    name = "|".join(map(str, parts)).encode()
    digest = sha1(_SPACE + name, usedforsecurity=False).digest()
    text = digest.hex()
    variant = _VARIANT[digest[8]]  # of RFC 9562; version 5 before it
    return f"{text[:8]}-{text[8:12]}-5{text[13:16]}-{variant}{text[18:20]}-{text[20:32]}"
