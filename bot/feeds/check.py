"""What a feed says, entry by entry, as `rarewatch feeds check --json` prints it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC
from typing import Any

from bot.feeds.parse import ParsedFeed


def entry_rows(
    feed_argument: str, parsed: ParsedFeed, detect: Callable[[str, str | None], str]
) -> list[dict[str, Any]]:
    """One JSON-able mapping an entry, in the document's order.

    Args:
        feed_argument: the feed as the person named it (an address or a file), repeated as given.
        detect: the language of a text, given the language the feed declares for itself.
    """
    return [
        {
            "feed": feed_argument,
            "guid": entry.guid,
            "url": entry.url,
            "title": entry.title,
            "summary": entry.summary,
            "published": entry.published.astimezone(UTC).isoformat().replace("+00:00", "Z")
            if entry.published
            else None,
            "language": detect(f"{entry.title}\n{entry.summary}".strip(), parsed.language),
        }
        for entry in parsed.entries
    ]
