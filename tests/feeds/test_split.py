"""What is cut out of a document changes nothing about what is left."""

from __future__ import annotations

import io
from typing import Any

import feedparser
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.feeds.decode import as_utf8, decode
from bot.feeds.split import split, without

ITEMS = (
    "<item><title>Nickel ore waits in port</title><link>https://a.example/1</link><guid>1</guid></item>",
    "<item><title><![CDATA[Kuota <b>bijih</b> </item> dipangkas]]></title><guid>2</guid></item>",
    "<item>\n  <title>Квоты &amp; пошлины</title><!-- <item> --><description>&lt;p&gt;</description></item >",
    "<item rdf:about='x>y'><title>Tin</title><dc:date>2026-11-20T08:00:00Z</dc:date></item>",
    "<item><title>Cobalt</title><media:content url='https://a.example/4.jpg' medium='image'/></item>",
    "<item><title>Relative</title><link>five</link></item>",
    "<item><content:encoded><![CDATA[<p>Long</p>]]></content:encoded><pubDate>23/11/2026</pubDate></item>",
    "<item><title>Same</title></item>",
    "<item><title>Same</title></item>",
)
DOUBTFUL = {
    "an item in an item": "<item><title>Out</title><item><title>In</title></item></item>",
    "a namespace declared by an item": "<item xmlns:x='urn:x'><title>x</title><x:y>1</x:y></item>",
    "a namespace declared within an item": "<item><title>x</title><x:y xmlns:x='urn:x'>1</x:y></item>",
    "an item without an end of its own": "<item/>",
    "an item with a base address": "<item xml:base='https://b.example/'><title>x</title></item>",
    "an item somewhere else": "<box><list><item><title>x</title></item></list></box>",
    "a prefix nobody declared": "<item><title>x</title><no:body>1</no:body></item>",
    "an unclosed element": "<item><title>x</item>",
}
PIECES = (b"", b"<", b">", b"]]>", b"&", b"item", b'"')
HEAD = (
    '<rss version="2.0" xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
    ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:media="http://search.yahoo.com/mrss/"'
    ' xmlns:content="http://purl.org/rss/1.0/modules/content/" xml:base="https://a.example/">'
    "<channel><title>Ore news</title><link>https://a.example/</link><language>id</language>"
)
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><title>Ore</title>{}</feed>"""
ENTRY = """<entry><id>{0}</id><title type="html">Ore {0} &lt;b&gt;up&lt;/b&gt;</title>
<link href="/{0}"/><content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">{0}</div></content></entry>"""


def rss(items: list[str]) -> bytes:
    between = "\n<!-- no <item> here -->\n"
    return as_utf8(decode(f"{HEAD}{between.join(items)}</channel></rss>".encode(), None))


def entries(document: bytes) -> list[dict[str, Any]]:
    read = feedparser.parse(
        io.BytesIO(document),
        response_headers={"content-type": "application/xml; charset=utf-8"},
        resolve_relative_uris=False,
        sanitize_html=False,
    )
    return [dict(entry) for entry in read.entries]


def assert_cutting_changes_nothing_else(document: bytes, chosen: set[int]) -> None:
    items = split(document)
    if items is None:
        return
    known = {item.hash for number, item in enumerate(items) if number in chosen}
    whole = entries(document)
    assert len(whole) == len(items)
    left = [entry for entry, item in zip(whole, items, strict=True) if item.hash not in known]
    assert entries(without(document, items, known)) == left


@given(st.lists(st.sampled_from(ITEMS), min_size=1, max_size=8), st.sets(st.integers(0, 8)))
@example(list(ITEMS), {0, 3, 5})
def test_what_is_left_reads_as_it_did_in_the_whole(items: list[str], known: set[int]) -> None:
    document = rss(items)
    assert len(split(document) or ()) == len(items)
    assert_cutting_changes_nothing_else(document, known)


@given(
    st.lists(st.sampled_from([*ITEMS, *DOUBTFUL.values()]), min_size=1, max_size=6),
    st.sets(st.integers(0, 6)),
    st.lists(
        st.tuples(st.integers(0, 3000), st.sampled_from([b"", b"<", b">", b"]]>", b"&", b"item", b'"'])),
        max_size=3,
    ),
    st.integers(0, 3000),
)
def test_a_document_broken_anywhere_is_cut_rightly_or_not_at_all(
    items: list[str], known: set[int], edits: list[tuple[int, bytes]], end: int
) -> None:
    document = rss(items)
    for place, piece in edits:
        at = len(HEAD) + place % len(document)
        document = document[:at] + piece + document[at + (not piece) :]
    if end < len(document) // 3:
        document = document[:-end]
    assert_cutting_changes_nothing_else(document, known)


@pytest.mark.parametrize("item", DOUBTFUL.values(), ids=DOUBTFUL.keys())
def test_on_doubt_the_document_stays_whole(item: str) -> None:
    assert split(rss([ITEMS[0], item, ITEMS[1]])) is None


def test_atom_entries_are_items_too() -> None:
    document = as_utf8(ATOM.format("".join(map(ENTRY.format, range(4)))))
    items = split(document)
    assert items is None  # each entry declares XHTML's namespace, as Atom feeds do
    plain = ENTRY.replace(' xmlns="http://www.w3.org/1999/xhtml"', "").replace("xhtml", "html")
    document = as_utf8(ATOM.format("".join(map(plain.format, range(4)))))
    assert len(split(document) or ()) == 4
    assert_cutting_changes_nothing_else(document, {0, 2})


def test_a_document_without_items_or_none_at_all_is_not_split() -> None:
    assert split(rss([])) is None
    assert split(b"") is None
    assert split(b'{"version": "https://jsonfeed.org/version/1.1"}') is None


def test_an_item_keeps_its_hash_wherever_it_stands() -> None:
    first = split(rss([ITEMS[0], ITEMS[1]]))
    second = split(rss([ITEMS[4], ITEMS[1], ITEMS[0]]))
    assert first is not None
    assert second is not None
    assert [item.hash for item in first] == [second[2].hash, second[1].hash]
