"""How a webhook is signed, and how who receives one checks it.

`X-Duban-Signature: sha256=<hex>` is HMAC-SHA256 over `timestamp.body` under the channel's secret;
`X-Duban-Timestamp` is in epoch seconds. Deliveries come at least once: doubles have the same
`X-Duban-Event-Id`.
"""

import hashlib
import hmac
import time

TOLERANCE_SECONDS = 300


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """Value of `X-Duban-Signature`."""
    signed = timestamp.encode() + b"." + body
    return "sha256=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def headers(
    secret: str, body: bytes, event_id: str, event_type: str, alert_id: str
) -> dict[str, str]:
    """All headers of a webhook that is sent now."""
    timestamp = str(int(time.time()))
    return {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "duban-notify",
        "X-Duban-Alert-Id": alert_id,
        "X-Duban-Event-Id": event_id,
        "X-Duban-Event-Type": event_type,
        "X-Duban-Timestamp": timestamp,
        "X-Duban-Signature": sign(secret, timestamp, body),
    }


def verify(
    secret: str, timestamp: str, body: bytes, signature: str, now: float | None = None
) -> bool:
    """Whether a webhook is genuine and not older (or newer) than five minutes."""
    known = hmac.compare_digest(sign(secret, timestamp, body).encode(), signature.encode())
    if not known or not timestamp.isdecimal():
        return False
    return abs((time.time() if now is None else now) - int(timestamp)) <= TOLERANCE_SECONDS
