"""Questions to the warehouse from the event loop: two threads at the most, so pages queue there."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from duban import warehouse
from duban.warehouse import WarehouseError as Away

__all__ = ["Away", "ask", "ask_metric", "ask_one"]

_threads = ThreadPoolExecutor(2, "warehouse")


async def ask(sql: str, **values: Any) -> list[dict[str, Any]]:
    """Rows of one question; `{name:Type}` in it takes `values`. Raises `Away`."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_threads, partial(warehouse.rows, sql, **values))


async def ask_one(sql: str, **values: Any) -> dict[str, Any]:
    """The only row of a question."""
    return (await ask(sql, **values))[0]


async def ask_metric(name: str, **filters: Any) -> list[dict[str, Any]]:
    """Rows of a named metric. Raises `Away`, or `MetricError` for a filter it does not take."""
    loop = asyncio.get_running_loop()
    answer = await loop.run_in_executor(_threads, partial(warehouse.metric, name, **filters))
    return list(answer.dicts())
