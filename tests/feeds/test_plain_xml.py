"""An ordinary document is read without feedparser, to what feedparser gives."""

from __future__ import annotations

import re

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from bot.feeds.decode import as_utf8
from bot.feeds.plain_xml import read_plain
from bot.feeds.raw import RawFeed
from bot.feeds.xml_items import MAX_ITEMS, MAX_STEPS, read_with_feedparser

HEAD = (
    '<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:media="http://search.yahoo.com/mrss/"'
    ' xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:atom="http://www.w3.org/2005/Atom"'
    ' xmlns:sy="http://purl.org/rss/1.0/modules/syndication/" xmlns:yandex="http://news.yandex.ru"'
    ' xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"><channel><title>Kabar Logam</title>'
    '<link>https://k.example/?a=1&amp;b=2</link><atom:link rel="self" href="https://k.example/rss"/>'
)
END = "</channel></rss>"
RDF = (
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"'
    ' xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="https://k.example/">'
)
ATOM = '<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="id_ID">'

ORDINARY = {
    "RSS 2.0": f"""{HEAD}<description>Ore</description><language>id</language><ttl>30</ttl>
        <sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>2</sy:updateFrequency>
        <skipHours><hour>1</hour><hour>2</hour></skipHours><skipDays><day>Sunday</day></skipDays>
        <image><url>/l.png</url><title>K</title><link>https://k.example/</link><width>88</width></image>
        <itunes:owner><itunes:name>K</itunes:name><itunes:email>k@k.example</itunes:email></itunes:owner>
        <item><title> Nikel &amp; timah </title><link>https://k.example/1?a=1&amp;b=2</link>
        <description><![CDATA[<p>Harga</p>]]></description><pubDate>Mon, 23 Nov 2026 06:00:00 GMT</pubDate>
        <guid isPermaLink="false">k-1</guid><category domain="logam">Nikel</category>
        <category>Timah</category><author>sari@k.example (Sari)</author><source url="https://w.example/rss">Warta</source>
        <enclosure url="/1.mp3" type="audio/MPEG" length="12"/><comments>https://k.example/1#c</comments></item>
        <item><title>Квота</title><guid>https://k.example/2</guid><dc:creator>Дмитрий</dc:creator>
        <dc:date>2026-11-23T06:00:00Z</dc:date><content:encoded>&lt;p&gt;Долго</content:encoded>
        <description>Кратко</description><yandex:full-text>Полно</yandex:full-text>
        <media:group><media:content url="/2.jpg" medium="image"><media:title>Rudnik</media:title>
        </media:content></media:group><media:thumbnail url="/2s.jpg"/></item>{END}""",
    "RSS 0.91": "<rss version='0.91'><channel><title>K</title><item><title>A</title></item></channel></rss>",
    "RDF": f"""{RDF}<title>K</title><link>https://k.example/</link><items><rdf:Seq><rdf:li
        rdf:resource="https://k.example/1"/></rdf:Seq></items><image rdf:resource="/l.png"/></channel>
        <image rdf:about="/l.png"><title>Logo</title><url>/l.png</url></image>
        <item rdf:about="https://k.example/1"><title>Bijih</title><link>https://k.example/1</link>
        <description>Naik</description><dc:date>2026-11-23</dc:date></item></rdf:RDF>""",
    "Atom": f"""{ATOM}<title type="html">K</title><id>urn:k</id><link href="https://k.example/"/>
        <link rel="self" href="/feed"/><subtitle>Ore</subtitle><updated>2026-11-23T06:00:00Z</updated>
        <author><name>Redaksi</name><uri>https://k.example/r</uri></author>
        <entry><id>urn:1</id><title type="html">&lt;b&gt;Nikel&lt;/b&gt;</title><link href="/1"/>
        <link rel="enclosure" type="Image/PNG" href="/1.png" length="9"/><category term="Nikel" label="N"/>
        <author><name>Sari</name><email>s@k.example</email></author><author><name>Budi</name></author>
        <source><id>urn:w</id><title>Warta</title><link href="https://w.example/"/></source>
        <summary>Ringkas</summary><content type="html">&lt;p&gt;Panjang</content>
        <published>2026-11-22T06:00:00Z</published><updated>2026-11-23T06:00:00Z</updated></entry></feed>""",
}


def both(text: str) -> tuple[RawFeed | None, RawFeed | None]:
    return read_plain(as_utf8(text)), read_with_feedparser(text)


