"""What a query would have brought: stories counted, the old ones apart, and what could not be looked for."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import count

import pytest

from bot.language.concepts import Concepts
from bot.matching.query import parse_query
from bot.preview import BATCH, Preview, preview
from storage import articles, stories
from storage.articles import English, NewArticle
from storage.database import Database
from tests.storage.rows import add_feed


@pytest.fixture(scope="module")
def concepts() -> Concepts:
    return Concepts.load()


class Archive:
    """Stored articles, each made in one line."""

    def __init__(self, database: Database, now: datetime, feed_id: int) -> None:
        self.database, self.now, self.feed_id = database, now, feed_id
        self._numbers = count()

    async def add(
        self,
        *titles: str,
        days: float = 1,
        language: str = "id",
        english: str | None = None,
        backlog: bool = False,
    ) -> None:
        """Read so many days ago; with English they were wanted."""
        at = self.now - timedelta(days=days)
        rows = [
            NewArticle(str(number), f"http://x.example/{number}", title, "", at, backlog)
            for number, title in zip(self._numbers, titles, strict=False)
        ]
        async with self.database.write() as session:
            added = await articles.add(session, self.feed_id, rows, now=at)
            if english is None:
                await articles.finish_unwanted(session, {row.id: language for row in added})
                return
            for row in added:
                story_id, _ = await stories.join(session, [f"key {row.id}"], now=at)
                await articles.finish_wanted(
                    session,
                    row.id,
                    language=language,
                    english=English(english, "", "libre"),
                    translate_after=None,
                    story_id=story_id,
                    search_keys="",
                )


@pytest.fixture
async def archive(any_database: Database, now: datetime) -> Archive:
    return Archive(any_database, now, await add_feed(any_database, now))


async def look(archive: Archive, concepts: Concepts, query: str) -> Preview:
    return await preview(archive.database, parse_query(query, concepts), concepts, now=archive.now)


async def test_the_alerts_of_the_last_seven_days_are_counted_with_their_examples(
    archive: Archive, concepts: Concepts
) -> None:
    await archive.add("Ekspor nikel lama", days=8)
    await archive.add("Ekspor nikel dilarang", days=3, english="Nickel exports banned")
    await archive.add("Китай продаёт никель", days=2, language="ru")
    await archive.add("Harga saham nikel turun", days=1)
    await archive.add("Cuaca cerah", days=1)
    result = await look(archive, concepts, "#nickel")
    assert (result.alerts, result.old, result.articles, result.untranslated) == (3, 0, 4, 0)
    assert [(example.title, example.original, example.english) for example in result.examples] == [
        ("Harga saham nikel turun", "Harga saham nikel turun", False),
        ("Китай продаёт никель", "Китай продаёт никель", False),
        ("Nickel exports banned", "Ekspor nikel dilarang", True),
    ]
    assert result.examples[0].source == "Kabar"
    assert result.examples[0].why[0].words == ("nikel",)
    assert not result.cut_short
    assert result.since == archive.now - timedelta(days=7)


async def test_one_story_is_one_alert_and_the_first_article_is_the_example(
    archive: Archive, concepts: Concepts
) -> None:
    title = "Pemerintah larang ekspor bijih nikel"
    await archive.add(title, days=1.1, english="First")
    await archive.add(title, title.upper(), days=1)
    result = await look(archive, concepts, "nikel")
    assert result.alerts == 1
    assert result.examples[0].title == "First"


async def test_what_was_old_when_first_seen_is_counted_apart(archive: Archive, concepts: Concepts) -> None:
    await archive.add("Nikel satu", "Nikel dua", backlog=True)
    result = await look(archive, concepts, "nikel")
    assert (result.alerts, result.old, result.examples) == (0, 2, ())


async def test_english_words_can_only_be_found_where_there_is_english_and_that_is_said(
    archive: Archive, concepts: Concepts
) -> None:
    await archive.add("Pasar lesu", "Bursa ramai")
    await archive.add("Harga saham turun", english="Stock prices fall")
    await archive.add("Stocks rise", language="en")
    result = await look(archive, concepts, "stock")
    assert (result.alerts, result.articles, result.untranslated) == (2, 4, 2)


async def test_a_look_back_tells_how_far_the_archive_goes(archive: Archive, concepts: Concepts) -> None:
    empty = await look(archive, concepts, "nikel")
    assert (empty.alerts, empty.articles, empty.since) == (0, 0, archive.now - timedelta(days=7))
    await archive.add("Nikel satu", days=2)
    assert (await look(archive, concepts, "nikel")).since == archive.now - timedelta(days=2)


async def test_time_that_runs_out_ends_the_look_between_batches(archive: Archive, concepts: Concepts) -> None:
    await archive.add("Nikel tua", days=3)
    await archive.add(*(f"Nikel nomor {number}" for number in range(BATCH)), days=2)
    seen: list[tuple[int, int]] = []
    result = await preview(
        archive.database,
        parse_query("nikel", concepts),
        concepts,
        now=archive.now,
        deadline_s=0,
        progress=lambda done, total: seen.append((done, total)),
    )
    assert seen == [(BATCH, BATCH + 1)]
    assert (result.articles, result.cut_short) == (BATCH, True)
    assert result.since == archive.now - timedelta(days=2)
    assert not (await look(archive, concepts, "nikel")).cut_short
