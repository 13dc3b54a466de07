"""When the next message may go: Telegram's limits as a pure decision, so that a 429 is never earned.

The limits (https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this): about 30
messages a second over all, one a second to one chat, 20 a minute to a group or channel. Time is a number of
seconds from any clock that never goes back (``loop.time()``); nothing here sleeps.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass, field
from enum import StrEnum


class ChatKind(StrEnum):
    """Which limits a chat has; channels count as groups."""

    PRIVATE = "private"
    GROUP = "group"

    @classmethod
    def of(cls, chat_id: int) -> ChatKind:
        """Telegram numbers people from 1 up, and groups and channels from -1 down."""
        return cls.PRIVATE if chat_id > 0 else cls.GROUP


@dataclass(frozen=True, slots=True)
class Limits:
    """What we keep to: Telegram's limits less a margin for the road, where messages bunch up.

    Args:
        per_second: messages a second over all. 28.8 evenly spaced leave room for the road to delay one by
            35 ms and not the next before a server that counts 30 a second is hit, and use 96 % of it.
        slack_s: how much a late message may be made up for by the next ones, so that timers that wake late
            cost no rate.
        chat_gap_s: seconds between two messages to one chat.
        group_messages: messages to one group within `group_window_s` seconds.
    """

    per_second: float = 28.8
    slack_s: float = 0.008
    chat_gap_s: float = 1.02
    group_messages: int = 20
    group_window_s: float = 60.5

    def __post_init__(self) -> None:
        if (
            min(self.per_second, self.chat_gap_s, self.group_messages, self.group_window_s) <= 0
            or self.slack_s < 0
        ):
            raise ValueError(f"limits must be positive: {self}")


@dataclass(slots=True)
class Pacer:
    """Knows what was sent when, and says how long the next message has to wait.

    The caller asks `delay` and sleeps or picks another chat; when it starts a request it calls `record`,
    before the first await, so that several tasks may share one pacer. A server's 429 goes to `throttle`.

    Memory: the chats of the last `group_window_s` seconds, at most `group_messages` numbers each, and
        running throttles.
    """

    limits: Limits = field(default_factory=Limits)
    _due: float = field(default=float("-inf"), init=False)
    """When the next message of an even stream of `per_second` is due, over all chats."""
    _sent: OrderedDict[int, deque[float]] = field(default_factory=OrderedDict, init=False)
    """The last times of each chat, the chat longest silent first."""
    _throttled: dict[int | None, float] = field(default_factory=dict, init=False)
    """Until when a chat, or None for all, takes nothing."""

    def delay(self, kind: ChatKind, chat_id: int, now: float) -> float:
        """Seconds until this chat may get a message; 0 when at once. Changes nothing."""
        ready = max(
            now,
            self._due - self.limits.slack_s,
            self._throttled.get(None, now),
            self._throttled.get(chat_id, now),
        )
        if sent := self._sent.get(chat_id):
            ready = max(ready, sent[-1] + self.limits.chat_gap_s)
            if kind is ChatKind.GROUP and len(sent) >= self.limits.group_messages:
                ready = max(ready, sent[-self.limits.group_messages] + self.limits.group_window_s)
        return ready - now

    def record(self, chat_id: int, now: float) -> None:
        """A message to this chat starts now."""
        self._due = max(self._due, now) + 1 / self.limits.per_second
        sent = self._sent.setdefault(chat_id, deque(maxlen=self.limits.group_messages))
        sent.append(now)
        self._sent.move_to_end(chat_id)
        self._forget(now)

    def throttle(self, chat_id: int | None, until: float) -> None:
        """Nothing to this chat (None: to any) before `until`. A shorter throttle never lifts a longer one."""
        self._throttled[chat_id] = max(until, self._throttled.get(chat_id, until))

    def _forget(self, now: float) -> None:
        horizon = max(self.limits.group_window_s, self.limits.chat_gap_s)
        while self._sent:
            chat_id, sent = next(iter(self._sent.items()))
            if sent[-1] + horizon > now:
                break
            del self._sent[chat_id]
        if len(self._throttled) > 2 * len(
            self._sent
        ):  # amortised: a full pass only when it can free something
            self._throttled = {chat: until for chat, until in self._throttled.items() if until > now}
