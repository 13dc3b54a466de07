"""One reading of a feed after another: only the items that the last one did not have are parsed.

A cut document must give what the whole one would. What depends on all items of a document (which guids and
links tell items apart, what its titles end in) is therefore remembered of those that are cut: a record each,
of their raw hash, the trace of their marks and their identity. On any doubt the whole document is read.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Final, NamedTuple

from bot.feeds.decode import as_utf8
from bot.feeds.entry import Entry
from bot.feeds.identity import TRACE_BYTES, Trace
from bot.feeds.parse import MAX_ENTRIES, TextRead, as_text, read_text
from bot.feeds.split import HASH_BYTES, RawItem, split, without
from bot.feeds.titles import Habits

MIN_KNOWN: Final = 8  # of fewer items the whole document is read as fast, and its habits are learnt anew
MAX_SPLIT_BYTES: Final = 2 * 1024 * 1024
_IDENTITY_BYTES: Final = 8
_RECORD: Final = struct.Struct(f"{HASH_BYTES}s{TRACE_BYTES}s{TRACE_BYTES}s{TRACE_BYTES}s{_IDENTITY_BYTES}s")
_NO_MARK: Final = bytes(TRACE_BYTES)


@dataclass(frozen=True, slots=True)
class LastReading:
    """What the last reading left for this one, as `Reading` has it."""

    known: bytes
    habits: Habits


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reading found.

    Attributes:
        entries: those to be stored: all, or those that were not in the document at the last reading.
        whole: whether they are all.
        in_document: how many items the document has.
        gap: nothing that the last reading saw is left; items may have come and gone in between.
        known, habits: for the next reading; `known` is empty when the document can't be split.
        asked_s: the interval that the feed asks for, if it does.
    """

    entries: tuple[Entry, ...]
    whole: bool
    in_document: int
    gap: bool
    known: bytes
    habits: Habits
    asked_s: float | None


class _Record(NamedTuple):
    """An item as it is remembered."""

    hash: bytes
    guid: bytes
    link: bytes
    title: bytes
    identity: bytes

    @property
    def trace(self) -> Trace:
        return Trace(*(b"" if mark == _NO_MARK else mark for mark in self[1:4]))


def read_document(
    body: bytes,
    *,
    url: str,
    content_type: str | None,
    now: datetime,
    names: Sequence[str] = (),
    last: LastReading | None = None,
) -> Reading:
    """Reads a document; see `parse_document` for the arguments. `last`: None at the first reading.

    Raises:
        ParseError: it is no feed.
    """
    text = as_text(body, url=url, content_type=content_type)
    document = as_utf8(text)
    items = split(document) if len(document) <= MAX_SPLIT_BYTES and text.startswith("<") else None
    if items is not None and len(items) > MAX_ENTRIES:
        items = None
    known = {record.hash: record for record in _records(last.known)} if last is not None else {}
    if items is not None and last is not None and len(known) >= MIN_KNOWN:
        seen = [known[item.hash] for item in items if item.hash in known]
        part = _read_part(document, items, seen, last.habits, url=url, now=now, names=names)
        if part is not None:
            return part
    # The habits stay those that identities were made with, as long as items of that time are there.
    kept = last is not None and len(known) >= MIN_KNOWN and any(item.hash in known for item in items or ())
    read = read_text(text, url=url, now=now, names=names, habits=last.habits if kept and last else None)
    records = _recorded(items, read) if items is not None else None
    return Reading(
        entries=read.feed.entries,
        whole=True,
        in_document=len(read.traces),
        gap=items is not None and bool(known) and not any(item.hash in known for item in items),
        known=b"" if records is None else _packed(records),
        habits=read.habits,
        asked_s=_asked_s(read),
    )


def _read_part(
    document: bytes,
    items: Sequence[RawItem],
    seen: Sequence[_Record],
    habits: Habits,
    *,
    url: str,
    now: datetime,
    names: Sequence[str],
) -> Reading | None:
    """The items of a document that the last reading had not, or None when they can't be read alone."""
    if not seen:
        return None
    by_hash = {record.hash: record for record in seen}
    if len(seen) == len(items):
        return Reading((), False, len(items), False, _packed(seen), habits, None)
    rest = without(document, items, by_hash)
    read = read_text(
        rest.decode().partition("\n")[2],  # without the declaration
        url=url,
        now=now,
        names=names,
        habits=habits,
        others=[record.trace for record in seen],
    )
    unseen = [item for item in items if item.hash not in by_hash]
    records = _recorded(unseen, read)
    if records is None:
        return None
    for mark in (itemgetter(1), itemgetter(2), itemgetter(4)):  # guid, link, identity
        marks = {mark(record) for record in seen} - {_NO_MARK}
        if any(mark(record) in marks for record in records):
            return None  # two of the document's items may be one article: which is newer, only both can tell
    by_hash |= {record.hash: record for record in records}
    return Reading(
        entries=read.feed.entries,
        whole=False,
        in_document=len(items),
        gap=False,
        known=_packed([by_hash[item.hash] for item in items]),
        habits=habits,
        asked_s=_asked_s(read),
    )


def _recorded(items: Sequence[RawItem], read: TextRead) -> list[_Record] | None:
    """A record for each item; None when parsing found others than splitting."""
    if len(items) != len(read.traces):
        return None
    return [
        _Record(
            item.hash,
            trace.guid or _NO_MARK,
            trace.link or _NO_MARK,
            trace.title or _NO_MARK,
            bytes.fromhex(identity[: 2 * _IDENTITY_BYTES]),
        )
        for item, (identity, trace) in zip(items, read.traces, strict=True)
    ]


def _packed(records: Sequence[_Record]) -> bytes:
    return b"".join(_RECORD.pack(*record) for record in records)


def _records(packed: bytes) -> Iterator[_Record]:
    if len(packed) % _RECORD.size == 0:  # else another version wrote it
        yield from map(_Record._make, _RECORD.iter_unpack(packed))


def _asked_s(read: TextRead) -> float | None:
    asked = [seconds for seconds in (read.feed.ttl_s, read.feed.update_period_s) if seconds]
    return float(max(asked)) if asked else None
