"""An ordinary document is read without feedparser, to what feedparser gives."""

from __future__ import annotations

import pytest

from bot.feeds.decode import as_utf8
from bot.feeds.plain_xml import read_plain
from bot.feeds.raw import RawFeed
from bot.feeds.xml_items import read_with_feedparser

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
