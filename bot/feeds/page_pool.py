"""Articles' pages read in a process of their own: it starts with the first page, and holds up no feed."""

from __future__ import annotations

from functools import partial

from bot.feeds.article_text import PageText, article_text
from bot.feeds.pool import ParsePool

PAGE_DEADLINE_S = 20.0  # a page of two megabytes takes two


class PagePool(ParsePool):
    """`article_text` in one worker process, with a deadline.

    Not in the process that parses feeds: one page can take as long as a hundred feeds, and one that hangs
    ends its process and whatever waits for it.
    """

    def __init__(self, *, deadline_s: float = PAGE_DEADLINE_S) -> None:
        super().__init__(processes=1, deadline_s=deadline_s)

    async def article_text(self, page: bytes, content_type: str | None) -> PageText:
        """The article on a page.

        Raises:
            ImportError: the extra `fulltext` is not installed.
            ParseError: it took too long, or ended the process.
        """
        return await self._run(partial(article_text, page, content_type), "an article's page")
