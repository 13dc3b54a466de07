"""A running bot and a person: the real application against the strict Bot API."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

from bot.chat.commands import build_application
from bot.chat.feed_care import Looks
from bot.chat.listener import Listener
from bot.chat.offers import Translates
from bot.delivery.telegram import build_bot
from bot.delivery.views import alert_message
from bot.language.concepts import Concepts
from storage.database import Database
from tests.standins.bot_api import BotApi, Sent

TOKEN = "123456:AA-made-up_secret"
SECRET = "AA-made-up_secret"


@dataclass
class Talk:
    """What a test holds on to.

    Attributes:
        reports: what the listener reported, in order.
        slept: the seconds it would have waited.
    """

    api: BotApi
    listener: Listener
    counts: Counter[str]
    reports: list[tuple[bool, str]] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)

    async def ask(self, chat_id: int, user_id: int, text: str, thread_id: int | None = None) -> str:
        """Says something, and gives the bot's next message in that chat."""
        return (await self.ask_all(chat_id, user_id, text, 1, thread_id))[0].text_plain

    async def ask_all(
        self, chat_id: int, user_id: int, text: str, count: int, thread_id: int | None = None
    ) -> list[Sent]:
        """Says something, and gives the bot's next `count` messages in that chat."""
        before = len(self.api.sent_to(chat_id))
        self.api.say(chat_id, user_id, text, thread_id)
        return await self.heard(chat_id, before, count)

    async def heard(self, chat_id: int, before: int, count: int = 1) -> list[Sent]:
        """The messages after the first `before` in a chat, when there are `count`."""
        await self.api.wait_for(lambda _: len(self.api.sent_to(chat_id)) >= before + count)
        return self.api.sent_to(chat_id)[before:]

    async def until(self, holds: Callable[[], Awaitable[bool]]) -> None:
        """Waits for something that is no message."""
        async with asyncio.timeout(10):
            while not await holds():  # noqa: ASYNC110 - a database rings no bell
                await asyncio.sleep(0.01)


@asynccontextmanager
async def talking(
    api: BotApi,
    database: Database,
    concepts: Concepts,
    now: datetime,
    *,
    translator: Translates | None = None,
    inspector: Looks | None = None,
    operators: Collection[int] = (),
    allowed_chats: Collection[int] = (),
    token: str = TOKEN,
    finish_s: float = 4.0,
    held: asyncio.Event | None = None,
) -> AsyncIterator[Talk]:
    """The bot listens within this block. `held`: it is set when a wait that Telegram asks for is over."""
    counts: Counter[str] = Counter()
    reports: list[tuple[bool, str]] = []
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        await (held.wait() if held is not None else asyncio.sleep(0.01))

    application = build_application(
        build_bot(token, api.url),
        database=database,
        concepts=concepts,
        clock=lambda: now,
        translator=translator,
        inspector=inspector,
        shows=alert_message,
        operators=operators,
        allowed_chats=allowed_chats,
        counts=counts,
        sleep=sleep,
    )
    listener = Listener(
        application,
        report=lambda ok, reason: reports.append((ok, reason)),
        operators=operators,
        sleep=sleep,
        long_poll_s=1,
        finish_s=finish_s,
    )
    await listener.start()
    try:
        yield Talk(api, listener, counts, reports, slept)
    finally:
        await listener.stop()
