"""The ledger of the translators' allowances: what several processes take together stays within them."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from bot.translation.budget import UNLIMITED, Allowance, BudgetLeft
from bot.translation.failures import FailureKind, ProviderFailure
from bot.translation.shared_budgets import REFUSED_S, SharedBudgets
from storage.budgets import BudgetLedger, Entry, StoredStatus
from storage.database import Database

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
TODAY = NOON.date()
DAILY = Allowance(characters_per_day=5_000)
PACED = Allowance(requests_per_s=10)


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


class CountingLedger(BudgetLedger):
    """Counts how often it is asked."""

    reservations = 0

    async def reserve(self, *args: object, **kwargs: object):  # type: ignore[no-untyped-def]
        self.reservations += 1
        return await super().reserve(*args, **kwargs)  # type: ignore[arg-type]


async def take(
    budgets: SharedBudgets, allowance: Allowance, characters: int = 100, patience_s: float = 1e9
) -> float | ProviderFailure:
    return await budgets.take(
        "google", requests=1, characters=characters, allowance=allowance, patience_s=patience_s
    )


async def test_two_processes_together_never_use_more_characters_than_the_day_has(
    any_database: Database,
) -> None:
    other = Database(any_database.url.render_as_string(hide_password=False))
    processes = [SharedBudgets(BudgetLedger(database), Clock()) for database in (any_database, other)]
    outcomes = await asyncio.gather(*(take(processes[number % 2], DAILY, 70) for number in range(100)))
    granted = sum(70 for outcome in outcomes if outcome == 0.0)
    assert granted == 70 * (5_000 // 70)  # to the last request that fits
    refused = [outcome for outcome in outcomes if isinstance(outcome, ProviderFailure)]
    assert {failure.kind for failure in refused} == {FailureKind.QUOTA}
    assert str(refused[0]).startswith("google has used its 5,000 characters of today")
    assert await processes[0].left("google", DAILY) == BudgetLeft(5_000 - granted)
    await other.close()


async def test_two_processes_together_never_ask_more_often_than_allowed(any_database: Database) -> None:
    other = Database(any_database.url.render_as_string(hide_password=False))
    clock = Clock()
    ledgers = [CountingLedger(database) for database in (any_database, other)]
    processes = [SharedBudgets(ledger, clock) for ledger in ledgers]
    waits = await asyncio.gather(*(take(processes[number % 2], PACED) for number in range(120)))
    assert not any(isinstance(wait, ProviderFailure) for wait in waits)
    places = sorted(float(wait) for wait in waits if isinstance(wait, float))
    assert len(places) == 120
    assert all(later - earlier > 0.099 for earlier, later in pairwise(places))
    # Not one write transaction a request.
    assert sum(ledger.reservations for ledger in ledgers) <= 24
    await other.close()


async def test_ledgers_of_a_new_provider_asked_at_once_make_one_row(any_database: Database) -> None:
    ledgers = [BudgetLedger(any_database) for _ in range(8)]
    granted = await asyncio.gather(
        *(
            ledger.reserve(
                "deepl", now=1000.0, today=TODAY, requests=1, interval_s=0.5, latest=1e9, characters=0,
                want_characters=0, limit=0,
            )
            for ledger in ledgers
        )
    )  # fmt: skip
    places = Counter(found.first for found in granted if found is not None)
    assert sorted(places) == [1000.0 + number / 2 for number in range(8)]


async def test_without_a_limit_the_ledger_is_not_asked(database: Database) -> None:
    ledger = CountingLedger(database)
    assert await take(SharedBudgets(ledger, Clock()), UNLIMITED) == 0.0
    assert ledger.reservations == 0


async def test_a_wait_beyond_the_patience_takes_nothing(any_database: Database) -> None:
    budgets = SharedBudgets(BudgetLedger(any_database), Clock())
    slow = Allowance(requests_per_s=0.1)
    assert await take(budgets, slow) == 0.0
    for _ in range(3):
        outcome = await take(budgets, slow, patience_s=9.0)
        assert isinstance(outcome, ProviderFailure)
        assert outcome.kind is FailureKind.RESTING
        assert str(outcome) == "google has no free place in time (it is asked 0.1 times a second at most)"
    assert await take(budgets, slow, patience_s=10.0) == 10.0
    assert await budgets.left("google", slow) == BudgetLeft(None, waits_s=20.0)


async def test_a_text_larger_than_what_is_left_is_refused_and_a_smaller_one_goes(
    any_database: Database,
) -> None:
    budgets = SharedBudgets(BudgetLedger(any_database), Clock())
    assert await take(budgets, DAILY, 4_900) == 0.0
    assert isinstance(await take(budgets, DAILY, 101), ProviderFailure)
    assert await take(budgets, DAILY, 100) == 0.0
    assert isinstance(await take(budgets, DAILY, 1), ProviderFailure)


async def test_a_refusal_stands_for_a_while_without_asking_again(database: Database) -> None:
    clock, ledger = Clock(), CountingLedger(database)
    budgets = SharedBudgets(ledger, clock)
    await take(budgets, DAILY, 4_990)
    for _ in range(50):
        assert isinstance(await take(budgets, DAILY, 40), ProviderFailure)
    assert ledger.reservations == 2
    await ledger.give_back("google", day=TODAY, characters=4_000)
    assert await take(budgets, DAILY, 5) == 0.0
    assert isinstance(await take(budgets, DAILY, 140), ProviderFailure)
    clock.now += timedelta(seconds=REFUSED_S)
    assert await take(budgets, DAILY, 140) == 0.0


async def test_a_new_day_of_utc_begins_anew_and_a_clock_behind_does_not_bring_the_old_one_back(
    any_database: Database,
) -> None:
    clock = Clock(datetime(2026, 11, 23, 23, 59, tzinfo=UTC))
    budgets = SharedBudgets(BudgetLedger(any_database), clock)
    assert await take(budgets, DAILY, 5_000) == 0.0
    clock.now += timedelta(minutes=1)
    assert await budgets.left("google", DAILY) == BudgetLeft(5_000)
    assert await take(budgets, DAILY, 3_000) == 0.0
    behind = SharedBudgets(BudgetLedger(any_database), Clock(clock.now - timedelta(minutes=2)))
    assert isinstance(await take(behind, DAILY, 3_000), ProviderFailure)
    assert await BudgetLedger(any_database).entry("google") == Entry(
        (clock.now - timedelta(minutes=1)).timestamp(), date(2026, 11, 24), 3_000
    )


async def test_what_a_process_reserved_and_did_not_use_is_given_back(any_database: Database) -> None:
    ledger = BudgetLedger(any_database)
    wide = Allowance(characters_per_day=100_000)
    budgets = SharedBudgets(ledger, Clock())
    await take(budgets, wide, 100)
    assert await budgets.left("google", wide) == BudgetLeft(99_000)  # a slice of a hundredth
    await budgets.aclose()
    assert await budgets.left("google", wide) == BudgetLeft(99_900)
    await ledger.give_back("google", day=TODAY - timedelta(days=1), characters=50)
    assert await budgets.left("google", wide) == BudgetLeft(99_900)


async def test_what_was_never_asked_has_everything_left(database: Database) -> None:
    budgets = SharedBudgets(BudgetLedger(database), Clock())
    assert await budgets.left("google", DAILY) == BudgetLeft(5_000)
    assert await budgets.left("google", UNLIMITED) == BudgetLeft(None)


async def test_a_lower_limit_than_what_was_used_leaves_nothing(any_database: Database) -> None:
    budgets = SharedBudgets(BudgetLedger(any_database), Clock())
    await take(budgets, DAILY, 3_000)
    lower = Allowance(characters_per_day=1_000)
    assert await budgets.left("google", lower) == BudgetLeft(0)
    assert isinstance(await take(budgets, lower, 1), ProviderFailure)


async def test_the_newest_word_on_a_translator_stands_and_its_last_error_stays(
    any_database: Database,
) -> None:
    book = StoredStatus(any_database)
    later = NOON + timedelta(minutes=1)
    await book.record("google", "resting", "asks for fewer requests (status 429)", NOON)
    await book.record("google", "working", None, later)
    await book.record("google", "failing", "is old news", NOON)
    await book.record("libre", "working", None, NOON)
    known = await book.known()
    google, libre = known["google"], known["libre"]
    assert (google.state, google.changed_at) == ("working", later)
    assert (google.last_error, google.error_at) == ("asks for fewer requests (status 429)", NOON)
    assert (libre.state, libre.last_error, libre.error_at) == ("working", None, None)
