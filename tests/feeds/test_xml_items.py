"""feedparser within limits: the same items, and no document that takes long."""

from __future__ import annotations

import io

import feedparser
import pytest

from bot.feeds.decode import as_utf8
from bot.feeds.raw import RawFeed
from bot.feeds.xml_items import MAX_CATEGORIES, MAX_ITEMS, MAX_STEPS, read_xml

HEAD = "<rss version='2.0'><channel><title>Kabar</title>"
END = "</channel></rss>"
ITEM = "<item><title>Nikel naik</title><link>https://kabar.example/1</link>"


def read(text: str) -> RawFeed:
    feed = read_xml(text)
    assert feed is not None
    return feed


WELL = {
    "RSS": f"{HEAD}{ITEM}<description>a &lt;b&gt;b&lt;/b&gt;</description><guid>1</guid></item>{END}",
    "Atom": (
        "<feed xmlns='http://www.w3.org/2005/Atom'><title>K</title><entry xml:base='https://k.example/a/'>"
        "<id>1</id><title type='html'>&lt;i&gt;A&lt;/i&gt;</title><link href='b'/>"
        "<content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'><p>c</p></div></content>"
        "<author><name>Sari</name></author></entry></feed>"
    ),
    "RSS 0.91": f"<rss version='0.91'><channel><title>K</title>{ITEM}</item>{END}",
    "broken": f"{HEAD}{ITEM}<description>a & b <p>c</description></item><item><title>B</item>{END}",
    "without an end": f"{HEAD}{ITEM}<guid>1</guid></item>{ITEM}",
}


@pytest.mark.parametrize("text", WELL.values(), ids=WELL.keys())
def test_it_reads_what_feedparser_reads(text: str) -> None:
    theirs = feedparser.parse(
        io.BytesIO(as_utf8(text)),
        response_headers={"content-type": "application/xml; charset=utf-8"},
        resolve_relative_uris=False,
        sanitize_html=False,
    )
    ours = read(text)
    assert [(item.title, item.guid, item.links[:1]) for item in ours.items] == [
        (entry.get("title", ""), entry.get("id", ""), (entry.link,) if "link" in entry else ())
        for entry in theirs.entries
    ]
    assert [item.texts[:1] for item in ours.items] == [
        (entry.summary,) if "summary" in entry else () for entry in theirs.entries
    ]
    assert ours.title == theirs.feed.title


def test_pictures_files_authors_and_categories_are_kept() -> None:
    (item,) = read(
        "<rss version='2.0' xmlns:media='http://search.yahoo.com/mrss/'><channel><title>K</title>"
        f"{ITEM}<enclosure url='/a.mp3' type='audio/mpeg' length='10'/>"
        "<media:content url='/b.jpg' medium='image'/><media:thumbnail url='/c.jpg'/>"
        "<author>sari@kabar.example (Sari Dewi)</author><category>Nikel</category><category>Ekspor</category>"
        f"<source url='https://warta.example/rss'>Warta Logam</source></item>{END}"
    ).items
    assert item.enclosures == (("/a.mp3", "audio/mpeg", "10"), ("/b.jpg", "", ""))
    assert item.images == ("/b.jpg", "/c.jpg")
    assert (item.author, item.categories, item.source) == ("Sari Dewi", ("Nikel", "Ekspor"), "Warta Logam")


def test_what_a_channel_asks_for_is_kept() -> None:
    feed = read(
        "<rss version='2.0' xmlns:sy='http://purl.org/rss/1.0/modules/syndication/'><channel><title>K</title>"
        "<ttl>30</ttl><sy:updatePeriod> hourly </sy:updatePeriod><sy:updateFrequency>2</sy:updateFrequency>"
        "<skipHours><hour>1</hour><hour>2</hour></skipHours><skipDays><day>Sunday</day></skipDays>"
        f"{ITEM}</item>{END}"
    )
    assert (feed.ttl, feed.update_period, feed.update_frequency) == ("30", "hourly", "2")
    assert (feed.skip_hours, feed.skip_days) == (("1", "2"), ("Sunday",))


def test_what_is_no_feed_is_none() -> None:
    assert read_xml("<urlset><url/></urlset>") is None
    assert read_xml("") is None


# Each of these takes feedparser itself from seconds to hours; here the deadline of the suite holds them.
HOSTILE = {
    "an author of many letters": f"<author>{'a' * 100_000}@</author>",
    "an author of many dots": f"<author>a@{'a.' * 100_000}</author>",
    "an author of many strokes": f"<managingEditor>{'a-' * 100_000}</managingEditor>",
    "a tag of many attributes": "<a " + " ".join(f"a{n}='1'" for n in range(9000)) + "/>",
    "many tags in one": f"<tags>{','.join(str(n) for n in range(50_000))}</tags>",
    "many categories": "".join(f"<category>{n}</category>" for n in range(20_000)),
    "a date of many numbers": f"<pubDate>{'1 ' * 200_000}</pubDate>",
    "many empty tags": "<a/>" * 300_000,
    "deep tags": f"{'<a>' * 100_000}{'</a>' * 100_000}",
    "many entities": "&amp;" * 300_000,
    "many open tags": "<a b='c>" * 50_000,
    "one open tag": f"<a {'b ' * 500_000}",
    "one open quote": f"<a b='{'c' * 500_000}",
    "a long attribute": f"<a b='{'&amp;' * 2_000_000}'/>",
    "many brackets": "<" * 300_000,
    "many open comments": "<!-- " * 100_000,
    "many open sections": "<![CDATA[" * 100_000,
}


@pytest.mark.parametrize("inside", HOSTILE.values(), ids=HOSTILE.keys())
def test_no_document_takes_long(inside: str) -> None:
    feed = read(f"{HEAD}{ITEM}{inside}</item>{END}")
    assert [item.title for item in feed.items] == ["Nikel naik"]
    assert len(feed.items[0].categories) <= MAX_CATEGORIES


def test_items_that_never_end_are_not_counted_for_ever() -> None:
    assert len(read(HEAD + "<item>" * 100_000).items) <= MAX_ITEMS


@pytest.mark.parametrize("loose", [False, True], ids=["well-formed", "broken"])
def test_what_is_beyond_the_limit_is_left_and_an_item_cut_by_it_too(loose: bool) -> None:
    items = "".join(f"<item><title>T{n}</title><guid>{n}</guid></item>" for n in range(20))
    feed = read_xml(f"{HEAD}{'<b>' if loose else ''}{items}{END}", max_steps=60)
    assert feed is not None
    assert 2 <= len(feed.items) < 10
    assert all(item.title and item.guid for item in feed.items)


def test_a_common_feed_takes_a_hundredth_of_the_steps() -> None:
    items = f"{ITEM}<guid>1</guid><pubDate>x</pubDate><description>y</description></item>" * 60
    assert len(read(f"{HEAD}{items}{END}").items) == 60
    assert (HEAD + items).count("<") * 2 < MAX_STEPS / 50
