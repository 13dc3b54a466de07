"""What a failed delivery means for the message: try again, give up, or leave the chat. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.delivery.outcomes import (
    ChatGone,
    ChatMigrated,
    DeliveryError,
    MaybeDelivered,
    NotDelivered,
    Rejected,
    Stop,
    Throttled,
    TopicGone,
)

MAX_PAUSE_S = 300
# An alert that may have come through is sent again (a double beats a loss), but not for ever.
MAX_DOUBTFUL_ATTEMPTS = 5
# A gateway's own error: it hardly came through. Five minutes apart these are a day of an outage.
MAX_UNLIKELY_ATTEMPTS = 300
DIGEST_STOP_PAUSE = timedelta(minutes=1)


class Action(StrEnum):
    """What to do with the message."""

    RETRY = "retry"
    FAIL = "fail"
    LEAVE_CHAT = "leave chat"
    MIGRATE = "migrate"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The action; `until` for RETRY, `new_chat_id` for MIGRATE."""

    action: Action
    reason: str
    until: datetime | None = None
    new_chat_id: int | None = None


def pause_s(attempts: int) -> float:
    """Seconds to wait after this many failed attempts: 1, 2, 4 … up to five minutes."""
    return float(min(2 ** max(attempts - 1, 0), MAX_PAUSE_S))


def doubtful_pause_s(attempts: int) -> float:
    """The same for messages that mostly came through: 10, 30, 90 … so that few tries outlast an outage."""
    return float(min(10 * 3 ** max(attempts - 1, 0), MAX_PAUSE_S))


def judge(error: DeliveryError, *, attempts: int, now: datetime) -> Verdict:
    """The verdict for an alert, which is delivered at least once. `attempts` counts the one that failed."""
    reason = str(error)
    later = now + timedelta(seconds=pause_s(attempts))
    match error:
        case ChatMigrated():
            return Verdict(Action.MIGRATE, reason, new_chat_id=error.new_chat_id)
        case ChatGone() | TopicGone():
            return Verdict(Action.LEAVE_CHAT, reason)
        case Throttled():
            return Verdict(Action.RETRY, reason, until=now + timedelta(seconds=error.retry_after_s))
        case NotDelivered():
            return Verdict(Action.RETRY, reason, until=later)
        case MaybeDelivered(probably=True) if attempts < MAX_DOUBTFUL_ATTEMPTS:
            return Verdict(Action.RETRY, reason, until=now + timedelta(seconds=doubtful_pause_s(attempts)))
        case MaybeDelivered(probably=False) if attempts < MAX_UNLIKELY_ATTEMPTS:
            return Verdict(Action.RETRY, reason, until=later)
        case MaybeDelivered() | Rejected():
            return Verdict(Action.FAIL, reason)
        case Stop():
            return Verdict(Action.STOP, reason, until=now)
        case _:
            return Verdict(Action.FAIL, reason)


def judge_digest(error: DeliveryError, *, attempts: int, begun: bool, now: datetime) -> Verdict:
    """The verdict for a digest, which is delivered at most once.

    Args:
        begun: whether an earlier part of it is out already.
    """
    verdict = judge(error, attempts=attempts, now=now)
    again = verdict.action in (Action.RETRY, Action.MIGRATE, Action.STOP)
    if again and (begun or isinstance(error, MaybeDelivered)):
        return Verdict(Action.FAIL, verdict.reason)
    if verdict.action is Action.STOP:
        # Not at once: digests that are due are sent until none is, and this one would be due for ever.
        return replace(verdict, until=now + DIGEST_STOP_PAUSE)
    return verdict
