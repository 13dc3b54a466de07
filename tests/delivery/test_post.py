"""The post office: each platform's own output and pacing, and no faster than it allows."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from bot.delivery.outcomes import Throttled
from bot.delivery.output import Address
from bot.delivery.pacing import Pacer
from bot.delivery.post import Platform, Post
from bot.delivery.render import Message
from storage.models import Chat
from tests.delivery.recorder import Recorder

HELLO = Message("hello", "hello")
READER = Chat(platform="telegram", chat_id=42, thread_id=0)


@dataclass
class Clock:
    """Time that passes only when somebody sleeps."""

    now: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@dataclass
class Office:
    clock: Clock = field(default_factory=Clock)
    telegram: Recorder = field(default_factory=Recorder)
    terminal: Recorder = field(default_factory=Recorder)

    def __post_init__(self) -> None:
        platforms = {
            "telegram": Platform(self.telegram, Pacer()),
            "console": Platform(self.terminal),
        }
        self.post = Post(platforms, monotonic=self.clock, sleep=self.clock.sleep)


@pytest.fixture
def office() -> Office:
    return Office()


async def test_a_message_goes_to_its_own_platform_and_topic(office: Office) -> None:
    await office.post.send(Chat(platform="console", chat_id=1, thread_id=0), HELLO)
    await office.post.send(Chat(platform="telegram", chat_id=-5, thread_id=7), HELLO)
    await office.post.send(READER, HELLO)
    assert [address for address, _ in office.terminal.sent] == [Address(1)]
    assert [address for address, _ in office.telegram.sent] == [Address(-5, 7), Address(42)]
    assert office.post.platforms == ("telegram", "console")


async def test_a_chat_waits_its_turn_and_edits_count_as_messages(office: Office) -> None:
    await office.post.send(READER, HELLO)
    assert office.post.delay_s(READER) == pytest.approx(1.02)
    assert office.clock.slept == []
    await office.post.edit(READER, 1, HELLO)
    assert sum(office.clock.slept) == pytest.approx(1.02)
    assert office.post.delay_s(READER) == pytest.approx(1.02)


async def test_a_platform_without_limits_is_not_held_up(office: Office) -> None:
    terminal = Chat(platform="console", chat_id=1, thread_id=0)
    for _ in range(50):
        await office.post.send(terminal, HELLO)
    assert office.clock.slept == []
    assert office.post.delay_s(terminal) == 0


async def test_a_throttled_chat_gets_nothing_for_as_long_and_others_do(office: Office) -> None:
    office.telegram.failures = [Throttled("chat", retry_after_s=30)]
    with pytest.raises(Throttled):
        await office.post.send(READER, HELLO)
    assert office.post.delay_s(READER) == pytest.approx(30)
    assert office.post.delay_s(Chat(platform="telegram", chat_id=43, thread_id=0)) < 1
    office.telegram.failures = [Throttled("chat", retry_after_s=60)]
    with pytest.raises(Throttled):
        await office.post.edit(READER, 1, HELLO)
    assert office.clock.slept == [pytest.approx(30)]
    assert office.post.delay_s(READER) == pytest.approx(60)
