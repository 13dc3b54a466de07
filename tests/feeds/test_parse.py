"""Documents to entries. All documents here are written for the tests."""

from __future__ import annotations

import pickle
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.feeds.parse import Enclosure, Entry, ParsedFeed, ParseError, parse_document, shortened

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
URL = "https://kabar.example/rss/tambang.xml"

ATOM = """<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="ru-RU">
  <title>Вестник <![CDATA[&mdash;]]> недра</title>
  <link href="https://nedra.example/"/>
  <entry>
    <id>tag:nedra.example,2026:17</id>
    <title type="html">Завод &lt;b&gt;РЗМ&lt;/b&gt; запустят в срок</title>
    <link rel="alternate" type="text/html" href="/news/17"/>
    <published>2026-11-23T09:00:00+03:00</published>
    <updated>2026-11-23T11:00:00+03:00</updated>
    <content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>Первый</p><p>цех</p></div></content>
  </entry>
</feed>"""

RDF = """<?xml version="1.0"?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
  xmlns:dc="http://purl.org/dc/elements/1.1/">
  <channel rdf:about="https://wire.example/"><title>Wire</title><link>https://wire.example/</link></channel>
  <item rdf:about="https://wire.example/1"><title>Quota talks open</title>
    <link>https://wire.example/1</link><dc:date>2026-11-23T01:00:00Z</dc:date></item>
</rdf:RDF>"""


def rss(*items: str, head: str = "") -> str:
    inside = "".join(f"<item>{item}</item>" for item in items)
    return (
        f'<?xml version="1.0"?><rss version="2.0"><channel><title>Kabar</title>{head}{inside}</channel></rss>'
    )


def parsed(document: str | bytes, url: str = URL, content_type: str | None = None) -> ParsedFeed:
    body = document.encode() if isinstance(document, str) else document
    return parse_document(body, url=url, content_type=content_type, now=NOW)


def only(item: str) -> Entry:
    (entry,) = parsed(rss(item)).entries
    return entry


def plainly(entry: Entry) -> Entry:
    """The entry without its hashes, which other tests look at."""
    return replace(entry, content_hash="", link_key=None, title_key="")


