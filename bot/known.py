"""Which of a document's items are stored already, under whatever identity."""

from __future__ import annotations

from bot.feeds.identity import KnownItems
from bot.feeds.reading import Reading
from storage import articles
from storage.database import Database


async def known_items(database: Database, feed_id: int, reading: Reading) -> KnownItems:
    """What the archive has of these entries; titles are only asked for when nothing else is known."""
    entries = reading.entries
    async with database.read() as session:
        rows = await articles.known(
            session,
            feed_id,
            identities=[entry.identity for entry in entries],
            link_keys=[entry.link_key for entry in entries if entry.link_key],
        )
        if not rows and reading.whole and len(entries) > 1:
            rows = await articles.with_titles(session, feed_id, [entry.title_key for entry in entries])
    own = {entry.identity for entry in entries}
    return KnownItems(
        frozenset(row.identity for row in rows if row.identity in own),
        {row.link_key: row.identity for row in rows if row.link_key},
        {row.title_key: row.identity for row in rows if row.title_key},
    )
