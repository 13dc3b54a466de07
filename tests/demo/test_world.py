"""The loopback world, asked over real HTTP by the program's own clients."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import aiohttp
import feedparser
import pytest

from bot.demo.prepared import references
from bot.demo.samples import Article, Outlet, load_samples
from bot.demo.world import DemoFeed, DemoWorld, local_date
from bot.feeds.parse import parse_document
from bot.translation.failures import TranslationError
from bot.translation.providers import LibreProvider
from bot.translation.translator import Translator
from tests.translation.memory import DictMemory

SAMPLES = load_samples()
NOW = datetime(2026, 11, 23, 22, 30, 15, 250_000, tzinfo=UTC)
OUTLETS = pytest.mark.parametrize("outlet", SAMPLES.outlets, ids=lambda outlet: outlet.id)


@pytest.fixture
async def world() -> AsyncIterator[DemoWorld]:
    """A running world."""
    async with DemoWorld(now=NOW, samples=SAMPLES) as running:
        yield running


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    """Somebody who asks it."""
    async with aiohttp.ClientSession() as session:
        yield session


def feed_of(world: DemoWorld, outlet: Outlet) -> DemoFeed:
    """The outlet's feed."""
    return next(feed for feed in world.feeds if feed.name == outlet.name)


def articles_of(outlet: Outlet) -> list[Article]:
    """Its first articles, newest first."""
    mine = [article for article in SAMPLES.first if article.outlet == outlet.id]
    return sorted(mine, key=lambda article: article.minutes_ago or 0)


async def test_it_listens_on_loopback_only(world: DemoWorld) -> None:
    assert all(feed.url.startswith("http://127.0.0.1:") for feed in world.feeds)
    assert world.translator_url.startswith("http://127.0.0.1:")
    assert len({feed.url for feed in world.feeds}) == len(SAMPLES.outlets)


@OUTLETS
async def test_a_feed_is_read_by_feedparser_as_it_was_written(
    world: DemoWorld, client: aiohttp.ClientSession, outlet: Outlet
) -> None:
    async with client.get(feed_of(world, outlet).url) as response:
        body, content_type = await response.read(), response.headers["Content-Type"]
    body.decode(outlet.encoding)
    assert f"charset={outlet.encoding}" in content_type
    parsed: Any = feedparser.parse(BytesIO(body), response_headers={"content-type": content_type})
    assert parsed.bozo is False
    assert parsed.version == ("atom10" if outlet.format == "atom" else "rss20")
    assert parsed.feed.title == outlet.name
    assert parsed.feed.language == outlet.language
    assert [entry.title for entry in parsed.entries] == [article.title for article in articles_of(outlet)]
    assert len({entry.id for entry in parsed.entries}) == len(parsed.entries)


@OUTLETS
async def test_a_feed_is_understood_by_the_program_with_texts_and_dates(
    world: DemoWorld, client: aiohttp.ClientSession, outlet: Outlet
) -> None:
    feed = feed_of(world, outlet)
    async with client.get(feed.url) as response:
        body, content_type = await response.read(), response.headers["Content-Type"]
    parsed = parse_document(body, url=feed.url, content_type=content_type, now=NOW)
    understood = [(entry.title, entry.summary, entry.published) for entry in parsed.entries]
    start = NOW.replace(microsecond=0)
    assert understood == [
        (article.title, article.summary, start - timedelta(minutes=article.minutes_ago or 0))
        for article in articles_of(outlet)
    ]


@OUTLETS
async def test_every_link_opens_a_page_with_the_article(
    world: DemoWorld, client: aiohttp.ClientSession, outlet: Outlet
) -> None:
    feed = feed_of(world, outlet)
    async with client.get(feed.url) as response:
        parsed: Any = feedparser.parse(BytesIO(await response.read()))
    for entry in parsed.entries:
        async with client.get(entry.link) as response:
            assert response.status == 200
            text = await response.text()
        assert entry.title in text
        assert "None of this is news" in text


