"""The running service and its operator: feeds added in Telegram, and news of those in trouble."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy import update

from bot.app import Parts, Timing, open_parts
from bot.demo.world import DemoWorld
from bot.service import Role, Service
from bot.settings import Settings
from storage import feeds
from storage.models import Feed
from tests.standins.bot_api import BotApi

TOKEN = "123456:AA-made-up_secret"
BOSS, SARI = 7, 8


@asynccontextmanager
async def serving(folder: Path, api: BotApi, *, private_feeds: bool) -> AsyncIterator[Parts]:
    """A service that talks, with one feed in its file."""
    file = folder / "feeds.yaml"
    file.write_text("feeds:\n  - {url: 'http://a.example/', name: Kabar, language: id, tier: trade}\n")
    settings = Settings(
        feeds=file,
        database_url=SecretStr(f"sqlite:///{folder}/test.db"),
        telegram_token=SecretStr(TOKEN),
        telegram_api=api.url,
        admins=frozenset({BOSS}),
        private_feeds=private_feeds,
    )
    timing = Timing(feed_news_tick_s=0.1, digest_tick_s=60)
    async with open_parts(settings, timing=timing) as parts:
        async with parts.database.write() as session:
            long_ago = datetime.now(UTC) - timedelta(days=2)
            await session.execute(
                update(Feed).values(failures=9, failing_since=long_ago, last_error="nobody listens there")
            )
        service = Service(parts, role=Role.BOT, timing=timing)
        running = asyncio.create_task(service.run())
        try:
            yield parts
        finally:
            service.stop()
            await running


async def test_an_operator_hears_of_a_dead_feed_and_adds_another(tmp_path: Path) -> None:
    async with BotApi(TOKEN) as api, DemoWorld(now=datetime.now(UTC)) as world:
        api.add_chat(BOSS)
        api.add_chat(SARI)
        async with serving(tmp_path, api, private_feeds=True) as parts:
            [told] = await api.wait_for(lambda messages: len(messages) == 1, timeout=30)
            assert told.chat_id == BOSS
            assert told.text_plain.startswith("1 feed needs you\n✗ Kabar: Not readable for 2 days: nobody")
            url = world.feeds[0].url
            api.say(BOSS, BOSS, f"/addfeed {url}")
            await api.wait_for(lambda messages: "Added: " in messages[-1].text_plain, timeout=60)
            api.say(SARI, SARI, "/feeds")
            await api.wait_for(lambda messages: "2 feeds: 1 in trouble" in messages[-1].text_plain)
            async with parts.database.read() as session:
                added = [feed for feed in await feeds.enabled(session) if feed.added_by == BOSS]
            assert [(feed.url, feed.language) for feed in added] == [(url, world.feeds[0].language)]


async def test_an_operator_can_not_be_made_to_look_into_the_private_network(tmp_path: Path) -> None:
    async with BotApi(TOKEN) as api, DemoWorld(now=datetime.now(UTC)) as world:
        api.add_chat(BOSS)
        async with serving(tmp_path, api, private_feeds=False) as parts:
            api.say(BOSS, BOSS, f"/addfeed {world.feeds[0].url}")
            await api.wait_for(
                lambda messages: any("not on the public Internet" in one.text_plain for one in messages)
            )
            async with parts.database.read() as session:
                assert [feed.name for feed in await feeds.enabled(session)] == ["Kabar"]
