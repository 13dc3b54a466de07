"""The composition root: from settings to parts, joined and ready to run."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.exc import SQLAlchemyError
from tzlocal import get_localzone_name

from bot.counted import counted
from bot.feeds.catalog import Catalog, load_catalog
from bot.feeds.fetch import open_session
from bot.feeds.full_text import FullTexts
from bot.feeds.hosts import Hosts
from bot.feeds.page_pool import PagePool
from bot.feeds.pool import ParsePool
from bot.inspection import Inspector
from bot.language.concepts import Concepts
from bot.language.detect import Detector
from bot.matching.query import QueryError, parse_query
from bot.pipeline import Pipeline
from bot.queries import LiveQueries
from bot.reachability import Reachability
from bot.road import Passing, Tempo, Wakes, pass_by
from bot.settings import Settings, SettingsError
from bot.translation.breaker import OPEN_S
from bot.translation.glossary import Glossary
from bot.translation.local import open_local
from bot.translation.providers import (
    DeepLProvider,
    GoogleProvider,
    LibreProvider,
    MyMemoryProvider,
    Provider,
)
from bot.translation.shared_budgets import SharedBudgets
from bot.translation.translator import ProviderStatus, Translator
from storage import chats, feeds, subscriptions
from storage.budgets import BudgetLedger, StoredStatus
from storage.chats import CONSOLE, TELEGRAM, Admission, ChatKey
from storage.database import CATALOG_LOCK, Database, one_at_a_time, release, wait_for
from storage.feeds import FeedRow
from storage.models import Chat
from storage.translations import StoredMemory

log = structlog.get_logger(__name__)

Clock = Callable[[], datetime]

CONSOLE_CHAT = ChatKey(CONSOLE, 1)
CONSOLE_DIGEST_TIME = "18:00"
DATABASE_START_ATTEMPTS = 15  # two seconds apart: a server that starts beside us needs a while


@dataclass(frozen=True, slots=True)
class Timing:
    """How often the service looks for work, and how long it takes to stop."""

    poll_tick_s: float = 1.0
    digest_tick_s: float | None = None  # None: on the minute
    summary_tick_s: float = 10.0
    feed_news_tick_s: float = 600.0
    feeds_file_tick_s: float = 60.0
    idle_s: float = 1.0
    shutdown_s: float = 7.0
    tempo: Tempo = field(default_factory=Tempo)


def utc_now() -> datetime:
    """The clock of the real service."""
    return datetime.now(UTC)


def owner_name() -> str:
    """A name for this process in leases, told apart from one with the same number on another machine."""
    return f"{socket.gethostname()[:32]}-{os.getpid()}-{secrets.token_hex(3)}"


@dataclass(slots=True)
class Parts:
    """What every role is built from."""

    settings: Settings
    database: Database
    catalog: Catalog
    concepts: Concepts
    queries: LiveQueries
    translator: Translator
    pool: ParsePool
    pipeline: Pipeline
    texts: FullTexts
    inspector: Inspector
    reachability: Reachability
    wakes: Wakes
    clock: Clock
    owner: str

    def counted(self) -> dict[str, int]:
        """What this process has done."""
        return counted(self.pipeline.counters, self.texts.counters)


@asynccontextmanager
async def open_parts(
    settings: Settings,
    *,
    timing: Timing | None = None,
    clock: Clock = utc_now,
    passing: Passing = pass_by,
) -> AsyncIterator[Parts]:
    """Opens the database (upgrading it), reads feeds.yaml into it, and builds the road."""
    tempo = (timing or Timing()).tempo
    catalog = load_catalog(settings.feeds_file)
    for problem in catalog.problems:
        log.warning("feeds_file_problem", problem=str(problem), says=str(problem))
    concepts = Concepts.load(own=catalog.concepts, own_file=str(settings.feeds_file))
    async with AsyncExitStack() as stack:
        database = Database(settings.database_url.get_secret_value())
        stack.push_async_callback(database.close)
        if not database.is_sqlite:
            await wait_for(database, attempts=DATABASE_START_ATTEMPTS, pause_s=2.0)
        await database.upgrade()
        await sync_catalog(database, catalog, concepts, now=clock())
        session = open_session(allow_private=settings.private_feeds)
        stack.push_async_callback(session.close)
        pool = ParsePool()
        stack.callback(pool.close)
        page_pool = PagePool()
        stack.callback(page_pool.close)
        hosts = Hosts()  # feeds, pages and what an operator has looked at share an outlet's patience
        texts = FullTexts(session, extract=page_pool.article_text, hosts=hosts)
        stack.push_async_callback(texts.aclose)
        translator = build_translator(settings, database, clock=clock, rest_s=tempo.translator_rest_s)
        stack.push_async_callback(translator.aclose)
        reachability, wakes, owner = Reachability(), Wakes(), owner_name()
        stack.push_async_callback(_give_back_leases, database, owner)
        queries, detector = LiveQueries(database, concepts), Detector()
        pipeline = Pipeline(
            database,
            session=session,
            pool=pool,
            detector=detector,
            queries=queries,
            translator=translator,
            reachability=reachability,
            owner=owner,
            clock=clock,
            wakes=wakes,
            tempo=tempo,
            passing=passing,
            texts=texts,
            hosts=hosts,
        )
        yield Parts(
            settings=settings,
            database=database,
            catalog=catalog,
            concepts=concepts,
            queries=queries,
            translator=translator,
            pool=pool,
            pipeline=pipeline,
            texts=texts,
            inspector=Inspector(session, pool, detector, clock=clock, hosts=hosts),
            reachability=reachability,
            wakes=wakes,
            clock=clock,
            owner=owner,
        )


def build_translator(
    settings: Settings, database: Database, *, clock: Clock = utc_now, rest_s: float = OPEN_S
) -> Translator:
    """The chain of translators with the database's memory; the caller ends it with `aclose`."""
    book = StoredStatus(database)

    async def tell(status: ProviderStatus) -> None:
        failed, succeeded = status.seconds_since_error, status.seconds_since_success
        is_new = failed is not None and (succeeded is None or failed <= succeeded)
        await book.record(status.name, status.state, status.last_error if is_new else None, clock())

    return Translator(
        build_providers(settings),
        StoredMemory(database, clock),
        rest_s=rest_s,
        budgets=SharedBudgets(BudgetLedger(database), clock),
        allowances=settings.allowances,
        tell=tell,
        glossary=Glossary.load(settings.glossary),
    )


