"""The actions, on a real SQLite and a real PostgreSQL."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest

from bot.chat.outcomes import (
    AlreadySubscribed,
    NotSubscribed,
    QueryRefused,
    Subscribed,
    TooMany,
    Unsubscribed,
)
from bot.chat.service import ChatService, Place
from bot.delivery.digest import due_date
from bot.language.concepts import Concepts
from storage import alerts, articles, chats, digests, subscriptions
from storage.chats import ChatKey
from storage.database import Database
from storage.models import ChatState
from tests.storage.rows import add_articles, make_ready

HERE = Place(ChatKey("telegram", 100), "private", "Ibu Sari")
GROUP = Place(ChatKey("telegram", -200), "group", "Tim Logam")
TOPIC = Place(ChatKey("telegram", -200, 7), "supergroup", "Tim Logam")


class Clock:
    """A clock a test turns by hand."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock(now: datetime) -> Clock:
    return Clock(now)


@pytest.fixture
def changes() -> list[str]:
    """Grows by one with each change of the queries that are asked for."""
    return []


@pytest.fixture
def service(any_database: Database, concepts: Concepts, clock: Clock, changes: list[str]) -> ChatService:
    return ChatService(
        any_database,
        concepts,
        clock=clock,
        changed=lambda: changes.append("changed"),
        subscriptions_a_chat=3,
    )


async def test_a_chat_follows_a_query(
    service: ChatService, any_database: Database, changes: list[str]
) -> None:
    assert await service.subscribe(HERE, "  #rare_earths ") == Subscribed("#rare_earths", 1)
    assert await service.subscribe(HERE, "nickel  export") == Subscribed("nickel export", 2)
    assert (await service.listing(HERE.key)).texts == ("#rare_earths", "nickel export")
    assert len(changes) == 2
    async with any_database.read() as session:
        assert len(await subscriptions.active_queries(session)) == 2


async def test_an_equal_query_is_followed_once(service: ChatService, changes: list[str]) -> None:
    await service.subscribe(HERE, "cobalt")
    await service.subscribe(HERE, "nickel export")
    assert await service.subscribe(HERE, "export AND nickel") == AlreadySubscribed("nickel export", 2)
    assert len(changes) == 2


async def test_a_wrong_query_is_refused_in_the_parsers_words_and_changes_nothing(
    service: ChatService, any_database: Database, changes: list[str]
) -> None:
    outcome = await service.subscribe(HERE, "nickel  OR")
    assert isinstance(outcome, QueryRefused)
    assert outcome.text == "nickel OR"
    assert outcome.position == 8
    assert "missing after OR" in str(outcome.reason)
    assert changes == []
    async with any_database.read() as session:
        assert await chats.find(session, HERE.key) is None


async def test_any_text_is_followed_or_refused(service: ChatService) -> None:
    for text in ("-football", "", "x" * 501, "ж" * 200 + " " + "ш" * 299):
        assert isinstance(await service.subscribe(HERE, text), Subscribed | QueryRefused)


async def test_a_zero_byte_and_other_hidden_characters_are_taken_out(service: ChatService) -> None:
    assert await service.subscribe(HERE, "nic\x00kel\u202e") == Subscribed("nickel", 1)


async def test_a_chat_follows_only_so_many_queries(service: ChatService) -> None:
    for query in ("nickel", "cobalt", "tin"):
        await service.subscribe(HERE, query)
    assert await service.subscribe(HERE, "bauxite") == TooMany(3)
    assert await service.subscribe(HERE, "tin") == AlreadySubscribed("tin", 3)
    assert await service.subscribe(GROUP, "bauxite") == Subscribed("bauxite", 1)


ENDED = {
    "2": ("nickel export",),
    "1 3": ("cobalt", "2026"),
    "3, 1": ("2026", "cobalt"),
    "export nickel": ("nickel export",),
    "2026": ("2026",),
    "ALL": ("cobalt", "nickel export", "2026"),
}


