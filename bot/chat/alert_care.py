"""What a chat does with its alerts: keep one, mute what it is about, undo either. Free of Telegram.

Every action is one transaction, and says what is to be rather than "switch": two people who press the same
button at once mean the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot.delivery.render import AlertPress, Press, Target
from storage import alerts, chats, mutes, saved
from storage.alerts import Claimed
from storage.chats import ChatKey
from storage.database import Database
from storage.models import Alert, Article, Feed
from storage.mutes import Muted, Named

STORY_SILENCE = timedelta(days=1)
SAVED = 30

_MUTED = {Target.STORY: Muted.STORY, Target.SOURCE: Muted.SOURCE, Target.SUBSCRIPTION: Muted.SUBSCRIPTION}


@dataclass(frozen=True, slots=True)
class Held:
    """An alert as it stands in its chat.

    Args:
        muted: all that the chat has muted.
        changed: whether the action changed anything.
    """

    of: Claimed
    saved: bool
    muted: frozenset[tuple[Muted, int]]
    changed: bool = False


@dataclass(frozen=True, slots=True)
class SavedAlerts:
    """What a chat has saved, the newest first; `count` of them in all."""

    rows: tuple[tuple[Alert, Article, Feed], ...]
    count: int
    zone: str


@dataclass(frozen=True, slots=True)
class MutedHere:
    """What a chat has muted, the newest first."""

    items: tuple[Named, ...]
    zone: str


class AlertCare:
    """The actions.

    Args:
        clock: gives now, aware.
    """

    def __init__(self, database: Database, *, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def look(self, key: ChatKey, alert_id: int) -> Held | None:
        """An alert of this chat; None when there is none such (any more)."""
        async with self._database.read() as session:
            return await self._held(session, key, alert_id)

    async def do(self, key: ChatKey, pressed: AlertPress) -> Held | None:
        """Does what a button says, if its alert is one of this chat's."""
        async with self._database.write() as session:
            held = await self._held(session, key, pressed.alert_id)
            if held is None:
                return None
            changed = await self._change(session, held.of.alert, held.of.article, pressed)
            after = await self._held(session, key, pressed.alert_id)
        return None if after is None else replace(after, changed=changed)

    async def _held(self, session: AsyncSession, key: ChatKey, alert_id: int) -> Held | None:
        found = await alerts.with_id(session, key.platform, key.chat_id, alert_id)
        if found is None:
            return None
        is_saved = await saved.is_saved(session, alert_id)
        return Held(found, is_saved, await mutes.of_chat(session, found.chat.id, now=self._clock()))

    async def _change(
        self, session: AsyncSession, alert: Alert, article: Article, pressed: AlertPress
    ) -> bool:
        now = self._clock()
        if pressed.press is Press.SAVE:
            return await saved.save(session, alert.id, now=now)
        if pressed.press is Press.LET_GO:
            return await saved.let_go(session, alert.id)
        if pressed.target is None:
            return False
        what = _MUTED[pressed.target]
        id = {Target.STORY: alert.story_id, Target.SOURCE: article.feed_id}.get(
            pressed.target, pressed.target_id
        )
        if pressed.press is Press.UNMUTE:
            return await mutes.unmute(session, alert.chat_id, what, id)
        if what is Muted.SUBSCRIPTION and not await mutes.has_subscription(session, alert.chat_id, id):
            return False
        until = now + STORY_SILENCE if what is Muted.STORY else None
        await mutes.mute(session, alert.chat_id, what, id, until=until, now=now)
        return True

    async def muted(self, key: ChatKey) -> MutedHere:
        """What the chat has muted."""
        async with self._database.read() as session:
            return await self._muted(session, key)

    async def undo(self, key: ChatKey, mute_id: int) -> tuple[MutedHere, bool]:
        """Undoes what /muted names; gives what is left, and whether it was muted."""
        async with self._database.write() as session:
            changed = await mutes.undo(session, key.platform, key.chat_id, mute_id)
            return await self._muted(session, key), changed

    async def _muted(self, session: AsyncSession, key: ChatKey) -> MutedHere:
        chat = await chats.find(session, key)
        if chat is None:
            return MutedHere((), "UTC")
        return MutedHere(tuple(await mutes.named(session, chat.id, now=self._clock())), chat.zone)

    async def saved(self, key: ChatKey) -> SavedAlerts:
        """What the chat has saved."""
        async with self._database.read() as session:
            chat = await chats.find(session, key)
            if chat is None:
                return SavedAlerts((), 0, "UTC")
            rows = await saved.of_chat(session, chat.id, limit=SAVED)
            count = await saved.count_of_chat(session, chat.id)
        return SavedAlerts(tuple(row[1:] for row in rows), count, chat.zone)
