"""What is joined when the program starts: the operator's own concepts and the chats he lets in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import SecretStr
from sqlalchemy import select

from bot.app import Parts, open_parts, sync_allowed, sync_catalog
from bot.doctor import Finding, examine
from bot.feeds.catalog import Catalog, FeedSpec, Watch
from bot.language.concepts import Concepts, ConceptsError
from bot.settings import Settings
from storage import articles, chats, feeds, subscriptions
from storage.chats import Admission, ChatKey
from storage.database import Database
from storage.models import Alert, AlertState, Article, Query
from tests.storage.rows import add_chat, add_feed, ready_alert

COBALT = {
    "name": "Cobalt from the sea",
    "group": "mining and processing",
    "terms": {"en": ["cobalt nodule"], "id": ["nodul kobalt"], "ru": ["кобальтовая конкреция"]},
}


def written(folder: Path, **document: Any) -> Settings:
    """Settings with a feeds file of this content and a database of its own."""
    file = folder / "feeds.yaml"
    file.write_text(yaml.safe_dump({"feeds": [], **document}, allow_unicode=True), encoding="utf-8")
    return Settings(
        feeds=file, database_url=SecretStr(f"sqlite:///{folder}/test.db"), translators=("google",)
    )


@asynccontextmanager
async def opened(settings: Settings, now: datetime) -> AsyncIterator[Parts]:
    async with open_parts(settings, clock=lambda: now) as parts:
        yield parts


async def test_a_concept_of_the_operators_own_is_watched_for_and_found(tmp_path: Path, now: datetime) -> None:
    settings = written(tmp_path, concepts={"cobalt_sea": COBALT}, watch={"concepts": ["cobalt_sea"]})
    async with opened(settings, now) as parts:
        assert "cobalt_sea" in parts.concepts.ids
        async with parts.database.write() as session:
            watched = await session.scalars(select(Query.canonical).where(Query.watched))
            assert list(watched) == ["#cobalt_sea"]
        feed_id = await add_feed(parts.database, now)
        titles = ["Nodules of cobalt: first cobalt nodule lifted from the seabed", "A match ends in a draw"]
        new = [articles.NewArticle(title, None, title, "", now, backlog=False) for title in titles]
        async with parts.database.write() as session:
            await articles.add(session, feed_id, new, now=now)
        await parts.pipeline.process_new()
        async with parts.database.read() as session:
            wanted = await session.scalars(select(Article.title).where(Article.wanted.is_(True)))
            assert list(wanted) == titles[:1]


async def test_a_concept_that_can_not_be_read_stops_the_start_with_its_name(
    tmp_path: Path, now: datetime
) -> None:
    settings = written(tmp_path, concepts={"cobalt_sea": {**COBALT, "terms": {"xx": ["?"]}}})
    with pytest.raises(ConceptsError, match="cobalt_sea"):
        async with opened(settings, now):
            pass


async def test_the_doctor_knows_the_operators_concepts_and_what_is_wrong_with_them(tmp_path: Path) -> None:
    async def about_feeds_file(settings: Settings) -> list[Finding]:
        """The doctor's first words, before it asks anybody on the network."""
        found = []
        async for finding in examine(settings):
            if finding.subject == "database":
                break
            found.append(finding)
        return [finding for finding in found if finding.subject == "feeds file"]

    good = written(tmp_path, concepts={"cobalt_sea": COBALT}, watch={"concepts": ["cobalt_sea"]})
    assert [finding.ok for finding in await about_feeds_file(good)] == [True]
    unknown = written(tmp_path, watch={"concepts": ["cobalt_sea"]})
    [first, *_] = await about_feeds_file(unknown)
    assert first.ok is False
    assert "cobalt_sea" in first.text
    broken = written(tmp_path, concepts={"cobalt_sea": {"nonsense": 1}})
    [only] = await about_feeds_file(broken)
    assert only.ok is False
    assert "cobalt_sea" in only.text


async def test_a_chat_that_is_not_allowed_any_more_gets_nothing_and_keeps_its_settings(
    tmp_path: Path, now: datetime
) -> None:
    settings = written(tmp_path)
    async with opened(settings, now) as parts:
        database = parts.database
        await add_chat(database, now, 100)
        out, terminal = (
            await add_chat(database, now, 200),
            await add_chat(database, now, 1, platform="console"),
        )
        await ready_alert(database, now, 1, [out.id, terminal.id])
        assert await sync_allowed(parts) == Admission(0, 0, 0)  # none named: everyone

    async with opened(settings.model_copy(update={"allowed_chats": (100,)}), now) as parts:
        assert await sync_allowed(parts) == Admission(closed=1, opened=0, dropped=1)
        assert await sync_allowed(parts) == Admission(0, 0, 0)
        async with parts.database.read() as session:
            [query] = [row for row in await session.scalars(select(Query)) if row.canonical == "nickel"]
            readers = {one.chat_id for one in await subscriptions.subscribers(session, [query.id])}
            assert out.id not in readers
            assert terminal.id in readers
            assert len(await subscriptions.of_chat(session, out.id)) == 1
            states = {alert.chat_id: alert.state for alert in await session.scalars(select(Alert))}
            assert states == {out.id: AlertState.DROPPED, terminal.id: AlertState.PENDING}
            assert await chats.with_digest(session, ["telegram"]) == []

    async with opened(settings.model_copy(update={"allowed_chats": (100, 200)}), now) as parts:
        assert await sync_allowed(parts) == Admission(closed=0, opened=1, dropped=0)
        async with parts.database.read() as session:
            assert {one.chat_id for one in await subscriptions.subscribers(session, [query.id])} > {out.id}


async def test_a_chat_that_removed_the_bot_is_not_let_in_again_by_a_list(
    tmp_path: Path, now: datetime
) -> None:
    async with opened(written(tmp_path), now) as parts:
        gone = await add_chat(parts.database, now, 300)
        async with parts.database.write() as session:
            await chats.mark_gone(session, gone.id)
        await sync_allowed(parts)
        async with parts.database.read() as session:
            found = await chats.find(session, ChatKey("telegram", 300))
            assert found is not None
            assert found.state == "gone"


async def test_how_an_outlet_wants_to_be_asked_comes_into_the_database(
    database: Database, now: datetime
) -> None:
    spec = FeedSpec(
        "https://kabar.example/rss",
        "Kabar",
        "id",
        "ID",
        "trade",
        user_agent="Mozilla/5.0 (X11)",
        fallback="https://news.example/rss",
        full_text=True,
    )
    await sync_catalog(database, Catalog((spec,), Watch(), ()), Concepts.load(), now=now)
    async with database.read() as session:
        [feed] = await feeds.enabled(session)
    assert (feed.user_agent, feed.fallback, feed.full_text) == (spec.user_agent, spec.fallback, True)
