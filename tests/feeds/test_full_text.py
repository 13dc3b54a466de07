"""Pages behind a feed's links: asked for politely, behind the guards, once, and never for too long."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import aiohttp
import pytest
from aiohttp import web
from structlog.testing import capture_logs

from bot.feeds.article_text import MAX_TEXT_CHARS, Obstacle, PageText, article_text
from bot.feeds.entry import ParseError
from bot.feeds.fetch import Limits, open_session
from bot.feeds.full_text import CACHED_S, FOUND, FullTexts, WhyNot
from bot.feeds.hosts import Hosts
from tests.feeds.site import Site
from tests.feeds.test_article_text import ENGLISH, FREE, page

LIMITS = Limits(connect_s=2, read_s=2, deadline_s=3, max_bytes=200_000)
HTML = {"Content-Type": "text/html; charset=utf-8"}
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Outlet:
    """A site with a robots.txt and pages."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.robots = "User-agent: *\nDisallow: /members/\n"
        self.pages: dict[str, Answer] = {}
        site.answers(self._answer)

    def has(self, path: str, text: str, status: int = 200, **headers: str) -> str:
        named = {name.replace("_", "-"): value for name, value in headers.items()}

        async def answer(_: web.Request) -> web.Response:
            return web.Response(body=text.encode(), status=status, headers=HTML | named)

        self.pages[path] = answer
        return self.site.url(path)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if request.path == "/robots.txt":
            return web.Response(text=self.robots)
        return await self.pages[request.path](request)

    @property
    def asked(self) -> list[str]:
        return [request.path for request in self.site.requests]


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def outlet(site: Site) -> Outlet:
    return Outlet(site)


@pytest.fixture
def clock() -> Clock:
    return Clock()


async def extract(body: bytes, content_type: str | None) -> PageText:
    return article_text(body, content_type)


@pytest.fixture
async def texts(session: aiohttp.ClientSession, clock: Clock) -> AsyncIterator[FullTexts]:
    texts = FullTexts(session, extract=extract, hosts=Hosts(), time=clock, limits=LIMITS)
    yield texts
    await texts.aclose()


async def test_the_text_of_a_page_is_its_article(outlet: Outlet, texts: FullTexts) -> None:
    text = await texts.get(outlet.has("/1", page(*ENGLISH)), longer_than=100)
    assert text is not None
    assert all(paragraph in text for paragraph in ENGLISH)
    assert outlet.asked == ["/robots.txt", "/1"]
    assert texts.counters == {FOUND: 1}


async def test_a_page_is_asked_for_as_a_browser_would_by_the_feeds_user_agent(
    outlet: Outlet, texts: FullTexts
) -> None:
    await texts.get(outlet.has("/1", page(*ENGLISH)), user_agent="Mozilla/5.0 (X11)")
    headers = outlet.site.requests[-1].headers
    assert headers["User-Agent"] == "Mozilla/5.0 (X11)"
    assert headers["Accept"].startswith("text/html")
    assert "Cookie" not in headers


@pytest.mark.parametrize(
    ("text", "status", "content_type", "why"),
    [
        (page(*ENGLISH), 404, "text/html", WhyNot.NOT_FETCHED),
        (page(*ENGLISH), 200, "application/pdf", WhyNot.NO_PAGE),
        (page(*ENGLISH), 200, "", WhyNot.NO_PAGE),
        (page(*ENGLISH * 2000), 200, "text/html", WhyNot.NOT_FETCHED),
        (page(*ENGLISH, head=FREE % "false"), 200, "text/html", WhyNot.PAYWALL),
        (
            page("We use cookies to measure how our pages are used by you and you."),
            200,
            "text/html",
            "consent",
        ),
        (page("Please turn on JavaScript, then we shall show you this page."), 200, "text/html", "challenge"),
        ("<html></html>", 200, "text/html", WhyNot.EMPTY),
        (page("A short note on dysprosium."), 200, "text/html", WhyNot.TOO_SHORT),
    ],
    ids=["404", "PDF", "no type", "too large", "paywall", "consent", "challenge", "empty", "short"],
)
async def test_it_is_counted_why_a_text_is_missing(
    outlet: Outlet, texts: FullTexts, text: str, status: int, content_type: str, why: str
) -> None:
    url = outlet.has("/1", text, status, Content_Type=content_type)
    assert await texts.get(url, longer_than=100) is None
    assert texts.counters == {why: 1}


def test_every_obstacle_has_a_counter() -> None:
    assert {WhyNot(each) for each in Obstacle} <= set(WhyNot)


async def test_what_robots_txt_forbids_is_not_asked_for(outlet: Outlet, texts: FullTexts) -> None:
    assert await texts.get(outlet.has("/members/1", page(*ENGLISH))) is None
    assert outlet.asked == ["/robots.txt"]
    assert texts.counters == {WhyNot.ROBOTS: 1}


async def test_nor_where_a_redirect_leads_that_it_forbids(outlet: Outlet, texts: FullTexts) -> None:
    outlet.has("/members/1", page(*ENGLISH))
    assert await texts.get(outlet.has("/1", "", 302, Location="/members/1")) is None
    assert outlet.asked == ["/robots.txt", "/1"]
    assert texts.counters == {WhyNot.ROBOTS: 1}


async def test_a_private_address_is_refused_as_for_a_feed(outlet: Outlet, clock: Clock) -> None:
    url = outlet.has("/1", page(*ENGLISH))
    async with open_session(allow_private=False) as session:
        texts = FullTexts(session, extract=extract, hosts=Hosts(), time=clock, limits=LIMITS)
        assert await texts.get(url) is None
    assert outlet.asked == []
    assert texts.counters == {WhyNot.ROBOTS: 1}


