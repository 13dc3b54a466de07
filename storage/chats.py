"""Chats: where alerts go, in what zone, and whether anybody is still there."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, delete, select, true, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage import mutes
from storage.database import insert_new
from storage.models import Alert, AlertState, Chat, ChatState, Digest, Subscription

TELEGRAM = "telegram"
CONSOLE = "console"


@dataclass(frozen=True, slots=True)
class ChatKey:
    """How a platform names a chat; `thread_id` is a forum topic, 0 for none."""

    platform: str
    chat_id: int
    thread_id: int = 0


async def find(session: AsyncSession, key: ChatKey) -> Chat | None:
    """The chat, if it has ever spoken to the bot."""
    return await session.scalar(
        select(Chat).where(
            Chat.platform == key.platform, Chat.chat_id == key.chat_id, Chat.thread_id == key.thread_id
        )
    )


async def ensure(
    session: AsyncSession, key: ChatKey, *, kind: str, title: str, now: datetime, language: str | None = None
) -> Chat:
    """The chat, created or made active again; its settings are kept.

    Args:
        language: the one to speak when none was chosen here, nor in another topic of the same group.
    """
    await insert_new(
        session,
        Chat,
        [
            {
                "platform": key.platform,
                "chat_id": key.chat_id,
                "thread_id": key.thread_id,
                "kind": kind,
                "title": title[:256],
                "created_at": now,
            }
        ],
        conflict=["platform", "chat_id", "thread_id"],
    )
    chat = await find(session, key)
    if chat is None:
        raise LookupError(f"chat {key} vanished within its own transaction")
    chat.kind, chat.title, chat.state = kind, title[:256], ChatState.ACTIVE
    if chat.language is None:
        chat.language = await language_at(session, key) or language
    await session.flush()
    return chat


async def language_at(session: AsyncSession, key: ChatKey) -> str | None:
    """The language chosen there; in a topic where none was, that of its group, or else of another topic."""
    return await session.scalar(
        select(Chat.language)
        .where(Chat.platform == key.platform, Chat.chat_id == key.chat_id, Chat.language.is_not(None))
        .order_by(Chat.thread_id != key.thread_id, Chat.thread_id)
        .limit(1)
    )


async def set_language(session: AsyncSession, chat_id: int, language: str) -> None:
    """The language the bot speaks in the chat (our own id)."""
    await session.execute(update(Chat).where(Chat.id == chat_id).values(language=language))


async def set_digest(
    session: AsyncSession, chat_id: int, *, time: str | None, zone: str | None, last_date: date | None
) -> None:
    """Sets or ends (`time` None) the daily digest. `last_date`: the last local day that needs none."""
    values: dict[str, object] = {"digest_time": time, "last_digest_date": last_date}
    if zone is not None:
        values["zone"] = zone
    await session.execute(update(Chat).where(Chat.id == chat_id).values(values))


async def set_zone(session: AsyncSession, chat_id: int, zone: str) -> None:
    """The chat's time zone, an IANA name."""
    await session.execute(update(Chat).where(Chat.id == chat_id).values(zone=zone))


async def with_digest(session: AsyncSession, platforms: Sequence[str]) -> list[Chat]:
    """Active chats that want a daily digest."""
    return list(
        await session.scalars(
            select(Chat).where(
                Chat.state == ChatState.ACTIVE,
                Chat.digest_time.is_not(None),
                Chat.platform.in_(platforms),
            )
        )
    )


async def by_ids(session: AsyncSession, ids: Sequence[int]) -> dict[int, Chat]:
    """The chats with these (our own) ids."""
    return {chat.id: chat for chat in await session.scalars(select(Chat).where(Chat.id.in_(ids)))}


async def rows_of(session: AsyncSession, platform: str, chat_id: int) -> list[Chat]:
    """All rows of a platform's chat: itself and its topics, as far as they are known."""
    return list(
        await session.scalars(
            select(Chat).where(Chat.platform == platform, Chat.chat_id == chat_id).order_by(Chat.id)
        )
    )


async def mark_active(session: AsyncSession, platform: str, chat_id: int) -> int:
    """The bot is back in a chat: it and its topics get alerts again; gives how many rows were gone."""
    back = await session.scalars(
        update(Chat)
        .where(Chat.platform == platform, Chat.chat_id == chat_id, Chat.state == ChatState.GONE)
        .values(state=ChatState.ACTIVE)
        .returning(Chat.id)
        .execution_options(synchronize_session=False)
    )
    return len(list(back))


