"""The article on a page, found in another process."""

from __future__ import annotations

import asyncio
import sys

import pytest

from bot.feeds.article_text import MAX_TAGS
from bot.feeds.entry import ParseError
from bot.feeds.page_pool import PagePool
from tests.feeds.test_article_text import RUSSIAN, page


async def test_a_page_is_read_in_another_process() -> None:
    pool = PagePool()
    try:
        found = await pool.article_text(page(*RUSSIAN).encode("windows-1251"), "text/html; charset=cp1251")
    finally:
        pool.close()
    assert RUSSIAN[0] in found.text


async def test_a_page_that_takes_too_long_is_given_up() -> None:
    pool = PagePool(deadline_s=0.01)  # no process starts so fast
    try:
        with pytest.raises(ParseError, match=r"longer than 0\.01 s"):
            await pool.article_text(page(*RUSSIAN).encode(), "text/html")
    finally:
        pool.close()


async def test_pages_behind_one_that_hangs_are_read_when_it_is_given_up() -> None:
    hanging = b"<html><body><article><p " + b" ".join(b"a%d=1" % n for n in range(150_000)) + b">x"
    pool = PagePool(deadline_s=4)
    try:
        first = asyncio.create_task(pool.article_text(hanging, "text/html"))
        await asyncio.sleep(0.1)
        behind = [
            asyncio.create_task(pool.article_text(page(*RUSSIAN).encode(), "text/html")) for _ in range(4)
        ]
        with pytest.raises(ParseError, match="longer than"):
            await first
        outcomes = await asyncio.gather(*behind)
        assert all(RUSSIAN[0] in found.text for found in outcomes)
    finally:
        pool.close()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems hold no process to its memory")
async def test_a_page_that_wants_too_much_memory_costs_nothing_but_itself() -> None:
    greedy = b"<html><body><article><p>" + b"x<br>" * (MAX_TAGS - 5)
    pool = PagePool(memory_bytes=100 * 1024 * 1024)
    try:
        with pytest.raises(ParseError, match="too much memory"):
            await pool.article_text(greedy, "text/html")
        found = await pool.article_text(page(*RUSSIAN).encode(), "text/html")
    finally:
        pool.close()
    assert RUSSIAN[0] in found.text


async def test_who_gives_up_waiting_is_cancelled_as_usual() -> None:
    pool = PagePool()
    try:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await pool.article_text(page(*RUSSIAN).encode(), "text/html")
    finally:
        pool.close()
