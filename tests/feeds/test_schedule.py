"""When a feed is read next."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.feeds.failures import FailureKind
from bot.feeds.pace import Pace
from bot.feeds.schedule import PollState, interval_s, next_poll_after_failure, next_poll_after_success

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HOUR_S = 3600.0


def after_success(state: PollState, jitter: float = 0.5, retry_after_s: float | None = None) -> float:
    moment = next_poll_after_success(state, now=NOW, jitter=jitter, retry_after_s=retry_after_s)
    return (moment - NOW).total_seconds()


def after_failure(
    state: PollState,
    kind: FailureKind = FailureKind.CONNECT,
    retry_after_s: float | None = None,
    jitter: float = 0.5,
    status: int | None = None,
) -> float:
    moment = next_poll_after_failure(state, kind, retry_after_s, now=NOW, jitter=jitter, status=status)
    return (moment - NOW).total_seconds()


@pytest.mark.parametrize("interval_s", [1, 90, 86400])
def test_a_written_interval_is_obeyed_as_written(interval_s: int) -> None:
    assert {after_success(PollState(interval_s, 0), jitter) for jitter in (0, 0.3, 1)} == {interval_s}


def test_without_one_it_is_ten_minutes_give_or_take_a_tenth() -> None:
    assert [after_success(PollState(None, 0), jitter) for jitter in (0, 0.5, 1)] == [540, 600, 660]


MINUTE_S = 60.0
DAY_S = 86400.0


@pytest.mark.parametrize(
    ("per_day", "minutes"),
    [(24 * 60, 2), (288, 3), (24, 10), (1, 49), (1 / 30, 268), (1 / 3650, 1440)],
    ids=["every minute", "every five minutes", "hourly", "daily", "monthly", "every ten years"],
)
def test_the_interval_follows_the_root_of_the_pace(per_day: float, minutes: int) -> None:
    assert round(interval_s(PollState(None, 0, Pace(per_day))) / MINUTE_S) == minutes


@pytest.mark.parametrize(("asked_s", "minutes"), [(60, 10), (20 * 60, 20), (3600, 30), (DAY_S, 30)], ids=str)
def test_a_feed_is_read_as_seldom_as_it_asks_within_half_an_hour(asked_s: float, minutes: int) -> None:
    assert interval_s(PollState(None, 0, Pace(24), asked_s)) == minutes * MINUTE_S


def test_a_feed_whose_items_stay_for_an_hour_is_read_three_times_an_hour_whatever_it_asks() -> None:
    assert interval_s(PollState(None, 0, Pace(24, window_s=3600), asked_s=1800)) == 1200
    assert interval_s(PollState(None, 0, Pace(240, window_s=60))) == 120
    assert interval_s(PollState(30, 0, Pace(24, window_s=3600))) == 30


@given(
    per_day=st.none() | st.floats(0, 1e6),
    window_s=st.none() | st.floats(0, 1e9),
    asked_s=st.none() | st.floats(0, 1e9),
    jitter=st.floats(0, 1),
)
def test_an_interval_found_by_itself_is_two_minutes_to_a_day(
    per_day: float | None, window_s: float | None, asked_s: float | None, jitter: float
) -> None:
    wait_s = after_success(PollState(None, 0, Pace(per_day, window_s), asked_s), jitter)
    assert 2 * MINUTE_S <= wait_s <= DAY_S


def test_a_feed_that_asks_for_patience_gets_it_even_after_success() -> None:
    assert after_success(PollState(60, 0), retry_after_s=300) == 300
    assert after_success(PollState(600, 0), retry_after_s=300) == 600


def test_failures_double_the_wait_up_to_six_hours_and_no_further() -> None:
    waits = [after_failure(PollState(None, failures)) for failures in (1, 2, 3, 8, 9, 10, 1000)]
    assert waits == [60, 120, 240, 7680, 15360, 6 * HOUR_S, 6 * HOUR_S]


def test_a_kind_that_needs_a_hand_waits_longer_than_one_that_passes() -> None:
    first = {kind: after_failure(PollState(None, 1), kind) for kind in FailureKind}
    assert first[FailureKind.DNS] == first[FailureKind.TIMEOUT] == 60
    assert first[FailureKind.HTTP] == first[FailureKind.CONTENT] == 300
    assert first[FailureKind.TOO_LARGE] == HOUR_S


@pytest.mark.parametrize(
    ("status", "waits_m"),
    [
        (500, [5, 10, 360]),
        (503, [5, 10, 360]),
        (408, [5, 10, 360]),
        (429, [15, 30, 360]),
        (403, [30, 60, 720]),
        (418, [30, 60, 720]),
        (404, [60, 120, 720]),
        (401, [60, 120, 1440]),
        (451, [60, 120, 1440]),
        (410, [1440, 1440, 1440]),
    ],
)
def test_a_status_says_how_soon_another_try_makes_sense(status: int, waits_m: list[float]) -> None:
    """After the first failure, the second and the hundredth."""
    waits = [
        after_failure(PollState(None, failures), FailureKind.HTTP, status=status) for failures in (1, 2, 100)
    ]
    assert [wait / MINUTE_S for wait in waits] == waits_m


@pytest.mark.parametrize("jitter", [0, 1])
def test_a_feed_that_is_gone_is_asked_once_a_day_whatever_was_written_for_it(jitter: float) -> None:
    wait_s = after_failure(PollState(60, 1), FailureKind.HTTP, status=410, jitter=jitter)
    assert 0.9 * DAY_S <= wait_s <= DAY_S


def test_a_server_that_finds_us_too_eager_is_not_asked_at_the_written_pace() -> None:
    assert after_failure(PollState(1, 1), FailureKind.HTTP, status=429) == 15 * MINUTE_S
    assert after_failure(PollState(1, 1), FailureKind.HTTP, 7200, status=429) == 7200
    assert after_failure(PollState(1, 1), FailureKind.HTTP, status=403) == 1


def test_a_status_beside_a_failure_of_another_kind_says_nothing() -> None:
    assert after_failure(PollState(None, 1), FailureKind.TOO_LARGE, status=200) == HOUR_S
    assert after_failure(PollState(None, 1), FailureKind.PROTOCOL, status=304) == 300


def test_a_short_written_interval_backs_off_from_itself() -> None:
    assert [after_failure(PollState(1, failures), FailureKind.HTTP) for failures in (1, 2, 3)] == [1, 2, 4]


def test_a_long_written_interval_does_not_delay_the_next_try() -> None:
    assert after_failure(PollState(86400, 1), FailureKind.DNS) == 60


@pytest.mark.parametrize(
    ("retry_after_s", "wait_s"),
    [(None, 300), (10, 300), (7200, 7200), (88 * HOUR_S, 24 * HOUR_S), (-5, 300)],
    ids=["none", "shorter than ours", "two hours", "88 hours (above the limit)", "negative"],
)
def test_retry_after_is_obeyed_up_to_a_day(retry_after_s: float | None, wait_s: float) -> None:
    assert after_failure(PollState(None, 1), FailureKind.HTTP, retry_after_s) == wait_s


@given(
    written_s=st.none() | st.integers(1, 604800),
    failures=st.integers(0, 10**6),
    kind=st.sampled_from(FailureKind),
    retry_after_s=st.none() | st.floats(0, 1e9),
    jitter=st.floats(0, 1),
    status=st.none() | st.integers(100, 999),
)
def test_the_next_try_always_comes_and_within_a_day(
    written_s: int | None,
    failures: int,
    kind: FailureKind,
    retry_after_s: float | None,
    jitter: float,
    status: int | None,
) -> None:
    wait_s = after_failure(PollState(written_s, failures), kind, retry_after_s, jitter, status)
    assert 0 < wait_s <= 24 * HOUR_S
    assert wait_s >= min(retry_after_s or 0, 24 * HOUR_S) - 1e-6
