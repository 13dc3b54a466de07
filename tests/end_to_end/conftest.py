"""The outside world, up for one test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.demo.world import DemoWorld
from tests.end_to_end.outside import ANNA, TOKEN, Outside, now, samples
from tests.standins.bot_api import BotApi

# Two that alert in each language but English, one that must not, and more for later.
ARTICLES = (
    "monasit-bangka",
    "poshliny-magnity",
    "sepak-bola-sleman",
    "malaysia-bahan-mentah",
    "tomtor-niobiy",
    "greenland-heavy",
)


@pytest.fixture
async def outside(tmp_path: Path) -> AsyncIterator[Outside]:
    """Feeds with nothing in them yet, a translator, and Telegram with one person."""
    async with DemoWorld(now=now(), samples=samples(ARTICLES)) as world, BotApi(TOKEN) as telegram:
        telegram.add_chat(ANNA, "private", "Anna")
        outside = Outside(tmp_path, world, telegram, f"sqlite:///{tmp_path}/rarewatch.db")
        yield outside
        for process in outside.started:
            await process.kill()
