"""Feeds of somebody else's list on their way into feeds.yaml: which are new, and what each is written in."""

from __future__ import annotations

import asyncio
import os
import stat
import tempfile
from collections.abc import AsyncGenerator, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from bot.errors import RarewatchError
from bot.feeds.addresses import shown
from bot.feeds.catalog import (
    LANGUAGES,
    Catalog,
    FeedSpec,
    Watch,
    is_feed_address,
    load_catalog,
    same_address,
)
from bot.feeds.catalog_text import CatalogTextError, with_feeds
from bot.feeds.opml import Outline
from bot.inspection import Inspection

AT_ONCE = 8


class ImportingError(RarewatchError):
    """The feeds can't be imported."""


class Looks(Protocol):
    """The `Inspector`, as far as an import needs it."""

    async def look(self, url: str) -> list[Inspection]:
        """See `Inspector`; raises `RarewatchError`."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A feed of the list: as it would stand in feeds.yaml, and why it does not, "" when it does.

    `known`: it stands there already, which is no fault. The language is "" as long as it has to be found out.
    """

    spec: FeedSpec
    reason: str = ""
    known: bool = False

    @property
    def wanted(self) -> bool:
        """Whether it is to be added."""
        return not self.reason and not self.known


def candidates(
    outlines: Iterable[Outline], *, known: Iterable[FeedSpec], language: str | None, tier: str
) -> list[Candidate]:
    """What the list has to give, in its order.

    Args:
        known: the feeds that feeds.yaml lists.
        language: of all of them; None: as the list says of each.
    """
    seen = {same_address(feed.url) for feed in known}
    found = []
    for outline in outlines:
        said = outline.language if outline.language in LANGUAGES else ""
        url = outline.url
        spec = FeedSpec(url, outline.title, language or said, "", tier, outline.tags)
        if not is_feed_address(url):
            reason = f"line {outline.line}: an address that starts with http:// or https:// is expected"
            found.append(Candidate(replace(spec, name=outline.title or shown(url)), reason))
            continue
        same = same_address(url)
        spec = replace(spec, name=outline.title or urlsplit(url).hostname or url)
        found.append(Candidate(spec, known=same in seen))
        seen.add(same)
    return found


async def with_languages(
    found: Sequence[Candidate], inspector: Looks
) -> AsyncGenerator[tuple[int, Candidate], None]:
    """Reads the wanted feeds whose language is not known: (place in `found`, what it has become)."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def read(place: int) -> tuple[int, Candidate]:
        one = found[place]
        async with turns:
            try:
                [seen, *_] = await inspector.look(one.spec.url)
            except RarewatchError as error:
                return place, replace(one, reason=error.reason)
        if seen.page is not None:
            return place, replace(one, reason=f"it is a web page; its feed is {shown(seen.url)}")
        if not seen.parsed.entries:
            return place, replace(one, reason="there is no entry in it that tells its language")
        return place, replace(one, spec=replace(one.spec, language=seen.language))

    tasks = [
        asyncio.create_task(read(place))
        for place, one in enumerate(found)
        if one.wanted and not one.spec.language
    ]
    try:
        for finished in asyncio.as_completed(tasks):
            yield await finished
    finally:
        for task in tasks:
            task.cancel()


def write_feeds(file: Path, feeds: Sequence[FeedSpec], *, remark: str) -> None:
    """Adds feeds at the end of a feeds file's list, which may be about to be made; all or nothing.

    Raises:
        CatalogError: the file can't be read.
        ImportingError: it can't be written, or would not say what it said before.
    """
    file = Path(os.path.realpath(file))  # a link stays one
    exists = file.exists()
    before = load_catalog(file) if exists else Catalog((), Watch(), ())
    try:
        text = file.read_bytes().decode("utf-8") if exists else ""
    except UnicodeDecodeError as error:
        raise ImportingError(str(file), "it is not UTF-8", hint="Save it as UTF-8.") from error
    after = with_feeds(text, feeds, file=str(file), remark=remark)
    beside = None
    try:
        handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
        beside = Path(name)
        with os.fdopen(handle, "wb") as written:
            written.write(after.encode("utf-8"))
        made = load_catalog(beside)
        if (made.feeds, made.watch, made.concepts, len(made.problems)) != (
            (*before.feeds, *feeds),
            before.watch,
            before.concepts,
            len(before.problems),
        ):
            raise CatalogTextError(
                str(file),
                "it is written in a way that feeds can't be added to safely, and was left as it is",
                hint="Put its feeds at the end, one below the other, without anchors.",
            )
        beside.chmod(stat.S_IMODE(file.stat().st_mode) if exists else 0o644)
        beside.replace(file)
    except OSError as error:
        raise ImportingError(
            str(file), (error.strerror or "it can't be written").lower(), hint="Check who may write there."
        ) from error
    finally:
        if beside is not None:
            beside.unlink(missing_ok=True)
