"""Titles with what outlets hang on them taken off: their own name behind a dash, a subtitle behind `//`.

A title is only ever shortened by what is known to be no part of it: the name of the feed, its host or the
item's own source, or words that stand on nearly all titles of the document.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

# With a space on both sides, so that no compound word and no range of numbers is cut.
_SEPARATOR: Final = re.compile(r" (?:[-–—―|•·»/¦]|::|\|\||//|»») ")
_MIN_ITEMS: Final = 4  # fewer titles agree by chance
_SHARE: Final = 0.75
_MAX_NAME_CHARS: Final = 60
_MIN_TITLE_CHARS: Final = 8
_LETTERS: Final = re.compile(r"[^\W_]+")
_NO_ASCII_LETTERS: Final = {code: None for code in range(128) if not chr(code).isalnum()}
_SUBTITLE: Final = " // "  # Kommersant: headline // what it is about


def feed_names(title: str, link: str, url: str) -> frozenset[str]:
    """The names under which a feed may sign its titles, folded: its title, the title's parts, its host.

    Args:
        title: the feed's own title, e.g. `Kabar Tambang - Ekonomi`.
        link: the address of the feed's site.
        url: the address of the feed.
    """
    names = {title, *_SEPARATOR.split(title), *re.split(r"[:,]\s", title)}
    for address in (link, url):
        try:
            labels = (urlsplit(address).hostname or "").removeprefix("www.").split(".")
        except ValueError:
            continue
        names |= {".".join(labels[start:]) for start in range(len(labels) - 1)}
        # In `kabar.example` and `kabar.co.id` the name is the label of more than three letters.
        names |= {label for label in labels[:-1] if len(label) > 3}
    return frozenset(name for each in names if 2 <= len(name := folded(each)) <= _MAX_NAME_CHARS)


def folded(text: str) -> str:
    """Letters and digits only, for comparing names."""
    if text.isascii():  # the same, three times as fast
        return text.translate(_NO_ASCII_LETTERS).lower()
    return "".join(_LETTERS.findall(text.casefold()))


@dataclass(frozen=True, slots=True)
class Habits:
    """What stands at the end or the start of nearly all titles of a feed, folded."""

    ends: frozenset[str] = frozenset()
    starts: frozenset[str] = frozenset()


def habits_of(titles: Sequence[str]) -> Habits:
    """The habits that the titles of one document show."""
    divided = [title for title in titles if _SEPARATOR.search(title)]
    common_ends = _common(title.rpartition(found)[2] for title in divided if (found := _last(title)))
    threshold = max(_MIN_ITEMS, _SHARE * len(titles))
    repeated = frozenset(name for name, count in common_ends.items() if count >= threshold)
    starts = _common(_SEPARATOR.split(title, 1)[0] for title in divided)
    repeated_starts = frozenset(name for name, count in starts.items() if count >= threshold)
    return Habits(repeated, repeated_starts)


def undressed(
    titles: Sequence[str], names: frozenset[str], sources: Iterable[str], habits: Habits
) -> list[tuple[str, str]]:
    """For each title what remains of it, and its subtitle or "".

    Args:
        titles: plain.
        names: see `feed_names`.
        sources: for each title the name of the outlet that the item itself gives, or "".
    """
    ends, starts = names | habits.ends, names | habits.starts
    return [
        # Nothing can be taken off a title that no separator divides.
        _undressed(title, ends, starts, folded(source)) if _SEPARATOR.search(title) else (title, "")
        for title, source in zip(titles, sources, strict=True)
    ]


def _undressed(title: str, ends: frozenset[str], starts: frozenset[str], source: str) -> tuple[str, str]:
    for _ in range(2):  # `Title - Section - Outlet`
        found = _last(title)
        if not found:
            break
        head, _, end = title.rpartition(found)
        name = folded(end)
        if not name or len(head) < _MIN_TITLE_CHARS or not (name in ends or name == source):
            break
        title = head.rstrip()
    if match := _SEPARATOR.search(title):
        start, rest = title[: match.start()], title[match.end() :]
        if folded(start) in starts and len(rest) >= _MIN_TITLE_CHARS:
            title = rest.lstrip()
    head, mark, subtitle = title.partition(_SUBTITLE)
    if mark and len(head) >= _MIN_TITLE_CHARS and subtitle.strip():
        return head.rstrip(), subtitle.strip()
    return title, ""


def _last(title: str) -> str:
    """The last separator of a title, as it stands there."""
    found = ""
    for match in _SEPARATOR.finditer(title[-_MAX_NAME_CHARS - 6 :]):
        found = match[0]
    return found


def _common(parts: Iterable[str]) -> Counter[str]:
    return Counter(name for part in parts if (name := folded(part)) and len(part) <= _MAX_NAME_CHARS)