async def test_following_ends_by_number_by_query_or_altogether(
    service: ChatService, changes: list[str]
) -> None:
    for chat_id, (asked, ended) in enumerate(ENDED.items(), start=1):
        place = Place(ChatKey("telegram", chat_id), "private", "")
        for query in ("cobalt", "nickel export", "2026"):
            await service.subscribe(place, query)
        changes.clear()
        assert await service.unsubscribe(place.key, asked) == Unsubscribed(ended, 3 - len(ended)), asked
        left = (await service.listing(place.key)).texts
        assert set(left) == {"cobalt", "nickel export", "2026"} - set(ended)
        assert changes == ["changed"]


async def test_nothing_ends_when_it_is_not_followed(service: ChatService) -> None:
    await service.subscribe(HERE, "cobalt")
    for asked in ("0", "4", "1 4", "tin", "cobalt OR", "99999"):
        assert await service.unsubscribe(HERE.key, asked) == NotSubscribed(asked, 1)
    assert (await service.listing(HERE.key)).texts == ("cobalt",)


async def test_a_stranger_can_ask_everything(service: ChatService) -> None:
    assert await service.unsubscribe(HERE.key, "all") == NotSubscribed("all", 0)
    assert (await service.listing(HERE.key)).texts == ()
    assert (await service.latest(HERE.key)).items == ()
    assert (await service.digest(HERE.key)).at is None
    assert (await service.end_digest(HERE.key)).at is None
    await service.notice(HERE)


async def test_a_topic_follows_for_itself(service: ChatService) -> None:
    await service.subscribe(GROUP, "nickel")
    await service.subscribe(TOPIC, "cobalt")
    assert (await service.listing(GROUP.key)).texts == ("nickel",)
    assert (await service.listing(TOPIC.key)).texts == ("cobalt",)


# Now is 09:00 UTC on the 23rd: 16:00 in Jakarta, 12:00 in Moscow, 04:00 in New York, 23:00 in Kiritimati.
FIRST = [
    (time(17), "Asia/Jakarta", date(2026, 11, 23)),
    (time(16), "Asia/Jakarta", date(2026, 11, 24)),
    (time(8), "Asia/Jakarta", date(2026, 11, 24)),
    (time(12, 1), "Europe/Moscow", date(2026, 11, 23)),
    (time(8), "America/New_York", date(2026, 11, 23)),
    (time(23, 30), "Pacific/Kiritimati", date(2026, 11, 23)),
    (time(8), "Pacific/Kiritimati", date(2026, 11, 24)),
    (time(8), "Etc/GMT-7", date(2026, 11, 24)),
]


async def test_the_first_digest_is_the_next_one_still_to_come(
    service: ChatService, any_database: Database, now: datetime
) -> None:
    for at, zone, first in FIRST:
        outcome = await service.set_digest(HERE, at, zone)
        assert (outcome.at, outcome.zone, outcome.next_day) == (at, zone, first)
        assert outcome == await service.digest(HERE.key)
        assert await _first_due(any_database, now) == first, (at, zone)


async def _first_due(database: Database, now: datetime) -> date | None:
    """The local day of the first digest the tick would plan, minute by minute."""
    async with database.read() as session:
        chat = await chats.find(session, HERE.key)
    assert chat is not None
    assert chat.digest_time is not None
    for minutes in range(0, 49 * 60, 5):
        day = due_date(
            digest_time=chat.digest_time,
            zone=chat.zone,
            last_digest_date=chat.last_digest_date,
            now=now + timedelta(minutes=minutes),
        )
        if day is not None:
            return day
    return None


async def test_a_digest_without_a_zone_keeps_the_chats_zone(service: ChatService) -> None:
    assert (await service.set_digest(HERE, time(8), None)).zone == "UTC"
    await service.set_digest(HERE, time(8), "Asia/Jakarta")
    assert (await service.end_digest(HERE.key)).at is None
    assert (await service.set_digest(HERE, time(9), None)).zone == "Asia/Jakarta"


