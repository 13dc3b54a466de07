"""Articles' pages read in a process of their own: it starts with the first page, and holds up no feed."""

from __future__ import annotations

from functools import partial

from bot.feeds.article_text import PageText, article_text
from bot.feeds.pool import ParsePool

PAGE_DEADLINE_S = 20.0  # a page of two megabytes takes two
# The library alone has 65 MB, and a page of two megabytes takes as much again; one made for it, 800 MB.
PAGE_MEMORY_BYTES = 200 * 1024 * 1024


class PagePool(ParsePool):
    """`article_text` in one worker process, with a deadline.

    Not in the process that parses feeds: one page can take as long as a hundred feeds, and one that hangs
    ends its process and whatever waits for it. Nor with more memory than it needs.
    """

    def __init__(
        self, *, deadline_s: float = PAGE_DEADLINE_S, memory_bytes: int | None = PAGE_MEMORY_BYTES
    ) -> None:
        super().__init__(processes=1, deadline_s=deadline_s, memory_bytes=memory_bytes)

    async def article_text(self, page: bytes, content_type: str | None) -> PageText:
        """The article on a page.

        Raises:
            ImportError: the extra `fulltext` is not installed.
            ParseError: it has too many tags, took too long or too much memory, or ended the process.
        """
        return await self._run(partial(article_text, page, content_type), "an article's page")
