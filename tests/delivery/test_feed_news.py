"""Operators hear of feeds in trouble once, of all at once, and once more when they are back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from bot.delivery.feed_news import FeedNews, render_feed_news
from bot.delivery.outcomes import ChatGone, MaybeDelivered, NotDelivered
from bot.feed_states import FeedState
from bot.feeds.health import Health, State
from storage.database import Database
from storage.models import Feed
from tests.delivery.recorder import Recorder, post_of
from tests.standins.telegram_html import parse
from tests.storage.rows import add_feed

BOSS, DEPUTY = 7, 8
HOUR = timedelta(hours=1)


class Clock:
    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock(now: datetime) -> Clock:
    return Clock(now)


async def change(database: Database, url: str, **values: Any) -> None:
    async with database.write() as session:
        await session.execute(update(Feed).where(Feed.url == url).values(**values))


async def told_at(database: Database, url: str) -> datetime | None:
    async with database.read() as session:
        return await session.scalar(select(Feed.problem_told_at).where(Feed.url == url))


async def failing(database: Database, now: datetime, url: str, *, name: str, hours: float = 30) -> None:
    await add_feed(database, now, url)
    await change(
        database,
        url,
        name=name,
        failures=9,
        failing_since=now - hours * HOUR,
        last_error="nobody listens there (connection refused)",
    )


def news(database: Database, output: Recorder, clock: Clock, *operators: int) -> FeedNews:
    return FeedNews(database, post_of(output), operators=operators, clock=clock)


async def test_all_feeds_in_trouble_are_one_message_to_each_operator(
    any_database: Database, clock: Clock
) -> None:
    await failing(any_database, clock.now, "http://a.example/", name="Satu <b>")
    await failing(any_database, clock.now, "http://b.example/", name="Dua")
    await failing(any_database, clock.now, "http://c.example/", name="Baru", hours=20)
    output = Recorder()
    teller = news(any_database, output, clock, BOSS, DEPUTY)
    await teller.tick()
    assert [address.chat_id for address, _ in output.sent] == [BOSS, DEPUTY]
    text = output.sent[0][1].plain
    assert text.startswith("2 feeds need you\n")
    assert "✗ Satu <b>: Not readable for 30 hours: nobody listens there (connection refused)." in text
    assert "Look for its new address" in text
    assert "Baru" not in text
    clock.now += 3 * HOUR
    await teller.tick()  # the third one is not a day old, and the others are told
    assert len(output.sent) == 2


async def test_its_return_is_told_and_a_new_trouble_is_told_anew(database: Database, clock: Clock) -> None:
    url = "http://a.example/"
    await failing(database, clock.now, url, name="Kabar")
    output = Recorder()
    teller = news(database, output, clock, BOSS)
    await teller.tick()
    clock.now += 2 * HOUR
    await change(
        database, url, failures=0, failing_since=None, last_success_at=clock.now, newest_at=clock.now
    )
    await teller.tick()
    assert output.sent[-1][1].plain == "✓ Back again: Kabar"
    clock.now += 2 * HOUR
    await change(database, url, failures=5, failing_since=clock.now - 25 * HOUR)
    await teller.tick()
    assert [message.plain[:6] for _, message in output.sent] == ["1 feed", "✓ Back", "1 feed"]


async def test_no_second_message_within_the_hour_even_after_a_restart(
    database: Database, clock: Clock
) -> None:
    await failing(database, clock.now, "http://a.example/", name="Satu")
    output = Recorder()
    await news(database, output, clock, BOSS).tick()
    await failing(database, clock.now, "http://b.example/", name="Dua")
    clock.now += HOUR / 2
    await news(database, output, clock, BOSS).tick()
    assert len(output.sent) == 1
    clock.now += HOUR / 2
    await news(database, output, clock, BOSS).tick()
    assert "Dua" in output.sent[1][1].plain
    assert "Satu" not in output.sent[1][1].plain


async def test_a_message_that_surely_reached_nobody_is_sent_an_hour_later(
    database: Database, clock: Clock
) -> None:
    url = "http://a.example/"
    await failing(database, clock.now, url, name="Satu")
    output = Recorder(failures=[NotDelivered("chat 7", "no network"), ChatGone("chat 8", "blocked")])
    teller = news(database, output, clock, BOSS, DEPUTY)
    await teller.tick()
    assert await told_at(database, url) is None
    await teller.tick()
    assert output.sent == []
    clock.now += HOUR
    await teller.tick()
    assert len(output.sent) == 2


async def test_a_message_that_may_have_arrived_is_not_repeated(database: Database, clock: Clock) -> None:
    url = "http://a.example/"
    await failing(database, clock.now, url, name="Satu")
    output = Recorder(failures=[MaybeDelivered("chat 7", "no answer in time")])
    teller = news(database, output, clock, BOSS)
    await teller.tick()
    assert await told_at(database, url) == clock.now
    clock.now += 2 * HOUR
    await teller.tick()
    assert output.sent == []


async def test_without_telegram_it_is_in_the_log_only(database: Database, clock: Clock) -> None:
    await failing(database, clock.now, "http://a.example/", name="Satu")
    output = Recorder()
    await FeedNews(database, post_of(output, "console"), operators=[BOSS], clock=clock).tick()
    assert output.sent == []
    assert await told_at(database, "http://a.example/") == clock.now


def state(number: int, sentence: str = "x" * 3000) -> FeedState:
    feed = Feed(name=f"<Feed & {number}>" * 20, url=f"http://{number}.example/")
    return FeedState(feed, Health(State.SILENT, sentence, sentence))


def test_a_message_of_many_feeds_is_valid_html_within_the_limit() -> None:
    message = render_feed_news([state(number) for number in range(99)], [state(1) for _ in range(99)])
    assert parse(message.html).text == message.plain
    assert len(message.plain) <= 4096
    assert "and 91 more" in message.plain