def test_windows_1251_is_what_that_outlet_really_sends() -> None:
    outlet = next(outlet for outlet in SAMPLES.outlets if outlet.encoding == "windows-1251")
    assert outlet.language == "ru"
    for article in SAMPLES.articles:
        if article.outlet == outlet.id:
            assert f"{article.title}{article.summary}".encode("windows-1251")


async def test_dates_are_in_each_outlets_zone_and_words(world: DemoWorld) -> None:
    written = {outlet.id: local_date(NOW, outlet) for outlet in SAMPLES.outlets}
    assert written["kabar-tambang"] == "Tue, 24 Nov 2026 05:30:15 +0700"
    assert written["warta-niaga"] == "Selasa, 24 November 2026 05:30:15 WIB"
    assert written["rudny-vestnik"] == "Tue, 24 Nov 2026 01:30:15 +0300"
    assert written["torgovaya-lenta"] == "Вт, 24 ноя 2026 01:30:15 +0300"


@OUTLETS
async def test_a_second_poll_with_the_validators_is_not_modified_until_something_appears(
    world: DemoWorld, client: aiohttp.ClientSession, outlet: Outlet
) -> None:
    url = feed_of(world, outlet).url
    async with client.get(url) as first:
        etag, changed = first.headers["ETag"], first.headers["Last-Modified"]
    for headers in (
        {"If-None-Match": etag},
        {"If-Modified-Since": changed},
        {"If-None-Match": f'W/{etag}, "x"'},
    ):
        async with client.get(url, headers=headers) as again:
            assert (again.status, await again.read()) == (304, b"")
            assert again.headers["ETag"] == etag
    # An entity tag decides alone, RFC 9110 13.1.3; a date that is none is ignored.
    both = {"If-None-Match": '"another"', "If-Modified-Since": changed}
    for headers in (both, {"If-Modified-Since": "yesterday"}):
        async with client.get(url, headers=headers) as full:
            assert full.status == 200
    assert (world.requests.polls, world.requests.not_modified) == (6, 3)

    later = NOW + timedelta(minutes=1)
    released = world.publish(100, now=later)
    new = next(article for article in released if article.outlet == outlet.id)
    async with client.get(url, headers={"If-None-Match": etag, "If-Modified-Since": changed}) as fresh:
        assert fresh.status == 200
        assert fresh.headers["ETag"] != etag
        assert new.title.encode(outlet.encoding) in await fresh.read()


async def test_articles_appear_in_order_each_once_and_not_before(
    world: DemoWorld, client: aiohttp.ClientSession
) -> None:
    hidden = SAMPLES.later[0]
    page = world.feeds[0].url.split("/feeds/")[0] + f"/articles/{hidden.id}"
    async with client.get(page) as response:
        assert response.status == 404
    assert world.publish(1, now=NOW) == (hidden,)
    async with client.get(page) as response:
        assert response.status == 200
    assert world.publish(2, now=NOW) == SAMPLES.later[1:3]
    assert world.waiting == len(SAMPLES.later) - 3
    assert world.publish(1000, now=NOW) == SAMPLES.later[3:]
    assert world.publish(1, now=NOW) == ()


@pytest.mark.parametrize("path", ["/feeds/nowhere.xml", "/articles/nothing", "/"])
async def test_what_is_not_there_is_404(world: DemoWorld, client: aiohttp.ClientSession, path: str) -> None:
    async with client.get(world.feeds[0].url.split("/feeds/")[0] + path) as response:
        assert response.status == 404


async def test_every_text_is_translated_through_the_programs_own_translator(world: DemoWorld) -> None:
    translator = Translator([LibreProvider(world.translator_url)], DictMemory())
    foreign = [article for article in SAMPLES.articles if article.language != "en"]

    async def check(article: Article) -> None:
        found = await translator.translate([article.title, article.summary], source=article.language)
        assert [translation.text for translation in found] == [article.english_title, article.english_summary]

    await asyncio.gather(*map(check, foreign))
    assert 0 < world.requests.translations < len(foreign)  # several articles a request
    assert world.requests.refused_translations == 0
    await translator.aclose()


