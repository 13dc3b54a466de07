"""The pacer keeps Telegram's limits in every window, and uses nearly all of what they allow."""

from __future__ import annotations

from collections import defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.delivery.pacing import ChatKind, Limits, Pacer


def replay(requests: list[tuple[int, float]], pacer: Pacer) -> list[tuple[int, float]]:
    """Send to these chats in this order, each after a pause of its own, waiting as long as the pacer says."""
    now = 0.0
    sent = []
    for chat_id, pause in requests:
        now += pause
        now += pacer.delay(ChatKind.of(chat_id), chat_id, now)
        assert pacer.delay(ChatKind.of(chat_id), chat_id, now) < 1e-9
        pacer.record(chat_id, now)
        sent.append((chat_id, now))
    return sent


def most_within(times: list[float], window_s: float) -> int:
    """The most of these times in any window, both of its ends counted."""
    most = first = 0
    for last, time in enumerate(times):
        while times[first] < time - window_s:
            first += 1
        most = max(most, last - first + 1)
    return most


requests = st.lists(
    st.tuples(
        st.sampled_from([1, 2, 3, -1, -2, *range(10, 60)]),
        st.sampled_from([0.0, 0.0, 0.0, 0.01, 0.05, 0.5, 2.0, 30.0]),
    ),
    max_size=200,
)


@settings(deadline=None, max_examples=60)
@given(requests)
def test_no_window_holds_more_than_telegram_allows(asked: list[tuple[int, float]]) -> None:
    sent = replay(asked, Pacer())
    assert most_within([time for _, time in sent], 1) <= 30
    by_chat = defaultdict(list)
    for chat_id, time in sent:
        by_chat[chat_id].append(time)
    for chat_id, times in by_chat.items():
        assert most_within(times, 0.999) == 1
        if chat_id < 0:
            assert most_within(times, 60) <= 20


@given(st.lists(st.sampled_from([-1, -2]), min_size=50, max_size=120))
@settings(deadline=None, max_examples=20)
def test_busy_groups_keep_to_twenty_a_minute(chats: list[int]) -> None:
    sent = replay([(chat_id, 0.0) for chat_id in chats], Pacer())
    for chat_id in (-1, -2):
        assert most_within([time for chat, time in sent if chat == chat_id], 60) <= 20


def test_many_chats_get_95_percent_of_30_a_second() -> None:
    sent = replay([(chat_id, 0.0) for chat_id in range(1, 3001)], Pacer())
    assert sent[-1][1] <= 1.05 * 3000 / 30


def test_timers_that_wake_late_cost_no_rate() -> None:
    pacer, now, late_s = Pacer(), 0.0, 0.005
    for chat_id in range(1, 3001):
        wait = pacer.delay(ChatKind.PRIVATE, chat_id, now)
        now += wait + (late_s if wait else 0)
        pacer.record(chat_id, now)
    assert now <= 1.05 * 3000 / 30


def test_one_chat_gets_95_percent_of_one_a_second_and_a_group_of_twenty_a_minute() -> None:
    private = replay([(1, 0.0)] * 100, Pacer())
    assert private[-1][1] <= 99 / 0.95
    group = replay([(-1, 0.0)] * 101, Pacer())
    assert group[-1][1] <= 100 / 20 * 60 / 0.95


def test_a_fresh_pacer_and_a_rested_chat_send_at_once() -> None:
    pacer = Pacer()
    assert pacer.delay(ChatKind.PRIVATE, 1, 1000.0) == 0
    pacer.record(1, 1000.0)
    assert pacer.delay(ChatKind.PRIVATE, 1, 1000.5) == pytest.approx(0.52)
    assert pacer.delay(ChatKind.PRIVATE, 2, 1000.5) == 0
    assert pacer.delay(ChatKind.PRIVATE, 1, 1002.0) == 0


def test_asking_changes_nothing() -> None:
    pacer = Pacer()
    pacer.record(1, 0.0)
    assert len({pacer.delay(ChatKind.PRIVATE, 1, 0.1) for _ in range(10)}) == 1


def test_a_throttled_chat_waits_alone_and_a_throttled_bot_altogether() -> None:
    pacer = Pacer()
    pacer.throttle(1, 30.0)
    pacer.throttle(1, 10.0)  # a shorter one lifts nothing
    assert pacer.delay(ChatKind.PRIVATE, 1, 0.0) == 30
    assert pacer.delay(ChatKind.PRIVATE, 2, 0.0) == 0
    pacer.throttle(None, 5.0)
    assert pacer.delay(ChatKind.PRIVATE, 2, 0.0) == 5
    assert pacer.delay(ChatKind.PRIVATE, 1, 31.0) == 0


def test_memory_is_bounded_by_the_last_minute() -> None:
    pacer = Pacer()
    now = 0.0
    for chat_id in range(1, 20_001):
        now += pacer.delay(ChatKind.PRIVATE, chat_id, now)
        pacer.record(chat_id, now)
        pacer.throttle(chat_id, now + 1)
    assert len(pacer._sent) <= 60.5 * 30
    assert len(pacer._throttled) <= 3 * len(pacer._sent)


def test_senseless_limits_are_refused() -> None:
    with pytest.raises(ValueError, match="positive"):
        Limits(per_second=0)


def test_channels_count_as_groups() -> None:
    assert (ChatKind.of(5), ChatKind.of(-1001)) == (ChatKind.PRIVATE, ChatKind.GROUP)
