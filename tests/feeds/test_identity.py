"""Which entry is which article, in one document and from poll to poll."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.feeds.entry import Entry
from bot.feeds.identity import KnownItems, Marks, identify, recognised
from bot.feeds.parse import parse_document

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def item(number: int | str, *, guid: str = "", title: str = "", link: str = "") -> str:
    return (
        f"<item><guid isPermaLink='false'>{guid or f'g{number}'}</guid>"
        f"<title>{title or f'Berita nomor {number}'}</title>"
        f"<link>{link or f'https://kabar.example/{number}'}</link></item>"
    )


def entries(*items: str) -> tuple[Entry, ...]:
    body = f"<rss version='2.0'><channel><title>Kabar</title>{''.join(items)}</channel></rss>".encode()
    return parse_document(body, url="https://kabar.example/rss", content_type=None, now=NOW).entries


@dataclass
class Archive:
    """What storage keeps of a feed."""

    stored: dict[str, Entry] = field(default_factory=dict)

    def known(self) -> KnownItems:
        return KnownItems(
            identities=frozenset(self.stored),
            by_link={entry.link_key: identity for identity, entry in self.stored.items() if entry.link_key},
            by_title={entry.title_key: identity for identity, entry in self.stored.items()},
        )

    def poll(self, found: Iterable[Entry]) -> list[str]:
        """Stores what is new, and gives its titles."""
        new = [entry for entry in recognised(tuple(found), self.known()) if entry.identity not in self.stored]
        self.stored.update({entry.identity: entry for entry in new})
        return [entry.title for entry in new]


def test_a_feed_that_changes_all_its_guids_at_every_poll_brings_only_what_is_new() -> None:
    archive = Archive()
    assert len(archive.poll(entries(*(item(n, guid=f"a{n}") for n in range(5))))) == 5
    assert archive.poll(entries(*(item(n, guid=f"b{n}") for n in range(1, 6)))) == ["Berita nomor 5"]
    assert archive.poll(entries(*(item(n, guid=f"c{n}") for n in range(2, 7)))) == ["Berita nomor 6"]


def test_new_guids_and_new_titles_are_the_same_articles_by_their_links() -> None:
    archive = Archive()
    archive.poll(entries(*(item(n, guid=f"a{n}") for n in range(5))))
    assert archive.poll(entries(*(item(n, guid=f"b{n}", title=f"Baru {n}") for n in range(5)))) == []


def test_new_guids_and_new_links_are_the_same_articles_by_their_titles() -> None:
    archive = Archive()
    archive.poll(entries(*(item(n, guid=f"a{n}") for n in range(5))))
    moved = entries(*(item(n, guid=f"b{n}", link=f"https://baru.example/{n}") for n in range(5)))
    assert archive.poll(moved) == []


def test_a_wholly_new_window_of_a_fast_feed_is_new() -> None:
    archive = Archive()
    archive.poll(entries(*(item(n) for n in range(5))))
    assert len(archive.poll(entries(*(item(n) for n in range(5, 10))))) == 5


def test_one_item_with_a_new_guid_but_its_old_link_and_title_is_the_old_article() -> None:
    archive = Archive()
    archive.poll(entries(item(1), item(2)))
    assert archive.poll(entries(item(1, guid="lain"), item(2))) == []


def test_one_item_with_a_new_guid_and_a_new_title_is_a_new_article() -> None:
    archive = Archive()
    archive.poll(entries(item(1), item(2)))
    again = entries(item(1, guid="lain", title="Laporan harian 2"), item(2))
    assert archive.poll(again) == ["Laporan harian 2"]


def test_two_items_never_get_the_same_identity_back() -> None:
    first = entries(*(item(n, guid=f"a{n}", title="Laporan harian") for n in range(3)))
    archive = Archive()
    archive.poll(first)
    later = entries(
        *(item(n, guid=f"b{n}", title="Laporan harian", link="https://k.example/x") for n in range(3))
    )
    found = recognised(later, archive.known())
    assert len({entry.identity for entry in found}) == len(found)


def test_an_edited_item_keeps_its_identity_and_shows_that_it_was_edited() -> None:
    (before,) = entries(item(1))
    (after,) = entries(item(1, title="Berita nomor 1 (diperbarui)"))
    assert before.identity == after.identity
    assert before.content_hash != after.content_hash
    assert len(before.content_hash) == 16
    assert before.content_hash == entries(item(1))[0].content_hash


@pytest.mark.parametrize(
    ("guid", "link"),
    [
        ("https://kabar.example/a#0", "https://kabar.example/a?at_medium=RSS"),
        ("https://kabar.example/a#17", "https://kabar.example/a"),
        ("http://kabar.example/a?utm_source=rss", "https://kabar.example/b"),
    ],
    ids=["first edition", "later edition", "tracking in a guid"],
)
def test_a_guid_that_is_an_address_is_known_without_its_edition_and_tracking(guid: str, link: str) -> None:
    ((identity, _),) = identify([Marks(guid, link, "")])
    assert identity == identify([Marks("https://kabar.example/a", "", "")])[0][0]


def test_chapters_of_one_page_are_several_articles() -> None:
    page = [item(n, guid=f"https://k.example/log#{n}", link=f"https://k.example/log#{n}") for n in range(3)]
    assert len(entries(*page)) == 3


def test_one_guid_on_some_different_articles_tells_nothing_about_these() -> None:
    found = entries(item(1, guid="x"), item(2, guid="x"), item(3))
    assert [entry.title for entry in found] == ["Berita nomor 1", "Berita nomor 2", "Berita nomor 3"]


def test_one_guid_on_an_article_and_its_correction_is_one_article() -> None:
    same = "https://kabar.example/1"
    assert len(entries(item(1, guid="x", link=same), item(2, guid="x", link=same), item(3))) == 2


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xyz"), st.sampled_from("pqr")), max_size=6)
)
def test_recognising_a_document_twice_brings_nothing_new(marks: list[tuple[str, str, str]]) -> None:
    found = entries(
        *(
            item(0, guid=guid, link=f"https://k.example/{link}", title=f"Judul {title}")
            for guid, link, title in marks
        )
    )
    archive = Archive()
    archive.poll(found)
    assert archive.poll(found) == []
