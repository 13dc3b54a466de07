"""feeds.yaml while the service runs: looked at now and then, and its feeds taken up when it has changed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import structlog

from bot.app import feed_rows
from bot.errors import RarewatchError
from bot.feeds.catalog import Catalog, load_catalog
from storage import feeds
from storage.database import CATALOG_LOCK, Database, one_at_a_time

log = structlog.get_logger(__name__)


class _Written(NamedTuple):
    """By which a file is known to be as it was."""

    file: Path
    at_ns: int
    size: int


class FeedsFile:
    """Takes up the feeds of a changed feeds file.

    Only the feeds: what it watches for and the concepts it brings are built into what runs, and wait for the
    next start. A file with a new mistake changes nothing until that is put right: it may be half written.

    Args:
        place: where the file is now; one's own may come to stand in front of the one that comes with the
            program.
        catalog: as it was read at the start.
    """

    def __init__(
        self,
        place: Callable[[], Path],
        catalog: Catalog,
        database: Database,
        *,
        clock: Callable[[], datetime],
    ) -> None:
        self._place = place
        self._catalog = catalog
        self._database = database
        self._clock = clock
        self._seen: _Written | None = None

    async def tick(self) -> None:
        """One look. Costs next to nothing while the file stays as it is."""
        written = await asyncio.to_thread(_written, self._place)
        if written == self._seen or written is None:
            return  # gone is no list without feeds: an editor may be about to put it back
        try:
            catalog = await asyncio.to_thread(load_catalog, written.file)
        except RarewatchError as error:
            self._refuse(str(error))
        else:
            if len(catalog.problems) > len(self._catalog.problems):
                self._refuse(str(catalog.problems[0]))
            elif catalog.feeds != self._catalog.feeds:
                await self._take_up(catalog)
        self._seen = written  # only now: a database that is away is tried again

    def _refuse(self, problem: str) -> None:
        log.warning(
            "feeds_file_refused",
            problem=problem,
            says=f"The feeds file has changed, and is not taken up until this is put right: {problem}",
        )

    async def _take_up(self, catalog: Catalog) -> None:
        async with self._database.write() as session:
            await one_at_a_time(session, CATALOG_LOCK)
            await feeds.sync(session, feed_rows(catalog), now=self._clock())
        before, after = ({feed.url for feed in one.feeds} for one in (self._catalog, catalog))
        self._catalog = catalog
        log.info(
            "feeds_file_taken_up",
            feeds=len(after),
            new=len(after - before),
            gone=len(before - after),
            says=f"The feeds file has changed: {len(after)} feeds, {len(after - before)} of them new, "
            f"{len(before - after)} gone. What it watches for is taken up at the next start.",
        )


def _written(place: Callable[[], Path]) -> _Written | None:
    file = place()
    try:
        found = file.stat()
    except OSError:
        return None
    return _Written(file, found.st_mtime_ns, found.st_size)
