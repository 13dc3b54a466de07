"""The article on a page, found in another process."""

from __future__ import annotations

import pytest

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
