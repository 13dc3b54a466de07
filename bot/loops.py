"""Work that goes on until the service stops: look for some, do it, wait to be woken."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.reachability import Reachability
from storage.database import first_line

log = structlog.get_logger(__name__)

DATABASE_PAUSE_S = 2.0


async def wait_any(*events: asyncio.Event, timeout_s: float) -> None:
    """Returns when one of the events is set, or after the timeout."""
    waits = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()


async def keep_working(
    step: Callable[[], Awaitable[int]],
    *,
    wake: asyncio.Event,
    stopping: asyncio.Event,
    idle_s: float,
    reachability: Reachability,
) -> None:
    """Calls `step` until `stopping`; when it gives 0, waits for `wake` or `idle_s` seconds.

    A database that can't be reached is reported, once, and waited for. Any other exception is a fault of
    ours and ends the service, so that a person sees it.
    """
    while not stopping.is_set():
        wake.clear()
        try:
            done = await step()
        except (SQLAlchemyError, OSError) as error:
            report_database(reachability, error)
            await wait_any(stopping, timeout_s=DATABASE_PAUSE_S)
            continue
        reachability.report("Database", ok=True)
        if not done:
            await wait_any(wake, stopping, timeout_s=idle_s)


def report_database(reachability: Reachability, error: BaseException) -> None:
    """Says, once, that the database is away."""
    reachability.report(
        "Database",
        ok=False,
        reason=first_line(error),
        consequence="Work stands still until it is back; what is stored is safe.",
    )
