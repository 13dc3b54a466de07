"""Tells the operators which feeds need them, and which are back: one message for all, at most one an hour.

At most once: it is written down before it is sent, so that two processes don't tell the same. What surely
reached nobody is told an hour later.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Collection, Sequence
from datetime import datetime

import structlog

from bot.delivery.outcomes import ChatGone, DeliveryError, MaybeDelivered
from bot.delivery.post import Post
from bot.delivery.render import NAME_CHARS, Message, clean, cut
from bot.feed_states import FeedState, each_feed_state
from bot.feeds.health import Known, news
from storage import feed_problems
from storage.chats import TELEGRAM
from storage.database import Database
from storage.models import Chat

log = structlog.get_logger(__name__)

NAMED = 8  # a message; the rest is in /feeds
SENTENCE_CHARS = 300


def render_feed_news(troubled: Sequence[FeedState], back: Sequence[FeedState]) -> Message:
    """The message. Not both may be empty."""
    lines: list[tuple[str, str]] = []  # (bold, plain)
    if troubled:
        count = len(troubled)
        lines.append((f"{count} feed{'' if count == 1 else 's'} need{'s' if count == 1 else ''} you", ""))
        lines += [
            (f"✗ {_name(state)}", f": {cut(clean(state.sentence), SENTENCE_CHARS)}")
            for state in troubled[:NAMED]
        ]
        if count > NAMED:
            lines.append(("", f"and {count - NAMED} more"))
        lines.append(("", "All of them, and how they stand: /feeds, or rarewatch feeds list"))
    if back:
        names = ", ".join(_name(state) for state in back[:NAMED])
        more = f" and {len(back) - NAMED} more" if len(back) > NAMED else ""
        lines.append(("✓ Back again", f": {names}{more}"))
    return Message(
        html="\n".join((f"<b>{_escape(bold)}</b>" if bold else "") + _escape(plain) for bold, plain in lines),
        plain="\n".join(bold + plain for bold, plain in lines),
    )


class FeedNews:
    """`tick` is called every few minutes.

    Args:
        post: where Telegram is among its platforms, `operators` are written to; else it is only logged.
        operators: Telegram's ids of people, which are those of their private chats with the bot.
    """

    def __init__(
        self,
        database: Database,
        post: Post,
        *,
        operators: Collection[int],
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._post = post
        self._operators = sorted(operators) if TELEGRAM in post.platforms else []
        self._clock = clock
        self._last_told_at: datetime | None = None
        self._strangers: set[int] = set()  # operators who have not written to the bot, as was said once

    async def tick(self) -> None:
        """Looks how the feeds stand, and tells what is new of it."""
        now = self._clock()
        async with self._database.read() as session:
            # The others tell nothing new, and ten thousand of them would be a burden to the collector.
            states = {
                state.feed.id: state
                async for state in each_feed_state(session, now=now)
                if state.health.troubled or state.feed.problem_told_at is not None
            }
        known = [
            Known(state.feed.id, state.feed.name, state.health, state.feed.problem_told_at)
            for state in states.values()
        ]
        found = news(known, last_told_at=self._last_told_at, now=now)
        if not found:
            return
        async with self._database.write() as session:
            ids = await feed_problems.mark_told(session, [one.id for one in found.troubled], now=now)
            over = await feed_problems.mark_over(session, [one.id for one in found.back])
        troubled = [states[one.id] for one in found.troubled if one.id in ids]
        back = [states[one.id] for one in found.back if one.id in over]
        if not troubled and not back:  # another process was faster
            return
        self._last_told_at = now
        message = render_feed_news(troubled, back)
        log.warning(
            "feed_news", troubled=len(troubled), back=len(back), says=message.plain.replace("\n", " ")
        )
        if self._operators and not await self._send(message):
            async with self._database.write() as session:
                await feed_problems.untold(session, sorted(ids), told_at=now)

    async def _send(self, message: Message) -> bool:
        """Whether it reached anybody, as far as is known."""
        reached = False
        for operator in self._operators:
            try:
                await self._post.send(Chat(platform=TELEGRAM, chat_id=operator, thread_id=0), message)
            except MaybeDelivered:
                reached = True
            except ChatGone:
                if operator not in self._strangers:
                    self._strangers.add(operator)
                    log.warning(
                        "operator_unreachable",
                        operator=operator,
                        says=f"{operator} of RAREWATCH_ADMINS can't be told of feeds in trouble: "
                        "that person has to send /start to the bot first.",
                    )
            except DeliveryError as error:
                log.warning("feed_news_not_sent", operator=operator, reason=error.reason)
            else:
                reached = True
        return reached


def _name(state: FeedState) -> str:
    return cut(clean(state.feed.name), NAME_CHARS)


def _escape(text: str) -> str:
    return html.escape(text, quote=False)
