"""What the doctor says of each translator: whether it answers, how it fares, what is left, what to do."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.doctor_translators import Told, examine_translator, what_is_told
from bot.settings import Settings
from bot.translation.budget import Allowance, BudgetLeft
from bot.translation.shared_budgets import SharedBudgets
from storage.budgets import BudgetLedger, Status, StoredStatus
from storage.database import Database
from tests.standins.deepl import DeepLStandIn
from tests.standins.google_translate import Fault
from tests.standins.libre_translate import LibreStandIn

ENGLISH = "Indonesia has banned the export of bauxite"
KEY = "geheim:fx"


def settings(*names: str, **options: object) -> Settings:
    return Settings(translators=names, **options)  # type: ignore[arg-type]


async def test_one_that_answers_is_shown_answering(now: datetime) -> None:
    async with LibreStandIn(lambda text: ENGLISH) as server:
        found = await examine_translator(
            settings("libre", libretranslate_url=server.url), "libre", None, now=now
        )
    assert found == (True, f"answers: {ENGLISH}")


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Fault.FORBIDDEN, "refuses to serve us (status 403). Check RAREWATCH_LIBRETRANSLATE_KEY."),
        (Fault.RESET, "broke the connection off. Check RAREWATCH_LIBRETRANSLATE_URL, and that"),
        (Fault.BROKEN, "has a fault (status 500)"),
    ],
)
async def test_one_that_fails_is_shown_with_its_reason_and_what_to_do(
    fault: Fault, said: str, now: datetime
) -> None:
    async with LibreStandIn() as server:
        server.fault = fault
        ok, text = await examine_translator(
            settings("libre", libretranslate_url=server.url), "libre", None, now=now
        )
    assert ok is False
    assert said in text


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("libre", "RAREWATCH_LIBRETRANSLATE_URL: it is not set"),
        ("deepl", "RAREWATCH_DEEPL_KEY: it is not set"),
        ("local", "rarewatch models install"),
    ],
)
async def test_one_that_is_not_set_up_is_told_how_to(
    name: str, said: str, tmp_path: Path, now: datetime
) -> None:
    ok, text = await examine_translator(settings(name, models=tmp_path), name, None, now=now)
    assert ok is False
    assert said in text


async def test_deepls_period_is_shown_and_its_key_never(now: datetime) -> None:
    async with DeepLStandIn(lambda text: ENGLISH, key=KEY) as server:
        chosen = settings("deepl", deepl_key=SecretStr(KEY), deepl_url=SecretStr(server.url))
        server.used = 12_000
        assert await examine_translator(chosen, "deepl", None, now=now) == (
            True,
            f"answers: {ENGLISH}; 12,036 characters of this period used, of 500,000",
        )
        server.key = "another"
        ok, text = await examine_translator(chosen, "deepl", None, now=now)
    assert ok is False
    assert "Check RAREWATCH_DEEPL_KEY." in text
    assert KEY not in text


async def test_what_to_do_comes_last(now: datetime) -> None:
    status = Status("libre", "failing", "can't be reached", now, now)
    chosen = settings("libre", libretranslate_url="http://127.0.0.1:1")
    ok, text = await examine_translator(chosen, "libre", Told(status, BudgetLeft(None)), now=now)
    assert ok is False
    assert text == (
        "libre can't be reached; in the service: failing (just now), last error just now: can't be reached. "
        "Check RAREWATCH_LIBRETRANSLATE_URL, and that the server runs."
    )


async def test_one_that_answers_here_and_rests_in_the_service_is_something_to_know(now: datetime) -> None:
    status = Status(
        "libre",
        "resting",
        "asks for fewer requests (status 429)",
        now - timedelta(minutes=5),
        now - timedelta(hours=3),
    )
    async with LibreStandIn(lambda text: ENGLISH) as server:
        ok, text = await examine_translator(
            settings("libre", libretranslate_url=server.url), "libre", Told(status, BudgetLeft(None)), now=now
        )
    assert ok is None
    assert text == (
        f"answers: {ENGLISH}; in the service: resting (3 h ago), last error 5 min ago: "
        "asks for fewer requests (status 429)"
    )


@pytest.mark.parametrize(("left", "ok"), [(188, True), (0, None)])
async def test_what_is_left_of_the_days_characters_is_shown(
    left: int, ok: bool | None, now: datetime
) -> None:
    async with LibreStandIn(lambda text: ENGLISH) as server:
        chosen = settings(
            "libre",
            libretranslate_url=server.url,
            translator_budgets={"libre": Allowance(characters_per_day=5_000)},
        )
        found = await examine_translator(chosen, "libre", Told(None, BudgetLeft(left)), now=now)
    assert found == (ok, f"answers: {ENGLISH}; left today: {left} of 5,000 characters")


async def test_the_database_tells_what_the_service_saw_and_what_is_left(
    database: Database, now: datetime
) -> None:
    address = SecretStr(database.url.set(drivername="sqlite").render_as_string())
    chosen = settings("google", "mymemory", database_url=address)
    await StoredStatus(database).record("google", "failing", "broke the connection off", now)
    budgets = SharedBudgets(BudgetLedger(database), lambda: now)
    await budgets.take("mymemory", requests=1, characters=800, allowance=chosen.allowances["mymemory"])
    told = await what_is_told(chosen, lambda: now)
    google, mymemory = told["google"], told["mymemory"]
    assert google.status == Status("google", "failing", "broke the connection off", now, now)
    assert google.left.characters_today is None
    assert mymemory.status is None
    assert mymemory.left == BudgetLeft(4_200, waits_s=1.0)


async def test_a_database_that_can_not_be_read_tells_nothing(tmp_path: Path, now: datetime) -> None:
    (tmp_path / "notes.db").write_text("shopping list " * 99)
    for address in (f"sqlite:///{tmp_path}/notes.db", f"sqlite:///{tmp_path}/empty.db", "nonsense"):
        chosen = settings("google", database_url=SecretStr(address))
        assert await what_is_told(chosen, lambda: now) == {}