def identity(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def test_an_rss_item_is_understood_whole() -> None:
    feed = parsed(
        rss(
            "<title>Ekspor nikel &amp; bauksit dihentikan</title><link>https://kabar.example/1</link>"
            "<guid isPermaLink='false'>k-1</guid><pubDate>Senin, 23 Nov 2026 17:30:00 WIB</pubDate>"
            "<description><![CDATA[<p>Pemerintah <b>menutup</b> keran.</p>]]></description>",
            head="<language>id-ID</language>",
        )
    )
    assert (feed.title, feed.language) == ("Kabar", "id")
    assert [plainly(entry) for entry in feed.entries] == [
        Entry(
            identity=identity("guid:k-1"),
            guid="k-1",
            url="https://kabar.example/1",
            title="Ekspor nikel & bauksit dihentikan",
            summary="Pemerintah menutup keran.",
            published=datetime(2026, 11, 23, 10, 30, tzinfo=UTC),
        ),
    ]


def test_an_atom_entry_is_understood_whole() -> None:
    feed = parsed(ATOM, "https://nedra.example/feeds/all")
    assert (feed.title, feed.language) == ("Вестник — недра", "ru")
    assert [plainly(entry) for entry in feed.entries] == [
        Entry(
            identity=identity("guid:tag:nedra.example,2026:17"),
            guid="tag:nedra.example,2026:17",
            url="https://nedra.example/news/17",
            title="Завод РЗМ запустят в срок",
            summary="Первый цех",
            published=datetime(2026, 11, 23, 6, 0, tzinfo=UTC),
        ),
    ]


def test_an_rdf_item_is_understood() -> None:
    (entry,) = parsed(RDF).entries
    assert (entry.title, entry.url) == ("Quota talks open", "https://wire.example/1")
    assert entry.published == datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


def test_a_feed_without_items_is_a_feed() -> None:
    assert parsed(rss()).entries == ()


@pytest.mark.parametrize(
    ("item", "text"),
    [
        ("<title>A</title><link>https://a.example/1</link><guid>g</guid>", "guid:g"),
        ("<title>A</title><link>https://a.example/1</link>", "link://a.example/1"),
        ("<title>A</title><link>/1</link>", "link://kabar.example/1"),
        ("<title>A &amp;amp; B</title>", "title:A & B"),
        ("<description>Hanya isi</description>", "title:Hanya isi"),
        (
            "<link>https://a.example/?utm_source=rss&amp;id=7&amp;fbclid=x#a</link>",
            "link://a.example/?id=7#a",
        ),
        ("<link>https://a.example/1?utm_medium=feed</link>", "link://a.example/1"),
    ],
    ids=[
        "a guid",
        "a link",
        "a relative link",
        "a title",
        "a text only",
        "tracking among others",
        "tracking only",
    ],
)
def test_an_item_is_known_by_its_guid_else_link_else_title(item: str, text: str) -> None:
    assert only(item).identity == identity(text)


def test_a_guid_on_every_item_tells_nothing_and_is_passed_over() -> None:
    items = [f"<title>T{n}</title><link>https://a.example/{n}</link><guid>same</guid>" for n in range(3)]
    entries = parsed(rss(*items)).entries
    assert [entry.identity for entry in entries] == [identity(f"link://a.example/{n}") for n in range(3)]


def test_a_link_on_every_item_tells_nothing_either() -> None:
    items = [f"<title>T{n}</title><link>https://a.example/</link>" for n in range(3)]
    assert [entry.identity for entry in parsed(rss(*items)).entries] == [
        identity(f"title:T{n}") for n in range(3)
    ]


def test_an_item_that_stands_twice_is_one_entry_the_newer() -> None:
    twice = (
        "<title>Lama</title><guid>g</guid><pubDate>Mon, 23 Nov 2026 01:00:00 GMT</pubDate>",
        "<title>Baru</title><guid>g</guid><pubDate>Mon, 23 Nov 2026 02:00:00 GMT</pubDate>",
        "<title>Lain</title><guid>h</guid>",
    )
    assert [entry.title for entry in parsed(rss(*twice)).entries] == ["Baru", "Lain"]


def test_an_item_without_anything_is_none() -> None:
    assert parsed(rss("", "<pubDate>Mon, 23 Nov 2026 01:00:00 GMT</pubDate>")).entries == ()


@pytest.mark.parametrize(
    ("item", "title"),
    [
        ("<title>&lt;b&gt;Nikel&lt;/b&gt; naik</title>", "Nikel naik"),
        ("<title>AT&amp;amp;amp;T</title>", "AT&T"),
        ("<title><![CDATA[Nikel &amp; timah]]></title>", "Nikel & timah"),
        ("<title>Ni\u00adkel\u200b \n naik\u00a0lagi</title>", "Nikel naik lagi"),
        ("<title>&lt;script&gt;alert(1)&lt;/script&gt;Nikel</title>", "Nikel"),
        ("<title>Nikel &nbsp;&laquo;naik&raquo;</title>", "Nikel «naik»"),
        ("<title>Laba AT&T naik</title>", "Laba AT&T naik"),
        ("<title></title><description>Nikel naik hari ini</description>", "Nikel naik hari ini"),
        ("<link>https://a.example/1</link>", "https://a.example/1"),
        ("<link>https://a.example/\u20031</link>", "https://a.example/ 1"),
        (
            "<title>Nikel</title><media:title xmlns:media='http://search.yahoo.com/mrss/'>Foto</media:title>",
            "Nikel",
        ),
    ],
    ids=[
        "escaped tags",
        "doubly encoded",
        "CDATA",
        "invisible characters",
        "a script",
        "HTML names",
        "a stray ampersand",
        "no title",
        "neither title nor text",
        "a wide space in a link",
        "a picture's title",
    ],
)
def test_a_title_is_one_line_of_plain_text_and_never_empty(item: str, title: str) -> None:
    assert only(item).title == title


@pytest.mark.parametrize(
    "item",
    [
        "<title>T</title><description>Isi</description>",
        (
            "<title>T</title><content:encoded xmlns:content='http://purl.org/rss/1.0/modules/content/'>"
            "<![CDATA[<p>Isi</p>]]></content:encoded>"
        ),
        "<title>T</title><rbc_news:full-text xmlns:rbc_news='https://www.rbc.ru'>Isi</rbc_news:full-text>",
        "<title>T</title><yandex:full-text xmlns:yandex='http://news.yandex.ru'>Isi</yandex:full-text>",
    ],
    ids=["description", "content:encoded", "RBC's full text", "Yandex's full text"],
)
def test_the_summary_is_found_under_whatever_name(item: str) -> None:
    assert only(item).summary == "Isi"


def test_a_long_summary_is_cut_at_a_words_end() -> None:
    summary = only(f"<title>T</title><description>{'nikel ' * 1000}</description>").summary
    assert 1980 <= len(summary) <= 2000
    assert summary.endswith("nikel…")


def test_a_guid_that_is_no_address_makes_no_link() -> None:
    guid = "<guid>7f0c11de-5a</guid>"
    sound = '<enclosure url="https://suara.example/7f.mp3" type="audio/mpeg" length="9"/>'

    assert only(f"<title>Episode tujuh</title>{guid}").url is None
    assert only(f"<title>Episode tujuh</title>{guid}{sound}").url == "https://suara.example/7f.mp3"
    assert (
        only(f"<title>T</title>{guid}<link>7f0c11de-5a</link>").url == "https://kabar.example/rss/7f0c11de-5a"
    )
    assert only("<title>T</title><guid>https://kabar.example/7</guid>").url == "https://kabar.example/7"


@pytest.mark.parametrize(
    ("link", "url"),
    [
        ("https://a.example/1", "https://a.example/1"),
        ("berita/1", "https://kabar.example/rss/berita/1"),
        ("/berita/1?a=1&amp;b=2", "https://kabar.example/berita/1?a=1&b=2"),
        ("https://a.example/?a=1&amp;amp;b=2", "https://a.example/?a=1&b=2"),
        ("//a.example/1", "https://a.example/1"),
        ("\n  https://a.example/a b\t", "https://a.example/a%20b"),
        ("“https://a.example/1”", "https://a.example/1"),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("mailto:redaksi@a.example", None),
        ("ftp://a.example/1", None),
        ("http://[::1", None),
        ("http://a.example:port/", None),
        ("https://", None),
        ("https://a.example/" + "a" * 1982, "https://a.example/" + "a" * 1982),
        ("https://a.example/" + "a" * 1983, None),
    ],
)
def test_a_link_is_absolute_and_leads_to_a_page_or_is_none(link: str, url: str | None) -> None:
    assert only(f"<title>T</title><link>{link}</link>").url == url


def test_a_file_has_no_address_so_its_links_start_at_the_channels() -> None:
    document = rss("<title>T</title><link>/1</link>", head="<link>https://kabar.example/</link>")
    assert parsed(document, url="feeds/kabar.xml").entries[0].url == "https://kabar.example/1"


def test_feedburners_link_gives_way_to_the_original() -> None:
    entry = only(
        "<title>T</title><link>https://proxy.example/~r/1</link><feedburner:origLink "
        "xmlns:feedburner='http://rssnamespace.org/feedburner/ext/1.0'>https://a.example/1</feedburner:origLink>"
    )
    assert entry.url == "https://a.example/1"


@pytest.mark.parametrize(
    ("dates", "published"),
    [
        ("<pubDate>Пн, 23 ноя 2026 13:30:00 +0300</pubDate>", datetime(2026, 11, 23, 10, 30, tzinfo=UTC)),
        ("<pubDate>Tue, 24 Nov 2026 11:00:00 GMT</pubDate>", datetime(2026, 11, 24, 11, 0, tzinfo=UTC)),
        ("<pubDate>Wed, 25 Nov 2026 11:00:00 GMT</pubDate>", None),
        ("<pubDate>Thu, 01 Jan 1970 07:00:00 +0700</pubDate>", None),
        ("<pubDate>0</pubDate>", None),
        ("<pubDate>besok</pubDate>", None),
        ("", None),
        (
            "<pubDate>besok</pubDate><dc:date xmlns:dc='http://purl.org/dc/elements/1.1/'>2026-11-22</dc:date>",
            datetime(2026, 11, 22, tzinfo=UTC),
        ),
    ],
    ids=["Russian", "within a day", "in the future", "1970", "zero", "a word", "none", "the second is good"],
)
def test_a_date_is_a_moment_in_utc_or_none(dates: str, published: datetime | None) -> None:
    assert only(f"<title>T</title>{dates}").published == published


def test_windows_1251_declared_as_utf_8_is_russian() -> None:
    body = rss("<title>Добыча редкоземельных металлов вырастет</title>").encode("windows-1251")
    assert parsed(body, content_type="text/xml; charset=utf-8").entries[0].title.startswith("Добыча")


@pytest.mark.parametrize(
    "end",
    [
        "<item><title>Ketiga",
        "<item><title>Ketiga</title><link>https://a.example/3</link><gu",
        "<item><guid>3</guid><t",
    ],
)
def test_an_item_that_a_broken_off_document_ends_in_is_left_for_the_next_poll(end: str) -> None:
    whole = rss("<title>Satu</title><guid>1</guid>", "<title>Dua</title><guid>2</guid>")
    entries = parsed(whole.removesuffix("</channel></rss>") + end).entries
    assert [entry.title for entry in entries] == ["Satu", "Dua"]


def test_a_document_that_only_lacks_its_end_keeps_all_its_items() -> None:
    whole = rss("<title>Satu</title><guid>1</guid>", "<title>Dua</title>")
    assert len(parsed(whole.removesuffix("</channel></rss>")).entries) == 2


def test_the_only_item_is_kept_even_if_broken_off() -> None:
    assert (
        len(parsed(rss("<title>Satu</title><guid>1</guid>").removesuffix("</item></channel></rss>")).entries)
        == 1
    )


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("", "empty"),
        (" \n\t", "empty"),
        ("<!DOCTYPE html><html><body>Halo</body></html>", "a web page"),
        (
            "<?xml version='1.0'?><!-- x --><html xmlns='http://www.w3.org/1999/xhtml'><p/></html>",
            "a web page",
        ),
        ("<html><form><input name=p type='password'></form></html>", "a login page"),
        ("<html><title>Just a moment...</title></html>", "proof of a human"),
        ("<html><body><rss><item><title>x</title></item></rss></body></html>", "a web page"),
        ('{"version": "https://jsonfeed.org/version/1.1"}', "JSON"),
        ("<?xml version='1.0'?><urlset><url/></urlset>", "<urlset>"),
        ("<opml><body><outline/></body></opml>", "OPML"),
        ("Layanan tidak tersedia", "no RSS or Atom"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "no RSS or Atom"),
        ("<", "no RSS or Atom"),
    ],
)
def test_what_is_no_feed_is_said_in_words_with_what_to_do(body: str | bytes, words: str) -> None:
    with pytest.raises(ParseError) as caught:
        parsed(body)
    assert words in caught.value.reason
    assert caught.value.subject == URL
    assert caught.value.hint


