"""Telegram's menu of commands: for whom which, in each language. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from telegram import (
    BotCommand,
    BotCommandScope,
    BotCommandScopeAllChatAdministrators,
    BotCommandScopeAllGroupChats,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeChat,
    BotCommandScopeDefault,
)

from bot.phrase import Phrase
from bot.speech import LANGUAGES, Speech

COMMANDS: tuple[tuple[str, Phrase], ...] = (
    ("subscribe", Phrase("Follow a query, like #rare_earths")),
    ("unsubscribe", Phrase("Stop following: a number of /list, or all")),
    ("list", Phrase("What is followed here")),
    ("digest", Phrase("A daily digest: 08:00 Jakarta, or off")),
    ("latest", Phrase("The newest alerts again")),
    ("saved", Phrase("The alerts that were saved here")),
    ("muted", Phrase("What is muted here")),
    ("preview", Phrase("What a query would have brought in the last 7 days")),
    ("why", Phrase("Why an alert came: reply to it with /why")),
    ("feeds", Phrase("What is read, and how each feed stands")),
    ("language", Phrase("The language I speak here: en, id or ru")),
    ("help", Phrase("How to write a query, and all commands")),
)
"""Name, description (at most 256 characters in any language)."""
OPERATORS_COMMANDS: tuple[tuple[str, Phrase], ...] = (
    ("addfeed", Phrase("Read one more feed")),
    ("removefeed", Phrase("Read one feed fewer")),
)
CHANGING = frozenset({"subscribe", "unsubscribe", "digest", "language"})
"""What only administrators do in a group."""


@dataclass(frozen=True, slots=True)
class Menu:
    """The commands for one scope; without a language for all that have no menu of their own."""

    scope: BotCommandScope
    language: str | None
    commands: tuple[BotCommand, ...]


def menus(operators: Collection[int]) -> list[Menu]:
    """All menus there are.

    Args:
        operators: Telegram's ids of people, which are those of their private chats with the bot.
    """
    harmless = tuple(command for command in COMMANDS if command[0] not in CHANGING)
    by_scope: list[tuple[BotCommandScope, tuple[tuple[str, Phrase], ...]]] = [
        (BotCommandScopeDefault(), COMMANDS),
        (BotCommandScopeAllPrivateChats(), COMMANDS),
        (BotCommandScopeAllGroupChats(), harmless),
        (BotCommandScopeAllChatAdministrators(), COMMANDS),
        *(
            (BotCommandScopeChat(operator), (*COMMANDS, *OPERATORS_COMMANDS))
            for operator in sorted(operators)
        ),
    ]
    return [
        # English without its name: a menu of no language is also for all the languages we don't speak.
        Menu(scope, None if language == "en" else language, _said(commands, Speech.of(language)))
        for scope, commands in by_scope
        for language in LANGUAGES
    ]


def _said(commands: tuple[tuple[str, Phrase], ...], speech: Speech) -> tuple[BotCommand, ...]:
    return tuple(BotCommand(name, speech.say(description)) for name, description in commands)
