"""Empties the outbox: claims alerts, renders and sends them, and writes down what became of each."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from bot.delivery import verdict
from bot.delivery.english_words import FindsEnglish, no_english
from bot.delivery.outcomes import DeliveryError, MaybeDelivered, NotDelivered, Stop
from bot.delivery.post import Post
from bot.delivery.verdict import Action, Verdict
from bot.delivery.views import alert_message, is_english
from bot.loops import DATABASE_PAUSE_S, report_database, wait_any
from bot.reachability import Reachability
from bot.road import Milestone, Passing, pass_by
from storage import alerts, chats, saved
from storage.alerts import Claimed
from storage.database import Database
from storage.models import AlertKind, AlertState

log = structlog.get_logger(__name__)

# Few connections are faster than many with the Bot API's client: 430 requests/s one at a time, 170/s
# with 64 at once, measured on loopback. Eight cover 30 a second at 250 ms each.
SLOTS = 8
# Longer than any request may take, so that a lease found run out means that its owner is gone.
LEASE_S = 120
MAX_FAULTY_ATTEMPTS = 5  # of an alert that our own code fails on
MAX_OUTAGE_PAUSE_S = 60.0
_DATABASE_AWAY = (OperationalError, InterfaceError, PoolTimeout, OSError)


class Sender:
    """Sends alerts and edits until told to stop. One a token: pacing is in this process's memory."""

    def __init__(
        self,
        database: Database,
        post: Post,
        *,
        owner: str,
        clock: Callable[[], datetime],
        reachability: Reachability,
        passing: Passing = pass_by,
        idle_s: float = 1.0,
        english: FindsEnglish = no_english,
    ) -> None:
        self._database = database
        self._post = post
        self._owner = owner
        self._clock = clock
        self._reachability = reachability
        self._passing = passing
        self._idle_s = idle_s
        self._english = english
        self._in_flight: dict[int, asyncio.Task[None]] = {}  # own chat id → its one sending
        self._ready_at: dict[int, float] = {}  # own chat id → when pacing lets it have the next
        self._outage_attempts = 0
        self._closed_until = 0.0
        self.sent = 0
        self.stopped_by: Stop | None = None

    async def run(self, wake: asyncio.Event, stopping: asyncio.Event) -> None:
        """Works until `stopping` is set, then waits for what is on its way. `wake`: there may be alerts.

        Raises:
            Stop: sending can't go on: the token is wrong, or the terminal closed. Alerts stay in the outbox.
        """
        try:
            await self._work(wake, stopping)
            if self._in_flight:
                await asyncio.wait(self._in_flight.values())
        finally:
            # Cancelled: who ends us won't wait. Nothing may be sent after the leases are given back.
            await self._abandon()
        if self.stopped_by is not None:
            raise self.stopped_by

    async def _work(self, wake: asyncio.Event, stopping: asyncio.Event) -> None:
        loop = asyncio.get_running_loop()
        while not stopping.is_set() and self.stopped_by is None:
            wake.clear()
            try:
                started = await self._start_some(loop.time())
            except (SQLAlchemyError, OSError) as error:
                report_database(self._reachability, error)
                await wait_any(stopping, timeout_s=DATABASE_PAUSE_S)
                continue
            self._reachability.report("Database", ok=True)
            if started and len(self._in_flight) < SLOTS:
                continue
            await self._wait(wake, stopping)

    async def _abandon(self) -> None:
        tasks = list(self._in_flight.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _wait(self, wake: asyncio.Event, stopping: asyncio.Event) -> None:
        loop = asyncio.get_running_loop()
        soonest = min((ready - loop.time() for ready in self._ready_at.values()), default=self._idle_s)
        waits: list[asyncio.Task[object]] = [
            asyncio.create_task(wake.wait()),
            asyncio.create_task(stopping.wait()),
        ]
        timeout = min(max(soonest, 0.01), self._idle_s)
        try:
            await asyncio.wait(
                [*waits, *self._in_flight.values()], timeout=timeout, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            for task in waits:
                task.cancel()

    async def _start_some(self, monotonic: float) -> int:
        self._ready_at = {chat: ready for chat, ready in self._ready_at.items() if ready > monotonic}
        free = SLOTS - len(self._in_flight)
        if free <= 0 or monotonic < self._closed_until or self.stopped_by is not None:
            return 0
        async with self._database.write() as session:
            claimed = await alerts.claim_next(
                session,
                platforms=self._post.platforms,
                busy_chats=[*self._in_flight, *self._ready_at],
                now=self._clock(),
                limit=free,
                owner=self._owner,
                lease_s=LEASE_S,
            )
        for one in claimed:
            self._passing(Milestone.SENDING)
            self._in_flight[one.chat.id] = asyncio.create_task(self._handle(one))
        return len(claimed)

    async def _handle(self, claimed: Claimed) -> None:
        try:
            await self._deliver(claimed)
        except _DATABASE_AWAY as error:
            # What became of the alert can't be written down: it is sent again when its lease runs out.
            report_database(self._reachability, error)
        except Exception as error:
            log.exception("alert_fault", alert=claimed.alert.id)
            await self._faulty(claimed, error)
        finally:
            delay_s = self._post.delay_s(claimed.chat)
            if delay_s > 0:
                self._ready_at[claimed.chat.id] = asyncio.get_running_loop().time() + delay_s
            del self._in_flight[claimed.chat.id]

    async def _faulty(self, claimed: Claimed, error: Exception) -> None:
        """A fault of our own neither stops the others nor is tried for ever."""
        now, attempts = self._clock(), claimed.alert.attempts
        reason = f"a fault of the program ({type(error).__name__}); its log says more"
        try:
            async with self._database.write() as session:
                if attempts >= MAX_FAULTY_ATTEMPTS:
                    await alerts.fail(session, claimed.alert.id, reason)
                else:
                    later = now + timedelta(seconds=verdict.pause_s(attempts))
                    await alerts.postpone(session, claimed.alert.id, until=later, error=reason)
        except (SQLAlchemyError, OSError) as problem:
            report_database(self._reachability, problem)

    async def _deliver(self, claimed: Claimed) -> None:
        try:
            if claimed.alert.kind == AlertKind.EDIT:
                await self._edit(claimed)
            else:
                await self._send(claimed)
        except DeliveryError as error:
            await self._failed(claimed, error)

    async def _send(self, claimed: Claimed) -> None:
        alert, chat = claimed.alert, claimed.chat
        message = alert_message(alert, chat, claimed.article, claimed.feed, english=self._english)
        message_id = await self._post.send(chat, message)
        self._passing(Milestone.DELIVERED)
        self._reopen(chat.platform)
        async with self._database.write() as session:
            await alerts.mark_sent(
                session,
                alert.id,
                message_id=message_id,
                in_english=is_english(claimed.article),
                now=self._clock(),
            )
        self.sent += 1
        self._passing(Milestone.SENT)
        log.debug("alert_sent", alert=alert.id, chat=chat.id, message=message_id)

    async def _edit(self, claimed: Claimed) -> None:
        edit, chat = claimed.alert, claimed.chat
        async with self._database.read() as session:
            alert = await alerts.edited_alert(session, edit)
            is_saved = alert is not None and await saved.is_saved(session, alert.id)
        if alert is None or alert.state != AlertState.SENT or alert.message_id is None or alert.in_english:
            # It failed, was dropped, or went out in English after all.
            async with self._database.write() as session:
                await alerts.drop(session, edit.id, "there is nothing to edit")
            return
        message = alert_message(
            alert, chat, claimed.article, claimed.feed, saved=is_saved, english=self._english
        )
        await self._post.edit(chat, alert.message_id, message)
        self._reopen(chat.platform)
        async with self._database.write() as session:
            await alerts.mark_edited(session, edit.id, alert.id, now=self._clock())
        log.debug("alert_edited", alert=alert.id, chat=chat.id)

    async def _failed(self, claimed: Claimed, error: DeliveryError) -> None:
        now = self._clock()
        what = verdict.judge(error, attempts=claimed.alert.attempts, now=now)
        if isinstance(error, NotDelivered | MaybeDelivered):
            self._close_for_a_while(claimed.chat.platform, error)
        async with self._database.write() as session:
            match what:
                case Verdict(Action.RETRY | Action.STOP, reason, until):
                    await alerts.postpone(session, claimed.alert.id, until=until or now, error=reason)
                case Verdict(Action.LEAVE_CHAT):
                    await chats.mark_gone(session, claimed.chat.id)
                case Verdict(Action.MIGRATE, reason, _, int(new_chat_id)):
                    await alerts.postpone(session, claimed.alert.id, until=now, error=reason)
                    await chats.migrate(session, claimed.chat.platform, claimed.chat.chat_id, new_chat_id)
                case _:
                    await alerts.fail(session, claimed.alert.id, what.reason)
        log.log(
            _LEVELS[what.action],
            "alert_not_sent",
            alert=claimed.alert.id,
            chat=claimed.chat.id,
            action=what.action.value,
            reason=what.reason,
        )
        if isinstance(error, Stop):
            self.stopped_by = error

    def _close_for_a_while(self, platform: str, error: DeliveryError) -> None:
        """One message that was not taken: the server is away, so the others need not try at once."""
        monotonic = asyncio.get_running_loop().time()
        if monotonic >= self._closed_until:  # or it is one of those that were on their way together
            self._outage_attempts += 1
            self._closed_until = monotonic + min(verdict.pause_s(self._outage_attempts), MAX_OUTAGE_PAUSE_S)
        self._reachability.report(
            platform.capitalize(),
            ok=False,
            reason=error.reason,
            consequence="Alerts wait in the outbox and go out when it is back.",
        )

    def _reopen(self, platform: str) -> None:
        self._outage_attempts = 0
        self._closed_until = 0.0
        self._reachability.report(platform.capitalize(), ok=True)


_DEBUG, _INFO, _WARNING, _ERROR = 10, 20, 30, 40
_LEVELS = {
    Action.RETRY: _DEBUG,
    Action.MIGRATE: _INFO,
    Action.LEAVE_CHAT: _INFO,
    Action.FAIL: _WARNING,
    Action.STOP: _ERROR,
}
