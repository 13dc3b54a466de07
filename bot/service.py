"""The service: runs what this process is there for until told to stop, and stops within ten seconds."""

from __future__ import annotations

import asyncio
import functools
import signal
import sys
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack, suppress
from datetime import timedelta
from enum import StrEnum
from typing import Any, TextIO

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger
from sqlalchemy.exc import SQLAlchemyError
from telegram import Bot

from bot.app import Parts, Timing, sync_allowed, sync_console
from bot.chat.commands import build_application
from bot.chat.listener import Listener
from bot.delivery.console import ConsoleOutput
from bot.delivery.digest import Digests
from bot.delivery.english_words import EnglishWords
from bot.delivery.feed_news import FeedNews
from bot.delivery.pacing import Pacer
from bot.delivery.post import Platform, Post
from bot.delivery.sender import Sender
from bot.delivery.telegram import TelegramOutput, build_bot
from bot.delivery.views import alert_message
from bot.errors import RarewatchError
from bot.feeds_file import FeedsFile
from bot.loops import keep_working, report_database
from bot.road import Passing, pass_by
from bot.web.page import build_page
from bot.web.server import PortError, bind, serve
from storage import articles, feeds, mutes
from storage.chats import CONSOLE, TELEGRAM
from storage.translations import StoredMemory

log = structlog.get_logger(__name__)

KEEP_UNWANTED = timedelta(days=7)
KEEP_TRANSLATIONS = timedelta(days=180)  # since anybody asked for them


class Role(StrEnum):
    """What a process is there for; `all` on a laptop, the others on several machines."""

    ALL = "all"
    BOT = "bot"  # talks: commands, alerts, digests
    WORKER = "worker"  # reads: polls, translates, matches
    WEB = "web"  # shows the page