@pytest.mark.parametrize("text", ORDINARY.values(), ids=ORDINARY.keys())
def test_an_ordinary_document_is_read_without_feedparser_as_with_it(text: str) -> None:
    plain, theirs = both(text)
    assert plain is not None
    assert plain.items
    assert plain == theirs


def rss(inside: str) -> str:
    return f"{HEAD}{inside}{END}"


def item(inside: str) -> str:
    return rss(f"<item>{inside}</item><item><title>Next</title><link>https://k.example/next</link></item>")


def atom(inside: str) -> str:
    return f"{ATOM}<title>K</title>{inside}</feed>"


# What feedparser makes of these is not what one would guess; the fast way guesses nothing.
TRAPS = {
    "a second summary is content": item(
        "<description>a</description><media:description>b</media:description>"
    ),
    "not behind content": item(
        "<content:encoded>a</content:encoded><description>b</description><description>c</description>"
    ),
    "a third summary replaces the first": item(
        "<description>a</description><description>b</description><description>c</description>"
    ),
    "a channel's summary counts for its first item": rss(
        "<itunes:summary>s</itunes:summary><description>d"
        "</description><item><description>a</description><description>b</description></item>"
    ),
    "a channel's content counts as its summary": rss(
        "<content:encoded>s</content:encoded><description>d"
        "</description><item><description>a</description><description>b</description></item>"
    ),
    "content alone is the summary": item("<content:encoded>a</content:encoded>"),
    "an Atom content without a type": atom("<entry><content>a</content><summary>b</summary></entry>"),
    "a guid is the link": item("<guid>https://k.example/1</guid>"),
    "a guid is the link of none but itself": item("<guid>kabar-1</guid><link>https://k.example/1</link>"),
    "a guid that is no link": item("<guid isPermaLink='False'>https://k.example/1</guid>"),
    "an empty link after a guid": item("<guid>https://k.example/1</guid><link/>"),
    "a feed's id is its link": f"{ATOM}<id>https://k.example/</id><entry><title>a</title></entry></feed>",
    "an entry's id is its link": atom(
        "<entry><id>https://k.example/1</id><link rel='self' href='/s'/></entry>"
    ),
    "titles after a title": item("<title>a</title><title>b</title><media:title>c</media:title>"),
    "a title after an empty one": item("<title> </title><media:title>b</media:title><title>c</title>"),
    "a deeper title after an empty one": item(
        "<title/><media:group><media:title>b</media:title></media:group>"
    ),
    "a deeper title before": item("<media:group><media:title>b</media:title></media:group><title>a</title>"),
    "a title in something unknown": item(
        "<box><title>b</title></box><title>a</title><box><title>c</title></box>"
    ),
    "a date in something unknown": item(
        "<pubDate>1</pubDate><box><pubDate>2</pubDate></box><pubDate>3</pubDate>"
        "<box><dc:date>4</dc:date></box><dc:date>5</dc:date>"
    ),
    "a channel's title behind its image's": rss("<image><title>L</title></image><title>Second</title>"),
    "a channel's second title": rss("<title>Second</title><item><title>a</title></item><title>Third</title>"),
    "a feed's title behind its entries": atom("<entry><title>a</title></entry><title>Last</title>"),
    "an image's title alone": "<rss><channel><image><title>L</title></image><item/></channel></rss>",
    "a picture in place of an image": "<rss xmlns:itunes='http://www.itunes.com/dtds/podcast-1.0.dtd'><channel>"
    "<image><title>L</title></image><itunes:image href='/p.png'/><item/></channel></rss>",
    "an item's image": item(
        "<title>a</title><image><url>/i.png</url><title>b</title></image><title>c</title>"
    ),
    "a title outside the channel": "<rss><title>x</title><channel/><title>y</title><item/></rss>",
    "a link outside the channel": "<rss><link>x</link><link href='y'/><channel/><item/></rss>",
    "a text input's title": rss("<textInput><title>t</title><name>q</name></textInput><title>b</title>"),
    "a source's title": atom(
        "<entry><title>a</title><source><title>W</title></source><title>b</title></entry>"
    ),
    "a source with a name and a title": item("<source url='u'><title>W</title>Warta</source>"),
    "a source of before": item("<source url='u'>W</source><source url='v'/>"),
    "categories without a term": item(
        "<category domain='d'/><category>a</category><category domain='d'/>"
        "<category label='l'/><category label='l'>b</category><category/><category>a</category>"
    ),
    "categories of several kinds": item(
        "<itunes:category text='a'/><itunes:keywords>b, c,,b</itunes:keywords>"
        "<media:category>a</media:category><media:keywords>d</media:keywords><dc:subject>e</dc:subject>"
        "<keywords>f, g</keywords>"
    ),
    "more categories than are read": item("".join(f"<category>{n}</category>" for n in range(30))),
    "more links than are read": item("".join(f"<link rel='enclosure' href='/{n}'/>" for n in range(60))),
    "persons and names": item("<dc:creator>a</dc:creator><author><name>b</name></author><author/>"),
    "a name behind an address": item("<author> <email>x</email> Sari </author>"),
    "a name is not repaired": atom("<entry><author><name>RenÃ©</name></author></entry>"),
    "misread letters": item(
        "<title>RenÃ© &#146;x&#147;</title><description>Ã© Ж</description><link>Ã©</link>"
    ),
    "an ampersand said twice": item("<link>/?a=1&amp;amp;b=2&amp;c;</link>"),
    "a link's kinds": item(
        "<link rel='ALTERNATE' type='Text/HTML' uri='/a'/><link type='text/x' href='/b'/>"
        "<link href=''>c</link><link url='' href='/d'/><link rel='enclosure' type='Image/PNG' url='/e'/>"
    ),
    "a link in an address's place": item("<link rel='related'>/a</link><link rel=''>/b</link>"),
    "foreign attributes": item(
        "<link atom:href='/a'/><enclosure dc:url='/b' itunes:type='Image/PNG'/>"
        "<guid yandex:isPermaLink='false'>c</guid>"
    ),
    "a thumbnail's text": item(
        "<media:thumbnail>/t.png</media:thumbnail><media:thumbnail url=''>/u</media:thumbnail>"
    ),
    "pictures by their ending": item(
        "<media:content url='/a.jpg'><media:thumbnail url='/b'/></media:content>"
        "<media:content url='/c.mp4' type='Video/MP4' fileSize='1'/><itunes:image href='/d'/>"
    ),
    "hours in an item": item("<hour>1</hour>"),
    "languages": rss("<language>a</language><dc:language>b</dc:language><item><language>c</language></item>"),
    "a language of the root": "<rss xml:lang='en_US' lang='de'><channel/><item/></rss>",
    "full texts": item("<yandex:full-text>a</yandex:full-text><full-text>b</full-text>"),
    "what nobody asks for": item("<box a='1'>x<box>y</box></box><dc:rights>r</dc:rights><itunes:explicit/>"),
    "an unknown namespace called like a known one": "<rss xmlns:media='urn:x'><channel><item>"
    "<media:content url='/a.jpg'/><media:title>t</media:title></item></channel></rss>",
    "a known namespace called otherwise": "<rss xmlns:m='http://search.yahoo.com/mrss' xmlns:a='"
    "http://www.w3.org/2005/Atom'><channel><item><m:content url='/a.jpg'/><a:link href='/b'/></item>"
    "</channel></rss>",
    "an unknown namespace without a name": "<rss xmlns='urn:x'><channel><item><title>t</title></item>"
    "</channel></rss>",
    "a namespace declared by each item": rss(
        "".join(
            f"<item><m:thumbnail xmlns:m='http://search.yahoo.com/mrss/' url='/{n}'/></item>"
            for n in range(3)
        )
    ),
    "a default namespace within": rss(
        "<item><link xmlns='http://www.w3.org/2005/Atom' href='/a'/>"
        "<title xmlns='urn:x'>t</title><title xmlns=''>u</title></item>"
    ),
    "Userland's namespaces": "<rss xmlns='http://backend.userland.com/rss2'><channel><item><title>t</title></item>"
    "</channel></rss>",
    "an about of another prefix": "<r:RDF xmlns:r='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='"
    "http://purl.org/rss/1.0/'><item r:about='https://k.example/1'/></r:RDF>",
    "a feed of a format unknown": "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns="
    "'urn:x'><item><title>t</title></item></rdf:RDF>",
    "Atom 0.3": "<feed version='0.3' xmlns='http://purl.org/atom/ns#'><entry><title mode='escaped' "
    "type='text/html'>&lt;b></title><issued>1</issued><modified>2</modified><created>3</created></entry></feed>",
    "content of one item and summaries of the next": rss(
        "<item><content:encoded>a</content:encoded></item>"
        "<item><description>b</description><description>c</description></item>"
    ),
    "misread letters by their numbers": rss("<item><title>&#195;&#169;</title></item>"),
    "an image behind a title that does not count": "<rss><title>x</title><channel><image><title>L</title>"
    "</image><item/></channel></rss>",
    "a prefix that stood for a known namespace": "<rss xmlns:m='http://search.yahoo.com/mrss/'><channel><item>"
    "<m:thumbnail xmlns:m='urn:x' url='/a'/></item></channel></rss>",
    "comments and instructions": item("<title>a<!-- b -->c<?d e?>f<![CDATA[ <g> ]]></title>"),
}


