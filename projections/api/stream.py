"""`/api/v1/alerts/stream`: warnings as server-sent events, taken up where the client was."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from aiokafka.errors import KafkaError
from fastapi import APIRouter, Header, HTTPException, Query
from fastapi.responses import StreamingResponse

from duban.contracts import to_json
from duban.events import Event
from projections.api.hub import places_at, the_hub
from projections.api.places import Places, from_text, to_text

HEARTBEAT_SECONDS = 15.0
RETRY_MS = 2_000
router = APIRouter()


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a client wants to hear; empty means everything."""

    hall: str = ""
    levels: frozenset[str] = frozenset()
    historical: bool = False

    def takes(self, event: Event) -> bool:
        """Whether the event is for this client."""
        return (
            (not self.hall or event.hall_id == self.hall)
            and (not self.levels or str(event.data.get("level", "")) in self.levels)
            and (self.historical or not event.historical)
        )


@router.get("/alerts/stream", response_class=StreamingResponse)
async def alerts_stream(
    hall: str = "",
    level: Annotated[str, Query(description="Levels, such as yellow,red; none: all.")] = "",
    historical: bool = False,
    since: Annotated[
        datetime | None, Query(description="From this instant (broker time) on; default: now.")
    ] = None,
    last_event_id: Annotated[str | None, Header()] = None,
) -> StreamingResponse:
    """Warnings as they are raised, acknowledged, escalated, cleared or retracted.

    The id of each event is a place in the topic; `Last-Event-ID` takes the stream up after it.
    """
    if not await the_hub().ready():
        raise HTTPException(503, "The broker is away.", {"Retry-After": "5"})
    wanted = Wanted(hall, frozenset(filter(None, level.split(","))), historical)
    places = await _start(last_event_id, since)
    return StreamingResponse(
        _events(places, wanted),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _start(last_event_id: str | None, since: datetime | None) -> Places:
    now = dict(the_hub().next)
    if last_event_id:
        try:
            return dict.fromkeys(now, 0) | from_text(last_event_id)
        except ValueError as error:
            raise HTTPException(422, str(error)) from error
    if since is None:
        return now
    if since.tzinfo is None:
        raise HTTPException(422, "since needs an offset, such as +08:00")
    try:
        return await places_at(int(since.timestamp() * 1000))
    except KafkaError as error:
        raise HTTPException(503, "The broker is away.", {"Retry-After": "5"}) from error


async def _events(places: Places, wanted: Wanted) -> AsyncIterator[str]:
    hub, seen = the_hub(), 0
    yield f"retry: {RETRY_MS}\n\n"
    while not hub.stopping:
        count = hub.count
        try:
            async for message in hub.since(places, seen):
                if wanted.takes(message.event):
                    body = json.dumps(to_json(message.event), ensure_ascii=False)
                    yield f"id: {to_text(places)}\ndata: {body}\n\n"
        except KafkaError:
            return  # the client comes again with the last id it saw
        seen = count
        if await hub.wait(seen, HEARTBEAT_SECONDS) == seen:
            yield f": {to_text(places)}\nid: {to_text(places)}\n\n"
