"""Writer schemas on `reference` before the first event of a type, as `bus.Producer` does it."""

import asyncio
from typing import Any

from duban import codec
from duban.bus_make import now_ms
from duban.bus_schemas import published_schemas, schema_key
from duban.settings import settings


class Schemas:
    """What this process has published or found there."""

    def __init__(self) -> None:
        self._ready: set[str] = set()
        self._published: set[bytes] | None = None
        self._lock = asyncio.Lock()

    async def publish(self, producer: Any, types: set[str]) -> None:
        """Make sure that readers have the schemas of these types; nothing where a registry is."""
        if types <= self._ready:
            return
        async with self._lock:
            if settings().schema_registry_url:
                self._ready |= types
                return
            if self._published is None:
                self._published = await asyncio.to_thread(published_schemas)
            for event_type in ("SchemaPublished", *sorted(types)):
                await self._publish_once(producer, event_type, self._published)
            self._ready |= types

    async def _publish_once(self, producer: Any, event_type: str, published: set[bytes]) -> None:
        key = schema_key(event_type)
        if key not in published:
            value = codec.encode(codec.schema_published(event_type, now_ms()))
            await producer.send_and_wait("reference", key=key, value=value)
            published.add(key)
