"""Articles whose page is read before anybody looks for words in them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime

import aiohttp
import pytest
from sqlalchemy import update
from structlog.testing import capture_logs

from bot.article_pages import MAX_VISITS, read_article, sample_for_language
from bot.feeds.pool import ParsePool
from bot.language.concepts import Concepts
from bot.language.detect import Detector
from bot.matching.query import parse_query
from bot.pipeline import Pipeline
from bot.preview import preview
from bot.queries import LiveQueries
from bot.reachability import Reachability
from bot.road import Tempo, Wakes
from bot.translation.translator import Translator
from storage import articles
from storage.articles import NewArticle
from storage.database import Database
from storage.models import Alert, Article, ArticleState, Feed, Match
from tests.storage.rows import add_feed
from tests.test_pipeline import NoMemory, PreparedProvider, Road

TITLE = "Kementerian umumkan aturan baru"
TITLE_ENGLISH = "Ministry announces new rules"
BODY = "Aturan itu menyangkut perdagangan.\nEkspor disprosium hanya boleh dengan izin khusus."


class Pages:
    """Texts as a test prepared them, given out when it lets them go."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self.asked: list[tuple[str, int, str | None]] = []
        self.open = asyncio.Event()
        self.open.set()
        self.fault: Exception | None = None

    async def get(self, url: str, *, longer_than: int = 0, user_agent: str | None = None) -> str | None:
        self.asked.append((url, longer_than, user_agent))
        await self.open.wait()
        if self.fault is not None:
            raise self.fault
        return self.texts.get(url)


@pytest.fixture
def pages() -> Pages:
    return Pages()


@pytest.fixture(scope="session")
def concepts() -> Concepts:
    return Concepts.load()


@pytest.fixture
async def road(database: Database, now: datetime, pages: Pages, concepts: Concepts) -> AsyncIterator[Road]:
    """Its feed is read with full text, and as a browser of its own."""
    moments = [now]
    provider = PreparedProvider({TITLE: TITLE_ENGLISH})
    translator = Translator([provider], NoMemory(), rest_s=0.0)
    pool = ParsePool()
    feed_id = await add_feed(database, now)
    async with database.write() as session:
        await session.execute(update(Feed).values(full_text=True, user_agent="Mozilla/5.0"))
    async with aiohttp.ClientSession() as session:
        pipeline = Pipeline(
            database,
            session=session,
            pool=pool,
            detector=Detector(),
            queries=LiveQueries(database, concepts),
            translator=translator,
            reachability=Reachability(),
            owner="test",
            clock=lambda: moments[0],
            wakes=Wakes(),
            tempo=Tempo(),
            texts=pages,
        )
        yield Road(database, pipeline, provider, feed_id, moments)
        await pipeline.cancel()
    await translator.aclose()
    pool.close()


async def process(road: Road) -> None:
    while await road.pipeline.process_new() or await road.pipeline.finish_pages():
        pass
    await road.pipeline.finish_translations()


async def test_what_only_the_page_says_is_an_alert_that_says_why(road: Road, pages: Pages) -> None:
    await road.follow("disprosium")
    await road.bring(TITLE)
    url = (await road.article()).url
    assert url is not None
    pages.texts[url] = BODY
    await process(road)
    article = await road.article()
    assert (article.body, article.wanted, article.english_title) == (BODY, True, TITLE_ENGLISH)
    [alert] = await road.rows(Alert)
    assert "disprosium" in str(alert.why)
    assert pages.asked == [(url, 0, "Mozilla/5.0")]


async def test_only_title_and_summary_are_translated(road: Road, pages: Pages) -> None:
    await road.follow("disprosium")
    await road.bring(TITLE)
    pages.texts[str((await road.article()).url)] = BODY
    await process(road)
    assert road.provider.asked == [TITLE]


async def test_a_word_on_the_page_rules_out_what_the_title_promised(road: Road, pages: Pages) -> None:
    await road.follow("aturan NOT disprosium")
    await road.bring(TITLE)
    pages.texts[str((await road.article()).url)] = BODY
    await process(road)
    assert await road.rows(Match) == []


async def test_the_archive_finds_what_the_page_says_and_so_does_a_preview(
    road: Road, pages: Pages, concepts: Concepts
) -> None:
    await road.follow("disprosium")
    await road.bring(TITLE)
    pages.texts[str((await road.article()).url)] = BODY
    await process(road)
    article = await road.article()
    assert "disprosium" in article.search_keys.split()
    found = await preview(road.database, parse_query("disprosium", concepts), concepts, now=road.now)
    assert found.alerts == 1


async def test_without_a_text_an_article_goes_on_as_it_is_and_is_not_asked_for_again(
    road: Road, pages: Pages
) -> None:
    await road.follow("aturan")
    await road.bring(TITLE)
    await process(road)
    article = await road.article()
    assert (article.body, article.wanted, article.state) == ("", True, ArticleState.READY)
    assert len(pages.asked) == len(await road.rows(Alert)) == 1