@pytest.mark.parametrize(
    ("document", "template"),
    [
        (
            ATOM,
            "<!DOCTYPE html><html xmlns='http://www.w3.org/1999/xhtml'>\n <body class='b'>{}</body></html>",
        ),
        (rss("<title>Kuota bijih</title><guid>1</guid>"), "<html><head></head><body>{}</body></html>"),
    ],
    ids=["atom", "rss"],
)
def test_a_feed_inside_its_sites_template_is_read(document: str, template: str) -> None:
    _, _, inside = document.partition("?>")

    assert parsed(template.format(inside)).entries == parsed(document).entries


def test_a_page_whose_article_shows_a_feed_is_a_page() -> None:
    with pytest.raises(ParseError, match="a web page came"):
        parsed(f"<html><body><p>Contoh:</p>{rss('<title>Kuota</title>')}</body></html>")


def test_a_page_that_names_its_feed_is_quoted() -> None:
    page = '<html><head><link rel="alternate" type="application/rss+xml" href="/rss/all.xml"></head></html>'
    with pytest.raises(ParseError, match=r"names this feed: https://kabar\.example/rss/all\.xml"):
        parsed(page)


def test_a_parse_error_crosses_between_processes() -> None:
    error = ParseError(URL, "why", hint="Do this.")
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert (type(copy), str(copy)) == (ParseError, str(error))


