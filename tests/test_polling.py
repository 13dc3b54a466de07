"""Polling by hand: each feed once, through the road; or a look at addresses and files that keeps nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import select

from bot.demo.world import DemoWorld
from bot.inspection import MAX_FILE_BYTES
from bot.polling import poll_feeds, poll_targets
from bot.polls import PollOutcome
from bot.settings import Settings, load_settings
from storage.database import Database
from storage.models import Article, ArticleState
from tests.test_cli import RSS


def settings(folder: Path, world: DemoWorld, *more_urls: str) -> Settings:
    urls = [feed.url for feed in world.feeds] + list(more_urls)
    feeds = [
        {"url": url, "name": f"Feed {number}", "language": "id", "country": "ID", "tier": "trade"}
        for number, url in enumerate(urls)
    ]
    document = {"feeds": feeds, "watch": {"concepts": ["nickel", "rare_earths"]}}
    (folder / "feeds.yaml").write_text(yaml.safe_dump(document))
    return load_settings(
        {
            "DATABASE_URL": f"sqlite:///{folder}/test.db",
            "RAREWATCH_FEEDS": str(folder / "feeds.yaml"),
            "RAREWATCH_PRIVATE_FEEDS": "1",
            "RAREWATCH_TRANSLATORS": "libre",
            "RAREWATCH_LIBRETRANSLATE_URL": world.translator_url,
        },
        env_file=folder / "none",
    )


async def once(given: Settings) -> list[tuple[int, int, PollOutcome]]:
    return [step async for step in poll_feeds(given, once=True)]


async def test_each_feed_is_polled_once_and_what_is_new_goes_all_the_way(tmp_path: Path) -> None:
    async with DemoWorld(now=datetime.now(UTC)) as world:
        given = settings(tmp_path, world, f"{world.feeds[0].url}.gone")
        count = len(world.feeds) + 1
        steps = await once(given)
        assert [done for done, _, _ in steps] == list(range(1, count + 1))
        assert {total for _, total, _ in steps} == {count}
        outcomes = {outcome.url: outcome for _, _, outcome in steps}
        assert len(outcomes) == count
        failed = [outcome for outcome in outcomes.values() if outcome.error is not None]
        assert [outcome.url for outcome in failed] == [f"{world.feeds[0].url}.gone"]
        # The second time each is asked again, though none is due, and has nothing new.
        steps = await once(given)
        assert len(steps) == count
        assert sum(outcome.unchanged for _, _, outcome in steps) == count - 1
        assert world.requests.polls == 2 * (count - 1)
    database = Database(given.database_url.get_secret_value())
    async with database.read() as session:
        articles = list(await session.scalars(select(Article)))
    await database.close()
    assert sum(outcome.new for outcome in outcomes.values()) == len(articles) > 0
    assert {article.state for article in articles} == {ArticleState.READY}
    assert any(article.english_title for article in articles)
    assert all(article.lease_owner is None for article in articles)


async def test_no_feeds_are_no_work(tmp_path: Path) -> None:
    async with DemoWorld(now=datetime.now(UTC)) as world:
        given = settings(tmp_path, world)
    (tmp_path / "feeds.yaml").write_text("feeds: []\n")
    assert await once(given) == []


async def look(*targets: str) -> dict[str, tuple[list[dict[str, Any]], str | None]]:
    given = load_settings({"RAREWATCH_PRIVATE_FEEDS": "1"}, env_file=Path("/no/such"))
    return {target: (rows, error) async for target, rows, error in poll_targets(given, targets)}


async def test_files_and_addresses_are_read_in_their_order_and_one_bad_one_stops_no_other(
    tmp_path: Path,
) -> None:
    feed, page, big = (tmp_path / name for name in ("kabar.xml", "page.html", "big.xml"))
    feed.write_text(RSS, encoding="utf-8")
    page.write_text("<html><body>nothing</body></html>")
    with big.open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)
    async with DemoWorld(now=datetime.now(UTC)) as world:
        url = world.feeds[0].url.replace("http://", "HTTP://")
        targets = [str(page), str(tmp_path), str(tmp_path / "none"), str(big), str(feed), url]
        found = await look(*targets)
    assert list(found) == targets
    errors = [error or "" for _, error in found.values()]
    assert "directory" in errors[1]
    assert "no such file" in errors[2]
    assert "larger than 10 MB" in errors[3]
    for target, error in zip(targets[:4], errors, strict=False):
        assert target in error
    assert errors[4:] == ["", ""]
    assert [row["guid"] for row in found[str(feed)][0]] == ["k1", "k2"]
    assert {row["feed"] for row in found[url][0]} == {url}


@pytest.mark.parametrize("target", ["http://127.0.0.1:1/rss", "file:///etc/passwd", "ftp://a.example/", ""])
async def test_what_is_neither_a_feed_nor_a_file_is_an_error_and_no_fault(target: str) -> None:
    [(rows, error)] = (await look(target)).values()
    assert rows == []
    assert error
