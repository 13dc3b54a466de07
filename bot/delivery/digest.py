"""Daily digests: which are due in each chat's own zone, and their sending, at most once a local day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from bot.delivery.outcomes import DeliveryError
from bot.delivery.post import Post
from bot.delivery.render import render_digest
from bot.delivery.verdict import Action, judge_digest
from bot.delivery.views import digest_view
from bot.road import Milestone, Passing, pass_by
from storage import chats, digests
from storage.database import Database
from storage.models import Chat, Digest

log = structlog.get_logger(__name__)

FIRST_DIGEST = timedelta(hours=24)  # what a chat's first digest looks back on
# Longer than a digest of many parts may take in a group, at 20 messages a minute.
LEASE_S = 900


def due_date(*, digest_time: str, zone: str, last_digest_date: date | None, now: datetime) -> date | None:
    """The local day whose digest is due, or None.

    Args:
        digest_time: ``HH:MM`` in the chat's zone.
        zone: IANA name; an unknown one counts as UTC, so that the digest still comes.
        last_digest_date: the last local day that had its digest, or needs none.
    """
    local = now.astimezone(_zone(zone))
    # Compared on the wall clock: 02:30 comes once a day also where it is skipped or comes twice.
    if local.time().replace(tzinfo=None) < time.fromisoformat(digest_time):
        return None
    if last_digest_date is not None and last_digest_date >= local.date():
        return None
    return local.date()


def first_window(*, digest_time: str, zone: str, last_digest_date: date | None, now: datetime) -> datetime:
    """Where a chat's first digest begins: at its time on the last local day that needed none.

    So the first one looks back a day, and one that comes after a downtime as far as it has to.
    """
    if last_digest_date is None:
        return now - FIRST_DIGEST
    local = datetime.combine(last_digest_date, time.fromisoformat(digest_time), _zone(zone))
    return min(local.astimezone(UTC), now)


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


class Digests:
    """Plans and sends digests; `tick` is called every minute, and once after a downtime."""

    def __init__(
        self,
        database: Database,
        post: Post,
        *,
        owner: str,
        clock: Callable[[], datetime],
        passing: Passing = pass_by,
    ) -> None:
        self._database = database
        self._post = post
        self._owner = owner
        self._clock = clock
        self._passing = passing
        self.sent = 0

    async def tick(self) -> None:
        """Promises what is due, then sends what is promised."""
        now = self._clock()
        async with self._database.write() as session:
            interrupted = await digests.give_up_interrupted(session, now=now)
            for chat in await chats.with_digest(session, self._post.platforms):
                await self._plan(session, chat, now)
        if interrupted:
            log.warning("digests_interrupted", count=interrupted)
        self._passing(Milestone.DIGEST_PLANNED)
        while await self._send_next():
            pass

    async def _plan(self, session: AsyncSession, chat: Chat, now: datetime) -> None:
        digest_time, last = chat.digest_time or "00:00", chat.last_digest_date
        day = due_date(digest_time=digest_time, zone=chat.zone, last_digest_date=last, now=now)
        if day is not None:
            since = first_window(digest_time=digest_time, zone=chat.zone, last_digest_date=last, now=now)
            await digests.plan(session, chat.id, local_date=day, fallback_since=since, now=now)

    async def _send_next(self) -> bool:
        async with self._database.write() as session:
            claimed = await digests.claim_due(
                session,
                platforms=self._post.platforms,
                now=self._clock(),
                limit=1,
                owner=self._owner,
                lease_s=LEASE_S,
            )
        for digest in claimed:
            self._passing(Milestone.DIGEST_SENDING)
            await self._send(digest)
        return bool(claimed)

    async def _send(self, digest: Digest) -> None:
        async with self._database.read() as session:
            chat = (await chats.by_ids(session, [digest.chat_id]))[digest.chat_id]
            rows = await digests.contents(session, digest)
        begun = False
        try:
            for message in render_digest(digest_view(chat, digest.local_date, rows)):
                await self._post.send(chat, message)
                begun = True
        except DeliveryError as error:
            await self._failed(digest, chat, error, begun=begun)
            return
        self._passing(Milestone.DIGEST_DELIVERED)
        async with self._database.write() as session:
            await digests.mark_sent(session, digest.id, stories=len(rows), now=self._clock())
        if rows:
            self.sent += 1
        log.debug("digest_sent", chat=chat.id, stories=len(rows))

    async def _failed(self, digest: Digest, chat: Chat, error: DeliveryError, *, begun: bool) -> None:
        now = self._clock()
        verdict = judge_digest(error, attempts=digest.attempts, begun=begun, now=now)
        async with self._database.write() as session:
            if verdict.action in (Action.RETRY, Action.STOP, Action.MIGRATE):
                await digests.postpone(session, digest.id, until=verdict.until or now, error=verdict.reason)
                if verdict.new_chat_id is not None:
                    await chats.migrate(session, chat.platform, chat.chat_id, verdict.new_chat_id)
            elif verdict.action is Action.LEAVE_CHAT:
                await chats.mark_gone(session, chat.id)
            else:
                await digests.fail(session, digest.id, verdict.reason)
        log.warning("digest_not_sent", chat=chat.id, action=verdict.action.value, reason=verdict.reason)
