"""A request's body to rows: bounded while it is read, by the content type it announces."""

import hashlib
import threading
from collections import OrderedDict

from starlette.requests import Request

from duban.bus_intake import KEY_CHARS_MAX, BadRows, Row, RowProblem, parse_lines, parse_object
from duban.bus_make import fact_now
from producers.gateway.refusal import Refusal, bad_rows, too_large

JSON, NDJSON = "application/json", "application/x-ndjson"
KEYS_REMEMBERED = 10_000


async def read_body(request: Request, limit: int) -> bytes:
    """The body, never more than `limit` bytes of it: 413 beyond, chunked or not."""
    announced = request.headers.get("content-length", "0")
    if announced.isdigit() and int(announced) > limit:
        raise too_large(limit)
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise too_large(limit)
        parts.append(part)
    return b"".join(parts)


def rows_of(body: bytes, content_type: str) -> list[Row]:
    """Rows of a JSON object or of NDJSON. Raises `Refusal` 400 or 415."""
    media = content_type.partition(";")[0].strip().lower()
    try:
        if media == NDJSON:
            return parse_lines(body.split(b"\n"))
        if media == JSON:
            return parse_object(body)
    except BadRows as error:
        raise bad_rows(error) from error
    raise Refusal(415, f"Send {JSON} (one event) or {NDJSON} (one event a line).")


class Keys:
    """Idempotency-Keys seen lately: the stamp that a repeated body gets again, byte for byte.

    Only as long as this process lives; ids do not depend on it, just `recorded_at` where the
    sender leaves it out.
    """

    def __init__(self, remembered: int = KEYS_REMEMBERED) -> None:
        self._seen: OrderedDict[tuple[str, str], tuple[bytes, int]] = OrderedDict()
        self._remembered = remembered
        self._lock = threading.Lock()

    def stamp(self, source: str, key: str, body: bytes) -> int:
        """Business time to stamp a body with. Raises `Refusal` 422 for a key with another body."""
        if not key:
            return fact_now()
        if len(key) > KEY_CHARS_MAX:
            raise _key_problem(f"is longer than {KEY_CHARS_MAX} characters")
        digest = hashlib.sha256(body).digest()
        now = fact_now()
        with self._lock:
            known, stamp = self._seen.get((source, key), (digest, now))
            if known != digest:
                raise _key_problem("was used for another body")
            self._seen[source, key] = digest, stamp
            self._seen.move_to_end((source, key))
            if len(self._seen) > self._remembered:
                self._seen.popitem(last=False)
        return stamp


def _key_problem(reason: str) -> Refusal:
    return bad_rows(BadRows([RowProblem(1, "Idempotency-Key", reason)]))
