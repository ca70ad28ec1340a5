"""Questions to the warehouse from the event loop: two threads at the most, so pages queue there."""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, TypeVar

from duban import warehouse
from duban.warehouse import WarehouseError as Away

__all__ = ["PAGE_SECONDS", "Away", "ask", "ask_metric", "ask_now", "ask_one", "for_a_page"]

T = TypeVar("T")
SECONDS = 6.0  # that a question waits for its answer
PAGE_SECONDS = 10.0  # that a page waits for all its answers together
_threads = ThreadPoolExecutor(2, "warehouse")


async def _in_thread(work: Callable[[], T]) -> T:
    loop = asyncio.get_running_loop()
    try:
        return await asyncio.wait_for(loop.run_in_executor(_threads, work), SECONDS)
    except TimeoutError:
        raise Away(f"no answer within {SECONDS:.0f} s") from None


@asynccontextmanager
async def for_a_page() -> AsyncIterator[None]:
    """All questions of one page; raises `Away` once they take longer than a page may."""
    try:
        async with asyncio.timeout(PAGE_SECONDS):
            yield
    except TimeoutError:
        raise Away(f"no page within {PAGE_SECONDS:.0f} s") from None


async def ask(sql: str, **values: Any) -> list[dict[str, Any]]:
    """Rows of one question; `{name:Type}` in it takes `values`. Raises `Away`."""
    return await _in_thread(partial(warehouse.rows, sql, **values))


async def ask_one(sql: str, **values: Any) -> dict[str, Any]:
    """The only row of a question."""
    return (await ask(sql, **values))[0]


async def ask_metric(name: str, /, **filters: Any) -> list[dict[str, Any]]:
    """Rows of a named metric. Raises `Away`, or `MetricError` for a filter it does not take."""
    answer = await _in_thread(partial(warehouse.metric, name, **filters))
    return list(answer.dicts())


async def ask_now() -> int:
    """Business time in epoch ms. Raises `Away`."""
    return await _in_thread(warehouse.business_now)
