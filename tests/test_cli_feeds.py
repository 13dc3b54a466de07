"""The commands about the list of feeds: list, add, remove, import, export."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.demo.world import DemoWorld
from bot.feeds.catalog import load_catalog
from bot.feeds.opml import read_opml
from tests.test_cli import feed, rows, run, run_beside, where, write_feeds

__all__ = ["where"]  # the fixture

OPML = """<opml version="2.0"><body><outline text="Nikel">
<outline text="Kabar" language="id" xmlUrl="http://a.example/rss"/>
<outline text="Baru" language="in-ID" xmlUrl="https://baru.example/rss" category="/harga/logam"/>
<outline text="Baru lagi" language="id" xmlUrl="https://BARU.example:443/rss"/>
<outline text="Rusak" xmlUrl="baru.example"/>
</outline></body></opml>"""


@pytest.fixture
def lists(where: Path) -> tuple[str, str]:
    """An OPML file, and a feeds file."""
    (where / "subs.opml").write_text(OPML, encoding="utf-8")
    return "subs.opml", write_feeds(where, [feed("http://a.example/rss")])


def test_an_import_adds_what_is_new_and_counts_the_rest(lists: tuple[str, str]) -> None:
    opml, file = lists
    before = Path(file).read_text(encoding="utf-8")
    result = run("feeds", "import", opml, "--tier", "agency", RAREWATCH_FEEDS=file)
    assert result.exit_code == 1  # one could not be taken
    assert "1 added" in result.stdout
    assert "2 there already, 1 skipped" in result.stdout
    assert "Rusak: line 5" in result.stderr
    after = Path(file).read_text(encoding="utf-8")
    assert set(before.splitlines()) <= set(after.splitlines())
    assert "# From subs.opml, " in after
    new = load_catalog(Path(file)).feeds[-1]
    assert (new.url, new.name, new.language, new.tier) == (
        "https://baru.example/rss",
        "Baru",
        "id",
        "agency",
    )
    assert new.tags == ("Nikel", "harga", "logam")
    again = run("feeds", "import", opml, "--json", RAREWATCH_FEEDS=file)
    assert [row["state"] for row in rows(again)] == ["known", "known", "known", "skipped"]
    assert Path(file).read_text(encoding="utf-8") == after


def test_a_dry_run_changes_nothing(lists: tuple[str, str]) -> None:
    opml, file = lists
    before = Path(file).read_bytes()
    result = run("feeds", "import", opml, "--dry-run", RAREWATCH_FEEDS=file)
    assert "+ Baru (id) https://baru.example/rss" in result.stdout
    assert "1 would be added" in result.stdout
    assert Path(file).read_bytes() == before


def test_a_feeds_file_is_made_where_there_was_none(lists: tuple[str, str], where: Path) -> None:
    result = run("feeds", "import", lists[0], "--language", "en", RAREWATCH_FEEDS="new.yaml")
    assert "2 added to new.yaml" in result.stdout
    assert [one.language for one in load_catalog(where / "new.yaml").feeds] == ["en", "en"]


def test_what_can_not_be_imported_is_told_with_what_to_do(lists: tuple[str, str], where: Path) -> None:
    opml, file = lists
    (where / "bad.opml").write_text("<opml><body>\n<outline>\n</opml>")
    broken = run("feeds", "import", "bad.opml", RAREWATCH_FEEDS=file)
    assert broken.exit_code == 1
    assert "bad.opml, line 3" in broken.stderr
    assert run("feeds", "import", "none.opml", RAREWATCH_FEEDS=file).exit_code == 1
    ours = run("feeds", "import", opml)  # no file of the operator's own
    assert ours.exit_code == 1
    assert "cp " in ours.stderr
    for option in (("--language", "xx"), ("--tier", "best")):
        assert run("feeds", "import", opml, *option, RAREWATCH_FEEDS=file).exit_code == 2
    (where / "flow.yaml").write_text(
        "feeds: [{url: 'http://b.example/', name: B, language: id, tier: state}]"
    )
    flow = run("feeds", "import", opml, RAREWATCH_FEEDS="flow.yaml")
    assert flow.exit_code == 1
    assert "one below the other" in flow.stderr
    assert not [one for one in where.iterdir() if one.name.startswith(".")]


async def test_languages_that_nobody_says_are_found_out_by_reading(where: Path) -> None:
    async with DemoWorld(now=datetime.now(UTC)) as world:
        outlines = "".join(f'<outline text="{one.name}" xmlUrl="{one.url}"/>' for one in world.feeds)
        dead = f'<outline text="Mati" xmlUrl="{world.feeds[0].url}.not"/>'
        (where / "subs.opml").write_text(f"<opml><body>{outlines}{dead}</body></opml>", encoding="utf-8")
        result = await run_beside("feeds", "import", "subs.opml", "--json", RAREWATCH_FEEDS="new.yaml")
        assert result.exit_code == 1
        found = rows(result)
        assert [row["language"] for row in found[:-1]] == [one.language for one in world.feeds]
        assert found[-1]["state"] == "skipped"
        assert "404" in found[-1]["reason"]
        assert len(load_catalog(where / "new.yaml").feeds) == len(world.feeds)


async def test_a_feed_is_added_listed_exported_and_removed(where: Path) -> None:
    file = write_feeds(where, [feed("http://a.example/rss")])
    async with DemoWorld(now=datetime.now(UTC)) as world:
        one = world.feeds[0]
        settings = {"RAREWATCH_FEEDS": file, "DATABASE_URL": "sqlite:///test.db"}
        added = await run_beside("feeds", "add", one.url, "--country", "id", **settings)
        assert added.exit_code == 0
        assert f"({one.language})" in added.stdout
        again = await run_beside("feeds", "add", one.url, **settings)
        assert again.exit_code == 1
        assert "read already" in again.stderr
        missing = await run_beside("feeds", "add", f"{one.url}.not", **settings)
        assert missing.exit_code == 1
        assert "404" in missing.stderr
    listed = rows(await run_beside("feeds", "list", "--json", **settings))
    assert [(row["url"], row["from"]) for row in listed] == [
        ("http://a.example/rss", "feeds.yaml"),
        (one.url, "added"),
    ]
    assert (listed[1]["country"], listed[1]["state"]) == ("ID", "new")
    assert listed[1]["next_poll"] is not None
    assert one.url in (await run_beside("feeds", "list", **settings)).stdout
    exported = await run_beside("feeds", "export", **settings)
    assert [each.url for each in read_opml(exported.stdout.encode(), name="x")] == [
        "http://a.example/rss",
        one.url,
    ]
    assert (await run_beside("feeds", "remove", one.url, **settings)).exit_code == 0
    assert len(rows(await run_beside("feeds", "list", "--json", **settings))) == 1
    gone = await run_beside("feeds", "remove", one.url, **settings)
    assert gone.exit_code == 1
    assert "no such feed" in gone.stderr


def test_an_address_with_a_password_is_exported_only_when_asked_for(where: Path) -> None:
    file = write_feeds(where, [feed("http://u:geheim@a.example/rss"), feed("http://b.example/rss")])
    plain = run("feeds", "export", "out.opml", RAREWATCH_FEEDS=file)
    assert plain.exit_code == 0
    assert "1 left out" in plain.stderr
    assert "geheim" not in (where / "out.opml").read_text() + plain.stderr
    assert "geheim" in run("feeds", "export", "--with-secrets", RAREWATCH_FEEDS=file).stdout


def test_check_says_what_is_wrong_with_a_feed(where: Path) -> None:
    (where / "quiet.xml").write_text(
        "<rss version='2.0'><channel><title>Kabar</title><item><title>Harga nikel naik</title>"
        "<guid>1</guid></item><item><title>Harga timah turun</title><guid>1</guid></item></channel></rss>"
    )
    result = run("feeds", "check", "quiet.xml")
    assert result.exit_code == 0
    assert "quiet.xml: 2 entries" in result.stdout
    assert "! No entry has a date that can be read." in result.stdout
    assert "! All entries have the same guid." in result.stdout
