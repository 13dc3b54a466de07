"""The sender: exactly one message an alert, whatever the other side answers, whenever it is told to stop."""

from __future__ import annotations

import asyncio
import io
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
import structlog
from sqlalchemy import select, update

from bot.delivery.console import ConsoleOutput
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
from bot.delivery.output import Address, Output
from bot.delivery.pacing import Pacer
from bot.delivery.post import Platform, Post
from bot.delivery.render import Message
from bot.delivery.sender import MAX_FAULTY_ATTEMPTS, Sender
from bot.delivery.telegram import TelegramOutput, build_bot
from bot.reachability import Reachability
from bot.road import Milestone, Passing, pass_by
from storage import alerts, chats, subscriptions
from storage.database import Database, release
from storage.models import Alert, AlertState, ChatState
from tests.delivery.recorder import Recorder
from tests.standins.bot_api import BotApi
from tests.storage.rows import add_chat, ready_alert, translate_late

TOKEN = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"
MINUTE = timedelta(minutes=1)


@dataclass
class Office:
    """A sender that can be started and stopped, and time that jumps."""

    database: Database
    now: datetime
    output: Recorder = field(default_factory=Recorder)
    reachability: Reachability = field(default_factory=Reachability)
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    def sender(
        self, output: Output | None = None, *, pacer: Pacer | None = None, passing: Passing = pass_by
    ) -> Sender:
        platforms = {"telegram": Platform(output or self.output, pacer)}
        return Sender(
            self.database,
            Post(platforms, monotonic=asyncio.get_running_loop().time),
            owner="test",
            clock=lambda: self.now,
            reachability=self.reachability,
            passing=passing,
            idle_s=0.01,
        )

    @asynccontextmanager
    async def running(self, sender: Sender | None = None) -> AsyncIterator[Sender]:
        """Runs a sender within the block, and stops it in order."""
        sender = sender or self.sender()
        task = asyncio.create_task(sender.run(self.wake, self.stopping))
        try:
            yield sender
        finally:
            self.stopping.set()
            await task
            self.stopping.clear()

    async def outbox(self) -> list[Alert]:
        async with self.database.read() as session:
            return list(await session.scalars(select(Alert).order_by(Alert.id)))

    async def states(self) -> list[str]:
        return [alert.state for alert in await self.outbox()]

    async def until(self, *states: str) -> None:
        """Waits until the outbox stands so."""
        async with asyncio.timeout(10):
            while await self.states() != list(states):  # noqa: ASYNC110 - a database rings no bell
                await asyncio.sleep(0.01)

    async def titles(self) -> list[str]:
        return [message.plain.splitlines()[0] for _, message in self.output.sent]


