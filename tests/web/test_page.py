"""The page: hostile feeds escaped, its token asked for, its health told, and gone when told to stop."""

from __future__ import annotations

import asyncio
import json
import re
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from sqlalchemy import text, update

from bot.web.page import FEEDS_SHOWN, build_page
from bot.web.server import PortError, bind, serve
from storage import feeds
from storage.database import Database
from storage.feeds import FeedRow
from storage.models import Article, Feed
from tests.storage.rows import add_articles, add_feed, make_ready, ready_alert

TOKEN = "geheim"
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'&amp;{{ 7*7 }}\u202e\x1b[31m"


class Tags(HTMLParser):
    """The tags of a page, with their attributes, and its text."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(document)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


@asynccontextmanager
async def serving(
    database: Database,
    token: str | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> AsyncIterator[aiohttp.ClientSession]:
    stopping = asyncio.Event()
    listener = bind("127.0.0.1", 0)
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    server = asyncio.create_task(serve(build_page(database, token=token, clock=clock), listener, stopping))
    try:
        async with aiohttp.ClientSession(address) as client:
            yield client
    finally:
        stopping.set()
        await server


async def get(client: aiohttp.ClientSession, path: str = "/", **headers: str) -> tuple[int, str, Any]:
    async with client.get(path, headers=headers) as response:
        return response.status, await response.text(), response.headers


async def change(database: Database, article_id: int, **values: Any) -> None:
    async with database.write() as session:
        await session.execute(update(Article).where(Article.id == article_id).values(**values))


async def test_an_empty_archive_says_so(database: Database) -> None:
    async with serving(database) as client:
        status, page, _ = await get(client)
    assert status == 200
    assert "Nothing yet" in page


async def test_articles_stand_with_their_english_original_source_and_link(
    any_database: Database, now: datetime
) -> None:
    await ready_alert(any_database, now, 0, [], english=True)
    await ready_alert(any_database, now, 1, [])
    async with serving(any_database) as client:
        _, page, _ = await get(client)
    found = Tags(page)
    assert [tag[1]["href"] for tag in found.tags if tag[0] == "a"] == [
        "http://feed.example/1",
        "http://feed.example/0",
    ]
    words = " ".join(found.text.split())
    assert (
        "Title 0 Judul 0 Body Kabar · 23 Nov 2026, 09:00 UTC · Indonesian, translated by LibreTranslate"
        in words
    )
    assert "Judul 1 Isi Kabar · 23 Nov 2026, 09:00 UTC · Indonesian, not translated yet" in words
    assert "1 feed: 1 not read so far" in words
    assert ("p", {"lang": "id"}) in found.tags


async def test_what_a_feed_or_a_translator_puts_in_is_text_and_nothing_else(
    database: Database, now: datetime
) -> None:
    [article_id] = await add_articles(database, now, count=1)
    await make_ready(database, article_id, now, key="k")
    await change(
        database,
        article_id,
        title=HOSTILE,
        summary=HOSTILE,
        english_title=HOSTILE,
        english_summary=HOSTILE,
        translator=HOSTILE,
        language='"><b>',
    )
    async with database.write() as session:
        await session.execute(update(Feed).values(name=HOSTILE))
    async with serving(database) as client:
        status, page, _ = await get(client)
    assert status == 200
    found = Tags(page)
    known = {"html", "head", "meta", "title", "style", "body", "h1", "p", "article", "h2", "a", "i"}
    known |= {"details", "summary", "table", "thead", "tr", "th", "td"}
    assert {tag for tag, _ in found.tags} <= known
    assert not any(name.startswith("on") for _, attributes in found.tags for name in attributes)
    assert found.text.count("alert(1)") >= 4
    assert "{{ 7*7 }}" in found.text
    assert not re.search("[\u202e\x1b]", page)


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        " JaVaScRiPt:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "http://user:pass@bank.example/",
        'http://a.example/"onmouseover="alert(1)',
        None,
    ],
)
async def test_a_link_that_is_none_is_not_linked(database: Database, now: datetime, url: str | None) -> None:
    [article_id] = await add_articles(database, now, count=1)
    await make_ready(database, article_id, now, key="k")
    await change(database, article_id, url=url)
    async with serving(database) as client:
        _, page, _ = await get(client)
    links = [attributes for tag, attributes in Tags(page).tags if tag == "a"]
    if url is not None and url.startswith("http://a.example"):
        assert links == [
            {"href": "http://a.example/%22onmouseover=%22alert(1)", "rel": "noopener noreferrer nofollow"}
        ]
    else:
        assert links == []
    assert "Judul 0" in page


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        pytest.param("/", {}, 401, id="none"),
        pytest.param("/?token=", {}, 401, id="empty"),
        pytest.param("/?token=Geheim", {}, 401, id="wrong"),
        pytest.param("/?token=%F0%9F%98%80%ff", {}, 401, id="not even text"),
        pytest.param("/", {"Authorization": "Bearer nothing"}, 401, id="wrong header"),
        pytest.param("/?token=geheim", {}, 200, id="in the address"),
        pytest.param("/", {"Authorization": "Bearer geheim"}, 200, id="as a header"),
        pytest.param("/healthz", {}, 200, id="health needs none"),
    ],
)
async def test_the_token_is_asked_for(
    database: Database, path: str, headers: dict[str, str], status: int
) -> None:
    async with serving(database, TOKEN) as client:
        found, page, _ = await get(client, path, **headers)
    assert found == status
    assert TOKEN not in page


async def test_nothing_from_elsewhere_is_loaded_whatever_the_answer(database: Database) -> None:
    async with serving(database, TOKEN) as client:
        for path in ("/", "/?token=geheim", "/healthz"):
            _, _, headers = await get(client, path)
            assert "default-src 'none'" in headers["Content-Security-Policy"]
            assert "script-src" not in headers["Content-Security-Policy"]
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["Referrer-Policy"] == "no-referrer"  # a token in the address stays here
            assert headers["Cache-Control"] == "no-store"


async def test_health_is_told_with_the_number_of_feeds(any_database: Database, now: datetime) -> None:
    await add_articles(any_database, now, count=1)
    async with serving(any_database) as client, client.get("/healthz") as response:
        assert response.status == 200
        assert await response.json() == {"status": "ok", "feeds": 1, "failing": 0}


async def test_a_database_that_is_away_is_said_without_its_errors(database: Database) -> None:
    async with database.write() as session:
        await session.execute(text("DROP TABLE articles"))
        await session.execute(text("DROP TABLE feeds"))
    async with serving(database) as client:
        for path in ("/", "/healthz"):
            status, page, _ = await get(client, path)
            assert status == 503
            assert "can't be reached" in page
            assert "feeds" not in page


async def test_other_addresses_and_methods_are_refused(database: Database) -> None:
    async with serving(database) as client:
        assert (await get(client, "/../../etc/passwd"))[0] == 404
        async with client.post("/") as response:
            assert response.status == 405


def test_a_port_that_is_taken_is_named_with_what_to_do() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortError) as caught:
            bind("127.0.0.1", port)
    assert str(port) in str(caught.value)
    assert "PORT" in str(caught.value)


async def test_the_server_ends_soon_though_a_reader_holds_on(database: Database) -> None:
    """An idle connection that is kept alive, and one that never finishes its request."""
    stopping = asyncio.Event()
    listener = bind("127.0.0.1", 0)
    port = listener.getsockname()[1]
    server = asyncio.create_task(serve(build_page(database, token=None), listener, stopping))
    reader, idle = await asyncio.open_connection("127.0.0.1", port)
    idle.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    assert (await reader.readline()).startswith(b"HTTP/1.1 200")
    _, slow = await asyncio.open_connection("127.0.0.1", port)
    slow.write(b"GET / HTTP/1.1\r\nHos")
    await slow.drain()
    stopping.set()
    await asyncio.wait_for(server, 7)  # what the whole service has
    for writer in (idle, slow):
        writer.close()
    bind("127.0.0.1", port).close()  # the port is free again


def test_the_template_comes_with_the_program() -> None:
    assert (Path(__file__).parents[2] / "bot/web/templates/archive.html").is_file()


async def test_the_feeds_stand_with_their_state_and_what_to_do_the_troubled_first(
    any_database: Database, now: datetime
) -> None:
    await add_feed(any_database, now, "http://a.example/")
    troubled = await add_feed(any_database, now, "http://b.example/")
    async with any_database.write() as session:
        await session.execute(update(Feed).values(last_success_at=now, newest_at=now))
        await session.execute(
            update(Feed)
            .where(Feed.id == troubled)
            .values(
                name=HOSTILE,
                failures=9,
                failing_since=now - timedelta(days=2),
                last_error=f"the server refuses us (status 403){HOSTILE}",
            )
        )
    async with serving(any_database, clock=lambda: now) as client:
        _, page, _ = await get(client)
    tags = Tags(page)
    assert "2 feeds: 1 in trouble, 1 fine" in tags.text
    assert "Not readable for 2 days: the server refuses us (status 403)" in tags.text
    assert "Look for its new address" in tags.text
    assert tags.text.index("failing for a day") < tags.text.index("Kabar")
    assert not {"script", "img"} & {tag for tag, _ in tags.tags}


async def test_of_very_many_feeds_a_portion_is_shown_with_links_to_the_others(
    database: Database, now: datetime
) -> None:
    async with database.write() as session:
        rows = [
            FeedRow(f"http://a.example/{number}", f"A{number:04}", "id", "ID", "trade")
            for number in range(FEEDS_SHOWN + 7)
        ]
        await feeds.sync(session, rows, now=now)
    async with serving(database, TOKEN) as client:
        _, first, _ = await get(client, "/?token=geheim")
        [link] = [tag["href"] for name, tag in Tags(first).tags if name == "a"]
        assert link == "?token=geheim&portion=2#feeds"
        _, second, _ = await get(client, f"/{link}")
        _, beyond, _ = await get(client, "/?token=geheim&portion=99")
    assert first.count("<td>A") == FEEDS_SHOWN
    assert '<details id="feeds">' in first
    assert re.findall("<td>(A.*?)</td>", second) == [f"A{FEEDS_SHOWN + number:04}" for number in range(7)]
    assert '<details id="feeds" open>' in second
    assert f"<b>{FEEDS_SHOWN + 1}–{FEEDS_SHOWN + 7}</b>" in second
    assert beyond == second


async def test_feeds_of_one_state_can_be_asked_for(database: Database, now: datetime) -> None:
    for name in ("a", "b", "c"):
        await add_feed(database, now, f"http://{name}.example/")
    async with database.write() as session:
        await session.execute(update(Feed).values(name=Feed.url, last_success_at=now, newest_at=now))
        failing = {"failures": 9, "failing_since": now - timedelta(days=2), "last_error": "away"}
        await session.execute(update(Feed).where(Feed.url == "http://b.example/").values(**failing))
    async with serving(database, clock=lambda: now) as client:
        _, everything, _ = await get(client)
        links = [str(tag["href"]) for name, tag in Tags(everything).tags if name == "a"]
        assert links == ["?state=failing+for+a+day#feeds", "?state=fine#feeds"]
        _, ill, _ = await get(client, f"/{links[0]}")
        _, well, _ = await get(client, f"/{links[1]}")
        for nonsense in ("state=x", "portion=0", "portion=-1", "portion=" + "9" * 5000, "portion=%C2%B2"):
            status, page, _ = await get(client, f"/?{nonsense}")
            assert (status, len(re.findall("<td>http", page))) == (200, 3)
    assert re.findall("<td>(http.*?)</td>", ill) == ["http://b.example/"]
    assert re.findall("<td>(http.*?)</td>", well) == ["http://a.example/", "http://c.example/"]
    assert "3 feeds: 1 in trouble, 2 fine" in ill


async def test_what_the_process_has_done_is_told_to_those_who_may_see_it(database: Database) -> None:
    stopping = asyncio.Event()
    listener = bind("127.0.0.1", 0)
    page = build_page(database, token=TOKEN, counted=lambda: {"polls": 7})
    server = asyncio.create_task(serve(page, listener, stopping))
    async with aiohttp.ClientSession(f"http://127.0.0.1:{listener.getsockname()[1]}") as client:
        _, open_to_all, _ = await get(client, "/healthz")
        _, told, _ = await get(client, "/healthz", Authorization="Bearer geheim")
    stopping.set()
    await server
    assert "polls" not in open_to_all
    assert json.loads(told) == {"status": "ok", "feeds": 0, "failing": 0, "counted": {"polls": 7}}
