"""The gateway's routes: `POST /api/v1/events`, `/healthz`, and what describes them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import Depends, FastAPI, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from fastapi.security import HTTPBearer

from duban.access import Grant
from duban.bus import BrokerAway
from duban.bus_access import Grants
from duban.bus_intake import BadRows, Sender, events_of
from duban.codec import RegistryAway
from duban.events import Event
from duban.settings import settings
from producers.gateway.delivery import Delivery
from producers.gateway.description import ACCEPTED, HEALTH, POST_EVENTS, REFUSALS, SUMMARY
from producers.gateway.doors import HALL_HEADER, grant_for, may_write
from producers.gateway.intake import Keys, read_body, rows_of
from producers.gateway.outgoing import Outgoing, outgoing
from producers.gateway.refusal import Refusal, bad_rows, not_now


class Gateway:
    """What one gateway process holds: its producer, the tokens, the keys it remembers."""

    def __init__(self) -> None:
        self.delivery = Delivery()
        self.grants = Grants()
        self.keys = Keys()

    async def take(self, request: Request) -> JSONResponse:
        """Check a request whole, send its events, answer once the broker has them."""
        grant = grant_for(request.headers.get("authorization", ""), self.grants)
        body = await read_body(request, settings().gateway_max_bytes)
        kind = request.headers.get("content-type", "")
        key = request.headers.get("idempotency-key", "")
        self.delivery.check()
        events, records = await asyncio.to_thread(self._checked, body, kind, key, grant)
        await self.delivery.deliver(records, {event.type for event in events})
        ids = [event.event_id for event in events]
        note = {"events": len(ids), "first": ids[0], "hall": grant.hall}
        await self.delivery.note(grant.token_id, "events written", note)
        return JSONResponse({"accepted": len(ids), "event_ids": ids}, 202)

    def _checked(
        self, body: bytes, kind: str, key: str, grant: Grant
    ) -> tuple[list[Event], list[Outgoing]]:
        rows = rows_of(body, kind)
        source = f"hall/{grant.hall}"
        now = self.keys.stamp(source, key, body)
        sender = Sender(source, key, settings().tenant, may_write(grant))
        try:
            events = events_of(rows, sender, now)
            header = (HALL_HEADER, grant.hall.encode())
            return events, [outgoing(event, header) for event in events]
        except BadRows as error:
            raise bad_rows(error) from error
        except BrokerAway as error:
            raise not_now("The broker does not answer.") from error
        except RegistryAway as error:
            raise not_now("The schema registry does not answer.") from error


def application() -> FastAPI:
    """The ASGI application; its threads start and stop with it."""
    gateway = Gateway()

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        gateway.grants.start()
        gateway.delivery.start()
        yield
        gateway.grants.stop()
        await gateway.delivery.stop()

    app = FastAPI(
        title="Duban 督办 gateway",
        version="1",
        summary=SUMMARY,
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )

    app.add_exception_handler(Refusal, _refuse)
    _add_routes(app, gateway)
    return app


async def _refuse(_request: Request, refusal: Exception) -> Response:
    if not isinstance(refusal, Refusal):
        raise refusal
    return refusal.response()


def _add_routes(app: FastAPI, gateway: Gateway) -> None:
    @app.get("/healthz", responses=HEALTH, operation_id="health")
    async def health() -> JSONResponse:
        """200 once the broker was reached and the tokens are known; 503 while it starts."""
        state = {"broker": gateway.delivery.connected, "tokens": gateway.grants.ready}
        ready = all(state.values())
        said = {"status": "ok" if ready else "starting", **state}
        return JSONResponse(said, 200 if ready else 503)

    @app.get("/docs", include_in_schema=False)
    async def docs() -> RedirectResponse:
        return RedirectResponse("/openapi.json")

    responses: dict[int | str, dict[str, Any]] = {202: ACCEPTED, **REFUSALS}

    @app.post(
        "/api/v1/events",
        status_code=202,
        responses=responses,
        openapi_extra=POST_EVENTS,
        operation_id="emit",
        dependencies=[Depends(HTTPBearer(scheme_name="token", auto_error=False))],  # for OpenAPI
    )
    async def emit(request: Request) -> JSONResponse:
        """Take one event (JSON) or a batch (NDJSON, one event a line): all of it or nothing.

        202 comes after the broker has acknowledged every event on all its replicas. Sending the
        same rows again is safe: a row without `event_id` gets the same id each time.
        """
        return await gateway.take(request)
