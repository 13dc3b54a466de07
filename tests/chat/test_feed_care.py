"""/feeds, /addfeed, /removefeed: everybody looks, the operators change, buttons keep nothing in mind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from bot.chat import feed_texts
from bot.errors import RarewatchError
from bot.feeds.diagnosis import Remark
from bot.feeds.parse import Entry, ParsedFeed
from bot.inspection import Inspection
from bot.language.concepts import Concepts
from bot.speech import ENGLISH
from storage import feeds
from storage.database import Database
from storage.feeds import FeedRow
from storage.models import Feed
from tests.chat.talk import TOKEN, Talk, talking
from tests.standins.bot_api import BotApi, Sent
from tests.storage.rows import add_feed

BOSS, SARI, GROUP = 7, 100, -200
URL = "https://kabar.example/rss"
PAGE = "https://kabar.example/"


class Web:
    """An inspector of a web that a test makes up."""

    def __init__(self, now: datetime) -> None:
        self.found: dict[str, list[Inspection]] = {}
        self.asked: list[str] = []
        self.slow = asyncio.Event()
        self.slow.set()
        self._now = now

    def has(self, url: str, *titles: str, page: bool = False, remarks: tuple[Remark, ...] = ()) -> None:
        self.found[url] = [
            Inspection(
                f"{url}{number}" if page else url,
                ParsedFeed(title, "id", (Entry("a" * 64, "g", None, "Judul", "", self._now),)),
                "id",
                remarks,
                url if page else None,
            )
            for number, title in enumerate(titles)
        ]

    async def look(self, url: str) -> list[Inspection]:
        """See `Inspector`."""
        self.asked.append(url)
        await self.slow.wait()
        if url not in self.found:
            raise RarewatchError(url, "there is <nothing> at this address (status 404)")
        return self.found[url]


@pytest.fixture
def web(now: datetime) -> Web:
    return Web(now)


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    async with BotApi(TOKEN) as api:
        api.add_chat(BOSS)
        api.add_chat(SARI)
        api.add_chat(GROUP, "supergroup", "Tim", admins=[SARI], members=[BOSS])
        yield api


@pytest.fixture
async def talk(
    api: BotApi, database: Database, concepts: Concepts, now: datetime, web: Web
) -> AsyncIterator[Talk]:
    async with talking(api, database, concepts, now, inspector=web, operators=[BOSS]) as talk:
        yield talk


def buttons(sent: Sent) -> list[str]:
    rows: list[list[dict[str, Any]]] = (sent.reply_markup or {}).get("inline_keyboard", [])
    return [button["callback_data"] for row in rows for button in row]


async def press(talk: Talk, sent: Sent, user_id: int, data: str) -> str:
    """Presses a button; gives what the bot answers."""
    count = len(talk.api.answers) + 1
    talk.api.press(sent.chat_id, user_id, sent.message_id, data)
    await talk.api.wait_for(lambda _: len(talk.api.answers) >= count)
    return str(talk.api.answers[-1].get("text", ""))


async def polled(database: Database) -> list[tuple[str, int | None]]:
    async with database.read() as session:
        return [(feed.url, feed.added_by) for feed in await feeds.enabled(session)]


async def test_an_operator_adds_a_feed_that_was_looked_at_first(
    talk: Talk, database: Database, web: Web
) -> None:
    web.has(URL, "Kabar <Nikel>", remarks=(Remark("no entry has a date", "It is read all the same."),))
    [sent] = await talk.ask_all(BOSS, BOSS, f"/addfeed {URL}", 1)
    assert "Added: Kabar <Nikel> – Indonesian, 1 entry, the newest of 23 Nov 2026" in sent.text_plain
    assert "! No entry has a date. It is read all the same." in sent.text_plain
    assert await polled(database) == [(URL, BOSS)]
    async with database.write() as session:
        [due] = await feeds.claim_due(
            session, now=datetime.fromisoformat("2026-11-23T09:00:00Z"), limit=9, owner="t", lease_s=9
        )
    assert (due.language, due.tier) == ("id", "independent")
    assert "it is read already" in await talk.ask(BOSS, BOSS, f"/addfeed {URL}")
    [data] = buttons(sent)
    assert await press(talk, sent, BOSS, data) == "Removed. Its articles stay."
    assert await polled(database) == []
    assert "· Kabar <Nikel> is not read" in sent.current
    [back] = buttons(sent)
    assert await press(talk, sent, BOSS, back) == "Added. It is read in a moment."
    assert await polled(database) == [(URL, BOSS)]
    assert talk.counts == {}


async def test_the_feeds_of_a_page_are_offered_and_only_those_chosen_are_read(
    talk: Talk, database: Database, web: Web
) -> None:
    web.has(PAGE, "Berita", "Olahraga", page=True)
    [sent] = await talk.ask_all(BOSS, BOSS, "/addfeed kabar.example/", 1)
    assert web.asked == [PAGE]
    assert "2 feeds were found from there" in sent.text_plain
    assert await polled(database) == []
    news, sport = buttons(sent)
    assert all(len(data.encode()) <= 64 for data in (news, sport))
    assert await press(talk, sent, BOSS, news) == "Added. It is read in a moment."
    assert await polled(database) == [(f"{PAGE}0", BOSS)]
    assert "✓ Berita is read" in sent.current
    assert "· Olahraga is not read" in sent.current
    assert await press(talk, sent, BOSS, news) == "Nothing was changed: it is read already."
    assert buttons(sent) == [news.replace("add", "remove"), sport]


@pytest.mark.parametrize("command", ["/addfeed https://kabar.example/rss", "/removefeed", "/removefeed x"])
async def test_others_are_refused_in_words(talk: Talk, database: Database, web: Web, command: str) -> None:
    web.has(URL, "Kabar")
    answer = await talk.ask(SARI, SARI, command)
    assert "Only the operators" in answer
    assert "RAREWATCH_ADMINS. Yours is 100." in answer
    assert "Only the operators" in await talk.ask(GROUP, SARI, command)  # though she administers the group
    assert web.asked == []
    talk.api.say(GROUP, SARI, command, anonymous=True)
    [_, anonymous] = await talk.heard(GROUP, 0, 2)
    assert "your own name" in anonymous.text_plain


async def test_a_button_of_an_operators_does_nothing_for_others_and_inventions_do_nothing(
    talk: Talk, database: Database, web: Web
) -> None:
    web.has(URL, "Kabar")
    [sent] = await talk.ask_all(GROUP, BOSS, f"/addfeed {URL}", 1)
    [data] = buttons(sent)
    assert "Only the operators" in await press(talk, sent, SARI, data)
    assert await polled(database) == [(URL, BOSS)]
    assert "no such feed" in await press(talk, sent, BOSS, "feeds:add:999999999999")
    for invented in ("feeds:add:-1", "feeds:drop:1", "feeds:add:1;2", "feeds:add:"):
        assert "too old" in await press(talk, sent, BOSS, invented)
    assert await polled(database) == [(URL, BOSS)]


async def test_what_can_not_be_read_is_not_added(talk: Talk, database: Database, web: Web) -> None:
    answer = await talk.ask(BOSS, BOSS, "/addfeed https://none.example/")
    assert answer.startswith("Nothing was added.")
    assert "there is <nothing> at this address" in answer
    assert "Which feed?" in await talk.ask(BOSS, BOSS, "/addfeed")
    for text in ("ftp://u:geheim@kabar.example/", "https://", "a b"):
        refused = await talk.ask(BOSS, BOSS, f"/addfeed {text}")
        assert "no address" in refused
        assert "geheim" not in refused
    assert web.asked == ["https://none.example/"]
    assert await polled(database) == []


async def test_one_address_is_looked_at_at_a_time_and_nobody_waits(
    talk: Talk, database: Database, web: Web
) -> None:
    web.has(URL, "Kabar")
    web.slow.clear()
    talk.api.say(BOSS, BOSS, f"/addfeed {URL}")
    assert "still looking" in await talk.ask(BOSS, BOSS, "/addfeed https://b.example/")
    assert "No feed is read" in await talk.ask(BOSS, BOSS, "/feeds")
    web.slow.set()
    sent = await talk.api.wait_for(lambda messages: "Added" in messages[-1].text_plain)
    assert len(sent) == 3
    await talk.ask(BOSS, BOSS, f"/addfeed {URL}")  # the next one may come


async def test_a_feed_of_feeds_yaml_is_for_that_file_to_say(
    talk: Talk, database: Database, web: Web, now: datetime
) -> None:
    async with database.write() as session:
        await feeds.sync(session, [FeedRow(URL, "Kabar", "id", "ID", "trade")], now=now)
    web.has(URL, "Kabar")
    assert "feeds.yaml lists it" in await talk.ask(BOSS, BOSS, f"/addfeed {URL}")
    assert "stands in feeds.yaml" in await talk.ask(BOSS, BOSS, "/removefeed kabar")
    assert "No feed was added here" in await talk.ask(BOSS, BOSS, "/removefeed")
    assert await polled(database) == [(URL, None)]


async def test_an_added_feed_is_removed_by_name_address_or_button(
    talk: Talk, database: Database, web: Web
) -> None:
    for name in ("Satu", "Dua", "Tiga"):
        web.has(f"https://{name}.example/", name)
        await talk.ask(BOSS, BOSS, f"/addfeed https://{name}.example/")
    assert "Satu is not read" in await talk.ask(BOSS, BOSS, "/removefeed satu")
    assert "Dua is not read" in await talk.ask(BOSS, BOSS, "/removefeed https://Dua.example/")
    assert "No feed that was added has" in await talk.ask(BOSS, BOSS, "/removefeed Empat")
    [sent] = await talk.ask_all(BOSS, BOSS, "/removefeed", 1)
    [data] = buttons(sent)
    assert await press(talk, sent, BOSS, data) == "Removed. Its articles stay."
    assert await polled(database) == []


async def test_everybody_sees_the_feeds_page_by_page_the_troubled_first(
    talk: Talk, database: Database, now: datetime
) -> None:
    ids = [await add_feed(database, now, f"https://a.example/{number}") for number in range(30)]
    async with database.write() as session:
        await session.execute(
            update(Feed).values(last_success_at=now - timedelta(minutes=5), poll_every_s=600.0, newest_at=now)
        )
        await session.execute(
            update(Feed)
            .where(Feed.id == ids[-1])
            .values(
                name="Rusak",
                failures=9,
                failing_since=now - timedelta(days=2),
                last_error="the server refuses us (status 403)",
            )
        )
    [sent] = await talk.ask_all(SARI, SARI, "/feeds", 1)
    lines = sent.text_plain.splitlines()
    assert lines[0] == "30 feeds: 1 in trouble, 29 fine"
    assert lines[1].startswith("✗ Rusak – Not readable for 2 days: the server refuses us (status 403). Look")
    assert lines[2] == "✓ Kabar – read 5 min ago, every 10 min"
    assert lines[-1] == "Page 1 of 3"
    assert buttons(sent) == ["feeds:page:1"]
    assert await press(talk, sent, SARI, "feeds:page:1") == ""
    assert "Page 2 of 3" in sent.current
    assert buttons(sent) == ["feeds:page:0", "feeds:page:2"]
    await press(talk, sent, SARI, "feeds:page:999999999999999999")
    assert "Page 3 of 3" in sent.current


async def test_help_tells_operators_of_their_own_commands(talk: Talk) -> None:
    assert "Did you mean /addfeed?" in await talk.ask(SARI, SARI, "/adfeed")
    assert "/addfeed" in await talk.ask(BOSS, BOSS, "/help")
    assert "/addfeed" not in await talk.ask(SARI, SARI, "/help")


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "read just now"),
        (59, "read 59 s ago"),
        (119, "read 119 s ago"),
        (120, "read 2 min ago"),
        (7200, "read 2 h ago"),
        (9e5, "read 10 d ago"),
    ],
)
def test_times_are_said_in_a_unit_that_fits(seconds: float, shown: str) -> None:
    assert feed_texts._read(ENGLISH, seconds) == shown
