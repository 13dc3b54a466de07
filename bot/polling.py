"""Polling by hand: every feed now, or just a look at some addresses and files."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from bot.app import open_parts, utc_now
from bot.errors import RarewatchError
from bot.feeds.check import entry_rows
from bot.feeds.fetch import Validators, fetch, open_session
from bot.feeds.parse import ParsedFeed
from bot.feeds.pool import ParsePool
from bot.inspection import read_file
from bot.language.detect import Detector
from bot.pipeline import Pipeline
from bot.polls import PollOutcome
from bot.settings import Settings
from storage import feeds


async def poll_feeds(settings: Settings, *, once: bool) -> AsyncIterator[tuple[int, int, PollOutcome]]:
    """Polls all feeds now and takes what is new through the road; without `once`, goes on when feeds are due.

    Yields:
        (polls done, polls expected, what one brought)
    """
    async with open_parts(settings) as parts, _ended_in_order(parts.pipeline):
        async with parts.database.write() as session:
            total = await feeds.make_due(session, now=parts.clock())
        done = 0
        pending: set[asyncio.Task[PollOutcome]] = set()
        while True:
            started = await parts.pipeline.poll_due() if not once or done + len(pending) < total else []
            pending.update(started)
            if not pending:
                while await parts.pipeline.process_new() or await parts.pipeline.finish_pages():
                    pass
                await parts.pipeline.finish_translations()
                if once:
                    return
                await asyncio.sleep(1)
                continue
            finished, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            for task in finished:
                done += 1
                yield done, max(total, done + len(pending)), task.result()
            await parts.pipeline.process_new()


@asynccontextmanager
async def _ended_in_order(pipeline: Pipeline) -> AsyncIterator[None]:
    """Nothing of the road is under way when what it uses is closed, also after Ctrl-C."""
    try:
        yield
    finally:
        await pipeline.cancel()


async def poll_targets(
    settings: Settings, targets: Sequence[str]
) -> AsyncIterator[tuple[str, list[dict[str, Any]], str | None]]:
    """Reads addresses and files without keeping anything: (target, its entries, or what is wrong with it)."""
    detector = Detector()
    pool = ParsePool()
    async with open_session(allow_private=settings.private_feeds) as session:
        try:
            for target in targets:
                try:
                    parsed = await _read(session, pool, target, utc_now())
                except RarewatchError as error:
                    yield target, [], str(error)
                else:
                    yield target, entry_rows(target, parsed, detector.detect), None
        finally:
            pool.close()


async def _read(session: Any, pool: ParsePool, target: str, now: datetime) -> ParsedFeed:
    if target.lower().startswith(("http://", "https://")):
        fetched = await fetch(session, target, validators=Validators(None, None))
        return await pool.parse(fetched.body, url=fetched.url, content_type=fetched.content_type, now=now)
    body = await asyncio.to_thread(read_file, target)
    return await pool.parse(body, url=target, content_type=None, now=now)