async def mark_gone(session: AsyncSession, chat_id: int) -> None:
    """Nobody can be reached there: what was waiting is dropped, the settings stay for a return."""
    await session.execute(update(Chat).where(Chat.id == chat_id).values(state=ChatState.GONE))
    await _drop_waiting(session, [chat_id], "the chat is gone")


async def _drop_waiting(session: AsyncSession, chat_ids: Sequence[int], reason: str) -> int:
    """Drops the alerts, edits and digests that wait for these chats; gives how many."""
    count = 0
    for outbox in (Alert, Digest):
        dropped = await session.scalars(
            update(outbox)
            .where(outbox.chat_id.in_(chat_ids), outbox.state.in_([AlertState.PENDING, AlertState.SENDING]))
            .values(state=AlertState.DROPPED, error=reason, lease_owner=None, lease_until=None)
            .returning(outbox.id)
            .execution_options(synchronize_session=False)
        )
        count += len(list(dropped))
    return count


@dataclass(frozen=True, slots=True)
class Admission:
    """What a changed list of allowed chats brought; rows, so that a chat's topics count each."""

    closed: int
    opened: int
    dropped: int  # alerts, edits and digests that waited for the closed ones


async def admit(session: AsyncSession, platform: str, allowed: Collection[int]) -> Admission:
    """Makes these the only chats of a platform that get anything; none means all. Settings are kept."""
    inside = Chat.chat_id.in_(list(allowed)) if allowed else true()

    async def move(where: ColumnElement[bool], state: ChatState) -> list[int]:
        moved = await session.scalars(
            update(Chat)
            .where(Chat.platform == platform, where)
            .values(state=state)
            .returning(Chat.id)
            .execution_options(synchronize_session=False)
        )
        return list(moved)

    closed = await move((Chat.state == ChatState.ACTIVE) & ~inside, ChatState.CLOSED)
    opened = await move((Chat.state == ChatState.CLOSED) & inside, ChatState.ACTIVE)
    dropped = await _drop_waiting(session, closed, "the chat is not in RAREWATCH_ALLOWED_CHATS")
    return Admission(len(closed), len(opened), dropped)


async def migrate(session: AsyncSession, platform: str, old_chat_id: int, new_chat_id: int) -> None:
    """A group became a supergroup with another id. Topics keep their numbers.

    If the bot already knows the new id, that row stays and takes over what the old one had: subscriptions,
    alerts, digests, and the digest's time unless it has its own.
    """
    if old_chat_id == new_chat_id:  # or the chat would be its own twin, and be deleted
        return
    for chat in list(
        await session.scalars(select(Chat).where(Chat.platform == platform, Chat.chat_id == old_chat_id))
    ):
        twin = await find(session, ChatKey(platform, new_chat_id, chat.thread_id))
        if twin is None:
            chat.chat_id, chat.kind = new_chat_id, "supergroup"
            await session.flush()
            continue
        taken = set(
            await session.scalars(select(Subscription.query_id).where(Subscription.chat_id == twin.id))
        )
        await session.execute(
            update(Subscription)
            .where(Subscription.chat_id == chat.id, Subscription.query_id.not_in(taken))
            .values(chat_id=twin.id)
            .execution_options(synchronize_session=False)
        )
        twin_stories = select(Alert.story_id).where(Alert.chat_id == twin.id)
        await session.execute(
            update(Alert)
            .where(Alert.chat_id == chat.id, Alert.story_id.not_in(twin_stories))
            .values(chat_id=twin.id)
            .execution_options(synchronize_session=False)
        )
        twin_days = select(Digest.local_date).where(Digest.chat_id == twin.id)
        await session.execute(
            update(Digest)
            .where(Digest.chat_id == chat.id, Digest.local_date.not_in(twin_days))
            .values(chat_id=twin.id)
            .execution_options(synchronize_session=False)
        )
        await mutes.move(session, chat.id, twin.id)
        twin.language = twin.language or chat.language
        if twin.digest_time is None:
            twin.digest_time, twin.zone = chat.digest_time, chat.zone
            twin.last_digest_date = chat.last_digest_date
        await session.flush()
        await session.execute(delete(Chat).where(Chat.id == chat.id))
