"""Who may ask the embedded warehouse: the owner, who writes, and the reader. Each has a token."""

import base64
import binascii
import hmac
from collections.abc import Mapping

from deploy.local.warehouse_engine import Role
from duban.settings import Settings

Accounts = Mapping[str, tuple[str, Role]]


def accounts(given: Settings) -> Accounts:
    """User name → (token, role); an account without a token does not exist."""
    both: dict[str, tuple[str, Role]] = {
        given.warehouse_reader: (given.warehouse_reader_password.get_secret_value(), "reader"),
        given.warehouse_user: (given.warehouse_password.get_secret_value(), "writer"),
    }
    return {name: account for name, account in both.items() if account[0]}


def role_of(headers: Mapping[str, str], accounts: Accounts) -> Role | None:
    """Who is asking, by Basic, X-ClickHouse-User/Key or Bearer; None if that is not known."""
    kind, _, value = headers.get("Authorization", "").partition(" ")
    user, token = headers.get("X-ClickHouse-User", ""), headers.get("X-ClickHouse-Key", "")
    if kind.lower() == "basic":
        try:
            user, _, token = base64.b64decode(value, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
    elif kind.lower() == "bearer":
        user, token = "", value.strip()
    found: Role | None = None
    for name, (secret, role) in accounts.items():
        same = hmac.compare_digest(secret.encode(), token.encode())
        if secret and same and user in ("", name):
            found = role
    return found
