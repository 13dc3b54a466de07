"""The seam to the outside: where a message goes to, and what anything that can take one looks like."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from bot.delivery.render import Message


@dataclass(frozen=True, slots=True)
class Address:
    """A chat, or one forum topic in it.

    Args:
        chat_id: Telegram's id; negative for groups and channels.
        thread_id: the topic's id, or None for the chat itself.
    """

    chat_id: int
    thread_id: int | None = None

    def __str__(self) -> str:
        return f"chat {self.chat_id}" + (f" topic {self.thread_id}" if self.thread_id is not None else "")


class Output(Protocol):
    """Takes rendered messages: Telegram, or the terminal. Raises only `outcomes.DeliveryError`s."""

    async def send(self, address: Address, message: Message) -> int:
        """Deliver a new message; returns its id, good for `edit`."""

    async def edit(self, address: Address, message_id: int, message: Message) -> None:
        """Replace the text of a message sent before. The same text again is no error."""