@pytest.mark.parametrize("text", TRAPS.values(), ids=TRAPS.keys())
def test_it_falls_into_the_same_traps(text: str) -> None:
    plain, theirs = both(text)
    assert plain is not None
    assert plain == theirs


DOUBTFUL = {
    "markup in a text": item("<title>a <b>b</b></title>"),
    "xhtml": atom("<entry><title type='xhtml'>a</title></entry>"),
    "base64": item("<description type='application/x'>YQ==</description>"),
    "base64 by its mode": item("<description mode='base64'>YQ==</description>"),
    "a base address": atom("<entry xml:base='https://b.example/'><title>a</title></entry>"),
    "a base of another name": item("<link dc:base='https://b.example/' href='a'/>"),
    "a date of no format": item("<date>2026-11-23</date>"),
    "an item in an item": item("<item><title>b</title></item>"),
    "an item with an address": rss("<item href='/a'/>"),
    "a number with attributes": rss("<ttl unit='min'>30</ttl>"),
    "a text beside a name": atom("<entry><author>a<name>b</name></author></entry>"),
    "a text with attributes": item("<full-text lang='id'>a</full-text>"),
    "a text in a source's address": atom("<entry><source><link href='/a'>b</link></source></entry>"),
    "a list that feedparser keeps as a text": item("<links>a</links><link href='/b'/>"),
    "a namespace in place of another": rss("<item xmlns:media='urn:x'><media:title>a</media:title></item>"),
    "a namespace of two names": rss("<box xmlns:x='urn:x'><item xmlns:y='urn:x'><y:title/></item></box>"),
    "a namespace with a space": "<rss xmlns:x='urn:x y'><channel><item/></channel></rss>",
    "many attributes": item("<media:content " + "".join(f"a{n}='' " for n in range(60)) + "/>"),
    "a DTD": f"<!DOCTYPE rss [<!ENTITY a 'b'>]>{rss('<item><title>&a;</title></item>')}",
    "not well-formed": rss("<item><title>a</item>"),
    "a page": "<html><head><title>a</title></head></html>",
    "something in an image": rss("<image><title>a</title><x/><link>b</link></image>"),
    "a kind of element that feedparser knows and nobody needs": item("<body>a</body>"),
}


