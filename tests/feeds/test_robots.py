"""robots.txt as RFC 9309 has it, on a site of our own."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest
from aiohttp import web

from bot.feeds.hosts import Hosts
from bot.feeds.robots import KEPT_S, KEPT_UNREACHABLE_S, MAX_PAUSE_S, Robots
from bot.feeds.turns import Turns
from tests.feeds.site import Site


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def asked(session: aiohttp.ClientSession, clock: Clock) -> Robots:
    return Robots(session, turn=Turns(Hosts()).at, time=clock)


RULES = b"""\xef\xbb\xbfUser-agent: *
Disallow: /members/
Allow: /members/open$

User-agent: GreedyBot
Disallow: /
"""


async def test_a_site_says_which_pages_may_be_read(site: Site, asked: Robots) -> None:
    site.says(RULES, Content_Type="text/plain")
    allowed = [
        await asked.allows(site.url(path))
        for path in ("/news/1", "/members/1", "/members/open", "/members/open?x")
    ]
    assert allowed == [True, False, True, False]
    assert [request.path for request in site.requests] == ["/robots.txt"]


async def test_we_may_be_addressed_by_name(site: Site, asked: Robots) -> None:
    site.says(RULES + b"\nUser-agent: rarewatch\nDisallow: /news/\n")
    assert not await asked.allows(site.url("/news/1"))
    assert await asked.allows(site.url("/members/1"))


@pytest.mark.parametrize(
    ("rules", "pause_s"),
    [
        ("User-agent: *\nCrawl-delay: 7.5", 7.5),
        ("User-agent: *\nCrawl-delay: 2\nUser-agent: Rarewatch\nCrawl-delay: 9", 9),
        ("User-agent: *\nCrawl-delay: 86400", MAX_PAUSE_S),
        ("User-agent: *\nCrawl-delay: soon", 0),
        ("User-agent: *\nDisallow:", 0),
    ],
    ids=["for all", "for us", "a day", "nonsense", "none"],
)
async def test_a_site_may_ask_for_a_pause(site: Site, asked: Robots, rules: str, pause_s: float) -> None:
    site.says(rules.encode())
    assert asked.pause_s(site.url("/news/1")) == 0  # nothing is known so far
    await asked.allows(site.url("/news/1"))
    assert asked.pause_s(site.url("/news/2")) == pause_s
    assert asked.pause_s("https://other.example/") == asked.pause_s("news/1") == 0


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
async def test_a_site_without_one_allows_everything_for_a_day(
    site: Site, asked: Robots, clock: Clock, status: int
) -> None:
    site.says(b"", status)
    assert await asked.allows(site.url("/news/1"))
    clock.now += KEPT_S - 1
    assert await asked.allows(site.url("/news/2"))
    assert len(site.requests) == 1
    clock.now += 1
    assert await asked.allows(site.url("/news/3"))
    assert len(site.requests) == 2


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_site_that_is_out_of_order_or_fed_up_allows_nothing_for_an_hour(
    site: Site, asked: Robots, clock: Clock, status: int
) -> None:
    site.says(b"", status)
    assert not await asked.allows(site.url("/news/1"))
    site.says(b"")
    clock.now += KEPT_UNREACHABLE_S - 1
    assert not await asked.allows(site.url("/news/1"))
    clock.now += 1
    assert await asked.allows(site.url("/news/1"))


async def test_a_site_that_does_not_answer_allows_nothing(asked: Robots) -> None:
    assert not await asked.allows("http://robots.invalid/news/1")


async def test_a_page_of_html_in_its_place_forbids_nothing(site: Site, asked: Robots) -> None:
    site.says(b"<!doctype html><title>Not found</title>" * 20)
    assert await asked.allows(site.url("/news/1"))


async def test_it_may_have_moved(site: Site, asked: Robots) -> None:
    async def moved(request: web.Request) -> web.Response:
        if request.path == "/robots.txt":
            return web.Response(status=301, headers={"Location": "/elsewhere"})
        return web.Response(body=RULES)

    site.answers(moved)
    assert not await asked.allows(site.url("/members/1"))


async def test_what_is_too_large_to_be_one_allows_nothing(site: Site, asked: Robots) -> None:
    site.says(b"#" * (3 * 1024 * 1024))
    assert not await asked.allows(site.url("/news/1"))


async def test_many_who_ask_at_once_cause_one_request(site: Site, asked: Robots) -> None:
    site.says(RULES)
    allowed = await asyncio.gather(*(asked.allows(site.url(f"/news/{n}")) for n in range(20)))
    assert allowed == [True] * 20
    assert len(site.requests) == 1


async def test_one_who_gives_up_takes_nothing_from_the_others(site: Site, asked: Robots) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow(_: web.Request) -> web.Response:
        begun.set()
        await go_on.wait()
        return web.Response(body=RULES)

    site.answers(slow)
    impatient = asyncio.create_task(asked.allows(site.url("/news/1")))
    patient = asyncio.create_task(asked.allows(site.url("/members/1")))
    await begun.wait()
    impatient.cancel()
    go_on.set()
    assert await patient is False
    assert len(site.requests) == 1


async def test_only_so_many_sites_are_remembered(site: Site, session: aiohttp.ClientSession) -> None:
    asked = Robots(session, turn=Turns(Hosts()).at, time=Clock(), max_sites=1)
    site.says(b"")
    other = site.base.replace("127.0.0.1", "localhost")
    for base in (site.base, other, site.base):
        assert await asked.allows(f"{base}/news/1")
    assert len(site.requests) == 3


@pytest.mark.parametrize("url", ["", "news/1", "mailto:a@b", "http://[::1"])
async def test_what_is_no_web_address_is_not_allowed(asked: Robots, url: str) -> None:
    assert not await asked.allows(url)


async def test_what_is_under_way_can_be_ended(site: Site, asked: Robots) -> None:
    begun = asyncio.Event()

    async def silent(_: web.Request) -> web.Response:
        begun.set()
        await asyncio.sleep(60)
        return web.Response()

    site.answers(silent)
    waiting = asyncio.create_task(asked.allows(site.url("/news/1")))
    await begun.wait()
    await asked.aclose()
    with pytest.raises(asyncio.CancelledError):
        await waiting
