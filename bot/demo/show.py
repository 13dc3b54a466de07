"""`rarewatch demo`: the whole service against the stand-in of the outside world, told as it goes."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TextIO
from zoneinfo import ZoneInfo

import yaml
from pydantic import SecretStr
from rich.console import Console
from rich.text import Text

from bot.app import CONSOLE_CHAT, Parts, Timing, open_parts, utc_now
from bot.delivery.console import MAX_WIDTH
from bot.demo.samples import Samples
from bot.demo.world import DemoWorld
from bot.road import Tempo
from bot.service import Service, stop_on_signals
from bot.settings import Settings
from storage import alerts, chats
from storage.database import Database
from storage.models import AlertState

WATCHED = (
    "rare_earths",
    "critical_minerals",
    "export_controls",
    "tariffs",
    "sanctions",
    "trade_war",
    "mining",
    "downstreaming",
)
ROUND_TIMEOUT_S = 45.0
NEWS_EVERY_S = 8.0
TIMING = Timing(
    poll_tick_s=0.5,
    digest_tick_s=1.0,
    idle_s=0.2,
    tempo=Tempo(translation_deadline_s=10.0, translation_retry_s=2.0, translator_rest_s=2.0),
)

INTRODUCTION = """\
This is Rarewatch against a stand-in of the outside world, on this machine only:
  · a feed site with {outlets} made-up outlets, their articles written for this;
  · a server that speaks LibreTranslate's protocol, with prepared translations.
Everything between is the program itself: its HTTP client, feed parser, language
detection, matcher, deep-translator, SQLite, scheduler and sender. Nothing
leaves this machine (127.0.0.1), and no token is needed.
The terminal plays a chat that follows {watched}.
"""


@dataclass(frozen=True, slots=True)
class Round:
    """What the first full round brought."""

    articles: int
    alerted: frozenset[str]  # ids of articles
    expected: frozenset[str]
    translated: int
    digests: int
    polls: int
    unchanged: int

    @property
    def complete(self) -> bool:
        """Whether every article that should alert did, none that should not, and the digest came."""
        return self.alerted == self.expected and self.digests == 1

    def __str__(self) -> str:
        silent = self.articles - len(self.alerted)
        return (
            f"One round: {self.polls} polls ({self.unchanged} unchanged), {self.articles} articles read, "
            f"{len(self.alerted)} alerts ({self.translated} of them translated), {silent} articles "
            f"that alert nobody, {self.digests} digest."
        )


async def run_demo(*, once: bool, stream: TextIO = sys.stdout) -> bool:
    """Shows one round, then goes on with new articles until Ctrl-C; with `once` ends after the round.

    Returns:
        Whether the round was complete.
    """
    narrator = Console(file=stream, markup=False, emoji=False, highlight=False)

    def tell(text: str) -> None:
        # In a file lines are left whole, as the alerts are.
        width = min(narrator.width, MAX_WIDTH) if narrator.is_terminal else None
        narrator.print(Text(text, style="cyan"), width=width, soft_wrap=width is None)

    with tempfile.TemporaryDirectory(prefix="rarewatch-demo-") as folder:
        async with DemoWorld(now=utc_now()) as world:
            settings = _settings(world, Path(folder))
            watched = ", ".join(f"#{concept}" for concept in WATCHED)
            tell(INTRODUCTION.format(outlets=len(world.feeds), watched=watched))
            async with open_parts(settings, timing=TIMING) as parts:
                service = Service(parts, timing=TIMING, terminal=stream, with_page=False)
                stop_on_signals(service)
                running = asyncio.create_task(service.run())
                telling = asyncio.create_task(_tell_the_story(world, parts, service, tell, once=once))
                try:
                    await asyncio.wait([running, telling], return_when=asyncio.FIRST_COMPLETED)
                finally:
                    service.stop()
                    telling.cancel()
                    await asyncio.gather(telling, return_exceptions=True)
                    await running
                    tell("Stopped.")
                return telling.result() if not telling.cancelled() else True


async def _tell_the_story(
    world: DemoWorld, parts: Parts, service: Service, tell: Callable[[str], None], *, once: bool
) -> bool:
    samples: Samples = world.samples
    expected = frozenset(article.id for article in samples.first if article.alert)
    tell("— Alerts, as they come —\n")
    await _until(lambda: _count_alerted(parts.database), len(expected))
    # As if the chat's time of day had come.
    tell("— The daily digest, as at its time of day —\n")
    await _ask_for_digest(parts)
    digests = await _until(lambda: _ready(service.digests.sent if service.digests else 0), 1)
    counters = parts.pipeline.counters
    outcome = Round(
        articles=counters.articles,
        alerted=await _alerted(parts.database),
        expected=expected,
        translated=counters.translated,
        digests=digests,
        polls=counters.polls,
        unchanged=counters.unchanged,
    )
    tell(str(outcome))
    if not outcome.complete:
        wrong = ", ".join(sorted(outcome.alerted ^ outcome.expected)) or "the digest"
        tell(f"This is not what was expected. Wrong: {wrong}. Please report it.")
        return False
    if once:
        return True
    tell(f"\n— Going on: something new every {NEWS_EVERY_S:g} s. Ctrl-C ends. —\n")
    while await asyncio.sleep(NEWS_EVERY_S, True):
        if not world.publish(1, now=parts.clock()):
            tell("— All samples are out. The service goes on polling (304, unchanged); Ctrl-C ends. —")
            await asyncio.Event().wait()
    return True


async def _until(count: Callable[[], Awaitable[int]], expected: int) -> int:
    """Waits until the count reaches what is expected, and a moment more for what should not come."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + ROUND_TIMEOUT_S
    # Asked again and again: the number stands in the database, which sets no event.
    while await count() < expected and loop.time() < deadline:  # noqa: ASYNC110
        await asyncio.sleep(0.1)
    await asyncio.sleep(1.0)
    return await count()


async def _ready(value: int) -> int:
    return value


async def _alerted(database: Database) -> frozenset[str]:
    """The ids of the articles whose alerts were sent: the last part of their links."""
    async with database.read() as session:
        chat = await chats.find(session, CONSOLE_CHAT)
        rows = await alerts.latest(session, chat.id, limit=1000) if chat is not None else []
    return frozenset(
        (article.url or "").rpartition("/")[2] for alert, article, _ in rows if alert.state == AlertState.SENT
    )


async def _count_alerted(database: Database) -> int:
    return len(await _alerted(database))


async def _ask_for_digest(parts: Parts) -> None:
    async with parts.database.write() as session:
        chat = await chats.find(session, CONSOLE_CHAT)
        if chat is not None:
            local = parts.clock().astimezone(ZoneInfo(chat.zone))
            await chats.set_digest(
                session,
                chat.id,
                time="00:00",  # past in any case, also if midnight strikes before the next tick
                zone=None,
                last_date=local.date() - timedelta(days=1),
            )


def _settings(world: DemoWorld, folder: Path) -> Settings:
    """The settings of an operator whose outside world is the stand-in."""
    feeds_file = folder / "feeds.yaml"
    document = {
        "feeds": [
            {
                "url": feed.url,
                "name": feed.name,
                "language": feed.language,
                "country": feed.country,
                "tier": feed.tier,
                "interval": "2s",
            }
            for feed in world.feeds
        ],
        "watch": {"concepts": list(WATCHED)},
    }
    feeds_file.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    return Settings(
        database_url=SecretStr(f"sqlite:///{folder / 'demo.db'}"),
        feeds=feeds_file,
        translators=("libre",),
        libretranslate_url=world.translator_url,
        private_feeds=True,
    )
