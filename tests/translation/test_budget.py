"""Allowances and slices: pure decisions over numbers."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.translation.budget import (
    DEFAULTS,
    SLICE_S,
    UNLIMITED,
    Allowance,
    BudgetError,
    Need,
    Slice,
    parse_budgets,
    used_up,
)
from bot.translation.failures import FailureKind

TODAY = date(2026, 11, 23)
FIVE = Allowance(requests_per_s=5)
DAILY = Allowance(characters_per_day=5_000)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {}),
        ("google=5/s", {"google": Allowance(requests_per_s=5)}),
        ("google=5/s 500000/day", {"google": Allowance(5, 500_000)}),
        (" mymemory = 30/min 5k/day ,", {"mymemory": Allowance(0.5, 5_000)}),
        ("google=0.5/s, libre=9/s", {"google": Allowance(0.5), "libre": Allowance(9)}),
        ("deepl=2M/day", {"deepl": Allowance(None, 2_000_000)}),
        ("deepl=unlimited", {"deepl": UNLIMITED}),
        ("libre=1_000/day", {"libre": Allowance(None, 1_000)}),
    ],
)
def test_budgets_are_read_as_people_write_them(text: str, expected: dict[str, Allowance]) -> None:
    assert parse_budgets(text) == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("google", "'google' can't be read. Example: google=5/s"),
        ("google=", "'google=' can't be read"),
        ("google=fast", "'google=fast' can't be read"),
        ("google=5/s 500000", "can't be read"),
        ("google=5/h", "can't be read"),
        ("google=-1/s", "can't be read"),
        ("google=0/s", "'0/s' would never let it be asked"),
        ("yandex=5/s", "'yandex' is none of google, libre, mymemory, deepl, local"),
        ("google=5/s, google=6/s", "google stands in it twice"),
    ],
)
def test_what_can_not_be_read_is_named(text: str, said: str) -> None:
    with pytest.raises(BudgetError) as raised:
        parse_budgets(text)
    assert said in str(raised.value)


@pytest.mark.parametrize("allowance", [*DEFAULTS.values(), FIVE, DAILY, Allowance(0.25, 16_000)])
def test_an_allowance_is_shown_as_it_is_written(allowance: Allowance) -> None:
    assert parse_budgets(f"google={allowance}") == {"google": allowance}


def test_an_empty_slice_asks_for_what_it_needs_at_least() -> None:
    spend = Slice(TODAY).spend(100.0, TODAY, requests=1, characters=80, allowance=FIVE)
    assert spend == Need(requests=1)
    spend = Slice(TODAY).spend(100.0, TODAY, requests=1, characters=30, allowance=DAILY)
    assert spend == Need(characters=30, want_characters=50)  # a hundredth of the day
    spend = Slice(TODAY).spend(100.0, TODAY, requests=1, characters=800, allowance=DAILY)
    assert spend == Need(characters=800, want_characters=800)


def test_places_are_spent_one_after_the_other_with_their_pause() -> None:
    held = Slice(TODAY, at=100.0, ends=100.4)
    waits = []
    for _ in range(2):
        spent = held.spend(100.0, TODAY, requests=1, characters=9, allowance=FIVE)
        assert isinstance(spent, tuple)
        held, wait_s = spent
        waits.append(wait_s)
    assert waits == pytest.approx([0.0, 0.2])
    assert isinstance(held.spend(100.0, TODAY, requests=1, characters=9, allowance=FIVE), Need)


def test_a_place_that_passed_unused_is_gone() -> None:
    held = Slice(TODAY, at=100.0, ends=101.0)
    assert held.spend(100.9, TODAY, requests=1, characters=9, allowance=FIVE) == Need(requests=1)
    spent = held.spend(100.5, TODAY, requests=1, characters=9, allowance=FIVE)
    assert isinstance(spent, tuple)
    assert spent[0].at == pytest.approx(100.7)


def test_who_runs_out_early_reserves_twice_as_many_and_who_was_quiet_as_few_as_it_needs() -> None:
    held, now, asked = Slice(TODAY), 100.0, []
    for _ in range(5):
        need = held.spend(now, TODAY, requests=1, characters=9, allowance=FIVE)
        assert isinstance(need, Need)
        asked.append(need.requests)
        held = held.grown(
            TODAY, first=max(now, held.ends), requests=need.requests, characters=0, allowance=FIVE
        )
        now = held.ends  # spent in full
        held = Slice(TODAY, at=held.ends, ends=held.ends, eager=held.eager)
    assert asked == [1, 2, 4, 5, 5]
    assert max(asked) <= FIVE.requests_per_s * SLICE_S  # type: ignore[operator]
    assert held.spend(now + 60, TODAY, requests=1, characters=9, allowance=FIVE) == Need(requests=1)


def test_a_high_rate_is_reserved_many_places_at_a_time_from_the_first() -> None:
    fast = Allowance(requests_per_s=1_000)
    assert Slice(TODAY).spend(100.0, TODAY, requests=1, characters=9, allowance=fast) == Need(requests=100)


def test_characters_of_yesterday_are_not_spent_today() -> None:
    held = Slice(TODAY, characters=50)
    spent = held.spend(0.0, TODAY, requests=1, characters=30, allowance=DAILY)
    assert isinstance(spent, tuple)
    assert spent[0].characters == 20
    assert isinstance(
        held.spend(0.0, TODAY + timedelta(days=1), requests=1, characters=30, allowance=DAILY), Need
    )


def test_the_failure_says_how_much_was_used_and_when_there_is_more() -> None:
    failure = used_up("mymemory", 5_000, datetime(2026, 11, 23, 20, 45, tzinfo=UTC))
    assert failure.kind is FailureKind.QUOTA
    assert str(failure) == (
        "mymemory has used its 5,000 characters of today (a new day begins in 3 h 15 min, at midnight UTC)"
    )
    late = used_up("mymemory", 5_000, datetime(2026, 11, 23, 23, 59, tzinfo=UTC))
    assert "begins in 1 min," in late.reason


@given(
    rate=st.sampled_from([0.5, 1.0, 3.0, 5.0, 20.0]),
    steps=st.lists(st.tuples(st.floats(0, 3), st.integers(0, 2)), min_size=1, max_size=60),
)
def test_several_processes_never_ask_more_often_than_allowed(
    rate: float, steps: list[tuple[float, int]]
) -> None:
    allowance = Allowance(requests_per_s=rate)
    processes = [Slice(TODAY) for _ in range(3)]
    now, next_at, places = 1_000_000.0, 0.0, []
    for pause, who in steps:
        now += pause
        outcome = processes[who].spend(now, TODAY, requests=1, characters=5, allowance=allowance)
        if isinstance(outcome, Need):
            first = max(next_at, now)
            next_at = first + outcome.requests * allowance.interval_s
            processes[who] = processes[who].grown(
                TODAY, first=first, requests=outcome.requests, characters=0, allowance=allowance
            )
            outcome = processes[who].spend(now, TODAY, requests=1, characters=5, allowance=allowance)
        assert isinstance(outcome, tuple)
        processes[who], wait_s = outcome
        places.append(now + wait_s)
    places.sort()
    gaps = [later - earlier for earlier, later in pairwise(places)]
    assert all(gap >= allowance.interval_s * 0.99 for gap in gaps)
