"""Topic `access` (who may do what) and topic `audit` (who did what), as doors use them."""

import json
import threading
from collections.abc import Mapping
from typing import Any

import structlog
from kafka.errors import KafkaError

from duban import access
from duban.access import AccessError, Grant
from duban.bus import Producer
from duban.bus_config import BrokerAway
from duban.bus_make import now_ms
from duban.bus_read import Record, follow, read_all

log = structlog.get_logger(__name__)
RETRY_SECONDS = 1.0


def read_grants() -> dict[str, Grant]:
    """Every grant there is, by token id, the latest record of each."""
    grants: dict[str, Grant] = {}
    for record in read_all("access"):
        learn(grants, record)
    return grants


def learn(grants: dict[str, Grant], record: Record) -> None:
    """Take one record of `access` into a table of grants; a record without value forgets one."""
    token_id = (record.key or b"").decode("utf-8", "replace")
    if record.value is None:
        grants.pop(token_id, None)
        return
    try:
        grants[token_id] = access.from_json(record.value)
    except AccessError as error:
        log.warning("access.unreadable", token=token_id, offset=record.offset, error=str(error))


def write_grant(producer: Producer, grant: Grant, who: str, did: str) -> None:
    """Store a grant and the note of it in `audit`; waits for both."""
    producer.send_raw("access", grant.token_id.encode(), access.to_json(grant))
    what = {"token": grant.token_id, "hall": grant.hall}
    producer.send_raw(*audit_record(who, did, what))
    producer.flush()


def audit_record(who: str, did: str, what: Mapping[str, Any]) -> tuple[str, bytes, bytes]:
    """(topic, key, value) of the note of who did what at a door. No token, no personal data."""
    note = {"at": now_ms(), "who": who, "did": did, "what": dict(what)}
    return "audit", who.encode(), json.dumps(note, ensure_ascii=False).encode()


class Grants:
    """The grants as they are now: read whole, then followed by a thread of its own."""

    def __init__(self) -> None:
        self._grants: dict[str, Grant] = {}
        self._loaded = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="grants", daemon=True)

    def start(self) -> None:
        """Begin reading; `ready` says when the topic has been read once."""
        self._thread.start()

    def stop(self) -> None:
        """Stop following."""
        self._stop.set()

    @property
    def ready(self) -> bool:
        """Whether `access` has been read to its end."""
        return self._loaded.is_set()

    def find(self, token: str) -> Grant | None:
        """The grant of a token, whatever its state."""
        return access.find(token, self._grants)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._grants = read_grants()
                self._loaded.set()
                self._follow()
            except (BrokerAway, KafkaError, LookupError) as error:
                log.warning("access.away", error=str(error))
                self._stop.wait(RETRY_SECONDS)

    def _follow(self) -> None:
        """Follow from the start again: a record between reading and following is never missed."""
        while not self._stop.is_set():
            for record in follow(["access"], start="earliest", quiet_after=None):
                learn(self._grants, record)
                if self._stop.is_set():
                    return
