"""Where notifications go: addresses and secrets of channels, sealed in notify's own directory.

They are never in a topic. The file `<data>/notify/channels.sealed` is a Fernet token (AES-128-CBC
with HMAC-SHA256) of a JSON object, under a key drawn from the access key; a changed byte or another
access key makes it unreadable, which is said. Writers take turns by a lock file.
"""

import base64
import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from duban.settings import settings

FILE = "channels.sealed"
Kind = Literal["webhook", "apprise"]


class VaultError(RuntimeError):
    """The store cannot be opened; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Channel:
    """One way to reach somebody. `kind` webhook: a URL and the secret that signs; apprise: an
    apprise URL (企业微信 wecombot://, 钉钉 dingtalk://, 飞书 feishu://, mail mailto://)."""

    name: str
    kind: Kind
    url: str
    secret: str = ""


class Vault:
    """Channels by name, read whole and written whole."""

    def __init__(self, folder: Path, access_key: str) -> None:
        if not access_key:
            raise VaultError(
                "There is no access key to seal addresses with: start the stack with `duban up`, "
                "or set DUBAN_ACCESS_KEY."
            )
        self._path = folder / FILE
        self._key = base64.urlsafe_b64encode(
            hashlib.sha256(b"duban notify vault\n" + access_key.encode()).digest()
        )

    def channels(self) -> Mapping[str, Channel]:
        """All channels by name; raises `VaultError` where the file cannot be opened."""
        if not self._path.is_file():
            return {}
        fernet, invalid = _fernet(self._key)
        try:
            opened: bytes = fernet.decrypt(self._path.read_bytes())
        except invalid as error:
            raise VaultError(
                f"{self._path} was sealed with another access key, or is damaged. Put the key "
                "back, or remove the file and add the subscriptions again."
            ) from error
        return {name: Channel(**fields) for name, fields in json.loads(opened).items()}

    def put(self, channel: Channel) -> None:
        """Add or replace a channel."""
        with self._changing() as found:
            found[channel.name] = channel

    def remove(self, name: str) -> None:
        """Forget a channel; nothing happens for an unknown one."""
        with self._changing() as found:
            found.pop(name, None)

    @contextmanager
    def _changing(self) -> Iterator[dict[str, Channel]]:
        folder = self._path.parent
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with open(folder / "channels.lock", "w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            found = dict(self.channels())
            yield found
            fernet, _ = _fernet(self._key)
            plain = json.dumps({name: asdict(c) for name, c in found.items()}).encode()
            self._write(fernet.encrypt(plain))

    def _write(self, sealed: bytes) -> None:
        """Replace the file as a whole; a crash leaves the old one."""
        beside = self._path.with_suffix(".new")
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(handle, "wb") as file:
            file.write(sealed)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self._path)


def open_vault() -> Vault:
    """The store of this data directory. Raises `VaultError`."""
    s = settings()
    return Vault(s.data / "notify", s.access_key.get_secret_value())


def _fernet(key: bytes):  # type: ignore[no-untyped-def]  # its types come with the extra
    try:
        from cryptography.fernet import Fernet, InvalidToken
    except ImportError as error:
        raise VaultError("Sealing needs the package cryptography: duban[embedded].") from error
    return Fernet(key), InvalidToken