async def test_a_digest_moved_to_later_comes_today_unless_todays_was_sent(
    service: ChatService, any_database: Database, clock: Clock
) -> None:
    assert (await service.set_digest(HERE, time(8), "UTC")).next_day == date(2026, 11, 24)
    assert (await service.set_digest(HERE, time(20), "UTC")).next_day == date(2026, 11, 23)
    async with any_database.write() as session:
        chat = await chats.find(session, HERE.key)
        assert chat is not None
        await digests.plan(
            session, chat.id, local_date=date(2026, 11, 23), fallback_since=clock.now, now=clock.now
        )
    assert (await service.digest(HERE.key)).next_day == date(2026, 11, 24)
    assert (await service.set_digest(HERE, time(21), "UTC")).next_day == date(2026, 11, 24)


async def test_the_latest_alerts_come_newest_first_in_english_where_there_is_english(
    service: ChatService, any_database: Database, now: datetime
) -> None:
    await service.subscribe(HERE, "nickel")
    ids = await add_articles(any_database, now, count=3)
    async with any_database.read() as session:
        chat = await chats.find(session, HERE.key)
        assert chat is not None
    for article_id in ids:
        story_id = await make_ready(any_database, article_id, now, key=f"story {article_id}")
        async with any_database.write() as session:
            await alerts.enqueue(session, story_id, article_id, {chat.id: []}, now=now)
    async with any_database.write() as session:
        english = articles.English("Nickel ban", "", "google")
        await articles.set_english(session, ids[2], english, search_keys="nickel ban")
    outcome = await service.latest(HERE.key, limit=2)
    assert [(item.title, item.english) for item in outcome.items] == [
        ("Nickel ban", True),
        ("Judul 1", False),
    ]
    assert outcome.following == 1


async def test_leaving_drops_what_waits_and_returning_keeps_every_setting(
    service: ChatService, any_database: Database, changes: list[str], now: datetime
) -> None:
    await service.subscribe(GROUP, "nickel")
    await service.subscribe(TOPIC, "cobalt")
    await service.set_digest(TOPIC, time(8), "Asia/Jakarta")
    changes.clear()
    await service.left(-200)
    assert changes == ["changed"]
    assert await _states(any_database) == {0: ChatState.GONE, 7: ChatState.GONE}
    async with any_database.read() as session:
        assert await subscriptions.active_queries(session) == {}
    await service.returned(-200)
    assert await _states(any_database) == {0: ChatState.ACTIVE, 7: ChatState.ACTIVE}
    assert (await service.listing(TOPIC.key)).texts == ("cobalt",)
    assert (await service.digest(TOPIC.key)).at == time(8)
    await service.returned(-200)
    await service.left(-999)
    assert changes == ["changed"] * 2


async def _states(database: Database) -> dict[int, str]:
    async with database.read() as session:
        return {chat.thread_id: chat.state for chat in await chats.rows_of(session, "telegram", -200)}


async def test_a_chat_that_speaks_is_not_gone(service: ChatService, any_database: Database) -> None:
    await service.subscribe(GROUP, "nickel")
    await service.left(-200)
    await service.notice(GROUP)
    assert await _states(any_database) == {0: ChatState.ACTIVE}


async def test_a_group_that_migrates_keeps_everything_however_often_it_is_said(
    service: ChatService, any_database: Database
) -> None:
    await service.subscribe(GROUP, "nickel")
    await service.set_digest(GROUP, time(8), "Asia/Jakarta")
    await service.left(-200)
    for _ in range(2):
        await service.migrated(-200, -1_000_200)
    new = ChatKey("telegram", -1_000_200)
    assert (await service.listing(new)).texts == ("nickel",)
    assert (await service.digest(new)).zone == "Asia/Jakarta"
    assert (await service.listing(GROUP.key)).texts == ()
    async with any_database.read() as session:
        chat = await chats.find(session, new)
    assert chat is not None
    assert chat.state == ChatState.ACTIVE


async def test_greeting_makes_the_chat_known_and_counts_what_it_follows(service: ChatService) -> None:
    assert await service.greet(HERE) == 0
    await service.subscribe(HERE, "nickel")
    assert await service.greet(HERE) == 1
