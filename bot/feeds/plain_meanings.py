"""What an element means in a place: in the feed, an item, an image, an author ...

That is, what feedparser's handler of its name does there to what `bot.feeds.found` asks for. The first
function of a meaning is for a leaf, whose text it takes at its end; the second for an element that may hold
others. Where "" has a meaning, it is that of the elements that feedparser only files away.
"""

from __future__ import annotations

import re
from typing import Any, Final

from feedparser.api import StrictFeedParser

from bot.feeds.found import MAX_NUMBERS
from bot.feeds.plain_findings import Begin, Close, Doubt, Findings, Meaning, Meanings

_HANDLED: Final = frozenset(
    name.partition(start)[2]
    for name in dir(StrictFeedParser)
    for start in ("_start_", "_end_")
    if name.startswith(start)
)
# Elements unknown to feedparser are filed under their name. Under these it keeps something else.
_KEPT_OTHERWISE: Final = frozenset(
    {
        *("author_detail", "authors", "contributors", "date", "generator_detail", "license", "links"),
        *("media_content", "media_credit", "media_license", "media_player", "media_rating"),
        *("media_restriction", "media_thumbnail", "psc_chapters", "publisher_detail", "tags", "where"),
    }
)
_HTML: Final = frozenset({"text/html", "html", "application/xhtml+xml", "xhtml"})
_AMPERSANDS: Final = re.compile("&([A-Za-z0-9_]+);")


def meaning_of(name: str, meanings: Meanings) -> Meaning:
    """What an element means; raises Doubt where that is not known."""
    meaning = meanings.get(name)
    if meaning is not None:
        return meaning
    if "" not in meanings or name in _HANDLED or name in _KEPT_OTHERWISE:
        raise Doubt
    return meanings[""]


def _nothing(_found: Findings, _text: str) -> None:
    pass


# The document, its root and its channel.


def _root(found: Findings) -> None:
    attributes = found.named()
    language = attributes.get("xml:lang", attributes.get("lang"))
    if language:
        found.feed["language"] = language.replace("_", "-")
    found.is_feed = True
    found.enter(_FEED)


def _rdf(found: Findings) -> None:
    found.enter(_FEED)


def _atom(found: Findings) -> None:
    _root(found)
    found.in_feed = True


def _channel(found: Findings) -> None:
    if not {"lastmod", "href"}.isdisjoint(found.named()):
        raise Doubt
    found.in_feed = True
    found.enter(_FEED, _leave_channel)


def _leave_channel(found: Findings) -> None:
    found.in_feed = False


def _item(found: Findings) -> None:
    found.begin_item()
    if found.attributes:
        attributes = found.named()
        if "lastmod" in attributes or "href" in attributes:
            raise Doubt
        about = found.names.about(attributes)
        if about:
            found.entry["id"] = about
    found.enter(_ITEM, _leave_item)


def _leave_item(found: Findings) -> None:
    found.has_content = False


def _feed_text(name: str) -> Meaning:
    def close(found: Findings, text: str) -> None:
        if found.in_feed:
            found.feed[name] = text

    return close, None


def _feed_number(name: str) -> Meaning:
    def close(found: Findings, text: str) -> None:
        if found.attributes:  # feedparser keeps these in the number's place
            raise Doubt
        if found.in_feed:
            found.feed[name] = text

    return close, None


def _feed_title(found: Findings, title: str) -> None:
    _titled(found, title, found.feed if found.in_feed else {})


def _titled(found: Findings, title: str, kept: dict[str, Any]) -> None:
    if found.attributes:
        found.check_type()
    if not -1 < found.title_depth <= found.depth:
        kept["title"] = title
    if title:
        found.title_depth = found.depth


def _feed_media_title(found: Findings, title: str) -> None:
    before = found.title_depth
    _feed_title(found, title)
    found.title_depth = before


def _feed_link(found: Findings, text: str) -> None:
    link, address = _link_of(found)
    if address is not None:
        if link["rel"] == "alternate" and link["type"] in _HTML:
            found.feed["link"] = address
    elif found.in_feed:
        found.feed["link"] = _AMPERSANDS.sub(r"&\g<1>", text)