@pytest.mark.parametrize("text", DOUBTFUL.values(), ids=DOUBTFUL.keys())
def test_on_a_doubt_it_leaves_the_document_to_feedparser(text: str) -> None:
    assert read_plain(as_utf8(text)) is None


def test_a_document_of_too_many_steps_or_items_is_left_to_feedparser() -> None:
    assert read_plain(as_utf8(rss("<a/>" * (MAX_STEPS // 3)))) is None
    assert read_plain(as_utf8(rss("<item/>" * MAX_ITEMS))) is None
    assert read_plain(as_utf8(rss("<item/>" * 9)), max_steps=20) is None


TAGS = (
    *("title", "link", "description", "summary", "content", "guid", "id", "pubDate", "updated", "category"),
    *(
        "author",
        "name",
        "source",
        "image",
        "url",
        "enclosure",
        "language",
        "ttl",
        "hour",
        "skipHours",
        "textInput",
    ),
    *(
        "box",
        "date",
        "item",
        "keywords",
        "subtitle",
        "width",
        "full-text",
        "contributor",
        "channel",
        "created",
    ),
    *("dc:creator", "dc:title", "dc:date", "dc:subject", "dc:description", "dc:language", "atom:link"),
    *(
        "media:content",
        "media:group",
        "media:title",
        "media:description",
        "media:thumbnail",
        "media:category",
    ),
    *(
        "content:encoded",
        "itunes:summary",
        "itunes:image",
        "itunes:category",
        "itunes:keywords",
        "itunes:author",
    ),
    *("yandex:full-text", "sy:updatePeriod", "x:title", "x:media", "media:x"),
)
ATTRIBUTES = (
    *("href='/a'", "url='/b.jpg'", "uri='/c'", "rel='self'", "rel='Enclosure'", "rel=''", "type='html'"),
    *(
        "type='Image/PNG'",
        "type='text'",
        "isPermaLink='false'",
        "isPermaLink='true'",
        "domain='d'",
        "term='t'",
    ),
    *("label='l'", "text='k'", "medium='image'", "xml:lang='id'", "lang='ru'", "dc:href='/d'", "base='/e'"),
    *("xmlns:x='urn:x'", "xmlns='urn:y'", "xmlns:x='http://search.yahoo.com/mrss/'", "rdf:about='f'"),
)
TEXTS = st.sampled_from(
    (
        *("", " ", "a", "b, c", "/a?b=1&amp;amp;c=2&amp;d;", " Ж\n", "RenÃ©", "&#146;", "Ã©Ж", "é"),
        *("<![CDATA[<p>x</p>]]>", "https://k.example/1", "a@k.example (Sari)", "<!-- x -->", "YQ=="),
    )
)
DECLARED = HEAD[: HEAD.index("><channel>")] + ' xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'


ROOTS = (
    (f"{DECLARED}><channel>", "</channel></rss>"),
    (DECLARED.replace("<rss", '<feed xmlns="http://www.w3.org/2005/Atom"') + ">", "</feed>"),
    (DECLARED.replace("<rss", '<rdf:RDF xmlns="http://purl.org/rss/1.0/"') + ">", "</rdf:RDF>"),
)


def element(tag: str, attributes: list[str], inside: list[str]) -> str:
    return f"<{' '.join([tag, *attributes])}>{''.join(inside)}</{tag}>"


def elements(inside: st.SearchStrategy[list[str]], tags: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    few = st.lists(st.sampled_from(ATTRIBUTES), max_size=2, unique_by=lambda each: each.partition("=")[0])
    return st.builds(element, tags, st.one_of(st.just([]), few), inside)


LEAVES = elements(TEXTS.map(lambda text: [text]), st.sampled_from(TAGS))
NESTED = st.one_of(LEAVES, LEAVES, elements(st.lists(LEAVES | TEXTS, max_size=3), st.sampled_from(TAGS)))
ITEMS = st.lists(LEAVES | NESTED, max_size=7).map(lambda inside: element("item", [], inside))
DOCUMENTS = st.builds(
    lambda before, items, after, roots: roots[0] + "".join([*before, *items, *after]) + roots[1],
    st.lists(NESTED, max_size=4),
    st.lists(ITEMS, min_size=1, max_size=3),
    st.lists(NESTED, max_size=2),
    st.sampled_from(ROOTS),
)


@settings(max_examples=200)
@given(DOCUMENTS)
def test_what_it_reads_is_what_feedparser_reads(text: str) -> None:
    plain = read_plain(as_utf8(text))
    event("read without feedparser" if plain else "left to feedparser")
    assert plain is None or plain == read_with_feedparser(text)


@settings(max_examples=200)
@given(st.sampled_from([*ORDINARY.values(), *TRAPS.values()]), st.data())
def test_whatever_happens_to_a_document_it_is_read_as_feedparser_reads_it(
    text: str, data: st.DataObject
) -> None:
    for _ in range(data.draw(st.integers(1, 4))):
        leaves = [match.span() for match in re.finditer(r"<([\w:]+)[^<>]*>[^<]*</\1>|<[^<>]*/>", text)]
        start, end = data.draw(st.sampled_from(leaves or [(0, 0)]))
        leaf, text = text[start:end], text[:start] + text[end:]  # gone, moved, said twice or wrapped
        for _ in range(data.draw(st.integers(0, 2))):
            place = data.draw(st.sampled_from([0, *(match.end() for match in re.finditer(">", text))]))
            piece = data.draw(st.just(leaf) | st.just(f"<box>{leaf}</box>") | NESTED | TEXTS)
            text = text[:place] + piece + text[place:]
    plain = read_plain(as_utf8(text))
    event("read without feedparser" if plain else "left to feedparser")
    assert plain is None or plain == read_with_feedparser(text)
