"""Articles: stored once, claimed by one, and their way from `new` to `ready`."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import event

from storage import articles
from storage.articles import English, NewArticle
from storage.database import Database
from storage.models import ArticleState, TranslationState
from storage.subscriptions import ensure_query
from tests.storage.rows import add_articles, add_feed, all_articles, make_ready

ENGLISH = English("Nickel export", "More of it", "libre")


def item(identity: str, title: str = "Judul", summary: str = "") -> NewArticle:
    return NewArticle(identity, None, title, summary, None, False)


async def test_the_same_item_twice_is_one_row_whenever_it_comes(
    any_database: Database, now: datetime
) -> None:
    feed_id = await add_feed(any_database, now)
    async with any_database.write() as session:
        first = await articles.add(session, feed_id, [item("a"), item("b"), item("a")], now=now)
        again = await articles.add(session, feed_id, [item("b", "Other"), item("c")], now=now)
    assert sorted(row.identity for row in first) == ["a", "b"]
    assert [row.identity for row in again] == ["c"]
    assert {row.title for row in await all_articles(any_database)} == {"Judul"}


async def test_an_article_its_outlet_rewrote_is_looked_at_again_and_keeps_its_date(
    any_database: Database, now: datetime
) -> None:
    feed_id = await add_feed(any_database, now)
    first, second = (NewArticle("a", None, title, "", now, False, title) for title in ("One", "Two"))
    async with any_database.write() as session:
        [new] = await articles.add(session, feed_id, [first], now=now)
        await articles.set_body(session, new.id, "The page of One")
        await articles.finish_unwanted(session, {new.id: "id"})
        assert await articles.store(session, {feed_id: [first]}, now=now) == ([], 0)
    [row] = await all_articles(any_database)
    assert (row.state, row.changed_at) == (ArticleState.READY, None)
    later = replace(second, published_at=now + timedelta(hours=1))
    async with any_database.write() as session:
        stored = await articles.store(session, {feed_id: [later]}, now=now + timedelta(hours=2))
    assert stored == ([], 1)
    [row] = await all_articles(any_database)
    assert (row.title, row.body, row.state, row.backlog) == ("Two", None, ArticleState.NEW, False)
    assert (row.published_at, row.changed_at) == (now, now + timedelta(hours=2))


async def test_a_rewritten_article_of_last_week_wakes_nobody(any_database: Database, now: datetime) -> None:
    feed_id = await add_feed(any_database, now)
    async with any_database.write() as session:
        [new] = await articles.add(
            session, feed_id, [NewArticle("a", None, "One", "", now, False, "1")], now=now
        )
        await articles.finish_unwanted(session, {new.id: "id"})
        rewritten = NewArticle("a", None, "Two", "", now, False, "2")
        await articles.store(session, {feed_id: [rewritten]}, now=now + timedelta(days=7))
    [row] = await all_articles(any_database)
    assert (row.state, row.backlog) == (ArticleState.NEW, True)


async def test_a_wanted_article_with_a_new_title_is_translated_anew_and_one_with_a_new_summary_is_not(
    any_database: Database, now: datetime
) -> None:
    ids = await add_articles(any_database, now, count=1)
    await make_ready(any_database, ids[0], now, key="k")
    async with any_database.write() as session:
        await articles.set_english(session, ids[0], ENGLISH, search_keys="")
        feed_id = (await all_articles(any_database))[0].feed_id
    versions = [("Judul 0", "", "1"), ("Judul 0", "Isi", "2"), ("Judul lain", "Isi", "3")]
    states = []
    for title, summary, content_hash in versions:
        item = NewArticle("i0", None, title, summary, now, False, content_hash)
        async with any_database.write() as session:
            await articles.store(session, {feed_id: [item]}, now=now)
        [row] = await all_articles(any_database)
        states.append((row.state, row.translation, row.summary))
    assert states == [
        (ArticleState.READY, TranslationState.DONE, ""),
        (ArticleState.READY, TranslationState.DONE, "Isi"),
        (ArticleState.READY, TranslationState.PENDING, "Isi"),
    ]


async def test_two_feeds_may_have_an_item_of_the_same_name(any_database: Database, now: datetime) -> None:
    one, two = [await add_feed(any_database, now, f"http://{name}/") for name in "xy"]
    async with any_database.write() as session:
        assert len(await articles.add(session, one, [item("a")], now=now)) == 1
        assert len(await articles.add(session, two, [item("a")], now=now)) == 1


async def test_two_workers_with_the_same_items_at_once_store_each_once(
    any_database: Database, now: datetime
) -> None:
    feed_id = await add_feed(any_database, now)
    items = [item(f"i{number}") for number in range(100)]

    async def store() -> int:
        async with any_database.write() as session:
            return len(await articles.add(session, feed_id, items, now=now))

    assert sum(await asyncio.gather(*(store() for _ in range(4)))) == 100
    assert len(await all_articles(any_database)) == 100


async def test_more_items_than_one_statement_takes_are_stored_in_order(
    database: Database, now: datetime
) -> None:
    feed_id = await add_feed(database, now)
    items = [item(f"i{number}") for number in range(1203)]
    async with database.write() as session:
        assert len(await articles.add(session, feed_id, items, now=now)) == 1203
    assert [row.identity for row in await all_articles(database)] == [one.identity for one in items]


async def test_new_articles_are_claimed_oldest_first_and_count_their_attempts(
    any_database: Database, now: datetime
) -> None:
    ids = await add_articles(any_database, now, count=3)
    for attempt in (1, 2):
        async with any_database.write() as session:
            at = now + timedelta(minutes=5 * attempt)
            claimed = await articles.claim_new(session, now=at, limit=2, owner="w", lease_s=60)
            assert [row.id for row in claimed] == ids[:2]
            assert {row.attempts for row in claimed} == {attempt}


async def test_an_unwanted_article_is_ready_and_neither_translated_nor_searched(
    any_database: Database, now: datetime
) -> None:
    one, two, _ = await add_articles(any_database, now, count=3)
    async with any_database.write() as session:
        await articles.finish_unwanted(session, {one: "id", two: "ru"})
        await articles.finish_unwanted(session, {})
    rows = await all_articles(any_database)
    assert [row.state for row in rows] == [ArticleState.READY, ArticleState.READY, ArticleState.NEW]
    assert [row.language for row in rows] == ["id", "ru", None]
    assert [row.translation for row in rows[:2]] == [TranslationState.NOT_NEEDED] * 2
    assert [row.wanted for row in rows] == [False, False, None]


async def test_a_late_translation_is_tried_when_due_until_it_comes(
    any_database: Database, now: datetime
) -> None:
    [article_id] = await add_articles(any_database, now, count=1)
    await make_ready(any_database, article_id, now, key="k")

    async def claim(at: datetime) -> list[int]:
        async with any_database.write() as session:
            due = [one.id for one in await articles.untranslated(session, now=at, limit=9)]
            rows = await articles.claim_untranslated(session, due, now=at, owner="w", lease_s=60)
            assert [row.id for row in rows] == due
            return due

    later = now + timedelta(minutes=1)
    assert await claim(now) == [article_id]
    async with any_database.write() as session:
        await articles.postpone_translation(session, article_id, later)
    assert await claim(now) == []
    assert await claim(later) == [article_id]
    async with any_database.write() as session:
        await articles.set_english(session, article_id, ENGLISH, search_keys="nikel nickel")
    assert await claim(later + timedelta(days=1)) == []
    [row] = await all_articles(any_database)
    assert (row.english_title, row.translator, row.translation) == ("Nickel export", "libre", "done")
    assert (row.translate_attempts, row.search_keys) == (1, "nikel nickel")


async def test_a_translation_that_was_given_up_is_not_tried_again(database: Database, now: datetime) -> None:
    [article_id] = await add_articles(database, now, count=1)
    await make_ready(database, article_id, now, key="k")
    async with database.write() as session:
        await articles.postpone_translation(session, article_id, None)
    async with database.write() as session:
        at = now + timedelta(days=9)
        assert await articles.untranslated(session, now=at, limit=9) == []


async def test_a_query_matches_an_article_once(any_database: Database, now: datetime) -> None:
    [article_id] = await add_articles(any_database, now, count=1)
    async with any_database.write() as session:
        one, two = [await ensure_query(session, text, now=now) for text in ("nickel", "ban")]
        assert await articles.add_matches(session, article_id, {one: []}, now=now) == {one}
        assert await articles.add_matches(session, article_id, {one: [], two: []}, now=now) == {two}
        assert await articles.add_matches(session, article_id, {}, now=now) == set()


async def test_unwanted_articles_are_emptied_after_a_while_but_never_forgotten(
    any_database: Database, now: datetime
) -> None:
    feed_id = await add_feed(any_database, now)
    items = [item("old", "Old", "text"), item("untitled", "", "text"), item("kept", "Kept")]
    async with any_database.write() as session:
        rows = await articles.add(session, feed_id, items, now=now)
        by_identity = {row.identity: row.id for row in rows}
        [young] = await articles.add(session, feed_id, [item("young")], now=now + timedelta(days=7))
        await articles.add(session, feed_id, [item("unread")], now=now)
    await make_ready(any_database, by_identity["kept"], now, key="k")
    unwanted = dict.fromkeys([by_identity["old"], by_identity["untitled"], young.id], "id")
    async with any_database.write() as session:
        await articles.set_body(session, by_identity["old"], "A page")
        await articles.finish_unwanted(session, unwanted)
        before = now + timedelta(days=1)
        assert await articles.forget_unwanted(session, before=before) == 2
        assert await articles.forget_unwanted(session, before=before) == 0
        assert await articles.add(session, feed_id, items, now=before) == []
    left = {row.identity: (row.title, row.summary) for row in await all_articles(any_database)}
    assert {row.body for row in await all_articles(any_database)} == {None}
    assert left == {
        "old": ("", ""),
        "untitled": ("", ""),
        "kept": ("Kept", ""),
        "young": ("Judul", ""),
        "unread": ("Judul", ""),
    }


async def test_an_article_whose_page_was_read_can_be_taken_again_at_once(
    any_database: Database, now: datetime
) -> None:
    feed_id = await add_feed(any_database, now)
    async with any_database.write() as session:
        await articles.add(session, feed_id, [item("a")], now=now)
    for body in (None, "A page"):
        async with any_database.write() as session:
            [claimed] = await articles.claim_new(session, now=now, limit=9, owner="w", lease_s=60)
            assert (claimed.body, claimed.attempts) == (body, 1)
            assert await articles.claim_new(session, now=now, limit=9, owner="v", lease_s=60) == []
            await articles.set_body(session, claimed.id, "A page")


async def test_what_was_read_is_paged_from_the_newest_and_counted(
    any_database: Database, now: datetime
) -> None:
    feed_id = await add_feed(any_database, now)
    for days in (9, 2, 1):
        async with any_database.write() as session:
            rows = [item(f"{days}-{number}") for number in range(3)]
            added = await articles.add(session, feed_id, rows, now=now - timedelta(days=days))
            if days != 1:  # the newest have not been looked at
                await articles.finish_unwanted(session, {row.id: "id" for row in added})
    async with any_database.read() as session:
        assert await articles.count_read(session, since=now - timedelta(days=7)) == 3
        first = await articles.read_before(session, None, limit=4)
        rest = await articles.read_before(session, first[-1][0].id, limit=4)
    identities = [article.identity for article, _ in [*first, *rest]]
    assert identities == ["2-2", "2-1", "2-0", "9-2", "9-1", "9-0"]
    assert first[0][1].name == "Kabar"


async def test_known_items_are_found_by_an_index_however_large_the_archive(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/plan.db")
    await database.upgrade()
    asked: list[tuple[str, Any]] = []
    async with database.read() as session:
        connection = await session.connection()

        @event.listens_for(connection.sync_connection, "before_cursor_execute")
        def _note(_c: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
            asked.append((statement, parameters))

        await articles.find_known(session, {1: (["a", "b"], ["c"]), 2: (["d"], [])})
        lookups = list(asked)
        plans = [
            str((await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values)).all())
            for sql, values in lookups
        ]
    await database.close()
    assert len(plans) == 2
    for plan in plans:
        assert "SEARCH articles USING" in plan
        assert "SCAN articles" not in plan