def build_providers(settings: Settings) -> list[Provider]:
    """The translators, in the operator's order."""
    providers: list[Provider] = []
    for name in settings.translators:
        match name:
            case "google":
                providers.append(GoogleProvider())
            case "mymemory":
                providers.append(MyMemoryProvider())
            case "libre":
                if settings.libretranslate_url is None:
                    raise SettingsError(
                        "RAREWATCH_LIBRETRANSLATE_URL",
                        "it is not set, and RAREWATCH_TRANSLATORS names libre",
                        hint="Example: http://127.0.0.1:5000",
                    )
                key = settings.libretranslate_key
                providers.append(
                    LibreProvider(settings.libretranslate_url, key.get_secret_value() if key else None)
                )
            case "deepl":
                if settings.deepl_key is None:
                    raise SettingsError(
                        "RAREWATCH_DEEPL_KEY",
                        "it is not set, and RAREWATCH_TRANSLATORS names deepl",
                        hint="The key stands in your account at https://www.deepl.com/account",
                    )
                url = settings.deepl_url
                providers.append(
                    DeepLProvider(
                        settings.deepl_key.get_secret_value(), url.get_secret_value() if url else None
                    )
                )
            case "local":
                providers.append(open_local(settings.models))
    return providers


def watched_queries(catalog: Catalog, concepts: Concepts) -> tuple[dict[str, str], list[QueryError]]:
    """What feeds.yaml watches for (canonical query → as written), and those that can't be read."""
    readable: dict[str, str] = {}
    problems: list[QueryError] = []
    for text in [*(f"#{concept}" for concept in catalog.watch.concepts), *catalog.watch.queries]:
        try:
            readable.setdefault(parse_query(text, concepts).canonical, text)
        except QueryError as error:
            problems.append(error)
    return readable, problems


