"""How often a feed publishes, learned from what its readings bring."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.feeds.pace import DAY_S, Pace, first_pace, is_silent, next_pace

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_the_dates_of_the_first_document_tell_the_pace_and_the_window() -> None:
    pace = first_pace([NOW - hours * HOUR for hours in range(1, 25)], now=NOW)
    assert pace == Pace(24, DAY_S)


def test_items_of_years_ago_do_not_make_a_busy_feed_of_today_slow() -> None:
    busy = [NOW - hours * HOUR for hours in range(1, 25)]
    assert first_pace([*busy, NOW - timedelta(days=900)], now=NOW).items_per_day == 24


def test_a_feed_that_has_long_been_still_is_as_slow_as_its_silence() -> None:
    assert first_pace([NOW - timedelta(days=50)], now=NOW).items_per_day == pytest.approx(1 / 50)


def test_without_dates_or_with_all_in_the_future_nothing_is_known() -> None:
    assert first_pace([None, None], now=NOW) == first_pace([NOW + HOUR], now=NOW) == Pace()


def test_a_document_stamped_with_one_moment_is_no_rush() -> None:
    assert first_pace([NOW] * 10, now=NOW).items_per_day == 240


def test_a_change_of_pace_is_learned_within_days_and_not_from_one_reading() -> None:
    pace = Pace(24, DAY_S)
    rush = next_pace(pace, new_items=20, in_document=24, elapsed_s=600)
    assert rush.items_per_day == pytest.approx(24, rel=0.5)
    for _ in range(6 * 24):  # a day without anything, read every ten minutes
        pace = next_pace(pace, new_items=0, in_document=None, elapsed_s=600)
    assert pace.items_per_day == pytest.approx(24 * 0.607, rel=0.01)
    for _ in range(5 * 24):
        pace = next_pace(pace, new_items=2, in_document=24, elapsed_s=3600)
    assert pace.items_per_day == pytest.approx(48, rel=0.1)
    assert pace.window_s == pytest.approx(DAY_S / 2, rel=0.1)


def test_an_unchanged_document_keeps_the_number_of_its_items() -> None:
    pace = next_pace(Pace(24, DAY_S), new_items=0, in_document=None, elapsed_s=3600)
    assert pace.items_per_day is not None
    assert pace.window_s == pytest.approx(24 * DAY_S / pace.items_per_day)


@given(
    st.none() | st.floats(0, 1e6),
    st.integers(0, 2000),
    st.none() | st.integers(0, 2000),
    st.floats(-10, 1e8),
)
def test_a_pace_is_never_negative(
    per_day: float | None, new: int, in_document: int | None, elapsed_s: float
) -> None:
    pace = next_pace(Pace(per_day, None), new_items=new, in_document=in_document, elapsed_s=elapsed_s)
    assert (pace.items_per_day or 0) >= 0
    assert (pace.window_s or 0) >= 0


@pytest.mark.parametrize(
    ("per_day", "days", "silent"),
    [(24, 1.5, False), (24, 3, True), (0.5, 20, False), (0.5, 40, True)],
    ids=["hourly, for a day and a half", "hourly, for three days", "every two days, for 20", "for 40"],
)
def test_silence_is_told_when_it_can_no_longer_be_chance(per_day: float, days: float, silent: bool) -> None:
    pace, newest_at = Pace(per_day), NOW - timedelta(days=days)
    for _ in range(round(days * 24)):  # read every hour since
        pace = next_pace(pace, new_items=0, in_document=None, elapsed_s=3600)
    assert is_silent(pace, newest_at=newest_at, now=NOW) is silent


def test_a_feed_nothing_is_known_of_is_not_silent() -> None:
    assert not is_silent(Pace(), newest_at=NOW - timedelta(days=900), now=NOW)
