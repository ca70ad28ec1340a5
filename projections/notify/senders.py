"""Sending one message over one channel: a signed webhook, or a messenger by apprise.

A sender says what came of it; whether to try again is decided elsewhere (`retries`).
"""

import asyncio
from typing import NamedTuple, Protocol

import apprise
import httpx

from duban.events import Event
from duban.settings import settings
from duban.vault import Channel
from duban.webhook import headers
from projections.notify.messages import body, sentence

SECONDS = 10.0
REFUSALS_WORTH_RETRYING = frozenset({408, 409, 423, 425, 429})


class Sent(NamedTuple):
    """What came of one try. `final` means that trying again cannot help."""

    ok: bool
    said: str
    final: bool = False


class Sender(Protocol):
    """One kind of channel."""

    async def send(self, channel: Channel, event: Event) -> Sent:
        """Try once; never raises for a failure of the other side."""


class Webhook:
    """POST with a signature; any 2xx is taken as received."""

    def __init__(self, client: httpx.AsyncClient | None = None) -> None:
        self._client = client or httpx.AsyncClient(timeout=SECONDS, follow_redirects=False)

    async def send(self, channel: Channel, event: Event) -> Sent:
        """Try once, with a timestamp of its own, so that an old request cannot be replayed."""
        content, alert_id = body(event), str(event.data.get("alert_id", ""))
        signed = headers(channel.secret, content, event.event_id, event.type, alert_id)
        try:
            answer = await self._client.post(channel.url, content=content, headers=signed)
        except httpx.HTTPError as error:
            return Sent(False, type(error).__name__)
        except httpx.InvalidURL:
            return Sent(False, "InvalidURL", final=True)
        if answer.is_success:
            return Sent(True, str(answer.status_code))
        refused = 300 <= answer.status_code < 500
        final = refused and answer.status_code not in REFUSALS_WORTH_RETRYING
        return Sent(False, str(answer.status_code), final)

    async def close(self) -> None:
        """Close kept connections."""
        await self._client.aclose()


class Messenger:
    """企业微信, 钉钉, 飞书, mail and whatever else apprise knows."""

    async def send(self, channel: Channel, event: Event) -> Sent:
        """Try once, in a thread: apprise waits for the answer."""
        title, text = sentence(event, settings().zone)
        target = apprise.Apprise()
        if not target.add(channel.url):
            return Sent(False, "not an address that apprise knows", final=True)
        ok = await asyncio.to_thread(target.notify, body=text, title=title)
        return Sent(bool(ok), "sent" if ok else "apprise could not deliver")
