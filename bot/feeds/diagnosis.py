"""What is wrong with a feed that can be read, and what is good to know of it, each with what to do. Pure."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Final

from bot.feeds.addresses import shown
from bot.feeds.entry import Entry, ParsedFeed

_IN_XML: Final = re.compile(rb"<\?xml\b[^>]{0,300}?\bencoding\s*=\s*[\"']?([A-Za-z0-9._:-]{1,40})", re.I)
_IN_HTTP: Final = re.compile(r"\bcharset\s*=\s*[\"']?([A-Za-z0-9._:-]{1,40})", re.I)
_LEAST_SILENCE: Final = timedelta(days=2)
_GAPS_OF_SILENCE: Final = 14  # as in `bot.feeds.pace`
_ONE_ITEM_SILENCE: Final = timedelta(days=30)
_SHORT_WINDOW: Final = timedelta(hours=3)


@dataclass(frozen=True, slots=True)
class Remark:
    """Something about a feed: what, what to do (or ""), and whether it keeps the feed from being of use."""

    text: str
    advice: str = ""
    grave: bool = False


def remarks(
    parsed: ParsedFeed,
    *,
    body: bytes,
    content_type: str | None,
    language: str,
    moved_to: str | None,
    now: datetime,
) -> tuple[Remark, ...]:
    """What there is to say of a feed, the gravest first.

    Args:
        language: what its entries are written in.
        moved_to: where its server says that it has moved for good.
    """
    entries = parsed.entries
    if not entries:
        found = [Remark("there is no entry in it", "See whether the outlet has another feed.", grave=True)]
    else:
        found = [
            *_dates(entries, now),
            *_identities(entries),
            *_language(parsed, language),
        ]
    if moved_to is not None:
        found.append(Remark(f"it has moved for good to {shown(moved_to)}", "Use that address."))
    found += _encoding(body, content_type)
    if (content_type or "").partition(";")[0].strip().lower() == "text/html":
        found.append(Remark("its server calls it a web page (text/html)", "It is read all the same."))
    found += _asked(parsed)
    return tuple(sorted(found, key=lambda remark: not remark.grave))


def _dates(entries: Sequence[Entry], now: datetime) -> Iterator[Remark]:
    dates = sorted((entry.published for entry in entries if entry.published), reverse=True)
    undated = len(entries) - len(dates)
    if not dates:
        yield Remark(
            "no entry has a date that can be read", "The moment it is first seen counts in its place."
        )
        return
    if undated:
        yield Remark(f"{undated} of {len(entries)} entries have no date that can be read")
    gaps_s = [(newer - older).total_seconds() for newer, older in pairwise(dates)]
    usual_silence = timedelta(seconds=median(gaps_s) * _GAPS_OF_SILENCE) if gaps_s else _ONE_ITEM_SILENCE
    patience = max(_LEAST_SILENCE, usual_silence)
    if now - dates[0] > patience:
        yield Remark(
            f"nothing new since {dates[0]:%d %b %Y} ({(now - dates[0]).days} days)",
            "See on its site whether it still publishes, and whether it has another feed.",
            grave=True,
        )
    elif len(dates) > 1 and (window := dates[0] - dates[-1]) < _SHORT_WINDOW:
        minutes = max(1, round(window.total_seconds() / 60))
        yield Remark(f"its {len(dates)} dated entries cover {minutes} minutes, so it has to be read often")


def _identities(entries: Sequence[Entry]) -> Iterator[Remark]:
    guids = [entry.guid for entry in entries if entry.guid]
    if len(entries) > 1 and len(guids) == len(entries) and len(set(guids)) == 1:
        yield Remark("all entries have the same guid", "They are told apart by their links and titles.")
    elif len(set(guids)) < len(guids):
        yield Remark("some entries share a guid", "They are told apart by their links and titles.")
    unlinked = sum(1 for entry in entries if entry.url is None)
    if unlinked:
        yield Remark(f"{unlinked} of {len(entries)} entries have no link")


def _language(parsed: ParsedFeed, language: str) -> Iterator[Remark]:
    if parsed.language and parsed.language != language:
        yield Remark(f"it says that it is in “{parsed.language}”, and its entries are in “{language}”")


def _encoding(body: bytes, content_type: str | None) -> Iterator[Remark]:
    in_xml, in_http = _IN_XML.search(body[:1000]), _IN_HTTP.search(content_type or "")
    claims = {
        "the document": in_xml[1].decode("ascii") if in_xml else None,
        "its server": in_http[1] if in_http else None,
    }
    for who, name in claims.items():
        if name is not None and (reason := _lie(body, name)):
            yield Remark(f"{who} says that its encoding is {name}, {reason}", "It is read as what it is.")


def _lie(body: bytes, name: str) -> str:
    """What is wrong with a declared encoding, or ""."""
    try:
        known = codecs.lookup(name).name
        body.decode(known)
    except UnicodeDecodeError:
        return "and it is not"
    except (LookupError, ValueError):
        return "which nobody knows"
    if (
        body.isascii()
        or known.startswith("utf")
        or body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    ):
        return ""
    try:
        body.decode("utf-8")  # which hardly ever succeeds by accident
    except UnicodeDecodeError:
        return ""
    return "and it is UTF-8"


def _asked(parsed: ParsedFeed) -> Iterator[Remark]:
    asked_s = max(parsed.ttl_s or 0, parsed.update_period_s or 0)
    if asked_s:
        yield Remark(f"it asks to be read every {_time(asked_s)}, no more")
    if parsed.skip_hours or parsed.skip_days:
        yield Remark(f"it names {len(parsed.skip_hours)} hours and {len(parsed.skip_days)} days of rest")


def _time(seconds: int) -> str:
    minutes = max(1, seconds // 60)
    return f"{minutes} minutes" if minutes < 120 else f"{minutes // 60} hours"