def _link_of(found: Findings) -> tuple[dict[str, str], str | None]:
    """A link's attributes, and its address if these say it."""
    if not found.attributes:
        return {"rel": "alternate", "type": "text/html"}, None
    link = found.named()
    rel = link.setdefault("rel", "alternate")
    link.setdefault("type", "application/atom+xml" if rel == "self" else "text/html")
    return link, _address(link)


def _address(attributes: dict[str, str]) -> str | None:
    found = attributes.get("url", attributes.get("uri", attributes.get("href")))
    if found:
        attributes["href"] = found
    return attributes.get("href")


def _feed_id(found: Findings, text: str) -> None:
    if found.named().get("ispermalink", "true") == "true":
        found.feed.setdefault("link", text)


def _feed_description(found: Findings, _text: str) -> None:
    if found.attributes:
        found.check_type()
    if "summary" in found.feed:
        found.has_content = True  # so the first item's second summary is none


def _feed_summary(found: Findings, text: str) -> None:
    if found.attributes:
        found.check_type()
    if "summary" in found.feed and not found.has_content:
        found.has_content = True
    elif found.in_feed:
        found.feed["summary"] = text


def _feed_content(found: Findings, text: str) -> None:
    if found.attributes:
        found.check_type()
    found.has_content = True
    found.feed.setdefault("summary", text)


def _feed_picture(found: Findings, _text: str) -> None:
    attributes = found.named()
    address = attributes.get("href") or attributes.get("url")
    if address:
        found.feed["image"] = {"href": address}


def _feed_license(found: Findings, _text: str) -> None:
    if not found.in_feed or found.attributes:  # feedparser takes away what it has not kept
        raise Doubt


def _hour(found: Findings, text: str) -> None:
    _listed(text, found.hours)


def _day(found: Findings, text: str) -> None:
    _listed(text, found.days)


def _listed(value: str, values: list[str]) -> None:
    if value and len(values) < MAX_NUMBERS:
        values.append(value)


def _image(found: Findings) -> None:
    found.feed.setdefault("image", {})
    found.title_depth = -1
    found.enter(_IMAGE)


def _image_title(found: Findings, title: str) -> None:
    _titled(found, title, found.feed["image"] if found.in_feed else {})


def _text_input(found: Findings) -> None:
    found.title_depth = -1
    found.enter(_TEXT_INPUT)


def _unkept_title(found: Findings, title: str) -> None:
    _titled(found, title, {})


# An item.


def _text(name: str) -> Meaning:
    def close(found: Findings, text: str) -> None:
        found.keep(name, text)

    return close, None


def _bare_text(name: str) -> Meaning:
    def close(found: Findings, text: str) -> None:
        if found.attributes:  # feedparser keeps these in the text's place
            raise Doubt
        found.keep(name, text)

    return close, None


def _title(found: Findings, title: str) -> None:
    if found.attributes:
        found.check_type()
    if not -1 < found.title_depth <= found.depth:
        found.keep("title", title)
    if title:
        found.title_depth = found.depth


def _media_title(found: Findings, title: str) -> None:
    before = found.title_depth
    _title(found, title)
    found.title_depth = before


def _link(found: Findings, text: str) -> None:
    link, address = _link_of(found)
    entry = found.entry
    entry.setdefault("links", []).append(link)
    if address is not None:
        if link["rel"] == "alternate" and link["type"] in _HTML:
            entry["link"] = address
        return
    if "&" in text:
        text = _AMPERSANDS.sub(r"&\g<1>", text.replace("&amp;", "&"))
    entry["link"] = text
    if text:
        link["href"] = text


def _guid(found: Findings, text: str) -> None:
    found.keep("id", text)
    if not found.attributes or found.named().get("ispermalink", "true") == "true":
        found.entry.setdefault("link", text)


def _summary(found: Findings, text: str) -> None:
    if found.attributes:
        found.check_type()
    if "summary" in found.entry and not found.has_content:
        found.add_content(text)
    else:
        found.keep("summary", text)


def _content(found: Findings, text: str) -> None:
    if found.attributes:
        found.check_type()
    found.add_content(text)


def _enclosure(found: Findings, _text: str) -> None:
    link = found.named()
    _address(link)
    link["rel"] = "enclosure"
    found.entry.setdefault("links", []).append(link)


