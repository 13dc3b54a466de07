"""Nobody waits for the translators but the article that needs them: slow, hanging, down and resting ones."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import aiohttp
import pytest
from sqlalchemy import select

from bot.feeds.pool import ParsePool
from bot.language.concepts import Concepts
from bot.language.detect import Detector
from bot.pipeline import IN_TRANSLATION, Pipeline
from bot.queries import LiveQueries
from bot.reachability import Reachability
from bot.road import Tempo, Wakes
from bot.translation.failures import FailureKind, ProviderFailure, TranslationError
from bot.translation.translator import ORIGINAL, Translation
from storage import articles, chats, subscriptions
from storage.chats import TELEGRAM, ChatKey
from storage.database import Database
from storage.models import Alert, Article
from tests.storage.rows import add_feed

NICKEL = "Pemerintah larang ekspor bijih nikel tahap"
ENGLISH = "Nickel ore: Indonesia widens its ban on exports, stage"


@dataclass
class Translators:
    """A chain of translators under our thumb: what `Translator` promises its callers, and nothing else."""

    fails_with: FailureKind | None = None
    hang: bool = False  # until the deadline, as real ones do at worst
    names: tuple[str, str] = ("google", "google")
    asked: list[str] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    released: asyncio.Event = field(default_factory=asyncio.Event)

    async def translate(self, texts: Sequence[str], *, source: str, deadline_s: float) -> list[Translation]:
        assert source in ("id", "ru")
        self.asked.append(texts[0])
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await asyncio.sleep(0)
            kind = self.fails_with
            if self.hang:
                await self.released.wait()
                kind = FailureKind.TIMEOUT
        finally:
            self.at_once -= 1
        if kind is not None:
            failure = ProviderFailure("google", kind, "said so")
            raise TranslationError(f"1 of {len(texts)} texts ({source})", [failure])
        title, summary = texts
        return [
            Translation(f"{ENGLISH} {title.split()[-1]}", self.names[0], cached=False),
            Translation(summary and "In English.", self.names[1] if summary else ORIGINAL, cached=False),
        ]


@dataclass
class Road:
    """A pipeline, its translators, and a clock that tests move."""

    database: Database
    pipeline: Pipeline
    translators: Translators
    feed_id: int
    moments: list[datetime]

    def later(self, **time: float) -> None:
        self.moments[0] += timedelta(**time)

    async def bring(
        self, *titles: str, summary: str = "", backlog: bool = False, feed_id: int | None = None
    ) -> None:
        now = self.moments[0]
        new = [
            articles.NewArticle(f"{title}-{now:%d%H%M%S}", None, title, summary, now, backlog)
            for title in titles
        ]
        async with self.database.write() as session:
            await articles.add(session, feed_id or self.feed_id, new, now=now)

    async def follow(self, query: str, *, chat_id: int = 100) -> None:
        now = self.moments[0]
        async with self.database.write() as session:
            key = ChatKey(TELEGRAM, chat_id)
            chat = await chats.ensure(session, key, kind="private", title="", now=now)
            await subscriptions.subscribe(session, chat.id, canonical=query, text=query, now=now)

    async def rows(self, table: type[Any]) -> list[Any]:
        async with self.database.read() as session:
            return list(await session.scalars(select(table).order_by(table.id)))

    async def alerted(self) -> list[str]:
        """The titles of articles there are alerts for, in the order of the alerts."""
        by_id = {article.id: article.title for article in await self.rows(Article)}
        return [by_id[alert.article_id] for alert in await self.rows(Alert) if alert.kind == "alert"]

    async def work_off(self) -> list[int]:
        """Works off the backlog to its end; gives the sizes of the batches."""
        sizes = []
        while done := await self.pipeline.catch_up():
            sizes.append(done)
            self.later(seconds=1)
        return sizes


@pytest.fixture
async def road(database: Database, now: datetime) -> AsyncIterator[Road]:
    moments, translators, pool = [now], Translators(), ParsePool()
    async with aiohttp.ClientSession() as session:
        pipeline = Pipeline(
            database,
            session=session,
            pool=pool,
            detector=Detector(),
            queries=LiveQueries(database, Concepts.load()),
            translator=translators,
            reachability=Reachability(),
            owner="test",
            clock=lambda: moments[0],
            wakes=Wakes(),
            tempo=Tempo(),
        )
        yield Road(database, pipeline, translators, await add_feed(database, now), moments)
        await pipeline.cancel()
    pool.close()


def numbered(count: int, first: int = 1) -> list[str]:
    return [f"{NICKEL} {number}" for number in range(first, first + count)]


async def test_english_news_and_the_next_batches_pass_those_that_wait_for_a_hanging_translator(
    road: Road,
) -> None:
    await road.follow("#nickel")
    road.translators.hang = True
    await road.bring(*numbered(70), "Nickel ore exports from Indonesia banned, ministry says")
    assert await road.pipeline.process_new() == 50
    assert await road.pipeline.process_new() == 21  # the first batch still waits
    assert await road.alerted() == ["Nickel ore exports from Indonesia banned, ministry says"]
    assert await road.pipeline.process_new() == 0

    road.translators.released.set()  # the deadline
    await road.pipeline.finish_translations()
    assert len(await road.alerted()) == 71
    assert {row.translation for row in await road.rows(Article)} == {"pending", "not_needed"}


async def test_those_for_whom_there_is_no_room_with_the_translators_go_out_at_once(road: Road) -> None:
    await road.follow("#nickel")
    road.translators.hang = True
    await road.bring(*numbered(IN_TRANSLATION + 7))
    while await road.pipeline.process_new():
        pass
    assert len(road.translators.asked) == IN_TRANSLATION
    assert len(await road.alerted()) == 7


async def test_when_all_translators_rest_alerts_go_out_without_a_wait(road: Road) -> None:
    await road.follow("#nickel")
    road.translators.fails_with = FailureKind.RESTING
    await road.bring(*numbered(3))
    await road.pipeline.process_new()
    async with asyncio.timeout(20):
        await road.pipeline.finish_translations()
    assert len(await road.alerted()) == 3
    assert {row.translation for row in await road.rows(Article)} == {"pending"}


async def test_an_outage_is_worked_off_newest_first_a_few_at_a_time(road: Road) -> None:
    await road.follow("#nickel")
    road.translators.fails_with = FailureKind.SERVER
    for number in range(1, 21):
        await road.bring(*numbered(1, first=number))
        road.later(minutes=1)
    while await road.pipeline.process_new():
        pass
    await road.pipeline.finish_translations()
    road.translators.fails_with, road.translators.asked = None, []
    road.translators.most_at_once = 0

    assert await road.pipeline.catch_up() == 0  # the pause after the failure
    road.later(seconds=31)
    assert await road.work_off() == [1, 2, 4, 8, 5]
    assert road.translators.most_at_once <= 8
    batches, left = [], list(road.translators.asked)
    for size in (1, 2, 4, 8, 5):
        batches.append({int(title.split()[-1]) for title in left[:size]})
        left = left[size:]
    assert batches == [{20}, {19, 18}, {17, 16, 15, 14}, set(range(6, 14)), set(range(1, 6))]
    assert {row.translation for row in await road.rows(Article)} == {"done"}


async def test_what_most_chats_wait_for_is_translated_first(road: Road) -> None:
    await road.follow("#nickel")
    for chat_id in range(200, 206):
        await road.follow("#bauxite", chat_id=chat_id)
    road.translators.fails_with = FailureKind.SERVER
    bauxite = "Pemerintah larang ekspor bauksit mulai 10 Juni"
    await road.bring(bauxite)
    road.later(minutes=5)
    await road.bring(*numbered(2))
    await road.pipeline.process_new()
    await road.pipeline.finish_translations()
    road.translators.fails_with, road.translators.asked = None, []
    road.later(minutes=1)
    await road.pipeline.catch_up()
    assert road.translators.asked == [bauxite]


async def test_a_failure_while_working_off_stops_it_and_blames_no_article(road: Road) -> None:
    await road.follow("#nickel")
    await road.bring(*numbered(10), backlog=True)
    await road.pipeline.process_new()
    assert await road.pipeline.catch_up() == 1
    road.later(seconds=1)
    road.translators.fails_with = FailureKind.THROTTLED
    assert await road.pipeline.catch_up() == 2
    asked = len(road.translators.asked)
    for _ in range(29):
        road.later(seconds=1)
        assert await road.pipeline.catch_up() == 0
    assert len(road.translators.asked) == asked
    road.translators.fails_with = None
    road.later(seconds=1)
    assert await road.work_off() == [1, 2, 4, 2]


async def test_one_text_nobody_can_translate_holds_up_no_other(road: Road) -> None:
    await road.follow("#nickel")
    await road.bring(*numbered(5), backlog=True)
    await road.pipeline.process_new()
    road.translators.fails_with = FailureKind.UNUSABLE
    assert await road.pipeline.catch_up() == 1
    road.translators.fails_with = None
    road.later(seconds=1)
    assert await road.work_off() == [2, 2]
    left = [row.title for row in await road.rows(Article) if row.translation == "pending"]
    assert left == [f"{NICKEL} 5"]
    road.later(minutes=2)
    assert await road.pipeline.catch_up() == 1


async def test_news_goes_before_what_is_being_worked_off(road: Road) -> None:
    await road.follow("#nickel")
    await road.bring(*numbered(3), backlog=True)
    await road.pipeline.process_new()
    road.translators.hang = True
    await road.bring(f"{NICKEL} 9")
    await road.pipeline.process_new()
    await asyncio.sleep(0)
    assert await road.pipeline.catch_up() == 0
    assert [title.split()[-1] for title in road.translators.asked] == ["9"]


async def test_fresh_news_that_is_translated_again_ends_the_pause(road: Road) -> None:
    await road.follow("#nickel")
    road.translators.fails_with = FailureKind.SERVER
    await road.bring(f"{NICKEL} 1")
    await road.pipeline.process_new()
    await road.pipeline.finish_translations()
    road.translators.fails_with = None
    road.later(seconds=2)
    assert await road.pipeline.catch_up() == 0
    await road.bring(f"{NICKEL} 2")
    await road.pipeline.process_new()
    await road.pipeline.finish_translations()
    assert await road.pipeline.catch_up() == 1


@pytest.mark.parametrize(
    ("names", "summary", "kept"),
    [
        pytest.param(("google", "google"), "Isi berita.", "google", id="one for both"),
        pytest.param(("google", "mymemory"), "Isi berita.", "google,mymemory", id="two"),
        pytest.param(("libre", "libre"), "", "libre", id="no summary"),
        pytest.param((ORIGINAL, "libre"), "Isi berita.", "libre", id="a title that needs none"),
    ],
)
async def test_who_translated_is_kept(road: Road, names: tuple[str, str], summary: str, kept: str) -> None:
    await road.follow("#nickel")
    road.translators.names = names
    await road.bring(f"{NICKEL} 1", summary=summary)
    await road.pipeline.process_new()
    await road.pipeline.finish_translations()
    [article] = await road.rows(Article)
    assert article.translator == kept


async def test_a_feed_of_several_languages_is_judged_item_by_item(road: Road, now: datetime) -> None:
    await road.follow("#nickel")
    russian = await add_feed(road.database, now, url="http://smes.example/rss", language="ru")
    await road.bring(
        "Россия увеличила экспорт никеля в Китай на треть",
        "Pemerintah Indonesia melarang ekspor bijih nikel mulai tahun depan",
        "Indonesia bans exports of nickel ore from next year, the ministry says",
        feed_id=russian,
    )
    await road.pipeline.process_new()
    await road.pipeline.finish_translations()
    rows = await road.rows(Article)
    assert [row.language for row in rows] == ["ru", "id", "en"]
    assert [row.translation for row in rows] == ["done", "done", "not_needed"]
    assert [row.translator for row in rows] == ["google", "google", None]
    assert len(await road.alerted()) == 3
