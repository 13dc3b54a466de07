"""Listening: Telegram down, back, somebody else's, or not to be convinced."""

from __future__ import annotations

import asyncio
import json
import traceback
from collections.abc import AsyncIterator
from datetime import datetime

import pytest
import structlog

from bot.chat.listener import CONFLICTS, ListeningStopped
from bot.chat.menu import COMMANDS, menus
from bot.language.concepts import Concepts
from storage.database import Database
from tests.chat.talk import SECRET, TOKEN, Talk, talking
from tests.standins.bot_api import BotApi

SARI = 100


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    async with BotApi(TOKEN) as api:
        api.add_chat(SARI)
        yield api


async def has_tried(talk: Talk, times: int) -> None:
    """Waits until so many tries have failed."""

    async def reached() -> bool:
        return sum(not ok for ok, _ in talk.reports) >= times

    await talk.until(reached)


async def test_the_commands_stand_in_telegrams_menus(
    api: BotApi, database: Database, concepts: Concepts, now: datetime
) -> None:
    async with talking(api, database, concepts, now, operators=[SARI]) as talk:
        await talk.ask(SARI, SARI, "/help")
    menus = {
        (json.loads(scope)["type"], language): {entry["command"]: entry["description"] for entry in menu}
        for (scope, language), menu in api.commands.items()
    }
    everybody, all_of_it = (
        {"list", "latest", "saved", "muted", "preview", "why", "feeds", "help"},
        {name for name, _ in COMMANDS},
    )
    for language in ("", "id", "ru"):
        assert set(menus["all_group_chats", language]) == everybody
        for scope in ("default", "all_private_chats", "all_chat_administrators"):
            assert set(menus[scope, language]) == all_of_it
        assert set(menus["chat", language]) == all_of_it | {"addfeed", "removefeed"}
    assert menus["all_private_chats", ""]["list"] == "What is followed here"
    assert menus["all_private_chats", "id"]["list"] == "Apa yang diikuti di sini"
    assert menus["all_private_chats", "ru"]["list"] == "За чем здесь следят"


async def test_only_wanted_kinds_of_updates_are_asked_for(
    api: BotApi, database: Database, concepts: Concepts, now: datetime
) -> None:
    async with talking(api, database, concepts, now) as talk:
        await talk.ask(SARI, SARI, "/help")
    asked = [parameters for method, parameters in api.requests if method == "getUpdates"]
    assert all("my_chat_member" in parameters["allowed_updates"] for parameters in asked)
    assert not any("edited" in parameters["allowed_updates"] for parameters in asked)


@pytest.mark.parametrize("way", ["refused", "gateway"])
async def test_telegram_is_down_at_the_start_and_comes_up(
    api: BotApi, database: Database, concepts: Concepts, now: datetime, way: str
) -> None:
    with structlog.testing.capture_logs() as logs:
        if way == "refused":
            async with api.unreachable():
                conversation = talking(api, database, concepts, now)
                talk = await conversation.__aenter__()
                await has_tried(talk, 3)
        else:
            api.down = True
            conversation = talking(api, database, concepts, now)
            talk = await conversation.__aenter__()
            await has_tried(talk, 3)
            api.down = False
        try:
            assert "Following" in await talk.ask(SARI, SARI, "/subscribe nickel")
        finally:
            await conversation.__aexit__(None, None, None)
    assert talk.slept[:3] == [1.0, 2.0, 4.0]
    assert talk.reports[-1] == (True, "")
    assert all(reason for ok, reason in talk.reports if not ok)
    assert SECRET not in f"{talk.reports}{logs}"


async def test_telegram_goes_away_and_comes_back(
    api: BotApi, database: Database, concepts: Concepts, now: datetime
) -> None:
    async with talking(api, database, concepts, now) as talk:
        await talk.ask(SARI, SARI, "/subscribe nickel")
        async with api.unreachable():
            await has_tried(talk, 2)
        assert "1. nickel" in await talk.ask(SARI, SARI, "/list")
        assert talk.reports[-1] == (True, "")
        # The pauses begin anew with the next outage.
        tried = len(talk.slept)
        async with api.unreachable():
            await has_tried(talk, len([ok for ok, _ in talk.reports if not ok]) + 1)
        assert talk.slept[tried] == 1.0


@pytest.mark.parametrize("wrong", ["123456:AA-another_secret", "999:AA-another_secret"])
async def test_a_wrong_token_ends_listening_with_words_that_do_not_hold_it(
    api: BotApi, database: Database, concepts: Concepts, now: datetime, wrong: str
) -> None:
    with structlog.testing.capture_logs() as logs:
        async with talking(api, database, concepts, now, token=wrong) as talk:
            with pytest.raises(ListeningStopped, match="does not know this token") as caught:
                await talk.listener.wait()
    assert "BotFather" in str(caught.value)
    assert talk.reports == [(False, str(caught.value))]
    assert talk.slept == []
    shown = "".join(traceback.format_exception(caught.value))
    assert "another_secret" not in f"{shown}{logs}{talk.reports}"
    assert caught.value.__context__ is None


