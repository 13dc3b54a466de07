"""Which entry is which article: guid, else link, else content, whatever the feed does with its guids.

Within one document a guid or link that stands on several articles tells nothing and is passed over
(`identify`). Between polls only memory helps: a feed that gives all its items new guids, or a new guid to an
item it has edited, is recognised by links and titles (`recognised`).
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot.feeds.entry import Entry
from bot.feeds.links import is_well_formed, link_key
from bot.feeds.titles import folded

TRACE_BYTES = 6  # of a document's few thousand marks two are taken for one in 1 of 10**8 documents
_MIN_RENUMBERED = 2  # one article with a new guid is an article; two are a habit


@dataclass(frozen=True, slots=True)
class Marks:
    """What an item may be known by, each "" when it has none: guid, absolute link, title (or other text)."""

    guid: str
    link: str
    title: str


@dataclass(frozen=True, slots=True)
class KnownItems:
    """What earlier polls of one feed left, as far as this document's entries ask about it.

    `identities` are those among the entries' own that are stored. `by_link` and `by_title` lead from an
    entry's `link_key` or `title_key` to the identity of the stored article that has it (the latest, should
    there be several).
    """

    identities: frozenset[str] = frozenset()
    by_link: Mapping[str, str] = field(default_factory=dict)
    by_title: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Trace:
    """What is kept of an item to tell whether others share its marks: a digest of each, b"" for none."""

    guid: bytes
    link: bytes
    title: bytes


def identify(items: Sequence[Marks], others: Sequence[Trace] = ()) -> list[tuple[str, Trace]]:
    """An identity for each item of one document, 64 hex digits, and its trace.

    Args:
        others: the traces of items of the same document that need no identity.
    """
    keyed = [(_guid_key(item), link_key(item.link) if item.link else "", item.title) for item in items]
    traces = [_traced(guid, link, title) for guid, link, title in keyed]
    everybody = [*traces, *others]
    guids, links, titles = ([getattr(one, name) for one in everybody] for name in ("guid", "link", "title"))
    shared_guids = _shared(guids, links, titles)
    shared_links = _shared(links, links, titles)
    identified = []
    for (guid, link, title), trace in zip(keyed, traces, strict=True):
        if guid and trace.guid not in shared_guids:
            text = f"guid:{guid}"
        elif link and trace.link not in shared_links:
            text = f"link:{link}"
        else:
            text = f"title:{title or link or guid}"
        identified.append((_digest(text), trace))
    return identified


def keys(link: str, title: str) -> tuple[str | None, str]:
    """`Entry.link_key` and `Entry.title_key`."""
    return _digest(link_key(link))[:32] if link else None, _digest(folded(title))[:32]


def content_hash(title: str, summary: str) -> str:
    """`Entry.content_hash`."""
    return _digest(f"{title}\0{summary}")[:16]


def recognised(entries: Sequence[Entry], known: KnownItems, *, whole: bool = True) -> tuple[Entry, ...]:
    """The entries of a document, each with the identity under which its article is already stored, if it is.

    `whole` says that these are all its entries; a part of them can't tell that all its guids have changed.

    An entry whose identity is new is an old article all the same when the feed has changed all its guids:
    none of the document's identities is known, and most links (or, failing those, titles) are. It is one,
    too, when both its link and its title are those of one stored article.
    """
    strangers = [entry for entry in entries if entry.identity not in known.identities]
    by_link = {entry.identity: known.by_link.get(entry.link_key or "") for entry in strangers}
    by_title = {entry.identity: known.by_title.get(entry.title_key) for entry in strangers}
    anew = whole and len(strangers) == len(entries)
    use_link = anew and _most(by_link.values(), len(entries))
    use_title = anew and not use_link and _most(by_title.values(), len(entries))
    taken = {entry.identity for entry in entries} & known.identities
    result = []
    for entry in entries:
        link, title = by_link.get(entry.identity), by_title.get(entry.identity)
        stored = (link if use_link else title if use_title else None) or (link if link == title else None)
        if stored is not None and stored not in taken:
            taken.add(stored)
            entry = replace(entry, identity=stored)
        result.append(entry)
    return tuple(result)


def _most(found: Iterable[str | None], of: int) -> bool:
    matches = len([each for each in found if each is not None])
    return matches >= _MIN_RENUMBERED and 2 * matches > of


def _guid_key(item: Marks) -> str:
    """The guid; of one that is an address, what the address is recognised by.

    The BBC counts an article's editions behind its address (`…/articles/abc#3`), which makes each a new guid.
    """
    guid = item.guid
    if not guid.startswith(("http://", "https://")):
        return guid
    if guid == item.link:  # as in most feeds
        return link_key(guid)
    if not is_well_formed(guid):
        return guid
    head, mark, edition = guid.partition("#")
    if mark and edition.isdecimal() and item.link and link_key(head) == link_key(item.link):
        guid = head
    return link_key(guid)


def _shared(marks: Sequence[bytes], links: Sequence[bytes], titles: Sequence[bytes]) -> frozenset[bytes]:
    """The marks that tell nothing: the same on every item, or on items of different links and titles."""
    groups: dict[bytes, list[int]] = defaultdict(list)
    for number, mark in enumerate(marks):
        if mark:
            groups[mark].append(number)
    return frozenset(
        mark
        for mark, numbers in groups.items()
        if len(numbers) > 1
        and (
            len(groups) == 1
            or (len({links[each] for each in numbers}) > 1 and len({titles[each] for each in numbers}) > 1)
        )
    )


def _traced(guid: str, link: str, title: str) -> Trace:
    by_link = _trace(link)
    return Trace(by_link if guid == link else _trace(guid), by_link, _trace(title))


def _trace(mark: str) -> bytes:
    return hashlib.blake2b(mark.encode("utf-8", "replace"), digest_size=TRACE_BYTES).digest() if mark else b""


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
