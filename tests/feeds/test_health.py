"""How a feed stands, and what of it the operator is told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
from aiohttp import web

from bot.errors import RarewatchError
from bot.feeds.fetch import Validators, fetch, open_session
from bot.feeds.health import Dated, Facts, Health, Known, State, health, news
from bot.feeds.pace import Pace

HOURS = timedelta(hours=1)
DAYS = timedelta(days=1)


def read_well(now: datetime, **more: object) -> Facts:
    """A feed with an item an hour that was read a minute ago."""
    facts = {"last_polled_at": now, "last_success_at": now, "pace": Pace(24.0, 86_400.0), **more}
    return Facts(**facts)  # type: ignore[arg-type]


def failing(now: datetime, since: timedelta, error: str = "nobody listens there", failures: int = 5) -> Facts:
    return read_well(now, failures=failures, failing_since=now - since, last_error=error)


def test_a_feed_nobody_has_read_is_new(now: datetime) -> None:
    assert health(Facts(), now=now) == Health(State.NEW)


def test_a_feed_that_brings_news_is_fine(now: datetime) -> None:
    assert health(read_well(now, newest_at=now - HOURS), now=now) == Health(State.FINE)


@pytest.mark.parametrize(
    ("since", "state"),
    [(timedelta(minutes=5), State.FAILING), (23 * HOURS, State.FAILING), (DAYS, State.FAILING_LONG)],
    ids=["just now", "for 23 hours", "for a day"],
)
def test_a_failure_becomes_the_operators_after_a_day(now: datetime, since: timedelta, state: State) -> None:
    found = health(failing(now, since), now=now)
    assert found.state is state
    assert found.problem.endswith("nobody listens there")
    assert found.advice
    assert found.troubled is (state is State.FAILING_LONG)


def test_a_feed_that_never_could_be_read_is_failing_and_not_new(now: datetime) -> None:
    facts = Facts(failures=1, failing_since=now, last_error="no feed", last_polled_at=now)
    assert health(facts, now=now).state is State.FAILING


def test_a_feed_that_fell_silent_is_told_by_its_own_habit(now: datetime) -> None:
    an_hourly_one = read_well(now, newest_at=now - 3 * DAYS)
    assert health(an_hourly_one, now=now).state is State.SILENT
    assert "3 days" in health(an_hourly_one, now=now).problem
    a_monthly_one = read_well(now, newest_at=now - 3 * DAYS, pace=Pace(1 / 30, None))
    assert health(a_monthly_one, now=now).state is State.FINE


def test_a_feed_without_any_article_is_silent_from_the_start(now: datetime) -> None:
    assert health(read_well(now, empty=True), now=now).state is State.SILENT


def test_a_feed_that_moved_names_its_new_address(now: datetime) -> None:
    found = health(read_well(now, newest_at=now, moved_to="https://new.example/rss"), now=now)
    assert found.state is State.MOVED
    assert "https://new.example/rss" in found.problem
    assert not found.troubled


@pytest.fixture
async def gone_address() -> AsyncIterator[str]:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(status=410)

    app = web.Application()
    app.router.add_get("/rss", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/rss"
    await runner.cleanup()


async def test_what_the_fetch_says_of_410_is_understood_here(gone_address: str, now: datetime) -> None:
    async with open_session(allow_private=True) as session:
        with pytest.raises(RarewatchError) as caught:
            await fetch(session, gone_address, validators=Validators())
    error = f"{caught.value.reason}. {caught.value.hint}"
    assert health(failing(now, HOURS, error, failures=3), now=now).state is State.GONE
    assert health(failing(now, HOURS, error, failures=2), now=now).state is State.FAILING
    assert health(failing(now, HOURS, "status 4100 of (status 404)"), now=now).state is State.FAILING


def known(number: int, state: State, told_at: datetime | None = None) -> Known:
    return Known(number, f"feed {number}", Health(state), told_at)


@pytest.mark.parametrize("state", list(State))
def test_only_what_needs_somebody_is_told(now: datetime, state: State) -> None:
    told = news([known(1, state)], last_told_at=None, now=now)
    expected = state in (State.FAILING_LONG, State.SILENT, State.GONE)
    assert [one.id for one in told.troubled] == ([1] if expected else [])
    assert told.back == ()
    assert bool(told) is expected


@pytest.mark.parametrize("state", list(State))
def test_a_trouble_is_told_once_and_its_end_once(now: datetime, state: State) -> None:
    told = news([known(1, state, now - DAYS)], last_told_at=now - DAYS, now=now)
    assert told.troubled == ()
    assert [one.id for one in told.back] == ([1] if state in (State.FINE, State.MOVED) else [])


def test_at_most_one_message_an_hour(now: datetime) -> None:
    feeds = [known(1, State.SILENT, now - timedelta(minutes=59)), known(2, State.GONE)]
    assert not news(feeds, last_told_at=None, now=now)
    assert not news(feeds[1:], last_told_at=now - timedelta(minutes=59), now=now)
    later = now + timedelta(minutes=1)
    assert [one.id for one in news(feeds, last_told_at=None, now=later).troubled] == [2]


@pytest.mark.parametrize(
    ("newest_days", "span_days", "count", "state"),
    [
        (700, 2, 30, State.SILENT),
        (61, 2, 30, State.SILENT),
        (59, 2, 30, State.FINE),
        (120, 900, 11, State.FINE),  # every three months
        (700, 0, 1, State.SILENT),
    ],
    ids=["ended two years ago", "for 61 days", "for 59 days", "quarterly", "one old article"],
)
def test_a_feed_that_had_ended_before_it_was_first_read_is_silent(
    now: datetime, newest_days: int, span_days: int, count: int, state: State
) -> None:
    newest = now - newest_days * DAYS
    dated = Dated(newest - span_days * DAYS, newest, count)
    facts = read_well(now, newest_at=now, pace=Pace(1 / newest_days, None), dated=dated)
    assert health(facts, now=now).state is state