async def test_a_text_is_found_whatever_its_spaces(world: DemoWorld, client: aiohttp.ClientSession) -> None:
    article = SAMPLES.first[0]
    wish = {"q": f" {article.title.replace(' ', '  ')}\n", "source": article.language, "target": "en"}
    async with client.post(world.translator_url + "translate", params=wish) as response:
        assert await response.json() == {"translatedText": article.english_title}


GOOD = {"q": SAMPLES.first[0].title, "source": "id", "target": "en", "format": "text", "api_key": "any"}
NONSENSE: dict[str, tuple[dict[str, str], int, str]] = {
    "an unknown text": ({**GOOD, "q": "Kucing tidur"}, 404, "no reference translation for this text"),
    "a known text in part": ({**GOOD, "q": GOOD["q"][:-1]}, 404, "no reference translation for this text"),
    "a known text of another language": (
        {**GOOD, "source": "ru"},
        404,
        "no reference translation for this text",
    ),
    "no text": ({**GOOD, "q": ""}, 400, "missing q"),
    "no source": ({key: value for key, value in GOOD.items() if key != "source"}, 400, "missing source"),
    "no target": ({key: value for key, value in GOOD.items() if key != "target"}, 400, "missing target"),
    "an unknown source": ({**GOOD, "source": "xx"}, 400, "xx is not supported"),
    "another target": ({**GOOD, "target": "fr"}, 400, "fr is not supported"),
    "another format": ({**GOOD, "format": "pdf"}, 400, "pdf format is not supported"),
}


@pytest.mark.parametrize(("wish", "status", "error"), NONSENSE.values(), ids=NONSENSE.keys())
async def test_the_translator_refuses_nonsense(
    world: DemoWorld, client: aiohttp.ClientSession, wish: dict[str, str], status: int, error: str
) -> None:
    async with client.post(world.translator_url + "translate", params=wish) as response:
        document = await response.json()
    assert response.status == status
    assert list(document) == ["error"]
    assert error in document["error"]
    assert (world.requests.translations, world.requests.refused_translations) == (0, 1)


async def test_the_translator_can_be_switched_off_and_on(
    world: DemoWorld, client: aiohttp.ClientSession
) -> None:
    world.set_translator(down=True)
    async with client.post(world.translator_url + "translate", params=GOOD) as response:
        assert response.status == 503
    world.set_translator(down=False)
    async with client.post(world.translator_url + "translate", params=GOOD) as response:
        assert response.status == 200


async def test_switched_off_it_is_an_error_in_plain_words_for_the_program(world: DemoWorld) -> None:
    async def no_pause(seconds: float) -> None:
        """In place of the pause before a retry."""

    world.set_translator(down=True)
    translator = Translator([LibreProvider(world.translator_url)], DictMemory(), sleep=no_pause)
    with pytest.raises(TranslationError, match=r"libre has a fault \(status 503\): Service unavailable"):
        await translator.translate([GOOD["q"]], source="id")
    await translator.aclose()


async def test_it_names_its_languages(world: DemoWorld, client: aiohttp.ClientSession) -> None:
    async with client.get(world.translator_url + "languages") as response:
        assert [language["code"] for language in await response.json()] == ["id", "ru", "en"]


def test_every_indonesian_and_russian_text_has_a_reference() -> None:
    known = references(SAMPLES)
    for article in SAMPLES.articles:
        for text, english in (
            (article.title, article.english_title),
            (article.summary, article.english_summary),
        ):
            assert known[article.language, text] == english
            assert (english == text) == (article.language == "en")


async def test_by_itself_it_shows_the_demos_own_samples_and_dates_new_ones_now() -> None:
    before = datetime.now(UTC)
    world = DemoWorld(now=NOW)
    (article,) = world.publish(1)
    assert world.samples == SAMPLES
    assert before <= world._published[article.id] <= datetime.now(UTC)
