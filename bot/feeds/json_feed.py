"""JSON Feed 1.0 and 1.1 to raw items (https://www.jsonfeed.org/version/1.1/).

feedparser knows none of it, and no kept library does. The format is small: this reads what the standard asks
for, and forgives what writers get wrong (numbers for ids, a missing version, one author for several, a comma
too many at the end of a list).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, Final

from bot.feeds.raw import RawFeed, RawItem

_VERSION: Final = "jsonfeed.org/version/"
_MAX_ITEMS: Final = 5000
_MAX_LIST: Final = 50
_COMMENT_LINE: Final = re.compile(r"^\s*//.*$", re.MULTILINE)
_LAST_COMMA: Final = re.compile(r",(?=\s*[]}])")


def read_json(text: str) -> RawFeed | None:
    """The items of a JSON Feed, or None for JSON (or anything) that is none."""
    document = _loaded(text)
    if not isinstance(document, dict):
        return None
    items = document.get("items")
    if not isinstance(items, list) or not _is_feed(document, items):
        return None
    return RawFeed(
        title=_text(document, "title"),
        language=_text(document, "language"),
        link=_text(document, "home_page_url"),
        items=tuple(_item(item) for item in _both_ends(items) if isinstance(item, dict)),
    )


def _loaded(text: str) -> Any:
    for attempt in (text, None):
        # Written by hand: comments, a comma behind the last item.
        source = _LAST_COMMA.sub("", _COMMENT_LINE.sub("", text)) if attempt is None else attempt
        try:
            return json.loads(source, strict=False)
        except (ValueError, RecursionError):  # no JSON; nested thousands deep
            continue
    return None


def _is_feed(document: dict[str, Any], items: list[Any]) -> bool:
    if _VERSION in _text(document, "version"):
        return True
    # Without a version it takes items that look like it, so that no API's answer becomes news.
    return any(
        isinstance(item, dict)
        and "id" in item
        and any(name in item for name in ("content_html", "content_text", "date_published"))
        for item in items[:_MAX_LIST]
    )


def _both_ends(items: list[Any]) -> list[Any]:
    return items if len(items) <= _MAX_ITEMS else items[: _MAX_ITEMS // 2] + items[-_MAX_ITEMS // 2 :]


def _item(item: dict[str, Any]) -> RawItem:
    authors = item.get("authors")
    if not isinstance(authors, list):
        authors = [item.get("author")]  # 1.0
    attachments = [each for each in _list(item, "attachments") if isinstance(each, dict)]
    return RawItem(
        guid=_text(item, "id"),
        links=_given((_text(item, "url"), _text(item, "external_url"))),
        title=_text(item, "title"),
        texts=_given(_text(item, name) for name in ("summary", "content_html", "content_text")),
        dates=_given((_text(item, "date_published"), _text(item, "date_modified"))),
        images=_given((_text(item, "image"), _text(item, "banner_image"))),
        enclosures=tuple(
            (_text(each, "url"), _text(each, "mime_type"), _text(each, "size_in_bytes"))
            for each in attachments
            if _text(each, "url")
        ),
        author=", ".join(_given(_text(each, "name") for each in authors[:5] if isinstance(each, dict))),
        categories=_given(tag for tag in _list(item, "tags") if isinstance(tag, str)),
    )


def _list(mapping: dict[str, Any], key: str) -> list[Any]:
    values = mapping.get(key)
    return values[:_MAX_LIST] if isinstance(values, list) else []


def _text(mapping: dict[str, Any], key: str) -> str:
    value = mapping.get(key)
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()  # half a surrogate pair is a letter in JSON alone
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return ""


def _given(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(text for text in texts if text)