class Service:
    """One process of Rarewatch.

    Args:
        terminal: where alerts are printed when there is no token.
        with_page: whether the role `all` serves the page too.
    """

    def __init__(
        self,
        parts: Parts,
        *,
        role: Role = Role.ALL,
        timing: Timing | None = None,
        passing: Passing = pass_by,
        terminal: TextIO = sys.stdout,
        with_page: bool = True,
    ) -> None:
        self._parts = parts
        self._role = role
        self._timing = timing or Timing()
        self._passing = passing
        self._terminal = terminal
        self._with_page = with_page
        self._english = EnglishWords(parts.concepts)
        self._scheduler = AsyncIOScheduler(timezone="UTC")
        self._tasks: set[asyncio.Task[Any]] = set()
        self._ticks: set[asyncio.Task[Any]] = set()
        self._failure: BaseException | None = None
        self.stopping = asyncio.Event()
        self.digests: Digests | None = None
        self.sender: Sender | None = None

    async def run(self) -> None:
        """Runs until `stopping` is set, or something can't go on.

        Raises:
            RarewatchError: what can't go on, and what to do about it.
        """
        async with AsyncExitStack() as stack:
            try:
                await self._start(stack)
                await self._announce()
                await self.stopping.wait()
            finally:
                self.stop()
                await self._stop()
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        """Asks the service to end. May be called from a signal handler of the loop."""
        self.stopping.set()

    # Starting

    async def _start(self, stack: AsyncExitStack) -> None:
        if self._does(Role.BOT):
            await self._start_talking(stack)
        if self._does(Role.WORKER):
            self._start_reading()
        if self._does(Role.WEB) and self._with_page:
            self._start_page()
        self._scheduler.start()

    def _does(self, role: Role) -> bool:
        return self._role in (Role.ALL, role)

    async def _start_talking(self, stack: AsyncExitStack) -> None:
        parts, settings = self._parts, self._parts.settings
        platforms: dict[str, Platform] = {}
        if settings.telegram_token is not None:
            await sync_console(parts, active=False)
            await sync_allowed(parts)
            token = settings.telegram_token.get_secret_value()
            # Two clients: the listener shuts its own down, and long polls take no connection from sending.
            self._start_listening(build_bot(token, settings.bot_api_url))
            bot = build_bot(token, settings.bot_api_url)
            stack.push_async_callback(bot.request.shutdown)
            platforms[TELEGRAM] = Platform(TelegramOutput(bot), Pacer())
        else:
            await sync_console(parts, active=True)
            platforms[CONSOLE] = Platform(ConsoleOutput(self._terminal))
        post = Post(platforms, monotonic=asyncio.get_running_loop().time)
        self.sender = Sender(
            parts.database,
            post,
            owner=parts.owner,
            clock=parts.clock,
            reachability=parts.reachability,
            passing=self._passing,
            idle_s=self._timing.idle_s,
            english=self._english,
        )
        self._watch("sender", self.sender.run(parts.wakes.alerts, self.stopping))
        self.digests = Digests(
            parts.database,
            post,
            owner=parts.owner,
            clock=parts.clock,
            passing=self._passing,
        )
        if self._timing.digest_tick_s is None:
            self._schedule(CronTrigger(second=0, timezone="UTC"), self.digests.tick)
            # What became due while nobody ran is not kept waiting for the next full minute.
            self._watch("digests due at start", self._tick(self.digests.tick))
        else:
            self._every(self._timing.digest_tick_s, self.digests.tick)
        feed_news = FeedNews(parts.database, post, operators=settings.admins, clock=parts.clock)
        self._every(self._timing.feed_news_tick_s, feed_news.tick)

    def _start_listening(self, bot: Bot) -> None:
        parts = self._parts
        application = build_application(
            bot,
            database=parts.database,
            concepts=parts.concepts,
            clock=parts.clock,
            translator=parts.translator,
            inspector=parts.inspector,
            shows=functools.partial(alert_message, english=self._english),
            operators=parts.settings.admins,
            allowed_chats=parts.settings.allowed_chats,
        )
        listener = Listener(application, report=self._report_telegram, operators=parts.settings.admins)
        self._watch("listener", self._listen(listener))

    async def _listen(self, listener: Listener) -> None:
        await listener.start()
        ended = asyncio.create_task(listener.wait())
        stopping = asyncio.create_task(self.stopping.wait())
        await asyncio.wait([ended, stopping], return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        await listener.stop()
        await ended  # raises what made listening impossible

    def _report_telegram(self, ok: bool, reason: str) -> None:
        self._parts.reachability.report(
            "Telegram",
            ok=ok,
            reason=reason,
            consequence="Commands are answered and alerts go out when it is back; none is lost.",
        )

    def _start_reading(self) -> None:
        parts, pipeline = self._parts, self._parts.pipeline
        self._every(self._timing.poll_tick_s, pipeline.poll_due)
        self._every(self._timing.summary_tick_s, self._summarise)
        settings = parts.settings
        feeds_file = FeedsFile(lambda: settings.feeds_file, parts.catalog, parts.database, clock=parts.clock)
        self._every(self._timing.feeds_file_tick_s, feeds_file.tick)
        self._schedule(IntervalTrigger(hours=1, timezone="UTC"), self._forget_old)
        self._schedule(IntervalTrigger(hours=1, timezone="UTC"), self._tell_counted)
        self._watch(
            "processing",
            keep_working(
                pipeline.process_new,
                wake=parts.wakes.articles,
                stopping=self.stopping,
                idle_s=self._timing.idle_s,
                reachability=parts.reachability,
            ),
        )
        self._watch(
            "catching up",
            keep_working(
                pipeline.catch_up,
                wake=asyncio.Event(),
                stopping=self.stopping,
                idle_s=self._timing.idle_s,
                reachability=parts.reachability,
            ),
        )

    def _start_page(self) -> None:
        settings = self._parts.settings
        # A platform's router comes from outside; a laptop's page is for the laptop.
        host = "0.0.0.0" if self._role is Role.WEB else "127.0.0.1"  # noqa: S104
        try:
            listener = bind(host, settings.port)
        except PortError as error:
            if self._role is Role.WEB:
                raise
            log.warning("no_page", reason=str(error), says=f"{error} All else works.")
            return
        token = settings.web_token.get_secret_value() if settings.web_token else None
        if token is None and self._role is Role.WEB:
            open_to_all = "The page is open to whoever reaches this port; RAREWATCH_WEB_TOKEN closes it."
            log.warning("page_open", says=open_to_all)
        address = f"http://127.0.0.1:{settings.port}/"
        log.info("page", address=address, says=f"The page is at {address}")
        parts = self._parts
        counted = parts.counted if self._does(Role.WORKER) else dict
        page = build_page(parts.database, token=token, clock=parts.clock, counted=counted)
        self._watch("page", serve(page, listener, self.stopping))

    def _every(self, seconds: float, work: Callable[[], Awaitable[object]]) -> None:
        self._schedule(IntervalTrigger(seconds=seconds, timezone="UTC"), work)

    def _schedule(self, trigger: BaseTrigger, work: Callable[[], Awaitable[object]]) -> None:
        # APScheduler drops a job that is a second late unless told otherwise. What is due is decided by rows
        # in the database, so that one late tick is as good as many.
        self._scheduler.add_job(
            self._tick, trigger, args=[work], misfire_grace_time=3600, coalesce=True, max_instances=1
        )

    def _watch(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            return
        failure = task.exception()
        if failure is not None:
            if not isinstance(failure, RarewatchError):
                log.error("task_ended", task=task.get_name(), exc_info=failure)
            self._failure = self._failure or failure
            self.stop()

    async def _announce(self) -> None:
        settings = self._parts.settings
        async with self._parts.database.read() as session:
            counts = await feeds.counts(session)
        translators = ", ".join(settings.translators)
        alerts_to = "Telegram" if settings.telegram_token else "this terminal"
        duties = []
        if self._does(Role.WORKER):
            duties.append(f"watching {counts.enabled} feeds, translating with {translators}")
        if self._does(Role.BOT):
            duties.append(f"alerts go to {alerts_to}")
        duties.append(f"everything is kept in {self._parts.database.shown}")
        log.info(
            "started",
            role=self._role.value,
            feeds=counts.enabled,
            database=self._parts.database.shown,
            translators=translators,
            alerts_to=alerts_to,
            says=f"Started ({self._role.value}): {'; '.join(duties)}. Ctrl-C stops.",
        )

    # Ticks

    async def _tick(self, work: Callable[[], Awaitable[object]]) -> None:
        """One tick's work: not begun while stopping, waited for when stopping, patient with the database."""
        task = asyncio.current_task()
        if self.stopping.is_set() or task is None:
            return
        self._ticks.add(task)
        try:
            await work()
        except (SQLAlchemyError, OSError) as error:
            report_database(self._parts.reachability, error)
        finally:
            self._ticks.discard(task)

    async def _summarise(self) -> None:
        self._parts.reachability.summarise_feeds()

    async def _tell_counted(self) -> None:
        log.info("counted", **self._parts.counted())

    async def _forget_old(self) -> None:
        now = self._parts.clock()
        async with self._parts.database.write() as session:
            emptied = await articles.forget_unwanted(session, before=now - KEEP_UNWANTED)
            await mutes.forget_ended(session, now=now)
        memory = StoredMemory(self._parts.database, self._parts.clock)
        forgotten = await memory.prune(unused_since=now - KEEP_TRANSLATIONS)
        log.debug("forgot_old", articles=emptied, translations=forgotten)

    # Stopping

    async def _stop(self) -> None:
        log.info("stopping", says="Stopping: what is under way is finished or given back.")
        if self._scheduler.running:
            self._scheduler.pause()
        under_way = asyncio.create_task(self._parts.pipeline.finish())
        waiting = {*self._tasks, *self._ticks, under_way}
        _done, late = await asyncio.wait(waiting, timeout=self._timing.shutdown_s)
        for task in late:
            # Its transaction is rolled back, and its leases are given back: another process takes over there.
            task.cancel()
        for task in late:
            with suppress(asyncio.CancelledError, Exception):
                await task
        await self._parts.pipeline.cancel()
        # Not its shutdown(wait=True): that would cancel coroutines half-way.
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)


def stop_on_signals(service: Service) -> None:
    """SIGTERM and Ctrl-C end the service in order; a second Ctrl-C ends it at once."""
    loop = asyncio.get_running_loop()

    def handle() -> None:
        if service.stopping.is_set():
            loop.remove_signal_handler(signal.SIGINT)  # the next one is a plain KeyboardInterrupt
        service.stop()

    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):  # Windows: Ctrl-C raises KeyboardInterrupt there
            loop.add_signal_handler(number, handle)
