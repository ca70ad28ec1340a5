"""Acknowledging a warning: a fact about its case, produced like any other."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Body, Header, HTTPException, Request

from duban.bus import BrokerAway, DeliveryError
from duban.events import Actor
from projections.api.notes import DELIVERY_SECONDS, WHO, producer, send_note
from projections.dashboard.ask import Away, ask
from projections.dashboard.sources import business_now

router = APIRouter()
_CASE = "SELECT hall_id, case_id, state FROM alerts_now WHERE alert_id = {id:String} LIMIT 1"


@router.post("/alerts/{alert_id}/acknowledge", status_code=202)
async def acknowledge(
    request: Request,
    alert_id: str,
    comment: Annotated[str, Body(embed=True, max_length=400)] = "",
    x_duban: Annotated[str | None, Header()] = None,
) -> dict[str, str]:
    """Say that somebody has taken a warning in hand; it is not escalated from here on.

    A browser session must also send the header `X-Duban`, which no other site can make it send.
    """
    if not request.headers.get("authorization") and x_duban is None:
        raise HTTPException(403, "The header X-Duban is missing.")
    try:
        found = await ask(_CASE, id=alert_id)
        now = await business_now()
    except Away as error:
        raise HTTPException(503, "The warehouse is away.", {"Retry-After": "5"}) from error
    if not found:
        raise HTTPException(404, f"There is no alert {alert_id}.")
    try:
        event_id = await asyncio.to_thread(_send, found[0]["case_id"], alert_id, comment, now)
    except (BrokerAway, DeliveryError) as error:
        raise HTTPException(503, "The broker is away.", {"Retry-After": "5"}) from error
    return {"event_id": event_id, "alert_id": alert_id}


def _send(case_id: str, alert_id: str, comment: str, now: int) -> str:
    actor = Actor(id=WHO, role="centre_manager")
    event = producer().emit(
        "AlertAcknowledged",
        case=case_id,
        at=now,
        actor=actor,
        channel="system",
        alert_id=alert_id,
        comment=comment,
    )
    send_note("alert acknowledged", {"alert": alert_id, "event": event.event_id})
    producer().flush(DELIVERY_SECONDS)
    return event.event_id
