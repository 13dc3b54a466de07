"""Polls of a real server: what the next poll takes up from the last, and what is read when a feed refuses."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from aiohttp import web
from sqlalchemy import select, update

from bot.feeds.fetch import open_session
from bot.feeds.hosts import Hosts
from bot.feeds.pool import ParsePool
from bot.polls import PollOutcome, Polls
from bot.reachability import Reachability
from bot.road import Counters, Wakes, pass_by
from storage.database import Database
from storage.models import Article, Feed
from tests.feeds.site import Site, open_site
from tests.storage.rows import add_feed


def document(*numbers: int, guid: str = "n", title: str = "Berita") -> bytes:
    items = "".join(
        f"<item><title>{title} nomor {number}</title><link>http://kabar.example/{number}</link>"
        f"<guid isPermaLink='false'>{guid}{number}</guid></item>"
        for number in numbers
    )
    return f"<rss version='2.0'><channel><title>Kabar</title>{items}</channel></rss>".encode()


@dataclass
class Desk:
    database: Database
    polls: Polls
    site: Site
    moments: list[datetime]

    async def set(self, **values: object) -> None:
        async with self.database.write() as session:
            await session.execute(update(Feed).values(**values))

    async def poll(self) -> PollOutcome:
        """The feed's next poll, a day later."""
        self.moments[0] += timedelta(days=1)
        [task] = await self.polls.start_due()
        return await task

    async def feed(self) -> Feed:
        async with self.database.read() as session:
            return (await session.scalars(select(Feed))).one()

    async def titles(self) -> list[str]:
        async with self.database.read() as session:
            return list(await session.scalars(select(Article.title).order_by(Article.id)))


@pytest.fixture
async def desk(database: Database, now: datetime) -> AsyncIterator[Desk]:
    moments, pool = [now], ParsePool(processes=1)
    async with open_site() as site, open_session(allow_private=True) as session:
        await add_feed(database, now, site.url())
        polls = Polls(
            database,
            session=session,
            pool=pool,
            reachability=Reachability(),
            owner="test",
            clock=lambda: moments[0],
            at_once=5,
            wakes=Wakes(),
            counters=Counters(),
            passing=pass_by,
            chance=random.Random(1),
            hosts=Hosts(),
        )
        yield Desk(database, polls, site, moments)
    pool.close()


async def test_of_a_document_with_one_new_item_one_is_stored_and_the_same_body_is_nothing_new(
    desk: Desk,
) -> None:
    desk.site.says(document(*range(12)))
    assert (await desk.poll()).new == 12
    assert (await desk.poll()).unchanged
    desk.site.says(document(50, *range(11)))
    assert (await desk.poll()).new == 1
    assert len(await desk.titles()) == 13
    assert desk.polls.counters.gaps == 0


async def test_a_feed_that_changes_all_its_guids_brings_no_article_twice(desk: Desk) -> None:
    desk.site.says(document(*range(12)))
    await desk.poll()
    desk.site.says(document(*range(12), guid="other"))
    assert (await desk.poll()).new == 0
    assert len(await desk.titles()) == 12


async def test_an_item_that_was_rewritten_is_the_same_article_with_its_new_title(desk: Desk) -> None:
    desk.site.says(document(*range(12)))
    await desk.poll()
    desk.site.says(document(*range(12)).replace(b"Berita nomor 3<", b"Ralat nomor 3<"))
    assert (await desk.poll()).new == 0
    assert "Ralat nomor 3" in await desk.titles()


async def test_a_document_that_knows_nothing_of_the_last_one_is_a_gap(desk: Desk) -> None:
    desk.site.says(document(*range(12)))
    await desk.poll()
    desk.site.says(document(*range(100, 112)))
    assert (await desk.poll()).new == 12
    assert (await desk.feed()).gaps == 1


@pytest.mark.parametrize("page", [b"", b"<html><title>Just a moment</title></html>"], ids=["403", "a page"])
async def test_a_feed_that_refuses_is_read_through_its_fallback_under_its_own_name(
    desk: Desk, page: bytes
) -> None:
    asked = []

    async def answer(request: web.Request) -> web.Response:
        asked.append((request.path, request.headers["User-Agent"]))
        if request.path == "/other":
            return web.Response(body=document(1, 2))
        return web.Response(status=200 if page else 403, body=page)

    desk.site.answers(answer)
    await desk.set(fallback=desk.site.url("/other"), user_agent="Kabar/1")
    outcome = await desk.poll()
    assert (outcome.error, outcome.new) == (None, 2)
    feed = await desk.feed()
    assert (feed.failures, feed.last_error is not None) == (0, True)
    assert asked[0] == ("/feed", "Kabar/1")
    assert asked[1][0] == "/other"
    assert asked[1][1] != "Kabar/1"


async def test_a_feed_that_answers_itself_again_has_no_error_left(desk: Desk) -> None:
    await desk.set(fallback=desk.site.url("/other"), last_error="read through its fallback; itself: gone")
    desk.site.says(document(1, 2))
    for _ in range(12):  # its own address rests at most polls
        await desk.poll()
    assert (await desk.feed()).last_error is None


async def test_a_move_that_has_held_for_five_polls_is_followed_and_taken_back_when_it_fails(
    desk: Desk,
) -> None:
    async def answer(request: web.Request) -> web.Response:
        if request.path == "/feed":
            raise web.HTTPMovedPermanently("/new")
        return web.Response(body=document(1, 2))

    desk.site.answers(answer)
    for _ in range(5):
        await desk.poll()
    desk.site.requests.clear()
    await desk.poll()
    assert [request.path for request in desk.site.requests] == ["/new"]
    desk.site.says(status=404)
    await desk.poll()
    assert (await desk.feed()).moved_to is None
