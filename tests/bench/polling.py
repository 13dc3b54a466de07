"""Many local feeds, polled into SQLite, against asyncio and feedparser alone without a database."""

from __future__ import annotations

import asyncio
import hashlib
import io
import tempfile
import time
from pathlib import Path

import aiohttp
import feedparser
import yaml
from aiohttp import web
from pydantic import SecretStr

from bot.app import open_parts
from bot.settings import Settings
from storage import feeds
from tests.bench.figures import Figure
from tests.bench.sample import feed_document

FEEDS = 200
ITEMS = 30


class FeedSite:
    """`FEEDS` feeds of `ITEMS` items, with ETags."""

    def __init__(self) -> None:
        self._documents = [feed_document(number, items=ITEMS) for number in range(FEEDS)]

    async def reply(self, request: web.Request) -> web.Response:
        document = self._documents[int(request.match_info["number"])]
        etag = f'"{hashlib.sha256(document).hexdigest()[:16]}"'
        if request.headers.get("If-None-Match") == etag:
            return web.Response(status=304, headers={"ETag": etag})
        return web.Response(body=document, content_type="text/xml", headers={"ETag": etag})


async def _poll_all(settings: Settings) -> list[float]:
    """Seconds for the first poll of all feeds, and for the second, to which each answers 304."""
    seconds = []
    async with open_parts(settings) as parts:
        for _ in range(2):
            async with parts.database.write() as session:
                await feeds.make_due(session, now=parts.clock())
            done = 0
            started = time.perf_counter()
            while done < FEEDS:
                polls = await parts.pipeline.poll_due()
                outcomes = await asyncio.gather(*polls)
                if any(outcome.error for outcome in outcomes):
                    raise RuntimeError(f"a poll failed: {outcomes}")
                done += len(outcomes)
            seconds.append(time.perf_counter() - started)
        if parts.pipeline.counters.articles != FEEDS * ITEMS:
            raise RuntimeError(f"{parts.pipeline.counters.articles} articles instead of {FEEDS * ITEMS}")
        if parts.pipeline.counters.unchanged != FEEDS:
            raise RuntimeError("the second poll was not a 304 everywhere")
    return seconds


async def _baseline(origin: str) -> float:
    """Seconds to fetch and parse all feeds, 20 at once, keeping nothing."""
    slots = asyncio.Semaphore(20)

    async def one(session: aiohttp.ClientSession, number: int) -> int:
        async with slots, session.get(f"{origin}/{number}.xml") as reply:
            body = await reply.read()
        return len(feedparser.parse(io.BytesIO(body)).entries)

    started = time.perf_counter()
    async with aiohttp.ClientSession() as session:
        entries = await asyncio.gather(*(one(session, number) for number in range(FEEDS)))
    if sum(entries) != FEEDS * ITEMS:
        raise RuntimeError("the baseline did not read everything")
    return time.perf_counter() - started


async def _measure() -> list[Figure]:
    app = web.Application()
    app.router.add_get("/{number}.xml", FeedSite().reply)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    origin = f"http://127.0.0.1:{runner.addresses[0][1]}"
    with tempfile.TemporaryDirectory() as folder:
        feeds_file = Path(folder) / "feeds.yaml"
        listed = [
            {"url": f"{origin}/{number}.xml", "name": f"Feed {number}", "language": "id", "tier": "trade"}
            for number in range(FEEDS)
        ]
        feeds_file.write_text(yaml.safe_dump({"feeds": listed}), encoding="utf-8")
        settings = Settings(
            feeds=feeds_file,
            database_url=SecretStr(f"sqlite:///{folder}/bench.db"),
            private_feeds=True,
        )
        first, second = await _poll_all(settings)
        baseline = await _baseline(origin)
    await runner.cleanup()
    name = "asyncio + feedparser, no database"
    return [
        Figure("first poll, into SQLite", "feeds", FEEDS / first, name, FEEDS / baseline),
        Figure("second poll, 304", "feeds", FEEDS / second, name, FEEDS / baseline),
    ]


def polling() -> list[Figure]:
    """Feeds a second: `FEEDS` local feeds of `ITEMS` items."""
    return asyncio.run(_measure())
