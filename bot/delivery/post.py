"""The post office: the outputs there are, each behind its own pacing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from bot.delivery.outcomes import Throttled
from bot.delivery.output import Address, Output
from bot.delivery.pacing import ChatKind, Pacer
from bot.delivery.render import Message
from storage.models import Chat


@dataclass(frozen=True, slots=True)
class Platform:
    """An output, and the pacing its server asks for (None: as fast as it takes them)."""

    output: Output
    pacer: Pacer | None = None


class Post:
    """Sends messages to chats of any platform, never faster than the platform allows."""

    def __init__(
        self,
        platforms: Mapping[str, Platform],
        *,
        monotonic: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._platforms = dict(platforms)
        self._monotonic = monotonic
        self._sleep = sleep

    @property
    def platforms(self) -> tuple[str, ...]:
        """The names of the platforms messages can go to."""
        return tuple(self._platforms)

    def delay_s(self, chat: Chat) -> float:
        """Seconds until this chat may get a message."""
        pacer = self._platforms[chat.platform].pacer
        if pacer is None:
            return 0.0
        return pacer.delay(ChatKind.of(chat.chat_id), chat.chat_id, self._monotonic())

    async def send(self, chat: Chat, message: Message) -> int:
        """Sends when pacing allows; gives the message's id. Raises `DeliveryError`s."""
        platform = await self._turn(chat)
        try:
            return await platform.output.send(_address(chat), message)
        except Throttled as error:
            self._hold(platform, chat, error)
            raise

    async def edit(self, chat: Chat, message_id: int, message: Message) -> None:
        """Edits when pacing allows: Telegram counts edits as it counts messages."""
        platform = await self._turn(chat)
        try:
            await platform.output.edit(_address(chat), message_id, message)
        except Throttled as error:
            self._hold(platform, chat, error)
            raise

    async def _turn(self, chat: Chat) -> Platform:
        platform = self._platforms[chat.platform]
        if platform.pacer is not None:
            while (delay := self.delay_s(chat)) > 0:
                await self._sleep(delay)
            platform.pacer.record(chat.chat_id, self._monotonic())
        return platform

    def _hold(self, platform: Platform, chat: Chat, error: Throttled) -> None:
        if platform.pacer is not None:
            platform.pacer.throttle(chat.chat_id, self._monotonic() + error.retry_after_s)


def _address(chat: Chat) -> Address:
    return Address(chat.chat_id, chat.thread_id or None)
