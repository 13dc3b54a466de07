"""OPML: what other readers write is understood, what is hostile refused, and what we write comes back."""

from __future__ import annotations

import string
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.feeds import opml
from bot.feeds.opml import Listed, OpmlError, Outline, read_opml, write_opml


def body(outlines: str, *, version: str = "2.0", before: str = "") -> bytes:
    return f'<?xml version="1.0"?>{before}<opml version="{version}"><body>{outlines}</body></opml>'.encode()


def read(outlines: str) -> tuple[Outline, ...]:
    return read_opml(body(outlines), name="subs.opml")


def refused(data: bytes) -> str:
    with pytest.raises(OpmlError) as caught:
        read_opml(data, name="subs.opml")
    return str(caught.value)


def test_feeds_come_with_their_folders_categories_and_language() -> None:
    found = read("""
<outline text="Tambang">
  <outline text="Dalam negeri">
    <outline type="rss" text="Kabar" title="Kabar Nikel" xmlUrl="https://kabar.example/rss"
             category="/bijih/nikel,harga" language="id-ID"/>
  </outline>
  <outline text="Лента" xmlurl=" http://lenta.example/rss "/>
</outline>
<outline text="a note, no feed"/>""")
    assert found == (
        Outline(
            "https://kabar.example/rss",
            "Kabar Nikel",
            "id",
            ("Tambang", "Dalam negeri", "bijih", "nikel", "harga"),
            4,
        ),
        Outline("http://lenta.example/rss", "Лента", "", ("Tambang",), 7),
    )


@pytest.mark.parametrize("version", ["1.0", "1.1", "2.0"])
def test_every_version_is_read(version: str) -> None:
    data = body('<outline title="A" xmlUrl="http://a.example/"/>', version=version)
    assert [one.title for one in read_opml(data, name="x")] == ["A"]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("feed://a.example/rss", "http://a.example/rss"),
        ("feed:https://a.example/rss", "https://a.example/rss"),
        ("FEED:a.example/rss", "http://a.example/rss"),
        ("https://a.example/feed:1", "https://a.example/feed:1"),
    ],
)
def test_an_address_for_a_feed_readers_click_is_one_of_the_web(written: str, meant: str) -> None:
    assert read(f'<outline xmlUrl="{written}"/>')[0].url == meant


def test_an_address_keeps_its_ampersands_and_other_encodings_are_read() -> None:
    text = '<?xml version="1.0" encoding="windows-1251"?><opml><body><outline text="Рудник" '
    text += 'xmlUrl="http://a.example/?a=1&amp;b=2"/></body></opml>'
    [found] = read_opml(text.encode("windows-1251"), name="x")
    assert (found.title, found.url) == ("Рудник", "http://a.example/?a=1&b=2")


def test_old_indonesian_is_indonesian_and_nonsense_no_language() -> None:
    found = read('<outline xmlUrl="u" language="in-ID"/><outline xmlUrl="v" language="not known"/>')
    assert [one.language for one in found] == ["id", ""]


BOMB = '<!DOCTYPE opml [<!ENTITY a "x"><!ENTITY b "&a;&a;">]>'


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (body("", before=BOMB), "line 1: it declares a document type"),
        (body("", before='<!DOCTYPE opml SYSTEM "file:///etc/passwd">'), "document type"),
        (b"<opml><body>\n<outline>\n</body></opml>", "line 3: it is not well-formed XML (mismatched tag)"),
        (b"<opml><body>\n<outline text='a & b'/></body></opml>", "line 2: it is not well-formed"),
        (b"<opml><body>&bomb;</body></opml>", "undefined entity"),
        (b"", "no element found"),
        (b"<rss><channel/></rss>", "its root is <rss>, no <opml>"),
        (b"<html><body><outline xmlUrl='u'/></body></html>", "no <opml>"),
        (b'<?xml version="1.0" encoding="klingon"?><opml/>', "encoding"),
        (body("<outline>" * 60 + "</outline>" * 60), "nested deeper than 50"),
        (b" " * (opml.MAX_BYTES + 1), "larger than 4 MiB"),
        (body('<outline xmlUrl="u"/>' * (opml.MAX_FEEDS + 1)), "more than 5000 feeds"),
        (b"\x00\x01\x02", "not well-formed"),
    ],
)
def test_what_is_no_list_of_feeds_is_refused_with_its_line(data: bytes, said: str) -> None:
    assert said in refused(data)
    assert "subs.opml" in refused(data)


TEXTS = st.text(st.sampled_from(string.printable + "<>&\"'Юä中\x00\ud800\u2028"), max_size=30)


@given(
    st.lists(
        st.builds(
            Listed,
            url=st.just("https://a.example/rss?a=1&b=<2>"),
            name=TEXTS,
            language=st.sampled_from(["id", "ru", "en", ""]),
            tags=st.lists(TEXTS, max_size=3),
        ),
        max_size=5,
    )
)
def test_what_is_written_is_always_read_back(feeds: list[Listed]) -> None:
    now = datetime.fromisoformat("2026-11-23T09:00:00+00:00")
    found = read_opml(write_opml(feeds, title="Feeds <of> & mine", now=now).encode(), name="x")
    assert [one.url for one in found] == [feed.url for feed in feeds]
    assert [one.language for one in found] == [feed.language for feed in feeds]
    for feed, one in zip(feeds, found, strict=True):
        assert one.title == " ".join(opml._NOT_XML.sub("", feed.name).split())


def test_a_written_list_keeps_names_and_tags(now: datetime) -> None:
    feed = Listed("https://a.example/rss", "Kabar «Nikel»", "id", ("mining, metals", "trade/news"))
    [found] = read_opml(write_opml([feed], title="x", now=now).encode(), name="x")
    assert (found.title, found.tags) == ("Kabar «Nikel»", ("mining metals", "trade news"))
    assert "<dateCreated>Mon, 23 Nov 2026 09:00:00 +0000</dateCreated>" in write_opml(
        [feed], title="x", now=now
    )