def test_a_parsed_feed_crosses_between_processes() -> None:
    feed = parsed(ATOM)
    assert pickle.loads(pickle.dumps(feed)) == feed  # noqa: S301


@pytest.mark.parametrize("newest_first", [True, False])
def test_of_too_many_items_the_newest_two_thousand_are_kept(newest_first: bool) -> None:
    moments = [NOW - timedelta(minutes=n) for n in range(2100)]
    if not newest_first:
        moments.reverse()
    items = [f"<title>T</title><guid>{m:%d%H%M}</guid><pubDate>{m.isoformat()}</pubDate>" for m in moments]
    published = [entry.published for entry in parsed(rss(*items)).entries]
    assert len(published) == 2000
    assert {NOW, NOW - timedelta(minutes=1999)} <= set(published)
    assert NOW - timedelta(minutes=2000) not in published


def test_of_a_document_beyond_all_measure_the_two_ends_are_read() -> None:
    document = rss(*(f"<title>T{n}</title>" for n in range(40)))
    assert shortened(document, 40) == document
    titles = [entry.title for entry in parsed(shortened(document, 10)).entries]
    assert titles == [*(f"T{n}" for n in range(5)), *(f"T{n}" for n in range(35, 40))]


def test_a_document_of_too_many_tags_keeps_the_items_at_its_two_ends() -> None:
    document = rss(*(f"<title>T{n}</title>{'<a/>' * 20}" for n in range(40)))
    titles = [entry.title for entry in parsed(shortened(document, max_tags=400)).entries]
    assert titles == [*(f"T{n}" for n in range(7)), *(f"T{n}" for n in range(33, 40))]


