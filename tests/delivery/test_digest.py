"""Digests: due in each chat's own zone, once a local day, and never repeated on a doubt."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select

from bot.delivery.digest import Digests, due_date
from bot.delivery.outcomes import ChatGone, DeliveryError, MaybeDelivered, NotDelivered, Throttled
from storage import alerts, articles, chats
from storage.articles import English
from storage.database import Database
from storage.models import Article, Chat, ChatState
from tests.delivery.recorder import Recorder, post_of
from tests.storage.rows import add_articles, add_chat, make_ready


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("zone", "now", "last", "expected"),
    [
        pytest.param("Asia/Jakarta", "2026-11-23T01:00Z", None, date(2026, 11, 23), id="08:00 in Jakarta"),
        pytest.param("Asia/Jakarta", "2026-11-23T00:59Z", None, None, id="a minute before"),
        pytest.param("Asia/Jakarta", "2026-11-23T09:00Z", date(2026, 11, 22), date(2026, 11, 23), id="late"),
        pytest.param("Asia/Jakarta", "2026-11-23T09:00Z", date(2026, 11, 23), None, id="had it"),
        pytest.param("Asia/Jakarta", "2026-11-23T20:00Z", date(2026, 11, 23), None, id="next day, too early"),
        pytest.param("America/New_York", "2026-11-23T13:00Z", None, date(2026, 11, 23), id="west"),
        pytest.param("Pacific/Kiritimati", "2026-11-22T18:00Z", None, date(2026, 11, 23), id="a day ahead"),
        pytest.param("No/Such", "2026-11-23T08:00Z", None, date(2026, 11, 23), id="unknown zone is UTC"),
    ],
)
def test_a_digest_is_due_at_its_time_of_the_local_day(
    zone: str, now: str, last: date | None, expected: date | None
) -> None:
    assert due_date(digest_time="08:00", zone=zone, last_digest_date=last, now=at(now)) == expected


@pytest.mark.parametrize(
    "day",
    [
        pytest.param("2026-03-29", id="spring: 02:30 is skipped"),
        pytest.param("2026-10-25", id="autumn: 02:30 is there twice"),
    ],
)
def test_a_digest_at_half_past_two_comes_once_where_clocks_change(day: str) -> None:
    last: date | None = date.fromisoformat(day) - timedelta(days=1)
    midnight = at(f"{day}T00:00+00:00")
    due = []
    for minute in range(22 * 60):
        now = midnight + timedelta(minutes=minute)
        found = due_date(digest_time="02:30", zone="Europe/Berlin", last_digest_date=last, now=now)
        if found is not None:
            due.append(found)
            last = found
    assert due == [date.fromisoformat(day)]


@dataclass
class Desk:
    """A chat in Jakarta with a digest at 16:00 (09:00 UTC), two alerts, and what was sent."""

    database: Database
    now: datetime
    output: Recorder = field(default_factory=Recorder)

    async def tick(self, *, minutes: int = 0) -> None:
        digests = Digests(
            self.database,
            post_of(self.output),
            owner="test",
            clock=lambda: self.now + timedelta(minutes=minutes),
        )
        await digests.tick()

    async def chat(self) -> Chat:
        async with self.database.read() as session:
            chat = await chats.find(session, chats.ChatKey("telegram", 100))
            assert chat is not None
            return chat


@pytest.fixture
async def desk(any_database: Database, now: datetime) -> Desk:
    before = now - timedelta(hours=3)
    ids = await add_articles(any_database, before, count=2)
    chat = await add_chat(any_database, before)
    async with any_database.write() as session:
        day = date(2026, 11, 22)
        await chats.set_digest(session, chat.id, time="16:00", zone="Asia/Jakarta", last_date=day)
    for article_id in ids:
        story_id = await make_ready(any_database, article_id, before, key=f"k{article_id}")
        async with any_database.write() as session:
            reason = {"clause": "#nickel", "words": ["nikel"], "language": "id"}
            why = [{"subscription": "#nickel", "reasons": [reason]}]
            await alerts.enqueue(session, story_id, article_id, {chat.id: why}, now=before)
    return Desk(any_database, now)


async def test_the_digest_comes_once_a_local_day_however_often_the_clock_ticks(desk: Desk) -> None:
    await desk.tick(minutes=-1)
    assert desk.output.sent == []
    for minutes in (0, 1, 2, 60, 300):
        await desk.tick(minutes=minutes)
    [(address, message)] = desk.output.sent
    assert address.chat_id == 100
    assert "23 November 2026" in message.plain
    assert "#nickel" in message.plain
    assert "Judul 0" in message.plain
    assert "Judul 1" in message.plain


async def test_a_day_without_news_says_nothing(desk: Desk) -> None:
    await desk.tick()
    await desk.tick(minutes=24 * 60)
    assert len(desk.output.sent) == 1


async def test_after_a_downtime_of_days_one_digest_covers_them(desk: Desk) -> None:
    await desk.tick(minutes=20 * 60)  # next morning, before today's time
    assert desk.output.sent == []
    await desk.tick(minutes=20 * 60 + 300)
    assert len(desk.output.sent) == 1


@pytest.mark.parametrize(
    ("failure", "times_sent"),
    [
        pytest.param(NotDelivered("chat", "no connection"), 1, id="surely not delivered: again"),
        pytest.param(Throttled("chat", "slow down", retry_after_s=30), 1, id="throttled: again"),
        pytest.param(MaybeDelivered("chat", "no answer"), 0, id="perhaps delivered: not again"),
    ],
)
async def test_a_digest_that_fails_is_repeated_only_if_nothing_can_have_arrived(
    desk: Desk, failure: DeliveryError, times_sent: int
) -> None:
    desk.output.failures = [failure]
    await desk.tick()
    assert desk.output.sent == []
    await desk.tick(minutes=5)
    assert len(desk.output.sent) == times_sent


async def test_a_digest_to_a_chat_that_is_gone_keeps_the_settings(desk: Desk) -> None:
    desk.output.failures = [ChatGone("chat", "blocked")]
    await desk.tick()
    await desk.tick(minutes=5)
    chat = await desk.chat()
    assert desk.output.sent == []
    assert chat.state == ChatState.GONE
    assert chat.digest_time == "16:00"


async def test_a_digest_whose_sender_died_is_not_repeated(desk: Desk) -> None:
    class PowerCut(BaseException):
        pass

    def cut(_milestone: object) -> None:
        raise PowerCut

    dying = Digests(
        desk.database,
        post_of(desk.output),
        owner="dying",
        clock=lambda: desk.now,
        passing=lambda milestone: cut(milestone) if milestone == "digest delivered" else None,
    )
    with pytest.raises(PowerCut):
        await dying.tick()
    await desk.tick(minutes=60)
    assert len(desk.output.sent) == 1


async def test_a_digest_shows_what_is_english_by_then_and_marks_what_is_not(desk: Desk) -> None:
    async with desk.database.read() as session:
        first = (await session.scalars(select(Article.id).order_by(Article.id).limit(1))).one()
    async with desk.database.write() as session:
        await articles.set_english(session, first, English("Title 0", "", "libre"), search_keys="title")
    await desk.tick()
    [(_, message)] = desk.output.sent
    assert "Title 0 — Kabar\n" in message.plain
    assert "Judul 0" not in message.plain
    assert "Judul 1 — Kabar (Indonesian, not translated yet)\n" in message.plain
