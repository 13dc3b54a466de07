"""An output that keeps what it is given, and fails when told to."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from bot.delivery.outcomes import DeliveryError
from bot.delivery.output import Address
from bot.delivery.post import Platform, Post
from bot.delivery.render import Message


@dataclass
class Recorder:
    """Messages sent and edited, in order; `failures` are raised first, one a call."""

    sent: list[tuple[Address, Message]] = field(default_factory=list)
    edited: list[tuple[Address, int, Message]] = field(default_factory=list)
    failures: list[DeliveryError | None] = field(default_factory=list)
    gate: asyncio.Event | None = None

    async def send(self, address: Address, message: Message) -> int:
        await self._maybe_fail()
        self.sent.append((address, message))
        return len(self.sent)

    async def edit(self, address: Address, message_id: int, message: Message) -> None:
        await self._maybe_fail()
        self.edited.append((address, message_id, message))

    async def _maybe_fail(self) -> None:
        if self.gate is not None:
            await self.gate.wait()
        failure = self.failures.pop(0) if self.failures else None
        if failure is not None:
            raise failure


def post_of(output: Recorder, platform: str = "telegram") -> Post:
    """A post office with this output and no pacing."""
    return Post({platform: Platform(output)}, monotonic=asyncio.get_running_loop().time)