async def test_a_page_is_fetched_once_an_hour_however_many_feeds_name_it(
    outlet: Outlet, texts: FullTexts, clock: Clock
) -> None:
    url = outlet.has("/1", page(*ENGLISH))
    at_once = await asyncio.gather(*(texts.get(url) for _ in range(5)))
    assert len(set(at_once)) == 1
    assert at_once[0]
    clock.now += CACHED_S - 1
    assert await texts.get(url) == at_once[0]
    assert outlet.asked == ["/robots.txt", "/1"]
    clock.now += 1
    await texts.get(url)
    assert outlet.asked == ["/robots.txt", "/1", "/1"]


async def test_a_failure_is_not_remembered(outlet: Outlet, texts: FullTexts) -> None:
    url = outlet.has("/1", "", 503)
    assert await texts.get(url) is None
    outlet.has("/1", page(*ENGLISH))
    assert await texts.get(url)


async def test_pages_of_a_host_are_asked_for_in_turn(
    outlet: Outlet, session: aiohttp.ClientSession, clock: Clock
) -> None:
    """127.0.0.1 is nobody else's, and not spared; here it is taken for a stranger."""

    class Stranger(Hosts):
        def __init__(self) -> None:
            super().__init__()
            self.turns: list[str] = []
            self.refused = 0

        def begin(self, name: str, *, now: float) -> float:
            if len(self.turns) % 2 and self.refused < 2:
                self.refused += 1
                return 0.5
            self.turns.append(name)
            return 0.0

        def end(self, name: str, *, now: float) -> None:
            self.turns.append(f"{name} over")

    waited = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    hosts = Stranger()
    texts = FullTexts(session, extract=extract, hosts=hosts, time=clock, sleep=sleep, limits=LIMITS)
    await asyncio.gather(*(texts.get(outlet.has(f"/{n}", page(*ENGLISH))) for n in (1, 2)))
    assert waited == [0.5, 0.5]
    assert sorted(hosts.turns) == ["127.0.0.1"] * 3 + ["127.0.0.1 over"] * 3  # robots.txt and two pages


async def test_the_pause_that_robots_txt_asks_for_is_kept(
    outlet: Outlet, session: aiohttp.ClientSession, clock: Clock
) -> None:
    outlet.robots = "User-agent: *\nCrawl-delay: 20\n"
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    texts = FullTexts(
        session, extract=extract, hosts=Hosts(), time=clock, sleep=sleep, limits=LIMITS, deadline_s=50
    )
    urls = [outlet.has(f"/{n}", page(*ENGLISH)) for n in range(4)]
    found = [await texts.get(url) for url in urls]
    assert waited == [20, 40]
    assert [text is not None for text in found] == [True, True, True, False]
    assert texts.counters == {FOUND: 3, WhyNot.TOO_LATE: 1}
    clock.now += 100
    assert await texts.get(urls[3])  # who came too late may come again


async def test_an_article_does_not_wait_longer_than_the_deadline(
    outlet: Outlet, session: aiohttp.ClientSession
) -> None:
    async def silent(_: web.Request) -> web.Response:
        await asyncio.sleep(60)
        return web.Response()

    url = outlet.has("/1", "")
    outlet.pages["/1"] = silent
    texts = FullTexts(session, extract=extract, hosts=Hosts(), deadline_s=0.3)
    assert await texts.get(url) is None
    assert texts.counters == {WhyNot.TOO_LATE: 1}


async def test_a_page_that_breaks_the_library_is_counted(
    outlet: Outlet, session: aiohttp.ClientSession
) -> None:
    async def broken(_: bytes, __: str | None) -> PageText:
        raise ParseError("a page", "it took longer than 30 s to read")

    texts = FullTexts(session, extract=broken, hosts=Hosts(), limits=LIMITS)
    assert await texts.get(outlet.has("/1", page(*ENGLISH))) is None
    assert texts.counters == {WhyNot.UNREADABLE: 1}


async def test_no_text_is_longer_than_what_is_stored(outlet: Outlet, session: aiohttp.ClientSession) -> None:
    async def endless(_: bytes, __: str | None) -> PageText:
        return PageText("x" * 1_000_000)

    texts = FullTexts(session, extract=endless, hosts=Hosts(), limits=LIMITS)
    text = await texts.get(outlet.has("/1", page(*ENGLISH)))
    assert text is not None
    assert len(text) == MAX_TEXT_CHARS


async def test_without_the_library_nothing_is_asked_and_it_is_said_once_what_to_install(
    outlet: Outlet, session: aiohttp.ClientSession
) -> None:
    texts = FullTexts(session, extract=extract, hosts=Hosts(), installed=False)
    with capture_logs() as logs:
        for _ in range(3):
            assert await texts.get(outlet.site.url("/1")) is None
    assert [log["event"] for log in logs] == ["full_text_not_installed"]
    assert "rarewatch[fulltext]" in logs[0]["says"]
    assert texts.counters == {WhyNot.NOT_INSTALLED: 3}
    assert outlet.asked == []


async def test_closing_ends_what_is_under_way(outlet: Outlet, texts: FullTexts) -> None:
    begun = asyncio.Event()

    async def silent(_: web.Request) -> web.Response:
        begun.set()
        await asyncio.sleep(60)
        return web.Response()

    url = outlet.has("/1", "")
    outlet.pages["/1"] = silent
    waiting = asyncio.create_task(texts.get(url))
    await begun.wait()
    await texts.aclose()
    with pytest.raises(asyncio.CancelledError):
        await waiting