async def sync_catalog(database: Database, catalog: Catalog, concepts: Concepts, *, now: datetime) -> None:
    """Makes the database's feeds and watched queries those of feeds.yaml."""
    queries, problems = watched_queries(catalog, concepts)
    for problem in problems:
        log.warning("watched_query_problem", problem=str(problem), says=f"watch: {problem}")
    async with database.write() as session:
        await one_at_a_time(session, CATALOG_LOCK)  # two workers that start at once would lock each other out
        await feeds.sync(session, feed_rows(catalog), now=now)
        await subscriptions.watch(session, list(queries), now=now)


def feed_rows(catalog: Catalog) -> list[FeedRow]:
    """The feeds of feeds.yaml as the database keeps them."""
    return [
        FeedRow(
            url=feed.url,
            name=feed.name,
            language=feed.language,
            country=feed.country,
            tier=feed.tier,
            tags=feed.tags,
            interval_s=feed.interval_s,
            user_agent=feed.user_agent,
            fallback=feed.fallback,
            full_text=feed.full_text,
        )
        for feed in catalog.feeds
    ]


async def sync_allowed(parts: Parts) -> Admission:
    """Alerts go only to the chats the operator lets in; what others have set is kept, unused."""
    async with parts.database.write() as session:
        admission = await chats.admit(session, TELEGRAM, parts.settings.allowed_chats)
    if admission.closed or admission.opened:
        log.info(
            "allowed_chats",
            closed=admission.closed,
            opened=admission.opened,
            dropped=admission.dropped,
            says=f"RAREWATCH_ALLOWED_CHATS has changed. Chats that get nothing any more: {admission.closed}; "
            f"that get alerts again: {admission.opened}; waiting messages dropped: {admission.dropped}.",
        )
    return admission


async def sync_console(parts: Parts, *, active: bool, zone: str | None = None) -> Chat | None:
    """The terminal as a chat that follows all that feeds.yaml watches for; gone while there is a token."""
    now = parts.clock()
    async with parts.database.write() as session:
        if not active:
            chat = await chats.find(session, CONSOLE_CHAT)
            if chat is not None:
                await chats.mark_gone(session, chat.id)
            return None
        known = await chats.find(session, CONSOLE_CHAT)
        chat = await chats.ensure(session, CONSOLE_CHAT, kind="console", title="terminal", now=now)
        if known is None:
            zone = (zone or get_localzone_name() or "UTC").removeprefix("Etc/")
            local = now.astimezone(ZoneInfo(zone))
            missed = f"{local:%H:%M}" >= CONSOLE_DIGEST_TIME  # today's time is over: the first comes tomorrow
            await chats.set_digest(
                session,
                chat.id,
                time=CONSOLE_DIGEST_TIME,
                zone=zone,
                last_date=local.date() - timedelta(days=0 if missed else 1),
            )
        wanted, _ = watched_queries(parts.catalog, parts.concepts)
        kept = set()
        for canonical, text in wanted.items():
            one, _ = await subscriptions.subscribe(session, chat.id, canonical=canonical, text=text, now=now)
            kept.add(one.query_id)
        gone = [one.id for one in await subscriptions.of_chat(session, chat.id) if one.query_id not in kept]
        await subscriptions.unsubscribe(session, chat.id, gone)
        return chat


async def _give_back_leases(database: Database, owner: str) -> None:
    try:
        async with database.write() as session:
            await release(session, owner)
    except (SQLAlchemyError, OSError) as error:
        # They run out by themselves; a database that is away must not keep us from ending.
        log.warning("leases_not_given_back", reason=type(error).__name__)
