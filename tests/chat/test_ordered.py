"""Order within a chat, none between chats."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from telegram import Chat, Message, Update

from bot.chat.ordered import OrderedPerChat


def update(chat_id: int) -> Update:
    """A message in a chat."""
    message = Message(1, datetime(2026, 1, 1, tzinfo=UTC), Chat(chat_id, "private"))
    return Update(1, message=message)


async def test_a_chat_is_answered_in_order_and_a_slow_one_delays_no_other() -> None:
    processor = OrderedPerChat()
    done: list[str] = []
    release = asyncio.Event()

    async def slow() -> None:
        await release.wait()
        done.append("a1")

    async def quick(name: str) -> None:
        done.append(name)

    first = [
        asyncio.create_task(processor.process_update(update(1), slow())),
        asyncio.create_task(processor.process_update(update(1), quick("a2"))),
    ]
    await asyncio.create_task(processor.process_update(update(2), quick("b1")))
    assert done == ["b1"]
    release.set()
    await asyncio.gather(*first)
    assert done == ["b1", "a1", "a2"]
    assert processor._locks == {}


async def test_a_stop_ends_what_runs_and_begins_nothing_more() -> None:
    processor = OrderedPerChat(at_once=2)
    begun: list[int] = []

    async def hang(number: int) -> None:
        begun.append(number)
        await asyncio.Event().wait()

    tasks = [
        asyncio.create_task(processor.process_update(update(chat_id), hang(chat_id))) for chat_id in (1, 1, 2)
    ]
    await asyncio.sleep(0)
    assert begun == [1]
    assert processor.cancel() == 2
    await asyncio.gather(*tasks, return_exceptions=True)
    assert begun == [1]
    assert processor._locks == {}


async def test_an_update_of_no_chat_has_its_turn_too() -> None:
    processor = OrderedPerChat()
    done: list[object] = []

    async def note() -> None:
        done.append(1)

    await processor.process_update(object(), note())
    assert done == [1]


async def test_work_beside_the_updates_delays_none_and_is_waited_for_or_ended() -> None:
    processor = OrderedPerChat()
    done: list[str] = []
    release = asyncio.Event()

    async def work(name: str) -> None:
        await release.wait()
        done.append(name)

    async def update_of_the_chat() -> None:
        done.append("update")

    processor.beside(work("first"))
    await asyncio.create_task(processor.process_update(update(1), update_of_the_chat()))
    assert done == ["update"]
    release.set()
    await processor.finish()
    assert done == ["update", "first"]
    release.clear()
    processor.beside(work("second"))
    assert processor.cancel() == 1
    await processor.finish()
    processor.beside(work("third"))
    await processor.finish()
    assert done == ["update", "first"]
