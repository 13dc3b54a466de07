"""Every fault a translator is known to show, through the real chain and the stored memory.

Whatever the fault: nothing wrong is kept as a translation, the next provider is asked, nothing hangs, no
thread is left, and no key is in any log line or error.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from bot.translation.budget import Allowance
from bot.translation.failures import FailureKind, TranslationError
from bot.translation.glossary import Glossary
from bot.translation.providers import (
    DeepLProvider,
    GoogleProvider,
    LibreProvider,
    MyMemoryProvider,
    Provider,
)
from bot.translation.shared_budgets import SharedBudgets
from bot.translation.timeouts import Limits
from bot.translation.translator import Translator
from storage.budgets import BudgetLedger
from storage.database import Database
from storage.models import TranslationMemory
from storage.translations import StoredMemory
from tests.standins.deepl import DeepLStandIn
from tests.standins.google_translate import Fault, GoogleStandIn
from tests.standins.libre_translate import LibreStandIn
from tests.standins.marked import Habit, by_lines
from tests.standins.mymemory import QUOTA, MyMemoryStandIn
from tests.standins.pseudo import pseudo

KEY = "geheim-0f9a7c:fx"
QUICK = Limits(connect_s=1, read_s=0.2, total_s=0.4)  # for servers that never end: on others it might strike
TEXT = "Ekspor nikel Indonesia naik 17 persen pada 2026"
GOOD = "Nickel exports of Indonesia rose 17 percent in 2026"
PATIENCE_S = 30  # of a test: only a hang is this long

AnyStandIn = GoogleStandIn | LibreStandIn | DeepLStandIn | MyMemoryStandIn


@dataclass(frozen=True)
class Service:
    """A stand-in and the provider that asks it."""

    name: str
    standin: Callable[[], AnyStandIn]
    provider: Callable[..., Provider]


GOOGLE = Service("google", GoogleStandIn, lambda server, **limits: GoogleProvider(server.url, **limits))
LIBRE = Service(
    "libre", lambda: LibreStandIn(key=KEY), lambda server, **limits: LibreProvider(server.url, KEY, **limits)
)
DEEPL = Service(
    "deepl", lambda: DeepLStandIn(key=KEY), lambda server, **limits: DeepLProvider(KEY, server.url, **limits)
)
MYMEMORY = Service(
    "mymemory", MyMemoryStandIn, lambda server, **limits: MyMemoryProvider(server.url, **limits)
)
SERVICES = (GOOGLE, LIBRE, DEEPL, MYMEMORY)
every_service = pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)


@asynccontextmanager
async def chain(*providers: Provider, database: Database, **options: Any) -> AsyncIterator[Translator]:
    """The translator as the service has it, which must end without a thread."""

    async def no_pause(seconds: float) -> None:
        await asyncio.sleep(0)

    memory = StoredMemory(database, lambda: datetime(2026, 11, 23, tzinfo=UTC))
    translator = Translator(providers, memory, sleep=no_pause, **options)
    try:
        yield translator
    finally:
        await translator.aclose()
        await asyncio.to_thread(wait_for_no_thread)


def wait_for_no_thread() -> None:
    """The threads of the translator are gone, at the latest when their calls' own limits end."""
    for thread in threading.enumerate():
        if thread.name.startswith("translate"):
            thread.join(PATIENCE_S)
            assert not thread.is_alive(), f"{thread.name} is left"


async def kept(database: Database) -> list[tuple[str, str]]:
    """What is in the memory: (text, provider)."""
    async with database.read() as session:
        rows = await session.execute(select(TranslationMemory.text, TranslationMemory.provider))
        return [(text, provider) for text, provider in rows]


async def refused(translator: Translator, *texts: str, source: str = "id") -> TranslationError:
    """How the translation fails."""
    with pytest.raises(TranslationError) as raised:
        await asyncio.wait_for(translator.translate(texts, source=source, deadline_s=5), PATIENCE_S)
    return raised.value


async def english(translator: Translator, *texts: str, source: str = "id") -> list[str]:
    """The translations."""
    found = await asyncio.wait_for(translator.translate(texts, source=source, deadline_s=20), PATIENCE_S)
    return [one.text for one in found]


OF_THE_SERVER = {
    Fault.THROTTLED: FailureKind.THROTTLED,
    Fault.BROKEN: FailureKind.SERVER,
    Fault.FORBIDDEN: FailureKind.REFUSED,
    Fault.RESET: FailureKind.UNREACHABLE,
    Fault.HANG: FailureKind.TIMEOUT,
    Fault.DRIP: FailureKind.TIMEOUT,
    Fault.CONSENT: FailureKind.PROTOCOL,
    Fault.GARBAGE: FailureKind.PROTOCOL,
    Fault.HUGE: FailureKind.PROTOCOL,
    Fault.EMPTY: FailureKind.UNUSABLE,
    Fault.ECHO: FailureKind.UNUSABLE,
}