def _media_content(found: Findings) -> None:
    found.entry.setdefault("media_content", []).append(found.named())


def _thumbnail(found: Findings, text: str) -> None:
    attributes = found.named()
    if text:
        attributes.setdefault("url", text)
    found.entry.setdefault("media_thumbnail", []).append(attributes)


def _picture(found: Findings, _text: str) -> None:
    attributes = found.named()
    address = attributes.get("href") or attributes.get("url")
    if address:
        found.entry["image"] = {"href": address}


def _category(found: Findings, text: str) -> None:
    attributes = found.named()
    scheme = attributes.get("scheme", attributes.get("domain"))
    _classified(found, text, attributes.get("term"), scheme, attributes.get("label"))


def _media_category(found: Findings, text: str) -> None:
    attributes = found.named()
    scheme = attributes.get("scheme", "http://search.yahoo.com/mrss/category_schema")
    _classified(found, text, attributes.get("term"), scheme, attributes.get("label"))


def _itunes_category(found: Findings, text: str) -> None:
    _classified(found, text, found.named().get("text"), "http://www.itunes.com/", None)


def _classified(found: Findings, text: str, term: str | None, scheme: str | None, label: str | None) -> None:
    found.add_category(term, scheme, label)
    if text:
        tags = found.entry["tags"]
        if tags and not tags[-1]["term"]:
            tags[-1]["term"] = text
        else:
            found.add_category(text, None, None)


def _keywords(scheme: str | None) -> Meaning:
    def close(found: Findings, text: str) -> None:
        if found.attributes:  # feedparser keeps these instead
            return
        for term in text.split(","):
            if term.strip():
                found.add_category(term.strip(), scheme, None)

    return close, None


def _author(found: Findings) -> None:
    found.entry.setdefault("authors", []).append({})
    found.pieces.clear()
    found.enter(_AUTHOR, _leave_author)


def _leave_author(found: Findings) -> None:
    found.keep("author", found.text())
    found.pieces.clear()


def _author_name(found: Findings, _text: str) -> None:
    found.entry["authors"][-1]["name"] = found.raw_text()


def _contributor(found: Findings) -> None:
    found.enter(_CONTRIBUTOR)


def _source(found: Findings) -> None:
    found.title_depth = -1
    found.source = {}
    found.pieces.clear()
    found.enter(_SOURCE, _leave_source)


def _leave_source(found: Findings) -> None:
    name = found.text()
    found.pieces.clear()
    if name:
        found.source["title"] = name
    found.entry["source"] = found.source


def _source_title(found: Findings, title: str) -> None:
    _titled(found, title, found.source)


def _source_link(found: Findings, text: str) -> None:
    if text and _link_of(found)[1] is not None:  # the text would be the source's name
        raise Doubt


def _item_image(found: Findings) -> None:
    found.title_depth = -1
    found.enter(_ITEM_IMAGE)


def _leaf(close: Close) -> Meaning:
    return close, None


def _holder(begin: Begin) -> Meaning:
    return None, begin


def _within_text(close: Close) -> Meaning:
    """A leaf within a text that counts: it is no part of that."""

    def end(found: Findings, text: str) -> None:
        close(found, text)
        found.pieces.clear()

    return None, lambda found: found.begin_leaf(end)


def _all(meaning: Meaning, names: str) -> dict[str, Meaning]:
    return dict.fromkeys(names.split(), meaning)


