"""An outage of the translator from beginning to end: alerts at once and marked, then edits, the newest first.

Everything is real but Google's server, the clock that decides what is due, and the chat.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import aiohttp
import pytest

from bot.delivery.sender import Sender
from bot.feeds.pool import ParsePool
from bot.language.concepts import Concepts
from bot.language.detect import Detector
from bot.pipeline import Pipeline
from bot.queries import LiveQueries
from bot.reachability import Reachability
from bot.road import Tempo, Wakes
from bot.translation.providers import GoogleProvider
from bot.translation.timeouts import Limits
from bot.translation.translator import Translator
from storage import articles
from storage.database import Database
from storage.translations import StoredMemory
from tests.delivery.recorder import Recorder, post_of
from tests.standins.google_translate import Fault, GoogleStandIn
from tests.storage.rows import add_chat, add_feed

REST_S = 0.05
TOWNS = (
    "Bangka", "Belitung", "Kendari", "Morowali", "Ketapang", "Mempawah", "Singkep", "Bintan", "Halmahera",
    "Kolaka", "Pomalaa", "Sorowako", "Weda", "Obi",
)  # fmt: skip


def title_of(town: str) -> str:
    return f"Kementerian melarang ekspor bijih nikel dari {town} mulai tahun depan"


def english_of(text: str) -> str:
    """What the stand-in makes of a title; whatever else it is sent along with stays."""
    return text.replace(
        "Kementerian melarang ekspor bijih nikel dari", "Ministry bans nickel ore exports from"
    ).replace("mulai tahun depan", "as of next year")


@dataclass
class Desk:
    """The road with its translator, and the sender."""

    pipeline: Pipeline
    google: GoogleStandIn
    database: Database
    chat: Recorder
    feed_id: int
    moments: list[datetime]
    sender: Sender
    wakes: Wakes

    def later(self, **time: float) -> None:
        self.moments[0] += timedelta(**time)

    async def bring(self, title: str) -> None:
        now = self.moments[0]
        async with self.database.write() as session:
            new = articles.NewArticle(title[:60], None, title, "", now, backlog=False)
            await articles.add(session, self.feed_id, [new], now=now)

    async def until(self, sent: int, edited: int) -> None:
        async with asyncio.timeout(20):
            while len(self.chat.sent) < sent or len(self.chat.edited) < edited:  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    def edited_towns(self) -> list[str]:
        return [next(town for town in TOWNS if town in one[2].plain) for one in self.chat.edited]


@asynccontextmanager
async def desk(database: Database, now: datetime, google: GoogleStandIn) -> AsyncIterator[Desk]:
    moments, wakes, reachability, chat = [now], Wakes(), Reachability(), Recorder()
    await add_chat(database, now, query="#nickel")
    translator = Translator(
        [GoogleProvider(google.url, limits=Limits(read_s=0.5, total_s=1.0))],
        StoredMemory(database, lambda: moments[0]),
        rest_s=REST_S,
    )
    pool, stopping = ParsePool(), asyncio.Event()
    async with aiohttp.ClientSession() as session:
        pipeline = Pipeline(
            database,
            session=session,
            pool=pool,
            detector=Detector(),
            queries=LiveQueries(database, Concepts.load()),
            translator=translator,
            reachability=reachability,
            owner="test",
            clock=lambda: moments[0],
            wakes=wakes,
            tempo=Tempo(translation_deadline_s=5.0),
        )
        sender = Sender(
            database,
            post_of(chat),
            owner="test",
            clock=lambda: moments[0],
            reachability=reachability,
            idle_s=0.01,
        )
        sending = asyncio.create_task(sender.run(wakes.alerts, stopping))
        try:
            feed_id = await add_feed(database, now)
            yield Desk(pipeline, google, database, chat, feed_id, moments, sender, wakes)
        finally:
            stopping.set()
            await sending
            await pipeline.cancel()
            await translator.aclose()
    pool.close()


@pytest.mark.parametrize(
    "fault", [Fault.BROKEN, Fault.CONSENT, Fault.THROTTLED], ids=lambda fault: fault.value
)
async def test_alerts_go_out_at_once_and_are_edited_newest_first_without_a_burst(
    database: Database, now: datetime, fault: Fault
) -> None:
    async with GoogleStandIn(english_of) as google, desk(database, now, google) as road:
        google.fault = fault
        for town in TOWNS:
            await road.bring(title_of(town))
            road.later(minutes=1)
        while await road.pipeline.process_new():
            pass
        await road.pipeline.finish_translations()
        await road.until(sent=len(TOWNS), edited=0)
        for _, message in road.chat.sent:
            assert "Kementerian melarang ekspor" in message.plain
            assert "Indonesian original. Not translated yet" in message.plain

        # While it is down, one article is tried now and then, not all of them.
        google.requests.clear()
        for _ in range(10):
            road.later(seconds=30)
            await road.pipeline.catch_up()
        assert 0 < len(google.requests) <= 10
        assert road.chat.edited == []

        google.fault = None
        road.later(minutes=5)
        await asyncio.sleep(2 * REST_S)  # the breaker has a clock of its own
        sizes: list[int] = []
        while done := await road.pipeline.catch_up():
            google.requests.clear()
            sizes.append(done)
            await road.until(sent=len(TOWNS), edited=sum(sizes))
            assert await road.pipeline.catch_up() == 0  # a moment between two batches
            assert google.requests == []
            road.later(seconds=1)
        assert sizes == [1, 2, 4, 7]
        towns = road.edited_towns()
        newest_first = TOWNS[::-1]
        for start, size in ((0, 1), (1, 2), (3, 4), (7, 7)):
            assert set(towns[start : start + size]) == set(newest_first[start : start + size])
        for _, message_id, message in road.chat.edited:
            assert "Ministry bans nickel ore exports" in message.plain
            assert "Kementerian melarang ekspor" in message.plain  # the original stands
            assert "Not translated yet" not in message.plain
            original = road.chat.sent[message_id - 1][1].plain
            assert original.split("dari ")[1].split()[0] in message.plain  # the same message
        assert len(road.chat.sent) == len(TOWNS)


async def test_a_translator_that_hangs_holds_up_no_news_in_english(database: Database, now: datetime) -> None:
    async with GoogleStandIn(english_of) as google, desk(database, now, google) as road:
        google.fault = Fault.HANG
        await road.bring(title_of("Bangka"))
        await road.bring("Indonesia bans nickel ore exports, the mining ministry says")
        assert await road.pipeline.process_new() == 2
        await road.until(sent=1, edited=0)
        assert "the mining ministry says" in road.chat.sent[0][1].plain
        assert "translated" not in road.chat.sent[0][1].plain.casefold()
        await road.pipeline.finish_translations()
        await road.until(sent=2, edited=0)
        assert "Not translated yet" in road.chat.sent[1][1].plain


async def test_news_in_three_languages_from_one_feed_is_each_judged_by_itself(
    database: Database, now: datetime
) -> None:
    def answer(text: str) -> str:
        return english_of(text).replace(
            "Россия увеличила экспорт никеля в Китай", "Russia sends China more nickel"
        )

    async with GoogleStandIn(answer) as google, desk(database, now, google) as road:
        road.feed_id = await add_feed(database, now, "http://smi.example/rss", language="ru")
        await road.bring("Россия увеличила экспорт никеля в Китай")
        await road.bring(title_of("Weda"))
        await road.bring("Nickel ore exports from Indonesia banned, ministry says")
        await road.pipeline.process_new()
        await road.pipeline.finish_translations()
        await road.until(sent=3, edited=0)
        told = "\n".join(message.plain for _, message in road.chat.sent)
        assert "Россия увеличила экспорт никеля в Китай (Russian)" in told
        assert "Weda mulai tahun depan (Indonesian)" in told
        assert {request["sl"] for request in google.requests} == {"ru", "id"}
        assert not any("banned" in request["q"] for request in google.requests)