def test_pictures_files_author_and_categories_come_with_an_entry() -> None:
    entry = only(
        "<title>T</title><author>sari@a.example (Sari &amp;amp; Budi)</author><category>Nikel</category>"
        "<category> Nikel </category><enclosure url='/a.mp3' type='audio/mpeg' length='12'/>"
        "<enclosure url='/foto.jpg' type='image/jpeg' length='many'/><enclosure url='javascript:x'/>"
    )
    assert entry.image == "https://kabar.example/foto.jpg"
    assert entry.enclosures == (
        Enclosure("https://kabar.example/a.mp3", "audio/mpeg", 12),
        Enclosure("https://kabar.example/foto.jpg", "image/jpeg", None),
    )
    assert (entry.author, entry.categories) == ("Sari & Budi", ("Nikel",))


@pytest.mark.parametrize(
    ("markup", "image"),
    [
        ("&lt;p&gt;&lt;img src='/a.jpg'&gt;", "https://kabar.example/a.jpg"),
        ("&lt;img width='1' src='/p.gif'&gt;&lt;img src='/a.jpg'&gt;", "https://kabar.example/a.jpg"),
        ("&lt;img src='https://x.example/rss-pixel.png'&gt;", None),
        ("&lt;img src='data:image/png;base64,AAAA'&gt;", None),
        ("&lt;img&gt; &lt;a href='/a.jpg'&gt;", None),
    ],
    ids=["in the text", "behind one that counts", "only one that counts", "inside the address", "no address"],
)
def test_a_picture_is_found_in_the_text(markup: str, image: str | None) -> None:
    assert only(f"<title>T</title><description>{markup}</description>").image == image


def test_an_item_of_nothing_but_a_file_leads_to_it() -> None:
    entry = only("<enclosure url='/siniar.mp3' type='audio/mpeg'/>")
    assert (entry.url, entry.title) == ("https://kabar.example/siniar.mp3",) * 2