async def happens(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110 - what is waited for rings no bell
            await asyncio.sleep(0.005)


@pytest.fixture
async def office(any_database: Database, now: datetime) -> Office:
    return Office(any_database, now)


@pytest.fixture
async def small(database: Database, now: datetime) -> Office:
    """On SQLite only: where the database makes no difference."""
    return Office(database, now)


async def test_every_alert_goes_out_once_and_in_order_within_its_chat(office: Office) -> None:
    ids = [(await add_chat(office.database, office.now, number)).id for number in range(1, 13)]
    for number in range(3):
        await ready_alert(office.database, office.now, number, ids, english=True)
    async with office.running() as sender:
        await office.until(*[AlertState.SENT] * 36)
    assert sender.sent == 36
    for number in range(1, 13):
        mine = [
            message.plain.splitlines()[0]
            for address, message in office.output.sent
            if address.chat_id == number
        ]
        assert mine == ["Title 0", "Title 1", "Title 2"]
    assert all(alert.in_english and alert.message_id and alert.sent_at for alert in await office.outbox())
    async with office.running():
        await asyncio.sleep(0.05)
    assert len(office.output.sent) == 36


async def test_an_alert_is_sent_as_soon_as_somebody_calls(small: Office) -> None:
    chat = await add_chat(small.database, small.now)
    sender = small.sender()
    sender._idle_s = 60
    async with small.running(sender):
        await asyncio.sleep(0.05)
        await ready_alert(small.database, small.now, 0, [chat.id])
        small.wake.set()
        await small.until("sent")


async def test_a_slow_chat_does_not_hold_up_the_others(small: Office) -> None:
    class SlowForOne(Recorder):
        async def send(self, address: Address, message: Message) -> int:
            if address.chat_id == 1:
                await asyncio.Event().wait()
            return await super().send(address, message)

    small.output = SlowForOne()
    ids = [(await add_chat(small.database, small.now, number)).id for number in range(1, 4)]
    await ready_alert(small.database, small.now, 0, ids)
    task = asyncio.create_task(small.sender().run(small.wake, small.stopping))
    await small.until("sending", "sent", "sent")
    task.cancel()
    await asyncio.wait([task])


class TestLateEnglish:
    async def test_before_the_alert_is_taken_it_is_the_only_message(self, office: Office) -> None:
        article_id = await self.untranslated(office)
        await translate_late(office.database, article_id, office.now)
        async with office.running():
            await office.until("sent")
        assert await office.titles() == ["Late title"]
        assert office.output.edited == []

    async def test_while_the_alert_is_on_its_way_it_is_edited_in_afterwards(self, office: Office) -> None:
        article_id = await self.untranslated(office)
        office.output.gate = asyncio.Event()
        async with office.running():
            await office.until("sending")
            assert await translate_late(office.database, article_id, office.now) == 1
            await asyncio.sleep(0.05)
            office.output.gate.set()
            await office.until("sent", "sent")
        await self.was_edited_once(office)

    async def test_after_the_alert_it_is_edited_in(self, office: Office) -> None:
        article_id = await self.untranslated(office)
        async with office.running():
            await office.until("sent")
            await translate_late(office.database, article_id, office.now)
            office.wake.set()
            await office.until("sent", "sent")
        await self.was_edited_once(office)

    async def test_an_alert_put_off_and_then_translated_goes_out_in_english_only(
        self, office: Office
    ) -> None:
        article_id = await self.untranslated(office)
        office.output.gate = asyncio.Event()
        office.output.failures = [Throttled("chat", retry_after_s=30)]
        async with office.running():
            await office.until("sending")
            await translate_late(office.database, article_id, office.now)
            office.output.gate.set()
            await happens(lambda: not office.output.failures)
            await office.until("pending", "pending")
            office.now += MINUTE
            await office.until("sent", "dropped")
        assert await office.titles() == ["Late title"]
        assert office.output.edited == []

    async def test_an_edit_that_fails_for_a_while_is_tried_again(self, small: Office) -> None:
        article_id = await self.untranslated(small)
        async with small.running():
            await small.until("sent")
        await translate_late(small.database, article_id, small.now)
        small.output.failures = [Throttled("chat", retry_after_s=5)]
        async with small.running():
            await happens(lambda: not small.output.failures)
            await small.until("sent", "pending")
            small.now += MINUTE
            await small.until("sent", "sent")
        await self.was_edited_once(small)

    async def test_a_message_somebody_deleted_is_left_at_that(self, small: Office) -> None:
        article_id = await self.untranslated(small)
        async with small.running():
            await small.until("sent")
            await translate_late(small.database, article_id, small.now)
            small.output.failures = [MessageGone("chat", "message to edit not found")]
            small.wake.set()
            await small.until("sent", "failed")
        assert (await small.outbox())[0].in_english is False

    async def untranslated(self, office: Office) -> int:
        chat = await add_chat(office.database, office.now)
        return await ready_alert(office.database, office.now, 0, [chat.id])

    async def was_edited_once(self, office: Office) -> None:
        assert await office.titles() == ["Judul 0"]
        [(address, message_id, message)] = office.output.edited
        assert (address.chat_id, message_id) == (100, 1)
        assert message.plain.startswith("Late title")
        assert [alert.in_english for alert in await office.outbox() if alert.kind == "alert"] == [True]


class TestOutcomes:
    @pytest.mark.parametrize(
        ("failure", "later"),
        [
            pytest.param(Throttled("chat", retry_after_s=7), timedelta(seconds=7), id="throttled"),
            pytest.param(NotDelivered("chat", "no connection"), timedelta(seconds=1), id="not delivered"),
            pytest.param(MaybeDelivered("chat", "no answer"), timedelta(seconds=10), id="maybe delivered"),
            pytest.param(MaybeDelivered("chat", "502", probably=False), timedelta(seconds=1), id="hardly"),
        ],
    )
    async def test_what_will_pass_is_tried_again_in_time(
        self, small: Office, failure: DeliveryError, later: timedelta
    ) -> None:
        await self.two_alerts(small)
        small.output.failures = [failure]
        async with small.running():
            await happens(lambda: not small.output.failures)
            await small.until("pending", "pending")
            assert (await small.outbox())[0].not_before == small.now + later
            small.now += later - timedelta(milliseconds=1)
            await asyncio.sleep(0.05)
            assert small.output.sent == []
            small.now += timedelta(milliseconds=1)
            await small.until("sent", "sent")
        assert await small.titles() == ["Judul 0", "Judul 1"]

    @pytest.mark.parametrize("failure", [ChatGone("chat", "blocked"), TopicGone("topic", "closed")])
    async def test_a_chat_that_is_gone_is_left_with_its_settings(
        self, small: Office, failure: DeliveryError
    ) -> None:
        await self.two_alerts(small)
        small.output.failures = [failure]
        async with small.running():
            await small.until("dropped", "dropped")
        async with small.database.read() as session:
            chat = await chats.find(session, chats.ChatKey("telegram", 100))
            assert chat is not None
            assert chat.state == ChatState.GONE
            assert len(await subscriptions.of_chat(session, chat.id)) == 1
        assert small.output.sent == []

    async def test_poison_ends_as_failed_and_those_behind_it_go_out(self, small: Office) -> None:
        await self.two_alerts(small)
        small.output.failures = [Rejected("chat", "can't parse entities")]
        async with small.running():
            await small.until("failed", "sent")
        assert "can't parse entities" in ((await small.outbox())[0].error or "")

    async def test_a_migrated_group_gets_its_alert_under_its_new_id(self, office: Office) -> None:
        await self.two_alerts(office, -5)
        office.output.failures = [ChatMigrated("chat -5", "upgraded", new_chat_id=-1005)]
        async with office.running():
            await office.until("sent", "sent")
        assert [address.chat_id for address, _ in office.output.sent] == [-1005, -1005]

    async def test_an_alert_its_new_self_already_has_does_not_come_twice(self, office: Office) -> None:
        old = await add_chat(office.database, office.now, -5)
        twin = await add_chat(office.database, office.now, -1005)
        await ready_alert(office.database, office.now, 0, [old.id, twin.id])

        class Migrated(Recorder):
            async def send(self, address: Address, message: Message) -> int:
                if address.chat_id == -5:
                    raise ChatMigrated("chat -5", "upgraded", new_chat_id=-1005)
                return await super().send(address, message)

        office.output = Migrated()
        async with office.running():
            await office.until("sent")
        assert [address.chat_id for address, _ in office.output.sent] == [-1005]

    async def two_alerts(self, office: Office, chat_id: int = 100) -> None:
        chat = await add_chat(office.database, office.now, chat_id)
        for number in range(2):
            await ready_alert(office.database, office.now, number, [chat.id])


class TestOutage:
    async def test_while_the_server_is_away_few_alerts_are_tried_and_none_is_lost(
        self, small: Office
    ) -> None:
        class Away(Recorder):
            away = True
            tries = 0

            async def send(self, address: Address, message: Message) -> int:
                self.tries += 1
                await asyncio.sleep(0)
                if self.away:
                    raise NotDelivered("Telegram", "connection refused")
                return await super().send(address, message)

        small.output = output = Away()
        ids = [(await add_chat(small.database, small.now, number)).id for number in range(1, 31)]
        await ready_alert(small.database, small.now, 0, ids)
        with structlog.testing.capture_logs() as logs:
            async with small.running() as sender:
                await happens(lambda: output.tries >= 8)
                await asyncio.sleep(0.1)
                assert output.tries == 8  # those on their way together; the rest is not even taken
                assert sender._outage_attempts == 1  # and together they are one failure
                assert "Telegram" in small.reachability.down
                output.away = False
                small.now += MINUTE
                await small.until(*["sent"] * 30)
        assert small.reachability.down == {}
        said = [entry["event"] for entry in logs if entry["log_level"] in ("info", "warning")]
        assert said == ["cannot_reach", "reachable_again"]
        assert len(output.sent) == 30

    async def test_a_database_that_was_away_is_said_to_be_back(self, small: Office) -> None:
        small.reachability.report("Database", ok=False, reason="refused")
        async with small.running():
            await happens(lambda: not small.reachability.down)


class TestStop:
    async def test_a_wrong_token_ends_the_run_and_keeps_every_alert(self, office: Office) -> None:
        chat = await add_chat(office.database, office.now)
        for number in range(2):
            await ready_alert(office.database, office.now, number, [chat.id])
        stop = Stop("TELEGRAM_TOKEN", "Telegram does not know this token")
        office.output.failures = [stop]
        with pytest.raises(Stop) as caught:
            await office.sender().run(office.wake, office.stopping)
        assert caught.value is stop
        assert await office.states() == ["pending", "pending"]
        async with office.running():  # with the right one
            await office.until("sent", "sent")

    async def test_a_closed_terminal_ends_the_run_and_keeps_the_alert(self, small: Office) -> None:
        reading, writing = os.pipe()
        os.close(reading)
        chat = await add_chat(small.database, small.now)
        await ready_alert(small.database, small.now, 0, [chat.id])
        stream = io.TextIOWrapper(io.FileIO(writing, "w"), encoding="utf-8")
        with pytest.raises(Stop, match="closed"):
            await small.sender(ConsoleOutput(stream)).run(small.wake, small.stopping)
        assert await small.states() == ["pending"]
        with suppress(BrokenPipeError):
            stream.close()

    async def test_what_is_on_its_way_is_waited_for(self, office: Office) -> None:
        chat = await add_chat(office.database, office.now)
        for number in range(2):
            await ready_alert(office.database, office.now, number, [chat.id])
        office.output.gate = asyncio.Event()
        task = asyncio.create_task(office.sender().run(office.wake, office.stopping))
        await office.until("sending", "pending")
        office.stopping.set()
        await asyncio.sleep(0.05)
        assert not task.done()
        office.output.gate.set()
        await task
        assert await office.states() == ["sent", "pending"]

    async def test_one_who_does_not_wait_loses_nothing_and_nothing_goes_out_behind_his_back(
        self, office: Office
    ) -> None:
        chat = await add_chat(office.database, office.now)
        await ready_alert(office.database, office.now, 0, [chat.id])
        office.output.gate = asyncio.Event()
        task = asyncio.create_task(office.sender().run(office.wake, office.stopping))
        await office.until("sending")
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
        async with office.database.write() as session:
            await release(session, "test")
        office.output.gate.set()
        await asyncio.sleep(0.02)
        assert office.output.sent == []
        async with office.running():
            await office.until("sent")
        assert len(office.output.sent) == 1

    async def test_a_sender_that_died_after_sending_sends_once_more_when_its_lease_is_over(
        self, office: Office
    ) -> None:
        """There is no way to know: at least once is promised."""

        class PowerCut(BaseException):
            pass

        def cut(milestone: Milestone) -> None:
            if milestone is Milestone.DELIVERED:
                raise PowerCut

        chat = await add_chat(office.database, office.now)
        await ready_alert(office.database, office.now, 0, [chat.id])
        dying = office.sender(passing=cut)
        assert await dying._start_some(0.0) == 1
        [task] = dying._in_flight.values()
        with pytest.raises(PowerCut):
            await task
        async with office.running():
            await asyncio.sleep(0.05)
            assert len(office.output.sent) == 1
            office.now += 3 * MINUTE
            await office.until("sent")
        assert len(office.output.sent) == 2


class TestFaults:
    async def test_a_fault_in_one_alert_stops_no_other_and_is_not_repeated_for_ever(
        self, office: Office
    ) -> None:
        one, two = [await add_chat(office.database, office.now, number) for number in (1, 2)]
        for number in range(2):
            await ready_alert(office.database, office.now, number, [one.id, two.id])
        async with office.database.write() as session:
            poison = update(Alert).where(Alert.chat_id == one.id, Alert.id <= 2)
            await session.execute(poison.values(why=[{"no": "such view"}]))
        first = [alert.id for alert in await office.outbox() if alert.why == [{"no": "such view"}]]
        assert len(first) == 1

        async def state_of(alert_id: int) -> Alert:
            async with office.database.read() as session:
                return await session.get_one(Alert, alert_id)

        with structlog.testing.capture_logs() as logs:
            async with office.running():
                async with asyncio.timeout(10):
                    while (alert := await state_of(first[0])).state != AlertState.FAILED:
                        office.now += timedelta(seconds=5)
                        await asyncio.sleep(0.01)
                await office.until(
                    *("failed" if one.id == first[0] else "sent" for one in await office.outbox())
                )
        assert alert.attempts == MAX_FAULTY_ATTEMPTS
        assert "KeyError" in (alert.error or "")
        faults = [entry for entry in logs if entry["event"] == "alert_fault"]
        assert len(faults) == MAX_FAULTY_ATTEMPTS
        assert len(office.output.sent) == 3


class TestTelegram:
    """The whole way, against the strict Bot API with its limits on."""

    async def test_alerts_arrive_once_each_are_edited_and_never_too_fast(self, office: Office) -> None:
        async with BotApi(TOKEN, limits=True) as api:
            ids = []
            for number in range(1, 6):
                api.add_chat(number)
                ids.append((await add_chat(office.database, office.now, number)).id)
            api.add_chat(-5, "group")
            group = await add_chat(office.database, office.now, -5)
            first = await ready_alert(office.database, office.now, 0, [*ids, group.id])
            api.migrate(-5, -1005)
            async with (
                build_bot(TOKEN, api.url) as bot,
                office.running(office.sender(TelegramOutput(bot), pacer=Pacer())),
            ):
                await office.until(*["sent"] * 6)
                await translate_late(office.database, first, office.now)
                office.wake.set()
                await office.until(*["sent"] * 12)
            assert api.refused == 0
            assert sorted(sent.chat_id for sent in api.messages) == [-1005, 1, 2, 3, 4, 5]
            assert all(sent.text_plain.startswith("Judul 0") for sent in api.messages)
            assert all(sent.current.startswith("Late title") for sent in api.messages)
            assert all(len(sent.edits) == 1 for sent in api.messages)

    async def test_a_blocked_bot_and_a_server_that_is_away(self, small: Office) -> None:
        async with BotApi(TOKEN) as api:
            for number in (1, 2):
                api.add_chat(number)
                chat = await add_chat(small.database, small.now, number)
                await ready_alert(small.database, small.now, number, [chat.id])
            api.block(1)
            async with build_bot(TOKEN, api.url) as bot:
                async with api.unreachable(), small.running(small.sender(TelegramOutput(bot))):
                    await happens(lambda: "Telegram" in small.reachability.down)
                    await small.until("pending", "pending")
                small.now += MINUTE
                async with small.running(small.sender(TelegramOutput(bot))):
                    await small.until("dropped", "sent")
            assert [sent.chat_id for sent in api.messages] == [2]


async def test_alerts_are_marked_with_what_the_reader_has_before_him(small: Office) -> None:
    chat = await add_chat(small.database, small.now)
    await ready_alert(small.database, small.now, 0, [chat.id])
    await ready_alert(small.database, small.now, 1, [chat.id], english=True)
    async with small.running():
        await small.until("sent", "sent")
    async with small.database.read() as session:
        rows = await alerts.latest(session, chat.id, limit=9)
    assert [alert.in_english for alert, _, _ in rows] == [True, False]
