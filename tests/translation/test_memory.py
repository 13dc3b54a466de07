"""The part of the memory that is at hand: bounded, refreshed daily, and asking the store for many at once."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.translation.memory import FRESH_S, RecentMemory, memory_key, normalise
from tests.translation.memory import DictMemory


class Store(DictMemory):
    """Remembers what it was asked; answers when it is let."""

    def __init__(self, rows: Mapping[str, tuple[str, str]] | None = None) -> None:
        super().__init__()
        self.rows.update(rows or {})
        self.asked: list[set[str]] = []
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def get(self, keys: Sequence[str]) -> dict[str, tuple[str, str]]:
        """See Memory."""
        self.asked.append(set(keys))
        await self.may_answer.wait()
        return await super().get(keys)


class Clock:
    """A clock that stands until it is moved."""

    now = 1e6

    def __call__(self) -> float:
        return self.now


A, B = ("nickel", "google"), ("ore", "libre")


async def test_what_was_asked_for_or_put_is_at_hand() -> None:
    store = Store({"a": A})
    memory = RecentMemory(store, clock=Clock())
    assert await memory.get(["a", "b"]) == {"a": A}
    await memory.put({"b": B})
    assert await memory.get(["a", "b"]) == memory.at_hand(["a", "b", "c"]) == {"a": A, "b": B}
    assert store.asked == [{"a", "b"}]
    assert store.rows == {"a": A, "b": B}


async def test_after_a_day_the_store_is_asked_again_so_that_it_knows_of_the_use() -> None:
    store, clock = Store({"a": A}), Clock()
    memory = RecentMemory(store, clock=clock)
    await memory.get(["a"])
    clock.now += FRESH_S
    assert await memory.get(["a"]) == {"a": A}
    assert store.asked == [{"a"}, {"a"}]


async def test_no_more_is_at_hand_than_it_may_be_the_oldest_goes() -> None:
    memory = RecentMemory(Store(), clock=Clock(), most=2)
    for key in ("a", "b", "a", "c"):
        await memory.put({key: A})
    assert memory.at_hand(["a", "b", "c"]) == {"a": A, "c": A}


async def test_callers_that_come_while_the_store_answers_go_together_in_the_next_look_up() -> None:
    store = Store({"a": A, "b": B})
    memory = RecentMemory(store, clock=Clock())
    store.may_answer.clear()
    first = asyncio.create_task(memory.get(["a"]))
    while not store.asked:  # noqa: ASYNC110 -- a few turns of the loop
        await asyncio.sleep(0)
    others = [asyncio.create_task(memory.get([key, "b"])) for key in ("c", "d", "e")]
    await asyncio.sleep(0)
    others[0].cancel()  # which takes nothing from the others
    store.may_answer.set()
    assert await first == {"a": A}
    assert await asyncio.gather(*others[1:]) == [{"b": B}, {"b": B}]
    assert store.asked == [{"a"}, {"b", "c", "d", "e"}]


async def test_a_store_that_fails_is_an_error_for_each_caller() -> None:
    class Broken(Store):
        async def get(self, keys: Sequence[str]) -> dict[str, tuple[str, str]]:
            raise OSError("the database")

    memory = RecentMemory(Broken(), clock=Clock())
    outcomes = await asyncio.gather(memory.get(["a"]), memory.get(["b"]), return_exceptions=True)
    assert [str(outcome) for outcome in outcomes] == ["the database"] * 2


@given(st.text(max_size=40))
def test_a_text_is_remembered_whatever_its_spaces_and_however_its_letters_are_composed(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)
    assert memory_key(f"  {text}\n", "id") == memory_key(text, "id")
    normalise(text).encode()


@pytest.mark.parametrize(
    "other",
    [
        ("nikel", "id", "en", "v1"),
        ("nikel", "ms", "en", "v0"),
        ("nikel", "id", "ru", "v0"),
        ("Nikel", "id", "en", "v0"),
    ],
    ids=["glossary", "source", "target", "case"],
)
def test_text_languages_and_glossary_all_make_the_key(other: tuple[str, str, str, str]) -> None:
    assert memory_key("nikel", "id", "en", "v0") != memory_key(*other)
    assert memory_key("\u0439", "ru") == memory_key("\u0438\u0306", "ru")
    assert memory_key("a\x00b\ud800", "ru") == memory_key("a b", "ru")
