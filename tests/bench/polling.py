"""Many local feeds polled into SQLite, against `reader` and against asyncio with feedparser alone.

The feeds are served by another process. What a poll costs in a steady state is measured by polling thousands
of feeds at once and spreading the processor time over the quarter of an hour in which they would be due.
"""

from __future__ import annotations

import asyncio
import gc
import io
import os
import resource
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import feedparser
import yaml
from pydantic import SecretStr
from sqlalchemy import update

from bot.app import Parts, open_parts
from bot.delivery.feed_news import FeedNews
from bot.delivery.post import Post
from bot.pauses import keep_pauses_short
from bot.settings import Settings
from storage import feeds
from storage.models import Feed
from tests.bench.figures import Figure
from tests.bench.peers import newsboat_seconds, reader_seconds

FEEDS = 200
ITEMS = 30
MANY = 10_000
FEW_ITEMS = 8  # of each of so many: the fewest of which a reading leaves something for the next one
DUE_WITHIN_S = 15 * 60
WATCH_S = 0.005


@asynccontextmanager
async def site(*, items: int = ITEMS) -> AsyncIterator[str]:
    """The feeds' server; gives its address."""
    command = [sys.executable, "-m", "tests.bench.feed_site", str(FEEDS), str(items)]
    pipe = asyncio.subprocess.PIPE
    server = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe)
    assert server.stdin is not None
    assert server.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(await server.stdout.readline())}"
    finally:
        server.stdin.close()  # Python before 3.12 leaves it open in communicate()
        await server.wait()


@asynccontextmanager
async def reading(urls: Sequence[str]) -> AsyncIterator[Parts]:
    """The service's parts over a new database, with these feeds."""
    with tempfile.TemporaryDirectory() as folder:
        feeds_file = Path(folder) / "feeds.yaml"
        listed = [
            {"url": url, "name": f"Feed {number}", "language": "id", "tier": "trade"}
            for number, url in enumerate(urls)
        ]
        feeds_file.write_text(yaml.safe_dump({"feeds": listed}), encoding="utf-8")
        settings = Settings(
            feeds=feeds_file, database_url=SecretStr(f"sqlite:///{folder}/bench.db"), private_feeds=True
        )
        async with open_parts(settings) as parts:
            keep_pauses_short()  # as the service does
            yield parts


async def poll_all(parts: Parts, count: int) -> float:
    """Seconds for a poll of all feeds."""
    async with parts.database.write() as session:
        await feeds.make_due(session, now=parts.clock())
    started = time.perf_counter()
    done = 0
    under_way: set[asyncio.Task[object]] = set()
    while done < count:
        under_way.update(await parts.pipeline.poll_due())
        finished, under_way = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
        for task in finished:
            if error := getattr(task.result(), "error", None):
                raise RuntimeError(f"a poll failed: {error}")
        done += len(finished)
    return time.perf_counter() - started


async def _of_kind(origin: str, kind: str, *, cut: bool = True) -> tuple[float, float]:
    """Feeds a second in the first poll and in the second."""
    async with reading([f"{origin}/{kind}/{number}.xml" for number in range(FEEDS)]) as parts:
        await parts.pool.warm_up()
        first = await poll_all(parts, FEEDS)
        if parts.pipeline.counters.articles != FEEDS * ITEMS:
            raise RuntimeError(f"{parts.pipeline.counters.articles} articles instead of {FEEDS * ITEMS}")
        if not cut:
            async with parts.database.write() as session:
                await session.execute(update(Feed).values(known_items=None))
        second = await poll_all(parts, FEEDS)
        expected = FEEDS * (ITEMS + 1) if kind == "new" else FEEDS * ITEMS
        if parts.pipeline.counters.articles != expected:
            raise RuntimeError(f"{parts.pipeline.counters.articles} articles instead of {expected}")
        if kind != "new" and parts.pipeline.counters.unchanged != FEEDS:
            raise RuntimeError("the second poll found changes")
    return FEEDS / first, FEEDS / second


async def _baseline(origin: str) -> float:
    """Feeds a second, fetched and parsed 20 at once, keeping nothing."""
    slots = asyncio.Semaphore(20)

    async def one(session: aiohttp.ClientSession, number: int) -> int:
        async with slots, session.get(f"{origin}/same/{number}.xml") as reply:
            body = await reply.read()
        return len(feedparser.parse(io.BytesIO(body)).entries)

    started = time.perf_counter()
    async with aiohttp.ClientSession() as session:
        entries = await asyncio.gather(*(one(session, number) for number in range(FEEDS)))
    if sum(entries) != FEEDS * ITEMS:
        raise RuntimeError("the baseline did not read everything")
    return FEEDS / (time.perf_counter() - started)


