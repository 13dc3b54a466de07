"""A translator as `rarewatch doctor` sees it: does it answer, how it fares in the service, what is left.

answers: Indonesia bans bauxite exports; in the service: resting for 5 min, last error 5 min ago: asks for
fewer requests (status 429); left today: 4,812 of 5,000 characters
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import SQLAlchemyError

from bot.app import build_providers
from bot.errors import RarewatchError
from bot.settings import Settings
from bot.translation.budget import BudgetLeft
from bot.translation.failures import FailureKind, ProviderFailure, TranslationError
from bot.translation.local import LocalProvider
from bot.translation.providers import DeepLProvider, Provider
from bot.translation.shared_budgets import SharedBudgets
from bot.translation.translator import Translator
from storage.budgets import BudgetLedger, Status, StoredStatus
from storage.database import Database

# Long enough that the checks of a reply mean something.
PROBES = {
    "ru": "Индонезия запретила экспорт бокситов",
    "id": "Indonesia melarang ekspor bauksit mulai bulan Juni",
}
PATIENCE_S = 15.0
HINTS = {
    ("deepl", FailureKind.REFUSED): "Check RAREWATCH_DEEPL_KEY.",
    ("libre", FailureKind.REFUSED): "Check RAREWATCH_LIBRETRANSLATE_KEY.",
    ("libre", FailureKind.UNREACHABLE): "Check RAREWATCH_LIBRETRANSLATE_URL, and that the server runs.",
    ("google", FailureKind.UNREACHABLE): "Check this machine's network.",
    ("mymemory", FailureKind.UNREACHABLE): "Check this machine's network.",
    ("deepl", FailureKind.UNREACHABLE): "Check this machine's network, and RAREWATCH_DEEPL_URL if it is set.",
    ("google", FailureKind.THROTTLED): "It turns this machine's address away for a while: name another "
    "translator behind it in RAREWATCH_TRANSLATORS.",
    (
        "google",
        FailureKind.PROTOCOL,
    ): "It may ask this machine's address for consent: name another translator "
    "behind it in RAREWATCH_TRANSLATORS.",
}


@dataclass(frozen=True, slots=True)
class Told:
    """What the database knows of a translator."""

    status: Status | None
    left: BudgetLeft


class NoMemory:
    """A translation memory that forgets, so that a probe really asks."""

    async def get(self, keys: object) -> dict[str, tuple[str, str]]:
        """Knows nothing."""
        return {}

    async def put(self, rows: object) -> None:
        """Keeps nothing."""


async def what_is_told(settings: Settings, clock: Callable[[], datetime]) -> dict[str, Told]:
    """What the running service has told of each translator; nothing when the database can't be read."""
    try:
        database = Database(settings.database_url.get_secret_value())
    except RarewatchError:
        return {}  # the doctor has said so before
    try:
        known = await StoredStatus(database).known()
        budgets = SharedBudgets(BudgetLedger(database), clock)
        return {
            name: Told(known.get(name), await budgets.left(name, settings.allowances[name]))
            for name in settings.translators
        }
    except (RarewatchError, SQLAlchemyError, OSError):
        return {}
    finally:
        await database.close()


async def examine_translator(
    settings: Settings, name: str, told: Told | None, *, now: datetime
) -> tuple[bool | None, str]:
    """Whether all is well with it (None: something to know), and what to say. Asks it for a translation."""
    try:
        [provider] = build_providers(settings.model_copy(update={"translators": (name,)}))
    except RarewatchError as error:
        return False, str(error)
    well: bool | None
    well, said, hint = await _probe(provider)
    parts = [said]
    if isinstance(provider, DeepLProvider) and well:
        parts.append(await _period(provider))
    if told is not None and told.status is not None:
        parts.append(f"in the service: {_fares(told.status, now)}")
        well = None if well and told.status.state in ("resting", "failing", "probing") else well
    limit = settings.allowances[name].characters_per_day
    if told is not None and limit is not None and told.left.characters_today is not None:
        parts.append(f"left today: {told.left.characters_today:,} of {limit:,} characters")
        well = None if well and not told.left.characters_today else well
    text = "; ".join(parts)
    return well, f"{text}. {hint}" if hint else text


async def _probe(provider: Provider) -> tuple[bool, str, str]:
    """Whether it translates, what there is to say, and what to do."""
    source = "ru"
    if isinstance(provider, LocalProvider):
        source = next((language for language in PROBES if f"{language}-en" in provider.pairs()), "ru")
    translator = Translator([provider], NoMemory())
    try:
        [found] = await translator.translate([PROBES[source]], source=source, deadline_s=PATIENCE_S)
    except TranslationError as error:
        hints = (HINTS.get((failure.provider, failure.kind)) for failure in error.failures)
        return False, error.reason, next(filter(None, hints), "")
    finally:
        await asyncio.shield(translator.aclose())
    return True, f"answers: {found.text}", ""


async def _period(provider: DeepLProvider) -> str:
    usage = await asyncio.to_thread(provider.usage)
    if isinstance(usage, ProviderFailure):
        return usage.reason
    limit = "no limit" if usage.limit is None else f"{usage.limit:,}"
    return f"{usage.used:,} characters of this period used, of {limit}"


def _fares(status: Status, now: datetime) -> str:
    state = f"{status.state} ({_ago(status.changed_at, now)})"
    if status.last_error is None or status.error_at is None:
        return state
    return f"{state}, last error {_ago(status.error_at, now)}: {status.last_error}"


def _ago(then: datetime, now: datetime) -> str:
    minutes = max(0, int((now - then).total_seconds() // 60))
    if minutes < 1:
        return "just now"
    if minutes < 60:
        return f"{minutes} min ago"
    hours = minutes // 60
    return f"{hours} h ago" if hours < 48 else f"{hours // 24} days ago"
