"""What works, what does not, and what to do about it: the checks of `rarewatch doctor`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

from telegram.error import InvalidToken, TelegramError

from bot.app import utc_now, watched_queries
from bot.delivery.outcomes import Stop
from bot.delivery.telegram import build_bot
from bot.doctor_feeds import examine_feeds
from bot.doctor_translators import examine_translator, what_is_told
from bot.errors import RarewatchError
from bot.feed_states import feed_states
from bot.feeds.catalog import load_catalog
from bot.language.concepts import Concepts
from bot.logs import redact
from bot.settings import Settings
from storage import alerts, feed_problems
from storage.database import Database

PAGES_OF = timedelta(days=3)  # what stood in the way a week ago may be gone


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: `ok` None is neither good nor bad, something to know."""

    subject: str
    ok: bool | None
    text: str


async def examine(settings: Settings) -> AsyncIterator[Finding]:
    """The findings, one by one as they are made; some wait for the network."""
    yield Finding("settings", True, "readable")
    try:
        catalog = load_catalog(settings.feeds_file)
        concepts = Concepts.load(own=catalog.concepts, own_file=str(settings.feeds_file))
    except RarewatchError as error:
        yield Finding("feeds file", False, str(error))
    else:
        _, problems = watched_queries(catalog, concepts)
        for problem in [*map(str, catalog.problems), *map(str, problems)]:
            yield Finding("feeds file", False, problem)
        yield Finding("feeds file", True, f"{len(catalog.feeds)} feeds in {settings.feeds_file}")
    async for finding in _database(settings):
        yield finding
    yield await _telegram(settings)
    told = await what_is_told(settings, utc_now)
    for name in settings.translators:
        ok, text = await examine_translator(settings, name, told.get(name), now=utc_now())
        yield Finding(f"translator {name}", ok, text)


async def _database(settings: Settings) -> AsyncIterator[Finding]:
    try:
        database = Database(settings.database_url.get_secret_value())
    except RarewatchError as error:
        yield Finding("database", False, str(error))
        return
    try:
        await database.upgrade()
        async with database.read() as session:
            outbox = await alerts.counts(session)
            states = await feed_states(session, now=utc_now())
            pages = await feed_problems.pages(session, since=utc_now() - PAGES_OF)
    except RarewatchError as error:
        yield Finding("database", False, str(error))
        return
    finally:
        await database.close()
    waiting = outbox.get("pending", 0) + outbox.get("sending", 0)
    yield Finding(
        "database",
        True,
        f"{database.shown}: alerts sent {outbox.get('sent', 0)}, waiting {waiting}, "
        f"failed {outbox.get('failed', 0)}",
    )
    for ok, text in examine_feeds(states, pages):
        yield Finding("feeds", ok, text)


async def _telegram(settings: Settings) -> Finding:
    if settings.telegram_token is None:
        return Finding(
            "Telegram",
            None,
            "no TELEGRAM_TOKEN: alerts go to the terminal. A token from @BotFather sends them to chats.",
        )
    token = settings.telegram_token.get_secret_value()
    try:
        bot = build_bot(token, settings.bot_api_url)
        async with bot:
            me = await bot.get_me()
    except Stop as error:
        return Finding("Telegram", False, str(error))
    except InvalidToken:
        return Finding(
            "Telegram", False, "Telegram does not know this token. Check TELEGRAM_TOKEN with @BotFather."
        )
    except TelegramError as error:
        reason = redact(error.message, [token])
        return Finding("Telegram", False, f"can't be reached: {reason}. Check the network.")
    return Finding("Telegram", True, f"@{me.username} answers")