@pytest.mark.parametrize(
    ("head", "ttl_s", "period_s"),
    [
        ("<ttl>60</ttl>", 3600, None),
        ("<ttl>0</ttl>", None, None),
        ("<ttl>besok</ttl>", None, None),
        ("<ttl>99999999</ttl>", None, None),
        ("<sy:updatePeriod>hourly</sy:updatePeriod>", None, 3600),
        (
            "<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>",
            None,
            21_600,
        ),
        ("<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>0</sy:updateFrequency>", None, 3600),
        ("<sy:updatePeriod>sometimes</sy:updatePeriod>", None, None),
    ],
)
def test_what_a_feed_asks_of_those_who_poll_it_is_in_seconds(
    head: str, ttl_s: int | None, period_s: int | None
) -> None:
    document = rss("<title>T</title>", head=head).replace(
        "<rss ", "<rss xmlns:sy='http://purl.org/rss/1.0/modules/syndication/' "
    )
    feed = parsed(document)
    assert (feed.ttl_s, feed.update_period_s) == (ttl_s, period_s)


def test_hours_and_days_without_news_are_numbers() -> None:
    head = (
        "<skipHours><hour>0</hour><hour>24</hour><hour>13</hour><hour>99</hour></skipHours>"
        "<skipDays><day>Sunday</day><day>monday</day><day>Minggu</day></skipDays>"
    )
    feed = parsed(rss("<title>T</title>", head=head))
    assert feed.skip_hours == {0, 13}
    assert feed.skip_days == {0, 6}


def test_titles_lose_the_name_of_their_feed() -> None:
    assert only("<title>Nikel naik - Kabar</title>").title == "Nikel naik"


def test_titles_lose_the_name_that_the_feed_has_here() -> None:
    body = rss("<title>Nikel naik | Warta Logam</title>").encode()
    feed = parse_document(body, url=URL, content_type=None, now=NOW, names=("Warta Logam",))
    assert feed.entries[0].title == "Nikel naik"


def test_titles_lose_the_outlet_that_a_collection_took_them_from() -> None:
    entry = only(
        "<title>Nikel naik - Warta Logam</title><source url='https://w.example'>Warta Logam</source>"
    )
    assert entry.title == "Nikel naik"


def test_a_subtitle_goes_before_the_summary() -> None:
    entry = only("<title>Рынок замер // Чего ждут добытчики</title><description>Цены стоят.</description>")
    assert (entry.title, entry.summary) == ("Рынок замер", "Чего ждут добытчики. Цены стоят.")
    assert only("<title>Рынок замер // Чего ждут</title>").summary == "Чего ждут"


def test_a_summary_that_only_repeats_the_title_says_nothing() -> None:
    assert only("<title>Nikel naik</title><description>Nikel naik</description>").summary == ""


def test_a_summary_of_a_collection_that_only_repeats_title_and_source_says_nothing() -> None:
    entry = only(
        "<title>Nikel naik - Warta Logam</title><source url='https://w.example'>Warta Logam</source>"
        "<description>&lt;b&gt;Nikel naik&lt;/b&gt;&amp;nbsp;&lt;i&gt;Warta Logam&lt;/i&gt;</description>"
    )
    assert (entry.title, entry.summary) == ("Nikel naik", "")


def test_an_invitation_to_read_on_is_no_summary() -> None:
    entry = only(
        "<title>T</title><description>Isi. &lt;a href='/1'&gt;Baca selengkapnya&lt;/a&gt;</description>"
    )
    assert entry.summary == "Isi."


def test_links_start_at_the_base_that_an_element_declares() -> None:
    document = ATOM.replace("<entry>", "<entry xml:base='https://arsip.example/2026/'>").replace(
        'href="/news/17"', 'href="17"'
    )
    assert parsed(document).entries[0].url == "https://arsip.example/2026/17"


