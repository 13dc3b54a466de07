"""A look at an address: the feed there, or those of the page there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

import pytest
from aiohttp import web

from bot.errors import RarewatchError
from bot.feeds.fetch import open_session
from bot.feeds.hosts import Hosts
from bot.feeds.pool import ParsePool
from bot.inspection import Inspector
from bot.language.detect import Detector

ITEMS = "".join(
    f"<item><title>Pemerintah melarang ekspor bijih nikel mulai bulan {number}</title><guid>{number}</guid>"
    f"<link>http://a.example/{number}</link><pubDate>Mon, 23 Nov 2026 0{number}:00:00 +0000</pubDate></item>"
    for number in range(1, 9)
)
RSS = f"<rss version='2.0'><channel><title>Kabar Nikel</title>{ITEMS}</channel></rss>"


class Site:
    """What a site serves, by path; the rest is 404."""

    def __init__(self, pages: dict[str, str]) -> None:
        self.pages = pages
        self.asked: list[str] = []
        self.agents: list[str] = []
        self.origin = ""

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        self.agents.append(request.headers["User-Agent"])
        if request.path not in self.pages:
            raise web.HTTPNotFound
        text = self.pages[request.path]
        kind = "text/html" if text.startswith("<html") else "application/rss+xml"
        return web.Response(text=text, content_type=kind)


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    site = Site({"/rss": RSS})
    app = web.Application()
    app.router.add_get("/{path:.*}", site.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    site.origin = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield site
    await runner.cleanup()


@pytest.fixture(scope="session")
def detector() -> Detector:
    return Detector()


@pytest.fixture
async def inspector(detector: Detector, now: datetime) -> AsyncIterator[Inspector]:
    pool = ParsePool()
    async with open_session(allow_private=True) as session:
        yield Inspector(session, pool, detector, clock=lambda: now)
    pool.close()


async def test_a_feed_is_found_where_it_is(inspector: Inspector, site: Site) -> None:
    [found] = await inspector.look(f"{site.origin}/rss")
    assert (found.name, found.language, found.page) == ("Kabar Nikel", "id", None)
    assert found.newest == datetime.fromisoformat("2026-11-23T08:00:00+00:00")
    assert found.remarks == ()
    assert site.asked == ["/rss"]


async def test_the_feeds_a_page_names_are_found(inspector: Inspector, site: Site) -> None:
    site.pages |= {
        "/": "<html><head><link rel=alternate type='application/rss+xml' href='/dead'>"
        "<link rel=alternate type='application/rss+xml' href='/rss'></head><body><a href='/feed'>x</a>",
        "/feed": RSS,
    }
    found = await inspector.look(f"{site.origin}/")
    assert [one.url.removeprefix(site.origin) for one in found] == ["/rss", "/feed"]
    assert found[0].page == f"{site.origin}/"


async def test_where_a_page_names_none_the_usual_places_are_tried(inspector: Inspector, site: Site) -> None:
    site.pages = {"/ekonomi": "<html><body>Kabar</body></html>", "/rss.xml": RSS}
    [found] = await inspector.look(f"{site.origin}/ekonomi")
    assert found.url == f"{site.origin}/rss.xml"
    assert site.asked == ["/ekonomi", "/ekonomi/feed", "/ekonomi/rss", "/feed", "/rss", "/rss.xml"]


async def test_a_page_without_any_feed_is_told_so(inspector: Inspector, site: Site) -> None:
    site.pages = {"/": "<html><body>Kabar</body></html>"}
    with pytest.raises(RarewatchError) as caught:
        await inspector.look(f"{site.origin}/")
    assert "a web page came, no feed, and none was found from there" in str(caught.value)


async def test_an_outlet_is_asked_as_feeds_yaml_says(detector: Detector, site: Site, now: datetime) -> None:
    pool, url = ParsePool(), f"{site.origin}/rss"
    async with open_session(allow_private=True) as session:
        browser = Inspector(session, pool, detector, clock=lambda: now, user_agents={url: "Browser/1"})
        await browser.look(url)
    pool.close()
    assert site.agents == ["Browser/1"]


async def test_a_host_that_is_being_asked_for_other_feeds_is_waited_for(
    detector: Detector, site: Site, now: datetime
) -> None:
    class Busy(Hosts):
        """Takes 127.0.0.1, which nobody waits for, for a host that two polls are asking."""

        def __init__(self) -> None:
            super().__init__()
            self.turns = [0.5, 0.25, 0.0]

        def begin(self, name: str, *, now: float) -> float:
            assert name == "127.0.0.1"
            return self.turns.pop(0)

    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        assert site.asked == []
        waited.append(seconds)

    pool = ParsePool()
    async with open_session(allow_private=True) as session:
        inspector = Inspector(session, pool, detector, clock=lambda: now, sleep=sleep, hosts=Busy())
        await inspector.look(f"{site.origin}/rss")
    pool.close()
    assert waited == [0.5, 0.25]


async def test_another_document_is_not_searched(inspector: Inspector, site: Site) -> None:
    site.pages["/map"] = "<urlset><url/></urlset>"
    with pytest.raises(RarewatchError, match="urlset"):
        await inspector.look(f"{site.origin}/map")
    assert site.asked == ["/map"]


async def test_a_page_can_not_lead_into_the_private_network(
    detector: Detector, site: Site, now: datetime
) -> None:
    async with open_session(allow_private=False) as session:
        with pytest.raises(RarewatchError, match="not on the public Internet"):
            await Inspector(session, ParsePool(), detector, clock=lambda: now).look(f"{site.origin}/rss")
    assert site.asked == []
