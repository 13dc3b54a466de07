"""Each outcome means one thing for an alert, and for a digest never a second copy."""

from __future__ import annotations

import inspect
from datetime import datetime, timedelta

import pytest

from bot.delivery import outcomes
from bot.delivery.outcomes import (
    ChatGone,
    ChatMigrated,
    DeliveryError,
    MaybeDelivered,
    MessageGone,
    NotDelivered,
    Rejected,
    Stop,
    Throttled,
    TopicGone,
)
from bot.delivery.verdict import (
    MAX_DOUBTFUL_ATTEMPTS,
    MAX_PAUSE_S,
    MAX_UNLIKELY_ATTEMPTS,
    Action,
    Verdict,
    doubtful_pause_s,
    judge,
    judge_digest,
    pause_s,
)

EXPECTED: list[tuple[DeliveryError, Action, Action]] = [
    # the error, for an alert, for a digest of which nothing is out
    (ChatGone("chat", "blocked"), Action.LEAVE_CHAT, Action.LEAVE_CHAT),
    (ChatMigrated("chat", new_chat_id=-1005), Action.MIGRATE, Action.MIGRATE),
    (TopicGone("chat"), Action.LEAVE_CHAT, Action.LEAVE_CHAT),
    (MessageGone("chat"), Action.FAIL, Action.FAIL),
    (Throttled("chat", retry_after_s=7), Action.RETRY, Action.RETRY),
    (NotDelivered("chat"), Action.RETRY, Action.RETRY),
    (MaybeDelivered("chat"), Action.RETRY, Action.FAIL),
    (MaybeDelivered("chat", probably=False), Action.RETRY, Action.FAIL),
    (Rejected("chat"), Action.FAIL, Action.FAIL),
    (Stop("TELEGRAM_TOKEN"), Action.STOP, Action.STOP),
    (DeliveryError("chat", "something new"), Action.FAIL, Action.FAIL),
]
IDS = [
    f"{type(error).__name__}{'' if getattr(error, 'probably', True) else ' hardly'}" for error, *_ in EXPECTED
]


def test_every_outcome_is_judged_here() -> None:
    known = {
        kind for _, kind in inspect.getmembers(outcomes, inspect.isclass) if issubclass(kind, DeliveryError)
    }
    assert known == {type(error) for error, *_ in EXPECTED}


@pytest.mark.parametrize(("error", "for_alert", "for_digest"), EXPECTED, ids=IDS)
def test_an_outcome_decides_what_becomes_of_the_message(
    error: DeliveryError, for_alert: Action, for_digest: Action, now: datetime
) -> None:
    assert judge(error, attempts=1, now=now).action is for_alert
    assert judge(error, attempts=1, now=now).reason == str(error)
    assert judge_digest(error, attempts=1, begun=False, now=now).action is for_digest


@pytest.mark.parametrize(("error", "for_alert", "for_digest"), EXPECTED, ids=IDS)
def test_a_digest_that_is_half_out_is_never_begun_again(
    error: DeliveryError, for_alert: Action, for_digest: Action, now: datetime
) -> None:
    action = judge_digest(error, attempts=1, begun=True, now=now).action
    assert action in (Action.FAIL, Action.LEAVE_CHAT)


def test_a_server_that_names_a_wait_gets_exactly_that(now: datetime) -> None:
    for attempts in (1, 50):
        found = judge(Throttled("chat", retry_after_s=33.5), attempts=attempts, now=now)
        assert found.until == now + timedelta(seconds=33.5)


def test_a_migration_says_where_to(now: datetime) -> None:
    error = ChatMigrated("chat", "moved", new_chat_id=-1005)
    assert judge(error, attempts=1, now=now) == Verdict(Action.MIGRATE, str(error), new_chat_id=-1005)


def test_an_alert_that_surely_did_not_go_out_is_never_given_up(now: datetime) -> None:
    found = judge(NotDelivered("chat"), attempts=100_000, now=now)
    assert (found.action, found.until) == (Action.RETRY, now + timedelta(seconds=MAX_PAUSE_S))


@pytest.mark.parametrize(
    ("probably", "attempts", "least"),
    [
        pytest.param(True, MAX_DOUBTFUL_ATTEMPTS, timedelta(minutes=5), id="no answer: few copies"),
        pytest.param(False, MAX_UNLIKELY_ATTEMPTS, timedelta(hours=24), id="a gateway's error: a day"),
    ],
)
def test_an_alert_that_may_have_gone_out_outlasts_an_outage_but_is_not_sent_for_ever(
    probably: bool, attempts: int, least: timedelta, now: datetime
) -> None:
    waited = timedelta()
    for attempt in range(1, attempts):
        found = judge(MaybeDelivered("chat", probably=probably), attempts=attempt, now=now)
        assert found.action is Action.RETRY
        assert found.until is not None
        waited += found.until - now
    assert waited >= least
    last = judge(MaybeDelivered("chat", probably=probably), attempts=attempts, now=now)
    assert last.action is Action.FAIL


def test_a_digest_that_can_not_go_on_is_not_due_again_at_once(now: datetime) -> None:
    found = judge_digest(Stop("terminal"), attempts=1, begun=False, now=now)
    assert found.until is not None
    assert found.until > now


def test_pauses_double_and_have_an_end() -> None:
    assert [pause_s(attempts) for attempts in (0, 1, 2, 3, 9, 10, 5000)] == [1, 1, 2, 4, 256, 300, 300]
    assert [doubtful_pause_s(attempts) for attempts in (0, 1, 2, 3, 4, 5, 99)] == [
        10,
        10,
        30,
        90,
        270,
        300,
        300,
    ]