@pytest.mark.parametrize(
    "document",
    [
        "<rss version='0.91'><channel><item><title>Nikel naik</title></item></channel></rss>",
        "<rss version='0.92'><channel><item><title>Nikel naik</title></item></channel></rss>",
        "<rss><channel><item><title>Nikel naik</title></item></channel></rss>",
        "<feed xmlns='http://purl.org/atom/ns#'><entry><title>Nikel naik</title></entry></feed>",
        "<feed><entry><title>Nikel naik</title></entry></feed>",
        (
            "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' "
            "xmlns='http://my.netscape.com/rdf/simple/0.9/'><channel/>"
            "<item><title>Nikel naik</title></item></rdf:RDF>"
        ),
        '{"version": "https://jsonfeed.org/version/1", "items": [{"id": "1", "title": "Nikel naik"}]}',
    ],
    ids=["RSS 0.91", "RSS 0.92", "RSS of no version", "Atom 0.3", "Atom of no namespace", "RSS 0.9", "JSON"],
)
def test_every_format_is_read(document: str) -> None:
    assert [entry.title for entry in parsed(document).entries] == ["Nikel naik"]


def test_a_text_that_changes_at_every_poll_changes_the_hash_alone() -> None:
    one, two = (
        only(f"<title>T</title><guid>g</guid><description>Dibaca {n} kali</description>") for n in (1, 2)
    )
    assert one.identity == two.identity
    assert one.content_hash != two.content_hash


def test_an_entity_bomb_defines_nothing() -> None:
    layers = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    bomb = f'<!DOCTYPE r [<!ENTITY l0 "lol">{layers}<!ENTITY f SYSTEM "file:///etc/passwd">]>'
    (entry,) = parsed(
        bomb + "<rss version='2.0'><channel><item><title>a &l9; &f; b</title></item></channel></rss>"
    ).entries
    assert len(entry.title) < 50
    assert "root" not in entry.title


def test_depth_is_no_danger() -> None:
    deep = "<a>" * 20_000 + "</a>" * 20_000
    (entry,) = parsed(rss(f"<title>T</title>{deep}")).entries
    assert entry.title == "T"


def test_bytes_are_never_taken_for_a_file_name() -> None:
    with pytest.raises(ParseError, match="no RSS or Atom"):
        parsed(b"/etc/passwd")


SAMPLES = [
    document.encode(encoding)
    for document in (
        ATOM,
        RDF,
        rss(
            "<title>Нікель і кобальт</title><link>/1</link><pubDate>23/11/2026</pubDate>",
            "<title>Б</title><guid>2</guid>",
        ),
    )
    for encoding in ("utf-8", "utf-16")
]


@settings(max_examples=150, deadline=None)
@given(sample=st.sampled_from(SAMPLES), seed=st.integers(0, 2**32), changes=st.integers(1, 30))
def test_a_mutilated_document_gives_entries_or_a_parse_error(sample: bytes, seed: int, changes: int) -> None:
    dice = random.Random(seed)
    body = bytearray(sample)
    for _ in range(changes):
        at = dice.randrange(len(body) + 1)
        match dice.randrange(4):
            case 0:
                body[at : at + 1] = bytes([dice.randrange(256)])
            case 1:
                del body[at : at + dice.randrange(1, 40)]
            case 2:
                body[at:at] = dice.choice(
                    [b"<", b">", b"&", b"]]>", b"<![CDATA[", b"<!--", b"\0", b"\xff", b"<item>"]
                )
            case _:
                body[at:at] = body[: dice.randrange(60)]
    check_any(bytes(body))


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_give_entries_or_a_parse_error(body: bytes) -> None:
    check_any(body)


def check_any(body: bytes) -> None:
    try:
        feed = parsed(body)
    except ParseError:
        return
    identities = [entry.identity for entry in feed.entries]
    assert len(set(identities)) == len(identities)
    for entry in feed.entries:
        assert entry.title == " ".join(entry.title.split())
        assert entry.title
        assert entry.url is None or entry.url.startswith(("http://", "https://"))
        assert entry.published is None or entry.published.tzinfo is UTC
        entry.title.encode()
        entry.summary.encode()
