"""Listens to Telegram for as long as the program runs: connects when it can, and says when it can't.

The library's own `Updater` isn't used: it never tells that Telegram is back, and tries on for ever when
another program uses the token. Updates go to the application's queue, from wherever they come.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from datetime import timedelta

import structlog
from telegram import Update
from telegram.error import (
    BadRequest,
    Conflict,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)

from bot.chat.commands import ALLOWED_UPDATES, AnyApplication
from bot.chat.frame import Sleep
from bot.chat.menu import menus
from bot.chat.ordered import OrderedPerChat
from bot.errors import RarewatchError
from bot.logs import redact

log = structlog.get_logger(__name__)

LONG_POLL_S = 30
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 30.0
CONFLICTS = 5
"""Tries, with pauses of 3, 6, 12 and 24 s, before a second program on the token counts as there to stay: at a
restart the old process's long poll may live on for half a minute."""
CONFLICT_PAUSE_S = 3.0
FINISH_S = 4.0  # for answers under way at a stop
CONFIRM_S = 2.0
# What the library trips over when JSON comes that is no Bot API answer: a proxy's, a captive portal's.
NOT_UNDERSTOOD = (KeyError, TypeError, ValueError, AttributeError)

Report = Callable[[bool, str], None]


class ListeningStopped(RarewatchError):
    """Telegram can't be listened to."""