async def test_the_page_of_an_article_that_was_rewritten_is_read_again(
    road: Road, pages: Pages, now: datetime
) -> None:
    await road.follow("disprosium")
    new = NewArticle("r", "http://a.example/r", TITLE, "", now, False, "1")
    async with road.database.write() as session:
        await articles.add(session, road.feed_id, [new], now=now)
    pages.texts["http://a.example/r"] = "Isi lama"
    await process(road)
    assert await road.rows(Alert) == []
    pages.texts["http://a.example/r"] = BODY
    async with road.database.write() as session:
        await articles.store(
            session, {road.feed_id: [replace(new, summary="Baru", content_hash="2")]}, now=now
        )
    await process(road)
    article = await road.article()
    assert (article.body, article.wanted) == (BODY, True)
    assert len(await road.rows(Alert)) == 1


async def test_a_text_that_says_no_more_than_the_summary_is_not_asked_for(
    road: Road, pages: Pages, now: datetime
) -> None:
    new = NewArticle("s", "http://a.example/s", TITLE, "Ringkasan", now, False)
    async with road.database.write() as session:
        await articles.add(session, road.feed_id, [new], now=now)
    await process(road)
    assert pages.asked == [("http://a.example/s", len("Ringkasan"), "Mozilla/5.0")]


async def test_other_feeds_old_news_and_articles_without_a_link_do_not_stop(
    road: Road, pages: Pages, now: datetime
) -> None:
    other = await add_feed(road.database, now, "http://other.example/rss")
    await road.bring("Satu", feed_id=other)
    await road.bring("Dua", backlog=True)
    async with road.database.write() as session:
        await articles.add(session, road.feed_id, [NewArticle("x", None, "Tiga", "", now, False)], now=now)
    assert await road.pipeline.process_new() == 3
    assert not await road.pipeline.finish_pages()
    assert {(one.state, one.body) for one in await road.rows(Article)} == {(ArticleState.READY, None)}
    assert pages.asked == []


async def test_a_slow_page_holds_up_nobody_else(road: Road, pages: Pages, now: datetime) -> None:
    pages.open.clear()
    other = await add_feed(road.database, now, "http://other.example/rss")
    await road.follow("aturan")
    await road.bring(TITLE)
    await road.bring("Aturan kedua", feed_id=other)
    assert await road.pipeline.process_new() == 2
    await road.pipeline.finish_translations()
    states = {one.title: one.state for one in await road.rows(Article)}
    assert states == {TITLE: ArticleState.NEW, "Aturan kedua": ArticleState.READY}
    pages.open.set()
    await process(road)
    assert {one.state for one in await road.rows(Article)} == {ArticleState.READY}


async def test_who_dies_at_a_page_is_followed_by_another_when_the_lease_has_run_out(
    road: Road, pages: Pages
) -> None:
    pages.open.clear()
    await road.bring(TITLE)
    await road.pipeline.process_new()
    await road.pipeline.cancel()
    assert (await road.article()).body is None
    assert await road.pipeline.process_new() == 0
    road.later(minutes=4)
    pages.open.set()
    await process(road)
    assert (await road.article()).state == ArticleState.READY
    assert len(pages.asked) == 2


async def test_a_page_that_is_broken_off_again_and_again_is_given_up(road: Road, pages: Pages) -> None:
    pages.fault = ValueError("a fault of ours")
    await road.bring(TITLE)
    with capture_logs() as logs:
        for _ in range(MAX_VISITS + 1):
            await road.pipeline.process_new()
            await road.pipeline.finish_pages()
            road.later(minutes=4)
    assert (await road.article()).state == ArticleState.READY
    assert len(pages.asked) == MAX_VISITS
    errors = [log["event"] for log in logs if log["log_level"] == "error"]
    assert errors == ["article_page_fault"] * MAX_VISITS
    assert road.pipeline.counters.faults == MAX_VISITS


def test_where_there_is_only_a_title_the_page_tells_the_language() -> None:
    article = Article(title="Judul", summary="", body="Isi halaman " * 1000)
    assert sample_for_language(article).startswith("Judul\nIsi halaman Isi")
    assert len(sample_for_language(article)) < 600
    article.summary = "Ringkasan"
    assert sample_for_language(article) == "Judul\nRingkasan"
    assert sample_for_language(Article(title="Judul", summary="", body=None)) == "Judul\n"


def test_the_page_continues_the_summary() -> None:
    article = Article(title="Judul", summary="Ringkasan", body="Isi halaman")
    document = read_article(article, "id")
    assert [zone.name for zone in document.zones] == ["title", "summary"]
    assert document.zones[1].text == "Ringkasan\nIsi halaman"
    article.body = ""
    assert read_article(article, "id").zones[1].text == "Ringkasan"
