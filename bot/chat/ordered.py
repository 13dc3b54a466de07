"""Updates side by side, but one at a time a chat: a slow chat delays no other, nobody overtakes himself.

What takes long is worked on beside them, and is waited for, or ended, at a stop like they are.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine
from typing import Any

from telegram import Update
from telegram.ext import BaseUpdateProcessor

AT_ONCE = 64


class OrderedPerChat(BaseUpdateProcessor):
    """Runs updates of different chats at once, and those of one chat in the order they came.

    The library starts a task an update in that order, and asyncio's locks are first come, first served.
    """

    __slots__ = ("_beside", "_closed", "_locks", "_tasks")

    def __init__(self, at_once: int = AT_ONCE) -> None:
        super().__init__(at_once)
        self._locks: dict[int, tuple[asyncio.Lock, int]] = {}  # with how many hold or want it
        self._tasks: set[asyncio.Task[Any]] = set()
        self._beside: set[asyncio.Task[None]] = set()
        self._closed = False

    async def do_process_update(self, update: object, coroutine: Awaitable[Any]) -> None:
        """Awaits the coroutine when its chat's turn has come."""
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
        try:
            if not self._closed:
                await self._in_turn(_chat_id(update), coroutine)
        finally:
            if asyncio.iscoroutine(coroutine):
                coroutine.close()  # one that never had its turn would be warned about; else nothing happens
            if task is not None:
                self._tasks.discard(task)

    async def _in_turn(self, chat_id: int, coroutine: Awaitable[Any]) -> None:
        lock, users = self._locks.get(chat_id, (asyncio.Lock(), 0))
        self._locks[chat_id] = lock, users + 1
        try:
            async with lock:
                await coroutine
        finally:
            lock, users = self._locks.pop(chat_id)
            if users > 1:
                self._locks[chat_id] = lock, users - 1

    def beside(self, work: Coroutine[Any, Any, None]) -> None:
        """Begins work that no update waits for. It must not raise: nobody would hear of it."""
        if self._closed:
            work.close()
            return
        task = asyncio.create_task(work)
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)

    async def finish(self) -> None:
        """Waits for the work beside the updates."""
        while self._beside:
            await asyncio.wait(self._beside)

    def cancel(self) -> int:
        """Ends what is running and begins nothing more, for a stop that can't wait; gives how many ended."""
        self._closed = True
        running = [*self._tasks, *self._beside]
        for task in running:
            task.cancel()
        return len(running)

    async def initialize(self) -> None:
        """Ready for a first, or another, start."""
        self._closed = False

    async def shutdown(self) -> None:
        """Nothing to do."""


def _chat_id(update: object) -> int:
    chat = update.effective_chat if isinstance(update, Update) else None
    return chat.id if chat is not None else 0
