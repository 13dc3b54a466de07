"""The circuit breaker, as the pure data it is."""

from __future__ import annotations

from bot.translation.breaker import FAILURES_TO_OPEN, OPEN_S, Breaker, Permission


def _opened(now: float = 0.0) -> Breaker:
    breaker = Breaker()
    for _ in range(FAILURES_TO_OPEN):
        breaker = breaker.after_failure(now=now, probe=False)
    return breaker


def test_it_stays_closed_until_the_fifth_failure_in_a_row() -> None:
    breaker = Breaker()
    for _ in range(FAILURES_TO_OPEN - 1):
        breaker = breaker.after_failure(now=0, probe=False)
    assert breaker.permission(now=0) is Permission.CALL
    assert breaker.after_failure(now=0, probe=False).permission(now=0) is Permission.REFUSED


def test_a_success_between_failures_starts_the_count_anew() -> None:
    breaker = Breaker(failures=FAILURES_TO_OPEN - 1).after_success().after_failure(now=0, probe=False)
    assert breaker.closed
    assert breaker.failures == 1


def test_open_it_refuses_for_its_rest_and_then_lets_one_probe_go() -> None:
    breaker = _opened(now=100)
    assert breaker.permission(now=100 + OPEN_S - 0.1) is Permission.REFUSED
    assert breaker.permission(now=100 + OPEN_S) is Permission.PROBE
    assert breaker.with_probe().permission(now=100 + OPEN_S) is Permission.REFUSED


def test_a_probe_that_succeeds_closes_it_and_one_that_fails_opens_it_again() -> None:
    probing = _opened().with_probe()
    assert probing.after_success().closed
    again = probing.after_failure(now=OPEN_S, probe=True)
    assert again.permission(now=3 * OPEN_S - 1) is Permission.REFUSED
    assert again.permission(now=3 * OPEN_S) is Permission.PROBE


def _rests(jitter: float, count: int) -> list[float]:
    breaker, now, rests = _opened(), 0.0, []
    for _ in range(count):
        assert breaker.open_until is not None
        rests.append(breaker.open_until - now)
        now = breaker.open_until
        assert breaker.permission(now=now) is Permission.PROBE
        breaker = breaker.with_probe().after_failure(now=now, probe=True, jitter=jitter)
    return rests


def test_each_probe_that_fails_doubles_the_rest_up_to_a_quarter_of_an_hour() -> None:
    assert _rests(0.0, 7) == [60.0, 120.0, 240.0, 480.0, 960.0, 960.0, 960.0]


def test_chance_spreads_the_later_rests_of_several_processes() -> None:
    assert _rests(1.0, 6) == [60.0, 150.0, 300.0, 600.0, 1200.0, 1200.0]


def test_after_a_success_the_next_rest_is_short_again() -> None:
    tired = _opened().with_probe().after_failure(now=OPEN_S, probe=True)
    breaker = tired.with_probe().after_success()
    for _ in range(FAILURES_TO_OPEN):
        breaker = breaker.after_failure(now=1000.0, probe=False)
    assert breaker.open_until == 1000.0 + OPEN_S


def test_late_failures_of_earlier_calls_do_not_prolong_the_rest() -> None:
    late = _opened(now=0).after_failure(now=30, probe=False)
    assert late.permission(now=OPEN_S) is Permission.PROBE


def test_a_cancelled_probe_leaves_room_for_the_next() -> None:
    cancelled = _opened().with_probe().after_nothing(probe=True)
    assert cancelled.permission(now=OPEN_S) is Permission.PROBE


def test_a_call_that_says_nothing_does_not_take_the_probe_of_another_away() -> None:
    probing = _opened().with_probe()
    assert probing.after_nothing(probe=False).permission(now=OPEN_S) is Permission.REFUSED
