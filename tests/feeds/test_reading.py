"""Reading a feed again gives the same new entries, whether known items are cut out or not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.feeds.entry import Entry
from bot.feeds.parse import as_text, read_text
from bot.feeds.reading import MIN_KNOWN, LastReading, Reading, read_document
from bot.feeds.titles import Habits

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
URL = "https://kabar.example/rss"


def item(
    number: int, *, guid: str | None = "own", link: bool = True, title: str = "", end: str = " - Kabar Bumi"
) -> str:
    guid = f"tag:{number}" if guid == "own" else guid
    return (
        f"<item><title>{title or f'Ekspor bijih {number} ditunda'}{end}</title>"
        + (f"<link>https://kabar.example/{number}?utm_source=rss</link>" if link else "")
        + (f"<guid isPermaLink='false'>{guid}</guid>" if guid else "")
        + f"<description>&lt;p&gt;Isi {number} &amp;amp; lainnya&lt;/p&gt;</description>"
        + f"<pubDate>Mon, 23 Nov 2026 {number % 24:02}:00:00 +0700</pubDate></item>"
    )


def document(items: list[str], *, title: str = "Warta") -> bytes:
    return (
        '<?xml version="1.0"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>'
        f"<title>{title}</title><link>https://kabar.example/</link><ttl>20</ttl>{''.join(items)}"
        "</channel></rss>"
    ).encode()


def read(body: bytes, last: LastReading | None = None) -> Reading:
    return read_document(body, url=URL, content_type=None, now=NOW, last=last)


def left_by(reading: Reading) -> LastReading:
    return LastReading(reading.known, reading.habits)


ITEMS = st.one_of(
    st.builds(item, st.integers(0, 40)),
    st.builds(item, st.integers(0, 40), guid=st.just("same")),
    st.builds(item, st.integers(0, 40), guid=st.none()),
    st.builds(item, st.integers(0, 40), guid=st.none(), link=st.just(False)),
    st.builds(item, st.integers(0, 40), title=st.just("Berita pagi")),
    st.builds(item, st.integers(0, 40), end=st.just("")),
    st.builds(item, st.integers(0, 40), end=st.just(" | Antara")),
)
SAME = [item(number, guid="same") for number in range(10)]


@settings(deadline=None)
@given(st.lists(ITEMS, min_size=MIN_KNOWN, max_size=14), st.lists(ITEMS, max_size=4), st.data())
@example([item(n) for n in range(12)], [item(99)], None)
@example([item(n) for n in range(9)], [item(3, title="Berita pagi"), item(40, guid=None)], None)
@example(SAME, [item(99, guid="same")], None)
@example(SAME, [item(99)], None)
@example([item(n, guid=None, link=False) for n in range(9)], [item(77, guid=None, link=False)], None)
def test_new_entries_are_those_of_the_whole_document(
    before: list[str], new: list[str], data: st.DataObject | None
) -> None:
    first = read(document(before))
    after = before if data is None else data.draw(st.permutations(before))
    after = [*new, *after[: len(after) if data is None else data.draw(st.integers(0, len(after)))]]
    if not after:
        return
    second = document(after, title="Warta baru")
    cut = read(second, left_by(first))
    # Under the same habits: they are the feed's, not the document's.
    text = as_text(second, url=URL, content_type=None)
    whole = read_text(text, url=URL, now=NOW, habits=cut.habits)
    # An item that has not changed is nothing new, even where the whole document, from which another has gone,
    # would now tell it by another mark.
    fresh = {
        identity for (identity, _), raw in zip(whole.traces, after, strict=True) if raw not in before
    } - {entry.identity for entry in first.entries}
    if cut.whole:
        assert cut.entries == whole.feed.entries
    else:
        assert _of(cut.entries, fresh) == _of(whole.feed.entries, fresh)
        assert fresh <= {entry.identity for entry in cut.entries}
    assert cut.in_document == len(after)


def _of(entries: Sequence[Entry], identities: set[str]) -> dict[str, Entry]:
    return {entry.identity: entry for entry in entries if entry.identity in identities}


def test_what_was_seen_is_not_parsed_again() -> None:
    before = [item(number) for number in range(12)]
    first = read(document(before))
    again = read(document(before), left_by(first))
    assert (again.entries, again.whole, again.in_document) == ((), False, 12)
    more = read(document([item(50), *before[:-1]]), left_by(again))
    assert [entry.title for entry in more.entries] == ["Ekspor bijih 50 ditunda"]
    assert (more.whole, more.in_document, more.gap) == (False, 12, False)
    assert read(document([item(50), *before[:-1]]), left_by(more)).entries == ()


def test_an_item_that_changed_comes_again_under_its_identity() -> None:
    before = [item(number) for number in range(12)]
    first = read(document(before))
    changed = before[3].replace("ditunda", "dibatalkan")
    [entry] = read(document([*before[:3], changed, *before[4:]]), left_by(first)).entries
    assert entry.identity == first.entries[3].identity
    assert entry.content_hash != first.entries[3].content_hash


def test_a_document_without_anything_known_tells_of_a_gap() -> None:
    first = read(document([item(number) for number in range(12)]))
    assert not first.gap
    later = read(document([item(number) for number in range(100, 112)]), left_by(first))
    assert (later.gap, later.whole, len(later.entries)) == (True, True, 12)


def test_two_items_that_are_one_article_are_weighed_against_each_other() -> None:
    before = [item(number) for number in range(12)]
    first = read(document(before))
    older = item(5, title="Lebih lama").replace("05:00:00", "00:30:00")
    reading = read(document([*before, older]), left_by(first))
    assert reading.whole
    assert {entry.title for entry in reading.entries if entry.identity == first.entries[5].identity} == {
        "Ekspor bijih 5 ditunda"
    }


def test_what_cannot_be_split_is_read_whole_each_time() -> None:
    broken = document([item(number) for number in range(12)]).replace(
        b"<title>Ekspor", b"<title>&nbsp Ekspor", 1
    )
    spoiled = broken.replace(b"</item>", b"</item><oops>", 1)
    first = read(spoiled)
    assert first.known == b""
    assert len(read(spoiled, left_by(first)).entries) == len(first.entries) >= 11


def test_records_of_another_version_are_passed_over() -> None:
    body = document([item(number) for number in range(12)])
    assert len(read(body, LastReading(b"\x01" * 1001, Habits())).entries) == 12


def test_the_feeds_own_wish_is_handed_on() -> None:
    reading = read(document([item(number) for number in range(9)]))
    assert reading.asked_s == 1200