_SKIPPED_LEAF: Final[Meaning] = (_nothing, None)
_PASSED_OVER: Final[Meaning] = (None, None)
# What feedparser keeps where nobody asks for it, in the feed and in an item.
_KEPT_IN_VAIN: Final = _all(
    _SKIPPED_LEAF,
    "copyright rights dc_rights subtitle tagline itunes_subtitle generator cloud webmaster dc_publisher"
    " dc_contributor name email itunes_name itunes_email uri url homepage width height expirationdate"
    " media_credit media_rating media_restriction media_license media_player itunes_explicit itunes_block"
    " georss_point",
)
DOCUMENT: Final[Meanings] = {
    "rss": _holder(_root),
    "feed": _holder(_atom),
    "rdf_rdf": _holder(_rdf),
}
_FEED: Final[Meanings] = {
    "": _PASSED_OVER,
    **_KEPT_IN_VAIN,
    **_all(
        _SKIPPED_LEAF,
        "published issued pubdate dcterms_issued updated modified lastbuilddate dc_date dcterms_modified"
        " created dcterms_created category keywords dc_subject media_category media_keywords itunes_keywords"
        " media_thumbnail enclosure",
    ),
    **_all(
        _PASSED_OVER,
        "author managingeditor dc_creator dc_author itunes_author contributor itunes_owner itunes_category"
        " media_group media_content",
    ),
    "channel": _holder(_channel),
    **_all(_holder(_item), "item entry"),
    **_all(_leaf(_feed_title), "title dc_title"),
    "media_title": _leaf(_feed_media_title),
    "link": _leaf(_feed_link),
    **_all(_leaf(_feed_id), "id guid"),
    **_all(_feed_text("language"), "language dc_language"),
    **{name: _feed_number(name) for name in ("ttl", "sy_updateperiod", "sy_updatefrequency")},
    **_all(_leaf(_feed_description), "description dc_description media_description"),
    **_all(_leaf(_feed_summary), "summary itunes_summary"),
    **_all(_leaf(_feed_content), "content content_encoded"),
    "itunes_image": _leaf(_feed_picture),
    "creativecommons_license": _leaf(_feed_license),
    "hour": _leaf(_hour),
    "day": _leaf(_day),
    "image": _holder(_image),
    "textinput": _holder(_text_input),
}
_ITEM: Final[Meanings] = {
    "": _PASSED_OVER,
    **_KEPT_IN_VAIN,
    **_all(_SKIPPED_LEAF, "language dc_language"),
    **_all(_PASSED_OVER, "media_group"),
    **_all(_leaf(_title), "title dc_title"),
    "media_title": _leaf(_media_title),
    "link": _leaf(_link),
    **_all(_leaf(_guid), "id guid"),
    **_all(_text("published"), "published issued pubdate dcterms_issued"),
    **_all(_text("updated"), "updated modified lastbuilddate dc_date dcterms_modified"),
    **_all(_text("created"), "created dcterms_created"),
    **_all(_leaf(_summary), "description summary dc_description media_description itunes_summary"),
    **_all(_leaf(_content), "content content_encoded fullitem"),
    **{
        name: _bare_text(name)
        for name in (
            "feedburner_origlink",
            "rbc_news_anons",
            "rbc_news_full-text",
            "yandex_full-text",
            "full-text",
        )
    },
    **_all(_leaf(_category), "category keywords dc_subject"),
    "media_category": _leaf(_media_category),
    "itunes_category": _leaf(_itunes_category),
    "media_keywords": _keywords(None),
    "itunes_keywords": _keywords("http://www.itunes.com/"),
    "enclosure": _leaf(_enclosure),
    "media_content": _holder(_media_content),
    "media_thumbnail": _leaf(_thumbnail),
    "itunes_image": _leaf(_picture),
    **_all(_holder(_author), "author managingeditor dc_creator dc_author itunes_author"),
    "contributor": _holder(_contributor),
    "source": _holder(_source),
    "image": _holder(_item_image),
}
_IMAGE: Final[Meanings] = {
    "title": _leaf(_image_title),
    **_all(_SKIPPED_LEAF, "link description url width height"),
}
_TEXT_INPUT: Final[Meanings] = {
    "title": _leaf(_unkept_title),
    **_all(_SKIPPED_LEAF, "link description name"),
}
_ITEM_IMAGE: Final[Meanings] = {"title": _leaf(_title), **_all(_SKIPPED_LEAF, "url width height")}
_AUTHOR: Final[Meanings] = {
    "name": _within_text(_author_name),
    **_all(_within_text(_nothing), "email uri url homepage"),
}
_CONTRIBUTOR: Final[Meanings] = _all(_SKIPPED_LEAF, "name email uri url homepage")
_SOURCE: Final[Meanings] = {
    "title": _within_text(_source_title),
    "link": _within_text(_source_link),
    **_all(_within_text(_nothing), "id updated published subtitle rights generator category"),
}