async def test_a_token_that_is_withdrawn_ends_listening(
    api: BotApi, database: Database, concepts: Concepts, now: datetime
) -> None:
    async with talking(api, database, concepts, now) as talk:
        await talk.ask(SARI, SARI, "/help")
        api.fail_next("getUpdates", 401, "Unauthorized", times=9)
        talk.api.say(SARI, SARI, "/list")
        with pytest.raises(ListeningStopped, match="does not know this token"):
            await talk.listener.wait()


async def test_a_second_program_on_the_token_is_waited_out_a_while_then_it_is_an_end(
    api: BotApi, database: Database, concepts: Concepts, now: datetime
) -> None:
    api.fail_next("getUpdates", 409, "Conflict: terminated by other getUpdates request", times=CONFLICTS)
    async with talking(api, database, concepts, now) as talk:
        with pytest.raises(ListeningStopped, match="another program uses the same token"):
            await talk.listener.wait()
        assert talk.slept == [3.0, 6.0, 12.0, 24.0]


async def test_a_process_that_ends_at_a_restart_is_no_second_program(
    api: BotApi, database: Database, concepts: Concepts, now: datetime
) -> None:
    api.fail_next("getUpdates", 409, "Conflict: terminated by other getUpdates request", times=CONFLICTS - 1)
    async with talking(api, database, concepts, now) as talk:
        assert "Commands" in await talk.ask(SARI, SARI, "/help")
        assert talk.reports[-1] == (True, "")


async def test_a_stranger_who_answers_in_telegrams_place_is_waited_out(
    api: BotApi, database: Database, concepts: Concepts, now: datetime
) -> None:
    api.fail_next("getMe", 203, body=b'{"login": "please"}')
    async with talking(api, database, concepts, now) as talk:
        assert "Commands" in await talk.ask(SARI, SARI, "/help")


async def test_telegrams_own_waits_are_kept(
    api: BotApi, database: Database, concepts: Concepts, now: datetime
) -> None:
    api.fail_next("getUpdates", 429, "Too Many Requests: retry after 5", retry_after=5)
    async with talking(api, database, concepts, now) as talk:
        assert "Commands" in await talk.ask(SARI, SARI, "/help")
        assert talk.slept == [5.0]


async def test_a_menu_that_is_refused_does_not_keep_the_others_from_being_set(
    api: BotApi, database: Database, concepts: Concepts, now: datetime
) -> None:
    api.fail_next("setMyCommands", 400, "Bad Request: BOT_COMMAND_INVALID")
    async with talking(api, database, concepts, now) as talk:
        assert "Commands" in await talk.ask(SARI, SARI, "/help")
    assert len(api.commands) == len(menus(())) - 1


async def test_menus_that_telegram_has_enough_of_do_not_keep_the_bot_from_answering(
    api: BotApi, database: Database, concepts: Concepts, now: datetime
) -> None:
    api.fail_next("setMyCommands", 429, "Too Many Requests: retry after 500", retry_after=500)
    async with talking(api, database, concepts, now) as talk:
        assert "Commands" in await talk.ask(SARI, SARI, "/help")
        assert talk.slept == []
    assert not api.commands


async def test_a_stop_confirms_what_was_answered_so_that_nothing_is_done_twice(
    api: BotApi, database: Database, concepts: Concepts, now: datetime
) -> None:
    async with talking(api, database, concepts, now) as talk:
        await talk.ask(SARI, SARI, "/subscribe nickel")
        await talk.ask(SARI, SARI, "/unsubscribe 1")
    assert api.pending_updates == 0
    api.say(SARI, SARI, "/list")  # while nobody listens
    async with talking(api, database, concepts, now) as talk:
        await talk.heard(SARI, 2)
    assert "You follow nothing." in api.sent_to(SARI)[2].text_plain
    assert len(api.sent_to(SARI)) == 3


async def test_a_stop_does_not_wait_for_an_answer_telegram_holds_up(
    api: BotApi, database: Database, concepts: Concepts, now: datetime
) -> None:
    async with asyncio.timeout(8), talking(api, database, concepts, now, finish_s=0.05) as talk:
        await talk.ask(SARI, SARI, "/digest")
        api.fail_next("sendMessage", 200, hang_s=60)
        api.say(SARI, SARI, "/list")
        api.say(SARI, SARI, "/list")

        async def asked() -> bool:
            return sum(method == "sendMessage" for method, _ in api.requests) == 2

        await talk.until(asked)


async def test_a_stop_before_telegram_ever_answered_is_quiet(
    api: BotApi, database: Database, concepts: Concepts, now: datetime
) -> None:
    async with api.unreachable(), talking(api, database, concepts, now) as talk:
        await has_tried(talk, 1)
    await talk.listener.wait()
    assert not any(ok for ok, _ in talk.reports)
