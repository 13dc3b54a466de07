"""feeds.yaml changed under a running service."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from bot.app import Timing, feed_rows, open_parts
from bot.feeds.catalog import FeedSpec, load_catalog
from bot.feeds_file import FeedsFile
from bot.importing import write_feeds
from bot.service import Role, Service
from bot.settings import Settings
from storage import feeds
from storage.database import Database

KABAR = "  - {url: 'http://a.example/rss', name: Kabar, language: id, tier: trade}\n"
TAMBANG = "  - {url: 'http://b.example/rss', name: Tambang, language: id, tier: trade}\n"
BROKEN = "  - {url: 'http://c.example/rss', name: Rusak, language: xx, tier: trade}\n"


def save(file: Path, text: str) -> None:
    file.write_text(text)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "feeds.yaml"
    save(file, f"feeds:\n{KABAR}")
    return file


@pytest.fixture
async def watched(file: Path, database: Database, now: datetime) -> FeedsFile:
    """As it is after the start and the first look."""
    catalog = load_catalog(file)
    async with database.write() as session:
        await feeds.sync(session, feed_rows(catalog), now=now)
    watched = FeedsFile(lambda: file, catalog, database, clock=lambda: now)
    await watched.tick()
    return watched


async def names(database: Database) -> list[str]:
    async with database.read() as session:
        return [feed.name for feed in await feeds.enabled(session)]


async def test_feeds_that_come_and_go_are_taken_up(
    file: Path, watched: FeedsFile, database: Database
) -> None:
    with capture_logs() as logs:
        save(file, f"feeds:\n{KABAR}{TAMBANG}")
        await watched.tick()
        assert await names(database) == ["Kabar", "Tambang"]
        save(file, f"feeds:\n{TAMBANG}")
        await watched.tick()
        assert await names(database) == ["Tambang"]
        await watched.tick()
    assert [(log["event"], log["new"], log["gone"]) for log in logs] == [
        ("feeds_file_taken_up", 1, 0),
        ("feeds_file_taken_up", 0, 1),
    ]


@pytest.mark.parametrize("text", [f"feeds:\n{TAMBANG}{BROKEN}", "feeds: [", "feeds: 7"])
async def test_a_file_with_a_mistake_changes_nothing_and_is_named_once(
    file: Path, watched: FeedsFile, database: Database, text: str
) -> None:
    with capture_logs() as logs:
        save(file, text)
        await watched.tick()
        await watched.tick()
    assert [log["event"] for log in logs] == ["feeds_file_refused"]
    assert "feeds.yaml" in logs[0]["says"]
    assert await names(database) == ["Kabar"]
    save(file, f"feeds:\n{TAMBANG}")
    await watched.tick()
    assert await names(database) == ["Tambang"]


async def test_a_mistake_that_was_there_before_holds_nothing_up(
    file: Path, database: Database, now: datetime
) -> None:
    save(file, f"feeds:\n{BROKEN}{KABAR}")
    watched = FeedsFile(lambda: file, load_catalog(file), database, clock=lambda: now)
    save(file, f"feeds:\n{BROKEN}{KABAR}{TAMBANG}")
    await watched.tick()
    assert await names(database) == ["Kabar", "Tambang"]


async def test_a_file_that_is_gone_is_no_list_without_feeds(
    file: Path, watched: FeedsFile, database: Database
) -> None:
    await asyncio.to_thread(file.unlink)
    await watched.tick()
    assert await names(database) == ["Kabar"]


async def test_a_running_service_takes_up_what_is_imported(file: Path, tmp_path: Path) -> None:
    settings = Settings(feeds=file, database_url=SecretStr(f"sqlite:///{tmp_path}/test.db"))
    timing = Timing(poll_tick_s=3600, feeds_file_tick_s=0.05)
    async with open_parts(settings, timing=timing) as parts:
        service = Service(parts, role=Role.WORKER, timing=timing)
        running = asyncio.create_task(service.run())
        try:
            new = FeedSpec("http://b.example/rss", "Tambang", "id", "", "trade")
            await asyncio.to_thread(write_feeds, file, [new], remark="From a list")
            for _ in range(1000):
                if await names(parts.database) == ["Kabar", "Tambang"]:
                    break
                await asyncio.sleep(0.02)
            else:
                pytest.fail("it was not taken up")
        finally:
            service.stop()
            await running