async def _measure() -> list[Figure]:
    figures = []
    async with site() as origin:
        baseline = await _baseline(origin)
        urls = [f"{origin}/etag/{number}.xml" for number in range(FEEDS)]
        peers = {
            "reader": await asyncio.to_thread(reader_seconds, urls, FEEDS * ITEMS),
            "newsboat": await asyncio.to_thread(newsboat_seconds, urls),
        }
        first, unchanged = await _of_kind(origin, "etag")
        _, same = await _of_kind(origin, "same")
        _, new = await _of_kind(origin, "new")
    async with site() as origin:
        _, whole = await _of_kind(origin, "new", cut=False)
    name = "asyncio + feedparser, no database"
    figures.append(Figure("first poll, into SQLite", "feeds", first, name, baseline))
    for peer, seconds in peers.items():
        if seconds is None:
            print(f"  {peer} is not installed: not measured")
            continue
        figures.append(Figure("first poll, into SQLite", "feeds", first, peer, FEEDS / seconds[0]))
        figures.append(Figure("second poll, 304", "feeds", unchanged, peer, FEEDS / seconds[1]))
    figures.append(Figure("second poll, 304", "feeds", unchanged, name, baseline))
    figures.append(Figure("second poll, same body, no validators", "feeds", same, name, baseline))
    figures.append(Figure("second poll, 1 new item in 30", "feeds", new, name, baseline))
    figures.append(Figure("second poll, 1 new item in 30", "feeds", new, "reading it whole ourselves", whole))
    return figures


async def _steady() -> list[Figure]:
    """Ten thousand feeds: nine in ten unchanged, the others the same or with one new item.

    Their first documents, really fetched, read and stored, have fewer items than the others here: what is
    measured is the poll after it, and how many articles lie in the archive hardly changes that. While it goes
    on, the tick that looks at how all feeds stand is run, too.
    """
    async with site(items=FEW_ITEMS) as origin:
        kinds = ["etag"] * 18 + ["same", "new"]
        urls = [f"{origin}/{kinds[number % 20]}/{number}.xml" for number in range(MANY)]
        async with reading(urls) as parts:
            print(f"  reading {MANY:,} feeds for the first time: a minute or two", flush=True)
            first_s = await poll_all(parts, MANY)
            print(f"  read in {first_s:.0f} s; polling them again", flush=True)
            gc.collect()
            before, longest = _processor_s(parts), await _longest_block(_poll_and_look(parts))
            used = _processor_s(parts) - before
            memory = _memory_mb(parts)
    return [
        Figure("processor", "% of one core", 100 * used / DUE_WITHIN_S, per=""),
        Figure("memory of all processes", "MB", memory, per=""),
        Figure("the event loop held up for, at most", "ms", 1000 * longest, per=""),
    ]


async def _poll_and_look(parts: Parts) -> float:
    """A poll of all feeds, with the tick of the service that goes over all of them; seconds."""
    news = FeedNews(parts.database, Post({}, monotonic=time.monotonic), operators=(), clock=parts.clock)
    polled, _ = await asyncio.gather(poll_all(parts, MANY), news.tick())
    return polled


async def _longest_block(work: Coroutine[Any, Any, float]) -> float:
    """Seconds for which nothing else could run while the work went on."""
    longest = 0.0
    task = asyncio.create_task(work)
    while not task.done():
        begun = time.perf_counter()
        await asyncio.sleep(WATCH_S)
        longest = max(longest, time.perf_counter() - begun - WATCH_S)
    await task
    return longest


def _processor_s(parts: Parts) -> float:
    """Processor time of this process and of those that parse."""
    own = resource.getrusage(resource.RUSAGE_SELF)
    ticks = os.sysconf("SC_CLK_TCK")
    children = 0.0
    for process in parts.pool.process_ids:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        children += (int(fields[11]) + int(fields[12])) / ticks
    return own.ru_utime + own.ru_stime + children


def _memory_mb(parts: Parts) -> float:
    """Memory of this process and of those that parse, in MB; what they share is counted once each."""
    total = 0
    for process in (os.getpid(), *parts.pool.process_ids):
        for line in Path(f"/proc/{process}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                total += int(line.split()[1])
    return total / 1024


def polling() -> list[Figure]:
    """Feeds a second: `FEEDS` local feeds of `ITEMS` items."""
    return asyncio.run(_measure())


def steady() -> list[Figure]:
    """What ten thousand feeds take; no peer is measured at it."""
    return asyncio.run(_steady())
