"""Writer schemas that came after this version of the product: learned from topic `reference`."""

import time
from collections.abc import Callable

import structlog

from duban import codec
from duban.avro import RetryLater, UnknownSchema
from duban.bus_read import read_all
from projections.sink.store import Abandoned

log = structlog.get_logger()

TRIES, PAUSE_S = 3, 1.0
VAIN_S = 5.0  # after giving up, `reference` is looked into again no sooner


class Schemas:
    """Learns what `reference` holds; for a schema given up lately it does not look again, so that
    a flood of bad records passes, and a mended one is read a few seconds later."""

    def __init__(self, given_up: Callable[[], bool]) -> None:
        self._given_up = given_up
        self._tries: dict[int, int] = {}
        self._looked = float("-inf")

    def wait(self, error: RetryLater) -> bool:
        """Look again for what a record needs. False when that was tried often enough; a registry
        that is away is waited for as long as it takes. Raises `Abandoned` when told to stop."""
        if not isinstance(error, UnknownSchema):
            log.warning("registry_away", error=str(error))
            self._pause()
            return True
        tried = self._tries.get(error.fingerprint, 0)
        self._tries[error.fingerprint] = tried + 1
        if tried >= TRIES and time.monotonic() - self._looked < VAIN_S:
            return False
        if 0 < tried < TRIES:
            self._pause()
        learn_reference()
        self._looked = time.monotonic()
        return True

    def _pause(self) -> None:
        if self._given_up():
            raise Abandoned("a writer's schema")
        time.sleep(PAUSE_S)


def learn_reference() -> None:
    """Take in every writer schema that has been published."""
    for record in read_all("reference", partition=0):
        if not (record.key or b"").startswith(b"schema:") or record.value is None:
            continue
        try:
            found = codec.decode_record(record.value)
            if found["type"] == "SchemaPublished":
                codec.learn(found["schema_json"])
        except codec.CodecError as error:
            log.warning("schema_not_learned", offset=record.offset, error=str(error))