@every_service
@pytest.mark.parametrize("fault", Fault)
async def test_a_fault_of_the_server_leaves_no_trace_and_the_next_provider_translates(
    service: Service, fault: Fault, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with service.standin() as server, LibreStandIn(lambda text: GOOD) as second:
        server.fault = fault
        limits = {"limits": QUICK} if fault in (Fault.HANG, Fault.DRIP) else {}
        bad, good = service.provider(server, **limits), LibreProvider(second.url)
        with capture_logs() as logs:
            async with chain(bad, database=database) as translator:
                error = await refused(translator, TEXT)
            assert await kept(database) == []
            async with chain(bad, good, database=database) as translator:
                assert await english(translator, TEXT) == [GOOD]
    assert await kept(database) == [(GOOD, "libre")]
    kinds = {failure.kind for failure in error.failures}
    assert kinds == {OF_THE_SERVER[fault]} or (service is MYMEMORY and fault is Fault.EMPTY)
    said = f"{error} {error!r} {error.failures} {error.__cause__!r} {error.__context__!r}"
    for place in (said, f"{logs}", caplog.text):
        assert KEY not in place
        assert "geheim" not in place


OF_THE_REPLY: dict[str, tuple[Callable[[str], str], FailureKind, str]] = {
    "a quota text": (lambda text: QUOTA, FailureKind.QUOTA, "a warning in place of a translation"),
    "a consent page's text": (
        lambda text: "Before you continue to Google we need your consent for 17 of 2026",
        FailureKind.UNUSABLE,
        "consent or error page",
    ),
    "another language": (
        lambda text: "Экспорт никеля Индонезии вырос на 17 процентов в 2026",
        FailureKind.UNUSABLE,
        "not English",
    ),
    "a lost number": (lambda text: "Nickel exports rose in 2026", FailureKind.UNUSABLE, "lost numbers"),
    "a changed number": (lambda text: GOOD.replace("17", "71"), FailureKind.UNUSABLE, "lost numbers"),
    "HTML in it": (lambda text: f"<b>{GOOD}</b>", FailureKind.UNUSABLE, "pieces of HTML"),
    "only digits": (lambda text: "17 2026", FailureKind.UNUSABLE, "without letters"),
    "a word": (lambda text: "up 17", FailureKind.UNUSABLE, "far shorter"),
    "a novel": (lambda text: f"{GOOD} " * 9, FailureKind.UNUSABLE, "far longer"),
    "white space": (lambda text: " \u200b ", FailureKind.UNUSABLE, ""),
    "right-to-left marks around the source": (
        lambda text: f"\u202e\u200f{text}\u202c",
        FailureKind.UNUSABLE,
        "untranslated",
    ),
}


@pytest.mark.parametrize("service", [GOOGLE, LIBRE, DEEPL], ids=lambda service: service.name)
@pytest.mark.parametrize("fault", OF_THE_REPLY)
async def test_a_reply_that_is_no_translation_is_never_kept(
    service: Service, fault: str, database: Database
) -> None:
    answer, kind, said = OF_THE_REPLY[fault]
    async with service.standin() as server, LibreStandIn(lambda text: GOOD) as second:
        server.answer = answer
        bad, good = service.provider(server), LibreProvider(second.url)
        async with chain(bad, database=database) as translator:
            error = await refused(translator, TEXT)
        assert await kept(database) == []
        async with chain(bad, good, database=database) as translator:
            assert await english(translator, TEXT) == [GOOD]
    assert await kept(database) == [(GOOD, "libre")]
    assert {failure.kind for failure in error.failures} == {kind}
    assert said in str(error)


LONG = " ".join(f"Kalimat nomor {number} tentang ekspor bijih nikel dari Sulawesi." for number in range(120))
TEXTS = {
    "5,000 characters and more": LONG,
    "5,000 characters without a stop": "tambang " * 700,
    "one word of 3,000 letters": "nikel" * 600,
    "emoji": "Harga nikel naik 5 persen 🚀🇮🇩 kata menteri 👩‍🔬",
    "HTML": "Harga <b>nikel</b> naik &amp; ekspor <script>alert(1)</script> turun 5 persen",
    "right-to-left marks": "Harga \u202enikel\u202c naik \u200f5 persen\u200e di pasar",
    "control characters": "Harga\x00 nikel\x0b naik\x1f 5 persen",
    "brackets like a mark's": "Harga nikel [[101]] naik [7] persen ⟦3⟧ menurut <x id='5'/> kementerian",
    "newlines": "Harga nikel naik 5 persen\n\nEkspor turun 3 persen\nkata menteri",
    "signs of the address": "Harga nikel? naik & turun = 5% #tambang +7 a/b\\c",
}


@every_service
@pytest.mark.parametrize("text", TEXTS)
async def test_a_text_of_any_kind_is_translated_within_what_the_service_takes(
    service: Service, text: str, database: Database
) -> None:
    async with service.standin() as server:
        server.answer = by_lines(pseudo)
        if isinstance(server, MyMemoryStandIn):
            server.limit = 100_000
        async with chain(service.provider(server), database=database) as translator:
            [found] = await english(translator, TEXTS[text])
            assert await english(translator, TEXTS[text]) == [found]
    assert found != TEXTS[text]
    for digits in ("7", "5", "101"):  # also where brackets look like a mark's
        assert (digits in found) == (digits in TEXTS[text])


@every_service
async def test_what_no_provider_and_no_database_takes_is_left_out(
    service: Service, any_database: Database
) -> None:
    async with service.standin() as server:
        server.answer = lambda text: f"{pseudo(text)} \x00"
        async with chain(service.provider(server), database=any_database) as translator:
            found = await english(translator, "Harga \ud83d nikel\x00 naik")
    assert found == [pseudo("Harga nikel naik")]
    assert [text for text, _ in await kept(any_database)] == found


NAMED = "PT Aneka Tambang menaikkan produksi bijih nikel 17 persen pada tahun 2026"


@pytest.mark.parametrize("service", [GOOGLE, LIBRE, DEEPL], ids=lambda service: service.name)
async def test_a_name_stays_when_its_placeholder_does(service: Service, database: Database) -> None:
    async with service.standin() as server:
        server.answer = by_lines(pseudo)
        async with chain(service.provider(server), database=database, glossary=Glossary.load()) as translator:
            [found] = await english(translator, NAMED)
    assert "Antam" in found


@pytest.mark.parametrize("service", [GOOGLE, LIBRE], ids=lambda service: service.name)
async def test_a_lost_placeholder_costs_the_lock_and_not_the_translation(
    service: Service, database: Database
) -> None:
    async with service.standin() as server:
        server.answer = by_lines(pseudo, names_lost=True)
        async with chain(service.provider(server), database=database, glossary=Glossary.load()) as translator:
            [found] = await english(translator, NAMED)
        assert len(server.requests) == 2
    assert "[[" not in found
    assert "17" in found
    assert [text for text, _ in await kept(database)] == [found]


@pytest.mark.parametrize("habit", Habit)
async def test_whatever_becomes_of_the_borders_no_text_gets_anothers_translation(
    habit: Habit, database: Database
) -> None:
    texts = [f"Ekspor bijih nikel tahap {number} naik dari Sulawesi" for number in range(1001, 1009)]
    async with (
        GoogleStandIn(by_lines(pseudo, habit=habit)) as server,
        chain(GoogleProvider(server.url), database=database) as translator,
    ):
        found = await english(translator, *texts)
    assert found == [pseudo(text) for text in texts]
    assert sorted(text for text, _ in await kept(database)) == sorted(found)


@every_service
async def test_sixty_four_articles_at_once_are_not_mixed_up(service: Service, database: Database) -> None:
    async with service.standin() as server:
        server.answer = by_lines(pseudo)
        articles = [
            (f"Ekspor nikel tahap {number} naik", f"Menteri mengatakan kuota {number} ton bijih berlaku.")
            for number in range(1001, 1065)
        ]
        async with chain(service.provider(server), database=database, threads=16) as translator:
            found = await asyncio.gather(*(english(translator, *article) for article in articles))
    assert found == [[pseudo(title), pseudo(summary)] for title, summary in articles]


async def test_two_processes_keep_a_days_budget_together_and_the_next_provider_takes_the_rest(
    any_database: Database,
) -> None:
    def budgets() -> SharedBudgets:
        return SharedBudgets(BudgetLedger(any_database), lambda: datetime(2026, 11, 23, 20, tzinfo=UTC))

    allowances = {"mymemory": Allowance(characters_per_day=400)}
    texts = [f"Ekspor bijih nikel tahap {number} naik dari Sulawesi" for number in range(1001, 1021)]
    async with MyMemoryStandIn(pseudo) as first, LibreStandIn(by_lines(pseudo)) as second:
        options: dict[str, Any] = {"database": any_database, "allowances": allowances}
        async with (
            chain(
                MyMemoryProvider(first.url), LibreProvider(second.url), budgets=budgets(), **options
            ) as one,
            chain(
                MyMemoryProvider(first.url), LibreProvider(second.url), budgets=budgets(), **options
            ) as two,
        ):
            found = await asyncio.gather(english(one, *texts[:10]), english(two, *texts[10:]))
            state = one.status()[0]
    assert [text for texts in found for text in texts] == [pseudo(text) for text in texts]
    assert 300 < first.used <= 400
    assert state.last_error is None or state.last_error.startswith("has used its 400 characters of today")


async def test_a_provider_whose_turn_comes_too_late_is_passed_over(database: Database) -> None:
    now = datetime(2026, 11, 23, 20, tzinfo=UTC)
    budgets = SharedBudgets(BudgetLedger(database), lambda: now)
    slow = {"google": Allowance(requests_per_s=0.001)}
    async with GoogleStandIn(pseudo) as first, LibreStandIn(by_lines(pseudo)) as second:
        providers = GoogleProvider(first.url), LibreProvider(second.url)
        async with chain(*providers, database=database, budgets=budgets, allowances=slow) as translator:
            assert await english(translator, "Harga nikel naik") == [pseudo("Harga nikel naik")]
            assert await english(translator, "Ekspor timah turun") == [pseudo("Ekspor timah turun")]
    assert len(first.requests) == 1
    assert {provider for _, provider in await kept(database)} == {"google", "libre"}
