"""`/api/v1`: named metrics, cases, one case and alerts as JSON; instants are ISO-8601 in UTC."""

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response

from duban.metrics import MetricError, load_metric, metric_names
from projections.dashboard import sources
from projections.dashboard.alert_queries import AlertFilter, alerts, count_alerts
from projections.dashboard.ask import Away, ask_metric
from projections.dashboard.case_file import case_file
from projections.dashboard.case_queries import cases, count_cases
from projections.dashboard.filters import Filter
from projections.dashboard.moments import Moment

router = APIRouter()
Limit = Annotated[int, Query(ge=1, le=10_000)]
Offset = Annotated[int, Query(ge=0)]


def plain(value: Any) -> Any:
    """A value as JSON takes it: dataclasses as objects, fields named `*_at` or `at` as instants."""
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: _field(f.name, getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, tuple | list):
        return [plain(v) for v in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds")
    return value


def _field(name: str, value: Any) -> Any:
    if isinstance(value, int) and (name == "at" or name.endswith("_at") or name in _ENDS):
        return datetime.fromtimestamp(value / 1000, UTC).isoformat(timespec="milliseconds")
    return plain(value)


_ENDS = ("begin", "end")


async def _moment(hall: str) -> Moment:
    calendar = sources.names().calendar(hall)
    return Moment(await sources.business_now(), calendar.zone, hall)


@router.get("/metrics")
async def metrics() -> list[dict[str, Any]]:
    """All named metrics, with what each counts and the filters it takes."""
    found = (load_metric(name) for name in metric_names())
    return [
        {
            "name": m.name,
            "titles": m.titles,
            "definitions": m.definitions,
            "filters": sorted(set(m.parameters) - {"now", "zone"}),
        }
        for m in found
    ]


@router.get("/metrics/{name}")
async def metric(request: Request, name: str) -> dict[str, Any]:
    """A metric now; its filters go into the query string."""
    if name not in metric_names():
        raise HTTPException(404, f"There is no metric {name!r}; see /api/v1/metrics.")
    found = load_metric(name)
    moment = await _moment(request.query_params.get("hall", ""))
    given = {k: v for k, v in request.query_params.items() if k not in ("now", "zone")}
    try:
        of_hall = {"now": moment.now, "zone": moment.zone}
        taken = {k: v for k, v in of_hall.items() if k in found.parameters}
        rows = await ask_metric(name, **taken, **given)
    except MetricError as error:
        raise HTTPException(422, str(error)) from error
    except Away as error:
        if error.is_about_a_value:
            raise HTTPException(422, str(error)) from error
        raise
    as_of = datetime.fromtimestamp(moment.now / 1000, UTC).isoformat(timespec="milliseconds")
    return {
        "name": name,
        "titles": found.titles,
        "definitions": found.definitions,
        "as_of": as_of,
        "rows": [{key: plain(value) for key, value in row.items()} for row in rows],
    }


@router.get("/cases")
async def case_list(request: Request, limit: Limit = 100, offset: Offset = 0) -> dict[str, Any]:
    """Cases of the same filters as the page /cases: figure, part, state, signal, hall, window …"""
    wanted = Filter.read(request.query_params)
    moment = await _moment(wanted.hall)
    rows = await cases(wanted, moment, limit, offset)
    return {"total": await count_cases(wanted, moment), "rows": plain(rows)}


@router.get("/cases/{hall}/{no:path}")
async def one_case(hall: str, no: str) -> Mapping[str, Any]:
    """One case with its clocks, facts and alerts."""
    found = await case_file(hall, f"{hall}/{no}")
    if found is None:
        raise HTTPException(404, f"There is no case {hall}/{no}, or it has not arrived yet.")
    answer: dict[str, Any] = plain(found)
    return answer


@router.get("/alerts")
async def alert_list(request: Request, limit: Limit = 200, offset: Offset = 0) -> dict[str, Any]:
    """Alerts of the same filters as the page /alerts: hall, level, state, historical."""
    wanted = AlertFilter.read(request.query_params)
    moment = await _moment(wanted.hall)
    rows = await alerts(wanted, moment, limit, offset)
    return {"total": (await count_alerts(wanted, moment))["listed"], "rows": plain(rows)}


def away(_: Request, error: Exception) -> JSONResponse:
    """503 for a warehouse that did not answer, from any route."""
    return JSONResponse(
        {"error": "The warehouse is away.", "detail": str(error)}, 503, {"Retry-After": "5"}
    )


def unreadable(_: Request, error: Exception) -> Response:
    """422 for what a route cannot read. What was sent is not repeated: it may be no text at all."""
    found = error.errors() if isinstance(error, RequestValidationError) else []
    said = [{name: one[name] for name in ("type", "loc", "msg")} for one in found]
    return Response(json.dumps({"detail": said}), 422, media_type="application/json")
