"""From a feed that brings titles only to an alert for what stands on the article's page."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

import pytest
import yaml
from aiohttp import web
from sqlalchemy import select

from bot.polling import poll_feeds
from bot.settings import load_settings
from storage.database import Database
from storage.models import Article
from tests.feeds.site import Site, open_site
from tests.feeds.test_article_text import INDONESIAN, page

TITLE = "Kementerian umumkan aturan baru"


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with open_site() as site:
        yield site


async def test_a_feed_with_full_text_is_watched_by_what_its_pages_say(site: Site, tmp_path: Path) -> None:
    links = "".join(
        f"<item><title>{TITLE} {path}</title><link>{site.url(f'/{path}')}</link>"
        f"<pubDate>{format_datetime(datetime.now(UTC))}</pubDate></item>"
        for path in ("open", "closed")
    )

    async def answer(request: web.Request) -> web.Response:
        if request.path == "/robots.txt":
            return web.Response(text="User-agent: *\nDisallow: /closed")
        if request.path == "/feed":
            text = f"<rss version='2.0'><channel><title>Kabar</title>{links}</channel></rss>"
            return web.Response(text=text, content_type="application/rss+xml")
        return web.Response(text=page(*INDONESIAN), content_type="text/html")

    site.answers(answer)
    feed = {"url": site.url("/feed"), "name": "Kabar", "language": "id", "country": "ID", "tier": "trade"}
    document = {"feeds": [feed | {"full_text": True}], "watch": {"queries": ["disprosium"]}}
    (tmp_path / "feeds.yaml").write_text(yaml.safe_dump(document))
    settings = load_settings(
        {
            "DATABASE_URL": f"sqlite:///{tmp_path}/test.db",
            "RAREWATCH_FEEDS": str(tmp_path / "feeds.yaml"),
            "RAREWATCH_PRIVATE_FEEDS": "1",
            "RAREWATCH_TRANSLATORS": "libre",
            "RAREWATCH_LIBRETRANSLATE_URL": site.base,  # it answers with a page, as one that is down does
        },
        env_file=tmp_path / "none",
    )
    [(_, _, outcome)] = [step async for step in poll_feeds(settings, once=True)]
    assert outcome.new == 2
    database = Database(settings.database_url.get_secret_value())
    async with database.read() as session:
        found = {row.title: row for row in await session.scalars(select(Article))}
    await database.close()
    read, forbidden = found[f"{TITLE} open"], found[f"{TITLE} closed"]
    assert INDONESIAN[0] in str(read.body)
    assert (read.wanted, forbidden.wanted, forbidden.body) == (True, False, "")
    pages = [request.path for request in site.requests if request.method == "GET"]
    assert pages == ["/feed", "/robots.txt", "/open"]
