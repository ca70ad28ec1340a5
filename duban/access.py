"""Tokens at the doors: what one looks like, what it may do, and what is kept of it.

A token is `dbn_<id>_<secret>`. The id names it in lists and logs; the secret is 256 random bits,
so a plain SHA-256 of the whole token is enough, and only that hash is ever stored (topic
`access`). Pure but for `new_token`, which asks the system for randomness.
"""

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

PREFIX = "dbn_"
ALL_HALLS = "*"
SCOPES = ("write", "read")


class AccessError(ValueError):
    """A record of `access` that says nothing a door could act on."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token may do. `hall` "*" means every hall; instants are epoch ms, None: never."""

    token_id: str
    hash: str
    hall: str
    scopes: tuple[str, ...]
    created_at: int
    expires_at: int | None = None
    revoked_at: int | None = None

    def state(self, now: int) -> str:
        """active, expired or revoked at `now`."""
        if self.revoked_at is not None and self.revoked_at <= now:
            return "revoked"
        if self.expires_at is not None and self.expires_at <= now:
            return "expired"
        return "active"

    def may(self, scope: str, now: int) -> bool:
        """Whether the token opens doors of this scope now; write includes read."""
        return self.state(now) == "active" and (scope in self.scopes or "write" in self.scopes)

    def covers(self, hall_id: str) -> bool:
        """Whether the token speaks for this hall."""
        return self.hall in (ALL_HALLS, hall_id)


def new_token() -> tuple[str, str]:
    """(token id, token). The token is shown once and kept nowhere."""
    token_id = secrets.token_hex(4)
    return token_id, f"{PREFIX}{token_id}_{secrets.token_urlsafe(32)}"


def hash_of(token: str) -> str:
    """Hex SHA-256 of a whole token."""
    return hashlib.sha256(token.encode()).hexdigest()


def token_id_of(token: str) -> str:
    """Id inside a token, or "" for text that is not shaped like one."""
    parts = token.split("_", 2)
    return parts[1] if len(parts) == 3 and token.startswith(PREFIX) else ""


def find(token: str, grants: Mapping[str, Grant]) -> Grant | None:
    """The grant of a token, whatever its state; compared in constant time."""
    grant = grants.get(token_id_of(token))
    known = grant.hash if grant else "0" * 64
    return grant if hmac.compare_digest(hash_of(token), known) else None


def same_token(shown: str, expected: str) -> bool:
    """Compare two whole tokens in constant time; an empty expectation matches nothing."""
    return bool(expected) and hmac.compare_digest(hash_of(shown), hash_of(expected))


def to_json(grant: Grant) -> bytes:
    """Value of a record in `access`."""
    return json.dumps(asdict(grant), ensure_ascii=False).encode()


def from_json(value: bytes) -> Grant:
    """Grant from the value of a record in `access`. Raises `AccessError`."""
    try:
        fields: dict[str, Any] = json.loads(value)
        return Grant(**{**fields, "scopes": tuple(fields["scopes"])})
    except (ValueError, TypeError, KeyError) as error:
        raise AccessError(f"not a grant: {error}") from error
