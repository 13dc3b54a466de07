"""Feeds are added to feeds.yaml without a letter of the rest being touched."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.feeds.catalog import Catalog, FeedSpec, load_catalog
from bot.feeds.catalog_text import CatalogTextError, with_feeds

ROOT = Path(__file__).parents[2]
NEW = FeedSpec("https://baru.example/rss?a=1#b", "Baru: «Nikel»", "id", "ID", "trade", ("mining", "a: b"))
WRITTEN = """\
  - url: "https://baru.example/rss?a=1#b"
    name: "Baru: «Nikel»"
    language: id
    country: ID
    tier: trade
    tags: [mining, "a: b"]
"""


def load(folder: Path, text: str) -> Catalog:
    file = folder / "feeds.yaml"
    file.write_bytes(text.encode())
    return load_catalog(file)


def kept(before: str, after: str) -> bool:
    """Whether all lines of the one stand in the other, in their order."""
    lines = iter(after.splitlines())
    return all(line in lines for line in before.splitlines())


OLD = "{url: 'http://a.example/', name: A, language: ru, tier: state}"
BLOCK = """\
# mine
feeds:   # all
  - url: http://a.example/   # the first
    name: A
    language: ru
    tier: state  # is it?
  # the end of the list

# what for
watch:
  concepts: [nickel]
"""
TEXTS = {
    "": "",
    "block": BLOCK,
    "no line end": BLOCK.removesuffix("\n"),
    "windows": BLOCK.replace("\n", "\r\n"),
    "byte order mark": "\ufeff" + BLOCK,
    "last in the file": f"watch:\n  concepts: [nickel]\nfeeds:\n  - {OLD}  # one",
    "not indented": f"feeds:\n- {OLD}\nwatch:\n  concepts: [nickel]\n",
    "empty": "feeds:   # none yet\nwatch:\n  concepts: [nickel]\n",
    "folded last value": "feeds:\n  - {0}\n    tier: state\n    name: >\n      A\n\n      B\n".replace(
        "{0}", "url: http://a.example/\n    language: ru"
    ),
    "quoted over lines": f"feeds:\n  - {OLD[:-1]}, tags: [a,\n   b]}}\n\n\n# end\n",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_all_that_was_there_is_there_and_the_feed_is_last(tmp_path: Path, text: str) -> None:
    before = load(tmp_path, text) if text else Catalog((), load(tmp_path, "feeds:\n").watch, ())
    after = with_feeds(text, [NEW], file="feeds.yaml", remark="from elsewhere")
    assert kept(text, after)
    assert load(tmp_path, after) == Catalog((*before.feeds, NEW), before.watch, ())
    assert ("\r\n" in after) is ("\r\n" in text)
    assert after.count("\n") == after.replace("\r\n", "\n").count("\n")


def test_feeds_are_written_as_a_person_would(tmp_path: Path) -> None:
    after = with_feeds(BLOCK, [NEW], file="feeds.yaml")
    assert after == BLOCK.replace("# is it?\n", f"# is it?\n\n{WRITTEN}")


def test_the_list_that_comes_with_the_program_can_be_added_to(tmp_path: Path) -> None:
    text = (ROOT / "feeds.yaml").read_text(encoding="utf-8")
    after = with_feeds(text, [NEW, NEW], file="feeds.yaml")
    assert kept(text, after)
    catalog = load(tmp_path, after)
    assert catalog.feeds == (*load_catalog(ROOT / "feeds.yaml").feeds, NEW)
    assert len(catalog.problems) == 1  # it stands there twice


@pytest.mark.parametrize("text", [f"feeds: [{OLD}]", "{feeds: []}", "watch:\n"])
def test_a_list_between_brackets_is_refused_with_what_to_do(text: str) -> None:
    with pytest.raises(CatalogTextError) as caught:
        with_feeds(text, [NEW], file="feeds.yaml")
    assert "one below the other" in str(caught.value)


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20))
def test_any_name_comes_back_as_it_was(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    name = " ".join(name.split()) or "x"
    feed = FeedSpec("https://a.example/", name, "id", "", "trade", (name,))
    catalog = load(tmp_path_factory.mktemp("names"), with_feeds("", [feed], file="x"))
    assert catalog.problems == ()
    assert catalog.feeds == (feed,)