class Listener:
    """Polls for updates and runs the application that answers them.

    Args:
        application: as `build_application` gives it; started and shut down here, its bot with it.
        report: called with True when Telegram is heard, with False and the reason when it isn't; often, so
            the caller says only what is new.
        operators: Telegram's ids of people whose menus have the operators' commands, too.
        sleep: for the pauses between tries.
        long_poll_s: how long Telegram may keep a question for updates open.
        finish_s: how long a stop waits for answers under way.
    """

    def __init__(
        self,
        application: AnyApplication,
        *,
        report: Report,
        operators: Collection[int] = (),
        sleep: Sleep = asyncio.sleep,
        long_poll_s: int = LONG_POLL_S,
        finish_s: float = FINISH_S,
    ) -> None:
        self._application = application
        self._bot = application.bot
        self._report = report
        self._operators = operators
        self._sleep = sleep
        self._long_poll_s = long_poll_s
        self._finish_s = finish_s
        self._task: asyncio.Task[None] | None = None
        self._offset = 0  # of the next update; all before it are on their way to a handler
        self._confirmed = 0

    async def start(self) -> None:
        """Begins to listen, and returns at once, whether Telegram answers or not."""
        self._task = asyncio.create_task(self._run(), name="telegram-listener")

    async def wait(self) -> None:
        """Waits for the end: a `stop`, or what makes listening impossible.

        Raises:
            ListeningStopped: Telegram refuses for good; a person has to act.
        """
        if self._task is None:
            return
        await asyncio.wait([self._task])
        if not self._task.cancelled():
            self._task.result()

    async def stop(self) -> None:
        """Ends listening, lets answers under way finish (4 s at most), and confirms what was handled."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._application.running:
            await self._finish()
            await self._confirm()
        await self._application.shutdown()
        await self._bot.shutdown()  # begun, but not finished, when Telegram never answered

    async def _run(self) -> None:
        try:
            stopped = await self._listen()
        except Exception as error:
            self._report(False, f"listening failed ({type(error).__name__})")
            log.error("listening_failed", error=type(error).__name__, reason=self._reason(error))
            raise
        self._report(False, str(stopped))
        log.error("listening_stopped", reason=str(stopped))
        raise stopped

    async def _listen(self) -> ListeningStopped:
        """Goes on until Telegram refuses for good; gives why."""
        try:
            await self._connect()
            return await self._poll()
        except InvalidToken:
            # Given, not raised here: the library's message has the token in it, and would be its context.
            return ListeningStopped(
                "TELEGRAM_TOKEN",
                "Telegram does not know this token",
                hint="Copy it from @BotFather again, and restart.",
            )

    async def _connect(self) -> None:
        pause_s = FIRST_PAUSE_S
        while True:
            try:
                await self._application.initialize()
                await self._bot.delete_webhook()  # with one, Telegram refuses getUpdates
                await self._set_commands()
                break
            except InvalidToken:
                raise
            except (TelegramError, *NOT_UNDERSTOOD) as error:
                pause_s = await self._pause(error, pause_s)
        await self._application.start()
        self._report(True, "")
        log.info("listening", bot=self._bot.username)

    async def _set_commands(self) -> None:
        for menu in menus(self._operators):
            try:
                await self._bot.set_my_commands(menu.commands, scope=menu.scope, language_code=menu.language)
            except BadRequest as error:  # the menu is a convenience; an operator may not have written yet
                log.warning("commands_not_set", scope=menu.scope.to_dict(), reason=self._reason(error))
            except RetryAfter as error:  # those of the last start will do: people wait for answers
                log.warning("commands_not_set", reason=self._reason(error))
                return

    async def _poll(self) -> ListeningStopped:
        pause_s = FIRST_PAUSE_S
        conflicts = 0
        while True:
            try:
                updates = await self._bot.get_updates(
                    offset=self._offset or None,
                    timeout=self._long_poll_s,
                    allowed_updates=ALLOWED_UPDATES,
                )
            except InvalidToken:
                raise
            except Conflict as error:
                conflicts += 1
                reason = f"another program uses the same token ({self._reason(error)})"
                if conflicts == CONFLICTS:
                    hint = "Stop the other one, or give this one a token of its own."
                    return ListeningStopped("TELEGRAM_TOKEN", reason, hint=hint)
                self._report(False, reason)
                await self._sleep(CONFLICT_PAUSE_S * 2 ** (conflicts - 1))
            except (TelegramError, *NOT_UNDERSTOOD) as error:
                pause_s = await self._pause(error, pause_s)
            else:
                self._report(True, "")
                pause_s = FIRST_PAUSE_S
                if not updates:
                    conflicts = 0  # a long poll nobody cut short
                self._take(updates)

    def _take(self, updates: tuple[Update, ...]) -> None:
        self._confirmed = self._offset  # by the question just answered
        for update in updates:
            self._application.update_queue.put_nowait(update)
            self._offset = update.update_id + 1

    async def _pause(self, error: Exception, pause_s: float) -> float:
        """Waits before the next try; gives the pause after that."""
        self._report(False, self._why(error))
        if isinstance(error, RetryAfter):
            wait = error.retry_after
            await self._sleep(wait.total_seconds() if isinstance(wait, timedelta) else float(wait))
            return pause_s
        await self._sleep(pause_s)
        return min(pause_s * 2, LONGEST_PAUSE_S)

    def _why(self, error: Exception) -> str:
        if isinstance(error, TimedOut):
            return "it did not answer in time"
        if isinstance(error, NetworkError) and not isinstance(error, BadRequest):
            return f"no connection ({self._reason(error)})"
        if isinstance(error, NOT_UNDERSTOOD):
            return "something that is not Telegram answered"
        return self._reason(error)

    def _reason(self, error: Exception) -> str:
        return redact(str(error), [self._bot.token])

    async def _finish(self) -> None:
        processor = self._application.update_processor
        try:
            async with asyncio.timeout(self._finish_s):
                await self._application.stop()
                if isinstance(processor, OrderedPerChat):
                    await processor.finish()
        except TimeoutError:
            ended = processor.cancel() if isinstance(processor, OrderedPerChat) else 0
            log.warning("answers_cut_off", count=ended)

    async def _confirm(self) -> None:
        """Tells Telegram what was handled, or it comes again at the next start."""
        if self._offset == self._confirmed:
            return
        try:
            async with asyncio.timeout(CONFIRM_S):
                await self._bot.get_updates(
                    offset=self._offset, limit=1, timeout=0, allowed_updates=ALLOWED_UPDATES
                )
        except (TelegramError, TimeoutError) as error:
            log.warning("updates_not_confirmed", error=type(error).__name__)
