"""The road from new articles to alerts in the outbox, with a translator under our thumb."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

import aiohttp
import pytest
from sqlalchemy import delete, select

from bot.feeds.parse import Entry
from bot.feeds.pool import ParsePool
from bot.intake import is_backlog, next_translation, to_new_article
from bot.language.concepts import Concepts
from bot.language.detect import Detector
from bot.pipeline import MAX_ATTEMPTS, Pipeline
from bot.queries import LiveQueries
from bot.reachability import Reachability
from bot.road import Tempo, Wakes
from bot.translation.failures import FailureKind, ProviderFailure
from bot.translation.marks import Marks
from bot.translation.translator import Translator
from storage import articles, chats, mutes, subscriptions
from storage.chats import TELEGRAM, ChatKey
from storage.database import Database
from storage.models import Alert, Article, Feed, Match
from storage.mutes import Muted
from tests.storage.rows import add_feed

BAN = "Pemerintah larang ekspor bauksit mulai 10 Juni"
BAN_ENGLISH = "Government bans bauxite exports from 10 June"
FOOTBALL = "Tim tamu menang 3-1, penyerang muda cetak dua gol"


@dataclass
class PreparedProvider:
    """Translates what it was prepared for; fails while it is down."""

    texts: Mapping[str, str] = field(default_factory=dict)
    down: bool = False
    asked: list[str] = field(default_factory=list)
    name: str = "prepared"
    max_chars: int = 1000
    max_texts: int = 1
    marks: Marks = Marks.NONE

    def translate_many(
        self, texts: Sequence[str], source: str, target: str = "en"
    ) -> list[str] | ProviderFailure:
        [text] = texts
        self.asked.append(text)
        if self.down or text not in self.texts:
            return ProviderFailure(self.name, FailureKind.SERVER, "is down")
        return [self.texts[text]]


class NoMemory:
    """Remembers nothing, so that the provider is asked each time."""

    async def get(self, keys: Sequence[str]) -> dict[str, tuple[str, str]]:
        return {}

    async def put(self, rows: Mapping[str, tuple[str, str]]) -> None:
        return None


@pytest.fixture(scope="session")
def concepts() -> Concepts:
    return Concepts.load()


@dataclass
class Road:
    """A pipeline with everything around it, and a clock that tests move."""

    database: Database
    pipeline: Pipeline
    provider: PreparedProvider
    feed_id: int
    moments: list[datetime]

    @property
    def now(self) -> datetime:
        return self.moments[0]

    def later(self, **time: float) -> None:
        self.moments[0] += timedelta(**time)

    async def bring(self, *titles: str, backlog: bool = False, feed_id: int | None = None) -> None:
        """New articles, as a poll would store them."""
        feed_id = feed_id or self.feed_id
        new = []
        for number, title in enumerate(titles):
            identity = f"{self.now:%d%H%M}-{number}-{len(title)}"
            url = f"http://a.example/{feed_id}/{number}/{len(title)}"
            new.append(articles.NewArticle(identity, url, title, "", self.now, backlog))
        async with self.database.write() as session:
            await articles.add(session, feed_id, new, now=self.now)

    async def process(self) -> int:
        """Takes what is new to its end, the translations too."""
        count = await self.pipeline.process_new()
        await self.pipeline.finish_translations()
        return count

    async def follow(self, *queries: str, chat_id: int = 100) -> int:
        """A chat follows queries; gives our own id of it."""
        async with self.database.write() as session:
            key = ChatKey(TELEGRAM, chat_id)
            chat = await chats.ensure(session, key, kind="private", title="", now=self.now)
            for query in queries:
                await subscriptions.subscribe(session, chat.id, canonical=query, text=query, now=self.now)
            return chat.id

    async def watch(self, *queries: str) -> None:
        async with self.database.write() as session:
            await subscriptions.watch(session, queries, now=self.now)

    async def rows(self, table: type[Any]) -> list[Any]:
        async with self.database.read() as session:
            return list(await session.scalars(select(table).order_by(table.id)))

    async def article(self) -> Article:
        [article] = await self.rows(Article)
        return cast(Article, article)


@pytest.fixture
async def road(database: Database, now: datetime, concepts: Concepts) -> AsyncIterator[Road]:
    moments = [now]
    provider = PreparedProvider({BAN: BAN_ENGLISH})

    async def no_pause(_seconds: float) -> None:
        return None

    translator = Translator([provider], NoMemory(), rest_s=0.0, sleep=no_pause)
    pool = ParsePool()
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
        )
        yield Road(database, pipeline, provider, await add_feed(database, now), moments)
    await translator.aclose()
    pool.close()


async def test_what_nobody_wants_is_not_translated(road: Road) -> None:
    await road.watch("#bauxite")
    await road.bring(FOOTBALL)
    assert await road.process() == 1
    article = await road.article()
    assert (article.state, article.wanted, article.story_id) == ("ready", False, None)
    assert road.provider.asked == []


async def test_a_wanted_article_is_translated_and_one_alert_a_chat_waits(road: Road) -> None:
    await road.follow("#bauxite", "#export_bans", chat_id=100)
    await road.follow("#bauxite", chat_id=200)
    await road.bring(BAN)
    await road.process()
    article = await road.article()
    assert (article.english_title, article.translator, article.language) == (BAN_ENGLISH, "prepared", "id")
    alerts = await road.rows(Alert)
    assert len(alerts) == 2
    assert [line["subscription"] for line in alerts[0].why] == ["#bauxite", "#export_bans"]
    assert alerts[0].why[0]["reasons"][0]["words"] == ["bauksit"]
    assert await road.process() == 0


async def test_who_muted_the_source_or_the_query_gets_no_alert(road: Road) -> None:
    silent, half, other = [await road.follow("#bauxite", chat_id=number) for number in (100, 200, 300)]
    await road.follow("#export_bans", chat_id=200)
    async with road.database.write() as session:
        first, second = await subscriptions.of_chat(session, half)
        await mutes.mute(session, silent, Muted.SOURCE, road.feed_id, until=None, now=road.now)
        await mutes.mute(session, half, Muted.SUBSCRIPTION, first.id, until=None, now=road.now)
    await road.bring(BAN)
    await road.process()
    alerts = {alert.chat_id: [line["id"] for line in alert.why] for alert in await road.rows(Alert)}
    assert alerts.keys() == {half, other}
    assert alerts[half] == [second.id]


async def test_a_muted_story_stays_silent_when_another_source_joins_it(road: Road) -> None:
    chat = await road.follow("#bauxite")
    async with road.database.write() as session:
        elsewhere = Feed(
            url="http://b.example/rss", name="Warta", language="id", tier="trade", next_poll_at=road.now
        )
        session.add(elsewhere)
        await session.flush()
    await road.bring(BAN)
    await road.process()
    story_id = (await road.article()).story_id
    assert story_id is not None
    async with road.database.write() as session:
        await mutes.mute(session, chat, Muted.STORY, story_id, until=None, now=road.now)
        # As after a clean-up: the alert that is there would hold back the next one by itself.
        await session.execute(delete(Alert))
    await road.bring(BAN, feed_id=elsewhere.id)
    await road.process()
    assert {article.story_id for article in await road.rows(Article)} == {story_id}
    assert await road.rows(Alert) == []


async def test_a_query_in_english_finds_an_indonesian_article_that_is_watched_for(road: Road) -> None:
    await road.watch("#bauxite")
    await road.follow("government exports")
    await road.bring(BAN)
    await road.process()
    [alert] = await road.rows(Alert)
    assert alert.why[0]["reasons"][0]["language"] == "en"


async def test_not_is_asked_of_the_original_and_the_english_together(road: Road) -> None:
    await road.follow("#bauxite -government")
    await road.bring(BAN)
    await road.process()
    article = await road.article()
    assert article.wanted is False
    assert await road.rows(Alert) == []


async def test_without_a_translator_the_alert_goes_out_at_once_and_is_edited_later(road: Road) -> None:
    await road.follow("#bauxite")
    road.provider.down = True
    await road.bring(BAN)
    await road.process()
    article = await road.article()
    assert (article.state, article.translation, article.english_title) == ("ready", "pending", None)
    [alert] = await road.rows(Alert)
    async with road.database.write() as session:
        stored = await session.get_one(Alert, alert.id)
        stored.state, stored.message_id = "sent", 7

    assert await road.pipeline.catch_up() == 0  # not due yet
    road.later(seconds=40)
    assert await road.pipeline.catch_up() == 1  # still down
    road.provider.down = False
    road.later(seconds=40)
    assert await road.pipeline.catch_up() == 0  # the pause has grown
    road.later(seconds=40)
    assert await road.pipeline.catch_up() == 1
    article = await road.article()
    assert (article.translation, article.english_title) == ("done", BAN_ENGLISH)
    assert [alert.kind for alert in await road.rows(Alert)] == ["alert", "edit"]
    road.later(hours=1)
    assert await road.pipeline.catch_up() == 0


async def test_a_late_translation_alerts_those_whom_only_the_english_satisfies(road: Road) -> None:
    await road.watch("#bauxite")
    english_reader = await road.follow("government exports")
    road.provider.down = True
    await road.bring(BAN)
    await road.process()
    assert await road.rows(Alert) == []
    road.provider.down = False
    road.later(minutes=1)
    await road.pipeline.catch_up()
    [alert] = await road.rows(Alert)
    assert (alert.chat_id, alert.kind) == (english_reader, "alert")


async def test_backlog_is_kept_and_translated_later_but_wakes_nobody(road: Road) -> None:
    await road.follow("#bauxite")
    await road.bring(BAN, backlog=True)
    await road.process()
    assert road.provider.asked == []
    await road.pipeline.catch_up()
    article = await road.article()
    assert (article.wanted, article.english_title) == (True, BAN_ENGLISH)
    assert await road.rows(Alert) == []
    assert len(await road.rows(Match)) == 1


async def test_the_same_story_in_two_feeds_is_one_alert(road: Road, now: datetime) -> None:
    await road.follow("#bauxite")
    other = await add_feed(road.database, now, url="http://other.example/rss")
    await road.bring(BAN)
    await road.process()
    await road.bring(BAN, feed_id=other)
    await road.process()
    stories = {article.story_id for article in await road.rows(Article)}
    assert len(stories) == 1
    assert len(await road.rows(Alert)) == 1


async def test_a_subscription_made_while_it_runs_counts_from_the_next_article(road: Road) -> None:
    await road.watch("#nickel")
    await road.bring(BAN)
    await road.process()
    await road.follow("#bauxite")
    await road.bring(BAN + " 2026")
    await road.process()
    assert len(await road.rows(Alert)) == 1


async def test_an_article_our_own_code_fails_on_is_given_up_and_stops_nobody(
    road: Road, monkeypatch: pytest.MonkeyPatch
) -> None:
    await road.follow("#bauxite")
    await road.bring("poison", BAN)

    class Failing(Detector):
        def detect(self, text: str, prior: str | None) -> str:
            if text.startswith("poison"):
                raise ZeroDivisionError
            return super().detect(text, prior)

    road.pipeline._detector = Failing()
    for _ in range(MAX_ATTEMPTS + 2):
        await road.process()
        road.later(minutes=10)
    poison, ban = await road.rows(Article)
    assert (poison.state, poison.wanted, poison.attempts) == ("ready", False, MAX_ATTEMPTS)
    assert ban.wanted is True
    assert road.pipeline.counters.faults == MAX_ATTEMPTS
    assert len(await road.rows(Alert)) == 1


async def test_a_poll_that_fails_is_written_down_and_tried_later(road: Road) -> None:
    async with road.database.write() as session:
        feed = await session.get_one(Feed, road.feed_id)
        feed.url = "http://127.0.0.1:9/rss"  # nobody listens there
    [poll] = await road.pipeline.poll_due()
    outcome = await poll
    assert outcome.error is not None
    [feed] = await road.rows(Feed)
    assert (feed.failures, feed.lease_owner) == (1, None)
    assert feed.next_poll_at > road.now
    assert await road.pipeline.poll_due() == []


@pytest.mark.parametrize(
    ("hours", "first_poll", "expected"),
    [
        pytest.param(1, True, False, id="fresh"),
        pytest.param(25, False, True, id="old"),
        pytest.param(None, True, True, id="no date, first poll"),
        pytest.param(None, False, False, id="no date, later"),
    ],
)
def test_backlog_is_what_is_older_than_a_day(
    now: datetime, hours: float | None, first_poll: bool, expected: bool
) -> None:
    published = None if hours is None else now - timedelta(hours=hours)
    assert is_backlog(published, first_poll=first_poll, now=now) is expected


def test_a_date_in_the_future_is_now(now: datetime) -> None:
    entry = Entry("i", None, None, "t", "", now + timedelta(hours=5))
    assert to_new_article(entry, first_poll=False, now=now).published_at == now


def test_translations_are_tried_ever_more_rarely_and_not_for_old_news(now: datetime) -> None:
    def pause(attempts: int) -> float:
        due = next_translation(attempts=attempts, first_seen=now, base_s=30, now=now)
        assert due is not None
        return (due - now).total_seconds()

    assert [pause(attempts) for attempts in (0, 1, 2, 20)] == [30, 60, 120, 900]
    old = now - timedelta(days=4)
    assert next_translation(attempts=1, first_seen=old, base_s=30, now=now) is None
