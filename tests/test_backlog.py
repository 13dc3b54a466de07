"""What is worked off first after an outage, and how fast."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from bot.backlog import MOST_AT_ONCE, Pace, in_order, is_outage
from bot.intake import TIRED, translate_again_after
from bot.translation.failures import FailureKind, ProviderFailure, TranslationError
from storage.articles import Untranslated


def waiting(
    number: int,
    now: datetime,
    *,
    age_h: float = 0.0,
    readers: int = 1,
    backlog: bool = False,
    attempts: int = 0,
) -> Untranslated:
    return Untranslated(number, now - timedelta(hours=age_h), backlog, attempts, readers)


def test_the_newest_goes_first_and_what_more_chats_wait_for_before_it(now: datetime) -> None:
    older, newer, wanted = (
        waiting(1, now, age_h=2),
        waiting(2, now, age_h=1),
        waiting(3, now, age_h=3, readers=9),
    )
    assert in_order([older, newer, wanted], now=now) == [wanted, newer, older]


def test_many_readers_of_yesterday_stand_behind_a_few_of_today(now: datetime) -> None:
    yesterday, today = waiting(1, now, age_h=20, readers=5), waiting(2, now, age_h=0.5)
    assert in_order([yesterday, today], now=now) == [today, yesterday]


def test_what_no_chat_waits_for_comes_after_what_one_does(now: datetime) -> None:
    kept, read = waiting(2, now, readers=0), waiting(1, now, age_h=2)
    assert in_order([kept, read], now=now) == [read, kept]


def test_of_equals_the_later_one_goes_first(now: datetime) -> None:
    assert [one.id for one in in_order([waiting(1, now), waiting(2, now)], now=now)] == [2, 1]


def test_what_failed_often_and_what_was_old_when_seen_go_last(now: datetime) -> None:
    old = waiting(1, now, backlog=True, readers=50)
    tired = waiting(2, now, attempts=TIRED, readers=50)
    plain = waiting(3, now, age_h=20)
    assert in_order([old, tired, plain], now=now) == [plain, tired, old]


def test_batches_grow_while_all_goes_well_up_to_a_few(now: datetime) -> None:
    pace, sizes = Pace(), []
    for _ in range(6):
        sizes.append(pace.allows(now))
        pace = pace.after_success(now, pause_s=1)
        assert pace.allows(now) == 0  # a moment between two batches
        now += timedelta(seconds=1)
    assert sizes == [1, 2, 4, 8, 8, 8]
    assert max(sizes) == MOST_AT_ONCE


def test_a_failure_stops_it_for_ever_longer_and_begins_anew_with_one(now: datetime) -> None:
    pace, pauses = Pace(at_once=8), []
    for _ in range(6):
        pace = pace.after_outage(now, base_s=30)
        assert pace.not_before is not None
        pauses.append((pace.not_before - now).total_seconds())
        assert pace.allows(now) == 0
        now = pace.not_before
        assert pace.allows(now) == 1
    assert pauses == [30, 60, 120, 240, 300, 300]


def test_failures_that_were_under_way_together_are_one(now: datetime) -> None:
    pace = Pace().after_outage(now, base_s=30)
    assert pace.after_outage(now + timedelta(seconds=20), base_s=30) == pace


def test_fresh_news_that_was_translated_ends_the_pause_but_brings_no_burst(now: datetime) -> None:
    pace = Pace().after_outage(now, base_s=30)
    assert pace.after_sign_of_life().allows(now) == 1
    running = Pace(at_once=8).after_success(now, pause_s=1)
    assert running.after_sign_of_life() == running


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        pytest.param([FailureKind.SERVER], True, id="down"),
        pytest.param([FailureKind.TIMEOUT, FailureKind.QUOTA], True, id="slow, and used up"),
        pytest.param([FailureKind.RESTING], True, id="resting"),
        pytest.param([FailureKind.UNSUPPORTED, FailureKind.RESTING], True, id="one can't, one rests"),
        pytest.param([FailureKind.UNUSABLE], False, id="answered with nonsense"),
        pytest.param([FailureKind.UNUSABLE, FailureKind.TIMEOUT], False, id="one answered"),
        pytest.param([FailureKind.UNSUPPORTED], False, id="a language nobody knows"),
        pytest.param([], True, id="no translator at all"),
    ],
)
def test_an_outage_is_told_from_a_text_nobody_can_take(kinds: list[FailureKind], expected: bool) -> None:
    failures = [ProviderFailure("google", kind, "said so") for kind in kinds]
    assert is_outage(TranslationError("1 of 1 text (id)", failures)) is expected


def test_in_an_outage_an_article_is_due_at_once_until_it_is_tired_or_old(now: datetime) -> None:
    def due(attempts: int, *, outage: bool, age: timedelta = timedelta(0)) -> float | None:
        after = translate_again_after(
            attempts=attempts, first_seen=now - age, outage=outage, base_s=30, now=now
        )
        return None if after is None else (after - now).total_seconds()

    assert due(1, outage=True) == 0
    assert due(1, outage=False) == 60
    assert due(TIRED, outage=True) == 900
    assert due(1, outage=True, age=timedelta(days=4)) is None
