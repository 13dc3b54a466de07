"""Telegram as the program meets it: a strict Bot API server on loopback, and a person's hands on the other
side of it.

It refuses what Telegram refuses, in Telegram's words, and keeps what Telegram keeps (updates until they are
confirmed). It speaks plain HTTP, so the program under test may be in this process or in another one.
"""

from __future__ import annotations

import asyncio
import json
import math
import re
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Literal, Self

from aiohttp import web

from tests.standins import telegram_html
from tests.standins.telegram_html import Entity, utf16_length

ChatType = Literal["private", "group", "supergroup", "channel"]
Json = dict[str, Any]

TEXT_LIMIT = 4096  # code points after entities are parsed
ENTITY_LIMIT = 100  # the rest is ignored
ENTITY_BYTES_LIMIT = 9_500  # the rest is ignored
CALLBACK_DATA_LIMIT = 64  # bytes
COMMAND = re.compile(r"(?<![\w/])/([A-Za-z0-9_]{1,64})(?:@(\w+))?")
ANONYMOUS_ADMIN = 1087968824  # @GroupAnonymousBot
NOT_MODIFIED = (
    "Bad Request: message is not modified: specified new message content and reply markup "
    "are exactly the same as a current content and reply markup of the message"
)
CONFLICT = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
GATEWAY_PAGE = b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>nginx</body>\r\n</html>\r\n"
ADMIN_RIGHTS = [
    "can_be_edited",
    "can_manage_chat",
    "can_delete_messages",
    "can_manage_video_chats",
    "can_restrict_members",
    "can_promote_members",
    "can_change_info",
    "can_invite_users",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
]


@dataclass(frozen=True, slots=True)
class Edit:
    """One successful editMessageText."""

    text_html: str
    text_plain: str
    at: float


@dataclass(slots=True)
class Sent:
    """One message that the bot sent.

    `text_html` and `text_plain` are those it was sent with, `current` is the text a reader sees now; `at`
    is a moment of the server's clock.
    """

    chat_id: int
    message_id: int
    text_html: str
    text_plain: str
    entities: tuple[Entity, ...]
    thread_id: int | None
    at: float
    preview_disabled: bool
    reply_markup: Json | None = None
    preview: Json = field(default_factory=dict)
    edits: list[Edit] = field(default_factory=list)
    deleted: bool = False

    @property
    def current(self) -> str:
        return self.edits[-1].text_plain if self.edits else self.text_plain


@dataclass(slots=True)
class Chat:
    """A chat as the server knows it. `status` is the bot's own in it."""

    id: int
    type: ChatType
    title: str | None
    admins: set[int]
    members: set[int]
    topics: dict[int, Literal["open", "closed"]]
    forum: bool
    status: str = "member"
    migrated_to: int | None = None
    allowance: float = 3.0  # of the burst of a private chat
    allowance_at: float = 0.0
    recent: deque[float] = field(default_factory=deque)  # what a group took in the last minute


@dataclass(slots=True)
class Fault:
    """What happens to the next requests of a method instead of their answer."""

    status: int
    description: str
    parameters: Json
    times: int
    body: bytes | None
    delivered: bool
    hang_s: float


class ApiError(Exception):
    """An answer that is not ok."""

    def __init__(self, status: int, description: str, **parameters: object) -> None:
        super().__init__(description)
        self.status, self.description, self.parameters = status, description, parameters


class BotApi:
    """``async with BotApi(token) as api:`` serves until the block ends.

    Args:
        token: the only one it knows.
        username: of the bot.
        limits: answer 429 beyond 30 messages/s, 1/s a private chat (bursts of 3) and 20/min a group or
            channel.
        clock: seconds; for the limits and the times of messages.

    Attributes:
        messages: everything the bot sent that was accepted, in order.
        requests: every request that came with the right token: (method, parameters).
        refused: how many requests got a 429 from the limits.
        down: while True everything is answered like Telegram's front without a Bot API behind it: 502 and a
            page.
        enforce_limits: as `limits`, and may be switched.
        commands: what setMyCommands set, by (scope as JSON, language).
    """

    def __init__(
        self,
        token: str,
        *,
        username: str = "rarewatch_bot",
        limits: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.token = token
        self.username = username
        self.bot_id = int(token.split(":")[0])
        self.enforce_limits = limits
        self.clock = clock
        self.messages: list[Sent] = []
        self.requests: list[tuple[str, Json]] = []
        self.refused = 0
        self.down = False
        self.webhook_url = ""
        self.commands: dict[tuple[str, str], list[Json]] = {}
        self.answers: list[Json] = []
        self.chats: dict[int, Chat] = {}
        self._updates: deque[Json] = deque()
        self._update_id = 0
        self._message_id = 0
        self._allowed_updates: list[str] = []
        self._poll = 0  # the number of the latest getUpdates; an older one still waiting has lost
        self._queries: dict[str, bool] = {}
        self._faults: dict[str, deque[Fault]] = {}
        self._recent: deque[float] = deque()
        self._changed = asyncio.Event()
        self._crashes: list[Exception] = []
        self._closing = False
        self._port = 0
        self._site: web.TCPSite | None = None
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._handle)
        # A long poll must not hold up the end of a test.
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)

    # ------------------------------------------------------------------ the server

    @property
    def url(self) -> str:
        """The `base_url` for python-telegram-bot."""
        return f"http://127.0.0.1:{self._port}/bot"

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        await self._listen()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing = True
        self._touch()
        await self._runner.cleanup()
        if self._crashes and error is None:
            raise self._crashes[0]

    async def _listen(self) -> None:
        self._site = web.TCPSite(self._runner, "127.0.0.1", self._port, reuse_address=True)
        await self._site.start()
        self._port = self._runner.addresses[0][1]

    @asynccontextmanager
    async def unreachable(self) -> AsyncIterator[None]:
        """Within this block connections are refused and open ones cut; afterwards the port is the same."""
        assert self._site is not None
        assert self._runner.server is not None
        await self._site.stop()
        for connection in list(self._runner.server.connections):
            if connection.transport is not None:
                connection.transport.abort()
        while self._runner.server.connections:  # noqa: ASYNC110 - closed by the loop's next turns
            await asyncio.sleep(0)
        try:
            yield
        finally:
            await self._listen()

    # ------------------------------------------------------------------ what a test does

    def add_chat(
        self,
        id: int,
        type: ChatType = "private",
        title: str | None = None,
        *,
        admins: Iterable[int] = (),
        members: Iterable[int] = (),
        topics: Iterable[int] = (),
    ) -> Chat:
        """A chat with the bot in it, in a channel as an administrator; topics make it a forum."""
        if (id > 0) != (type == "private"):
            raise ValueError(f"Telegram gives positive ids to private chats only: {id} {type}")
        open_topics: dict[int, Literal["open", "closed"]] = dict.fromkeys(topics, "open")
        chat = Chat(id, type, title, set(admins), set(members), open_topics, bool(open_topics))
        if type == "private":
            chat.members.add(id)
        if type == "channel":
            chat.status = "administrator"
        self.chats[id] = chat
        return chat

    def say(
        self,
        chat_id: int,
        user_id: int,
        text: str,
        thread_id: int | None = None,
        *,
        reply_to: int | None = None,
        language: str = "en",
        anonymous: bool = False,
    ) -> int | None:
        """A person writes. Returns the update's id, or None when Telegram would not show it to the bot.

        In groups a bot that is no administrator sees commands (not those to another bot) and replies to
        itself only.

        Args:
            chat_id: a chat that was added; a private one is added by writing, as pressing Start does.
            user_id: who writes; in a group becomes a member.
            text: commands in it get their entities.
            thread_id: the forum topic.
            reply_to: id of one of the bot's messages.
            language: the person's language code.
            anonymous: as an administrator who writes in the group's name.
        """
        if chat_id == user_id and chat_id not in self.chats:
            self.add_chat(chat_id)
        chat = self.chats[chat_id]
        entities, names = _commands(text)
        if chat.type in {"group", "supergroup"}:
            chat.members.add(user_id)
            addressed = any(name is None or name.lower() == self.username.lower() for name in names)
            if not (addressed or reply_to is not None or chat.status == "administrator"):
                return None
        message: Json = {
            "message_id": self._next_message_id(),
            "date": int(time.time()),
            "chat": self._chat_json(chat),
            "text": text,
        }
        if chat.type != "channel":
            message["from"] = {**_user(user_id), "language_code": language}
        if anonymous:
            message["from"] = {
                "id": ANONYMOUS_ADMIN,
                "is_bot": True,
                "first_name": "Group",
                "username": "GroupAnonymousBot",
            }
            message["sender_chat"] = self._chat_json(chat)
        if entities:
            message["entities"] = entities
        if thread_id is not None:
            message |= {"message_thread_id": thread_id, "is_topic_message": True}
        if reply_to is not None:
            message["reply_to_message"] = self._sent_json(self._find(chat_id, reply_to))
        return self._enqueue("channel_post" if chat.type == "channel" else "message", message)

    def press(self, chat_id: int, user_id: int, message_id: int, data: str) -> str:
        """A person presses a button under one of the bot's messages; returns the callback query's id."""
        query_id = str(7_000_000 + len(self._queries))
        self._queries[query_id] = False
        message = self._sent_json(self._find(chat_id, message_id))
        query = {"id": query_id, "from": _user(user_id), "message": message, "chat_instance": str(chat_id)}
        self._enqueue("callback_query", {**query, "data": data})
        return query_id

    def block(self, chat_id: int, *, by: int | None = None) -> None:
        """The person blocks the bot, or the group removes it: sends fail with 403, and the bot is told."""
        self._member_changed(self.chats[chat_id], "kicked", by)

    def unblock(self, chat_id: int, *, by: int | None = None) -> None:
        """The reverse of `block`; also an administrator of a group adds the bot."""
        self._member_changed(self.chats[chat_id], "member", by)

    def migrate(self, chat_id: int, new_chat_id: int) -> None:
        """The group becomes a supergroup: the old id answers with the new one, and the bot is told."""
        old = self.chats[chat_id]
        new = self.add_chat(new_chat_id, "supergroup", old.title, admins=old.admins, members=old.members)
        old.migrated_to = new.id
        for chat, extra in (
            (old, {"migrate_to_chat_id": new.id}),
            (new, {"migrate_from_chat_id": old.id}),
        ):
            base = {"message_id": self._next_message_id(), "date": int(time.time())}
            sender = _user(min(old.admins, default=1))
            self._enqueue("message", {**base, "chat": self._chat_json(chat), "from": sender, **extra})

    def delete_message(self, chat_id: int, message_id: int) -> None:
        """A person deletes one of the bot's messages."""
        self._find(chat_id, message_id).deleted = True

    def fail_next(
        self,
        method: str,
        status: int,
        description: str = "",
        *,
        retry_after: float | None = None,
        times: int = 1,
        migrate_to: int | None = None,
        body: bytes | None = None,
        delivered: bool = False,
        hang_s: float = 0,
    ) -> None:
        """The next `times` requests of a method fail; later calls of this queue up behind.

        Args:
            method: of the Bot API; ``*`` for any.
            status: of HTTP; 0 cuts the connection without an answer; 200 answers as usual (after `hang_s`).
            description: the answer's.
            retry_after: seconds, in the answer's parameters.
            times: how many requests.
            migrate_to: the new chat id, in the answer's parameters.
            body: sent as it is, in place of JSON: a gateway's page.
            delivered: the request takes effect all the same, and only its answer is lost.
            hang_s: seconds before the answer.
        """
        parameters = {"retry_after": retry_after, "migrate_to_chat_id": migrate_to}
        given = {name: value for name, value in parameters.items() if value is not None}
        fault = Fault(status, description, given, times, body, delivered, hang_s)
        self._faults.setdefault(method.lower(), deque()).append(fault)

    async def wait_for(self, predicate: Callable[[list[Sent]], bool], timeout: float = 10) -> list[Sent]:
        """Wait until `predicate(messages)` holds, after any change here; the messages.

        Raises:
            AssertionError: not within `timeout` seconds; says what had come.
        """
        deadline = asyncio.get_running_loop().time() + timeout
        while not predicate(self.messages):
            left = deadline - asyncio.get_running_loop().time()
            if left <= 0 or not await self._wait(left):
                if predicate(self.messages):
                    break
                listing = "\n".join(f"  to {sent.chat_id}: {sent.current!r}" for sent in self.messages)
                raise AssertionError(
                    f"not within {timeout} s; {len(self.messages)} messages came:\n{listing}"
                )
        return self.messages

    def sent_to(self, chat_id: int, thread_id: int | None = None) -> list[Sent]:
        """The messages in one chat (in one topic of it)."""
        return [
            sent
            for sent in self.messages
            if sent.chat_id == chat_id and (thread_id is None or sent.thread_id == thread_id)
        ]

    @property
    def pending_updates(self) -> int:
        """Updates not confirmed yet."""
        return len(self._updates)

    # ------------------------------------------------------------------ inside

    def _touch(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def _wait(self, timeout_s: float) -> bool:
        try:
            await asyncio.wait_for(self._changed.wait(), timeout_s)
        except TimeoutError:
            return False
        return True

    def _next_message_id(self) -> int:
        self._message_id += 1
        return self._message_id

    def _enqueue(self, kind: str, content: Json) -> int | None:
        if self._allowed_updates and kind not in self._allowed_updates:
            return None
        self._update_id += 1
        self._updates.append({"update_id": self._update_id, kind: content})
        self._touch()
        return self._update_id

    def _find(self, chat_id: int, message_id: int) -> Sent:
        for sent in self.messages:
            if (sent.chat_id, sent.message_id) == (chat_id, message_id):
                return sent
        raise KeyError(f"the bot sent no message {message_id} to chat {chat_id}")

    def _member_changed(self, chat: Chat, status: str, by: int | None) -> None:
        old, chat.status = chat.status, status
        actor = by if by is not None else (chat.id if chat.type == "private" else min(chat.admins, default=1))
        self._enqueue(
            "my_chat_member",
            {
                "chat": self._chat_json(chat),
                "from": _user(actor),
                "date": int(time.time()),
                "old_chat_member": _member(self._me(), old),
                "new_chat_member": _member(self._me(), status),
            },
        )

    def _me(self) -> Json:
        return {"id": self.bot_id, "is_bot": True, "first_name": "Rarewatch", "username": self.username}

    def _chat_json(self, chat: Chat) -> Json:
        if chat.type == "private":
            return {"id": chat.id, "type": chat.type, "first_name": f"User {chat.id}"}
        forum = {"is_forum": True} if chat.forum else {}
        return {"id": chat.id, "type": chat.type, "title": chat.title or f"Chat {chat.id}", **forum}

    def _sent_json(self, sent: Sent) -> Json:
        message: Json = {
            "message_id": sent.message_id,
            "from": self._me(),
            "chat": self._chat_json(self.chats[sent.chat_id]),
            "date": int(time.time()),
            "text": sent.current,
        }
        if sent.entities:
            message["entities"] = [_entity_json(entity) for entity in sent.entities]
        if sent.thread_id is not None:
            message |= {"message_thread_id": sent.thread_id, "is_topic_message": True}
        if sent.edits:
            message["edit_date"] = int(time.time())
        if sent.reply_markup and "inline_keyboard" in sent.reply_markup:
            message["reply_markup"] = sent.reply_markup
        return message

    # ------------------------------------------------------------------ requests

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        if self.down:
            return web.Response(status=502, body=GATEWAY_PAGE, content_type="text/html")
        try:
            result = await self._answer(request)
        except ApiError as error:
            content: Json = {"ok": False, "error_code": error.status, "description": error.description}
            if error.parameters:
                content["parameters"] = error.parameters
            return web.json_response(content, status=error.status)
        except Exception as error:
            self._crashes.append(error)
            raise
        if isinstance(result, web.StreamResponse):
            return result
        return web.json_response({"ok": True, "result": result})

    async def _answer(self, request: web.Request) -> object:
        match = re.fullmatch(r"/bot([^/]+)/(\w+)", request.path)
        if match is None or not re.fullmatch(r"\d+:[\w-]+", match[1]):
            raise ApiError(404, "Not Found")
        if match[1] != self.token:
            raise ApiError(401, "Unauthorized")
        method = match[2]
        parameters = await _parameters(request)
        self.requests.append((method, parameters))
        function = self._methods().get(method.lower())
        if function is None:
            raise ApiError(404, "Not Found: method not found")
        fault = self._next_fault(method)
        if fault is None:
            return await function(parameters)
        if fault.delivered or fault.status == 200:
            result = await function(parameters)
        await self._hang(fault.hang_s)
        if fault.status == 200:
            return result
        if fault.status == 0:
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        if fault.body is not None:
            return web.Response(status=fault.status, body=fault.body, content_type="text/html")
        raise ApiError(fault.status, fault.description, **fault.parameters)

    async def _hang(self, seconds: float) -> None:
        end = asyncio.get_running_loop().time() + seconds
        while not self._closing and (left := end - asyncio.get_running_loop().time()) > 0:
            await self._wait(left)

    def _next_fault(self, method: str) -> Fault | None:
        for key in (method.lower(), "*"):
            if queue := self._faults.get(key):
                fault = queue[0]
                fault.times -= 1
                if fault.times <= 0:
                    queue.popleft()
                return fault
        return None

    def _methods(self) -> dict[str, Callable[[Json], Awaitable[object]]]:
        return {
            "getme": self._get_me,
            "getupdates": self._get_updates,
            "deletewebhook": self._delete_webhook,
            "getwebhookinfo": self._get_webhook_info,
            "setmycommands": self._set_my_commands,
            "getmycommands": self._get_my_commands,
            "deletemycommands": self._delete_my_commands,
            "sendmessage": self._send_message,
            "editmessagetext": self._edit_message_text,
            "sendchataction": self._send_chat_action,
            "getchat": self._get_chat,
            "getchatmember": self._get_chat_member,
            "getchatadministrators": self._get_chat_administrators,
            "answercallbackquery": self._answer_callback_query,
            "leavechat": self._leave_chat,
        }

    async def _get_me(self, parameters: Json) -> object:
        return {
            **self._me(),
            "can_join_groups": True,
            "can_read_all_group_messages": False,
            "supports_inline_queries": False,
        }

    async def _get_updates(self, parameters: Json) -> object:
        if self.webhook_url:
            raise ApiError(
                409,
                "Conflict: can't use getUpdates method while webhook is active; "
                "use deleteWebhook to delete the webhook first",
            )
        offset = _integer(parameters, "offset", 0)
        limit = min(max(_integer(parameters, "limit", 100), 1), 100)
        timeout_s = min(max(_integer(parameters, "timeout", 0), 0), 50)
        if "allowed_updates" in parameters:
            self._allowed_updates = _object(parameters, "allowed_updates", list) or []
        if offset < 0:  # all but the last ones are forgotten
            while len(self._updates) > -offset:
                self._updates.popleft()
        while self._updates and offset > 0 and self._updates[0]["update_id"] < offset:
            self._updates.popleft()
        self._poll += 1
        mine = self._poll
        self._touch()  # an older poll still waiting is terminated by this one
        deadline = asyncio.get_running_loop().time() + timeout_s
        while not self._updates and not self._closing:
            left = deadline - asyncio.get_running_loop().time()
            if left <= 0:
                break
            await self._wait(left)
            if self._poll != mine:
                raise ApiError(409, CONFLICT)
        return list(self._updates)[:limit]

    async def _delete_webhook(self, parameters: Json) -> object:
        self.webhook_url = ""
        if _flag(parameters, "drop_pending_updates"):
            self._updates.clear()
        return True

    async def _get_webhook_info(self, parameters: Json) -> object:
        return {
            "url": self.webhook_url,
            "has_custom_certificate": False,
            "pending_update_count": len(self._updates),
        }

    async def _set_my_commands(self, parameters: Json) -> object:
        commands = _object(parameters, "commands", list)
        if commands is None:
            raise ApiError(400, "Bad Request: commands must be non-empty")
        if len(commands) > 100:
            raise ApiError(400, "Bad Request: BOT_COMMANDS_TOO_MUCH")
        for command in commands:
            if not re.fullmatch(r"[a-z0-9_]{1,32}", str(command.get("command", ""))):
                raise ApiError(400, "Bad Request: BOT_COMMAND_INVALID")
            if not 1 <= len(str(command.get("description", ""))) <= 256:
                raise ApiError(400, "Bad Request: BOT_COMMAND_DESCRIPTION_INVALID")
        self.commands[_command_scope(parameters)] = commands
        self._touch()
        return True

    async def _get_my_commands(self, parameters: Json) -> object:
        return self.commands.get(_command_scope(parameters), [])

    async def _delete_my_commands(self, parameters: Json) -> object:
        self.commands.pop(_command_scope(parameters), None)
        return True

    async def _send_message(self, parameters: Json) -> object:
        chat = self._writable_chat(parameters)
        html, text, entities = _content(parameters)
        thread_id = _integer(parameters, "message_thread_id", 0) or None
        if thread_id is not None:
            state = chat.topics.get(thread_id)
            if state is None:
                raise ApiError(400, "Bad Request: message thread not found")
            if state == "closed":
                raise ApiError(400, "Bad Request: TOPIC_CLOSED")
        markup = _markup(parameters)
        reply = _object(parameters, "reply_parameters", dict)
        if reply is not None and not reply.get("allow_sending_without_reply"):
            known = any((s.chat_id, s.message_id) == (chat.id, reply["message_id"]) for s in self.messages)
            if not known and not 0 < reply["message_id"] <= self._message_id:
                raise ApiError(400, "Bad Request: message to be replied not found")
        self._count(chat)
        sent = Sent(
            chat_id=chat.id,
            message_id=self._next_message_id(),
            text_html=html,
            text_plain=text,
            entities=entities,
            thread_id=thread_id,
            at=self.clock(),
            preview_disabled=_preview_disabled(parameters),
            reply_markup=markup,
            preview=_preview(parameters),
        )
        self.messages.append(sent)
        self._touch()
        return self._sent_json(sent)

    async def _edit_message_text(self, parameters: Json) -> object:
        chat = self._writable_chat(parameters)
        message_id = _integer(parameters, "message_id", 0)
        html, text, entities = _content(parameters)
        markup = _markup(parameters)
        try:
            sent = self._find(chat.id, message_id)
        except KeyError:
            raise ApiError(400, "Bad Request: message to edit not found") from None
        if sent.deleted:
            raise ApiError(400, "Bad Request: message to edit not found")
        if (text, entities, markup) == (sent.current, sent.entities, sent.reply_markup):
            raise ApiError(400, NOT_MODIFIED)
        self._count(chat)
        sent.edits.append(Edit(html, text, self.clock()))
        sent.entities, sent.reply_markup = entities, markup
        sent.preview, sent.preview_disabled = _preview(parameters), _preview_disabled(parameters)
        self._touch()
        return self._sent_json(sent)

    async def _send_chat_action(self, parameters: Json) -> object:
        self._writable_chat(parameters)
        return True

    async def _get_chat(self, parameters: Json) -> object:
        chat = self._known_chat(parameters)
        return {
            **self._chat_json(chat),
            "accent_color_id": 0,
            "max_reaction_count": 11,
            "accepted_gift_types": dict.fromkeys(
                (
                    "unlimited_gifts",
                    "limited_gifts",
                    "unique_gifts",
                    "premium_subscription",
                    "gifts_from_channels",
                ),
                True,
            ),
        }

    async def _get_chat_member(self, parameters: Json) -> object:
        chat = self._known_chat(parameters)
        user_id = _integer(parameters, "user_id", 0)
        if user_id == self.bot_id:
            return _member(self._me(), chat.status)
        if user_id in chat.admins:
            return _member(_user(user_id), "administrator")
        if user_id in chat.members:
            return _member(_user(user_id), "member")
        if any(user_id in other.members or user_id in other.admins for other in self.chats.values()):
            return _member(_user(user_id), "left")
        raise ApiError(400, "Bad Request: member not found")

    async def _get_chat_administrators(self, parameters: Json) -> object:
        chat = self._known_chat(parameters)
        if chat.type == "private":
            raise ApiError(400, "Bad Request: there are no administrators in the private chat")
        return [_member(_user(user_id), "administrator") for user_id in sorted(chat.admins)]

    async def _answer_callback_query(self, parameters: Json) -> object:
        query_id = str(parameters.get("callback_query_id", ""))
        if self._queries.get(query_id, True):  # unknown, or answered before
            raise ApiError(
                400,
                "Bad Request: query is too old and response timeout expired or query ID is invalid",
            )
        if len(str(parameters.get("text", ""))) > 200:
            raise ApiError(400, "Bad Request: MESSAGE_TOO_LONG")
        self._queries[query_id] = True
        self.answers.append(parameters)
        self._touch()
        return True

    async def _leave_chat(self, parameters: Json) -> object:
        chat = self._known_chat(parameters)
        if chat.type == "private":
            raise ApiError(400, "Bad Request: chat not found")
        self._member_changed(chat, "left", self.bot_id)
        return True

    # ------------------------------------------------------------------ rules

    def _known_chat(self, parameters: Json) -> Chat:
        given = str(parameters.get("chat_id", "")).strip()
        if not given:
            raise ApiError(400, "Bad Request: chat_id is empty")
        chat = self.chats.get(int(given)) if re.fullmatch(r"-?\d+", given) else None
        if chat is None:
            raise ApiError(400, "Bad Request: chat not found")
        if chat.migrated_to is not None:
            raise ApiError(
                400,
                "Bad Request: group chat was upgraded to a supergroup chat",
                migrate_to_chat_id=chat.migrated_to,
            )
        if chat.status == "kicked":
            by = "blocked by the user" if chat.type == "private" else f"kicked from the {chat.type} chat"
            raise ApiError(403, f"Forbidden: bot was {by}")
        if chat.status == "left":
            raise ApiError(403, f"Forbidden: bot is not a member of the {chat.type} chat")
        return chat

    def _writable_chat(self, parameters: Json) -> Chat:
        chat = self._known_chat(parameters)
        if chat.type == "channel" and chat.status != "administrator":
            raise ApiError(400, "Bad Request: need administrator rights in the channel chat")
        return chat

    def _count(self, chat: Chat) -> None:
        """Count one message against the limits; 429 when it is one too many (then it does not count)."""
        now = self.clock()
        waits = [0.0]
        _forget(self._recent, now - 1)
        if len(self._recent) >= 30:
            waits.append(self._recent[-30] + 1 - now)
        if chat.type == "private":
            allowance = min(3.0, chat.allowance + (now - chat.allowance_at))
            if allowance < 1:
                waits.append(1 - allowance)
        else:
            _forget(chat.recent, now - 60)
            if len(chat.recent) >= 20:
                waits.append(chat.recent[-20] + 60 - now)
        if self.enforce_limits and max(waits) > 0:
            self.refused += 1
            seconds = max(1, math.ceil(max(waits)))
            raise ApiError(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)
        self._recent.append(now)
        if chat.type == "private":
            chat.allowance, chat.allowance_at = max(0.0, allowance - 1), now
        else:
            chat.recent.append(now)


def _forget(times: deque[float], before: float) -> None:
    while times and times[0] <= before:
        times.popleft()


def _commands(text: str) -> tuple[list[Json], list[str | None]]:
    """The bot_command entities of a text, and to which bot each is addressed."""
    entities: list[Json] = []
    names: list[str | None] = []
    for match in COMMAND.finditer(text):
        offset, length = utf16_length(text[: match.start()]), utf16_length(match[0])
        entities.append({"type": "bot_command", "offset": offset, "length": length})
        names.append(match[2])
    return entities, names


def _user(user_id: int) -> Json:
    return {"id": user_id, "is_bot": False, "first_name": f"User {user_id}", "username": f"user{user_id}"}


def _member(user: Json, status: str) -> Json:
    member: Json = {"user": user, "status": status}
    if status == "administrator":
        member |= dict.fromkeys(ADMIN_RIGHTS, True) | {"is_anonymous": False}
    if status == "kicked":
        member["until_date"] = 0
    return member


def _entity_json(entity: Entity) -> Json:
    content: Json = {"type": entity.type, "offset": entity.offset, "length": entity.length}
    key = {"text_link": "url", "pre": "language", "custom_emoji": "custom_emoji_id"}.get(entity.type)
    if key is not None and entity.value is not None:
        content[key] = entity.value
    if entity.type == "date_time" and entity.value is not None:
        unix, _, form = entity.value.partition(" ")
        content["unix_time"] = int(unix)
        if form:
            content["date_time_format"] = form
    return content


async def _parameters(request: web.Request) -> Json:
    """The query and the body, whichever of the three forms it has."""
    parameters: Json = dict(request.query)
    if request.content_type == "application/json":
        try:
            body = await request.json()
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise ApiError(400, "Bad Request: can't parse request: Can't parse JSON object")
        parameters |= body
    elif request.content_type in {"application/x-www-form-urlencoded", "multipart/form-data"}:
        parameters |= dict(await request.post())
    return parameters


def _integer(parameters: Mapping[str, Any], name: str, default: int) -> int:
    value = parameters.get(name)
    if value is None or value == "":
        return default
    try:
        return int(value)
    except (TypeError, ValueError):
        return default  # Telegram reads an unreadable number as none


def _flag(parameters: Mapping[str, Any], name: str) -> bool:
    return str(parameters.get(name, "")).lower() in {"true", "1", "yes"}


def _object(parameters: Mapping[str, Any], name: str, kind: type[Any]) -> Any:
    """A list or object, which a form sends as JSON text; None when it is not given."""
    value = parameters.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            value = None
    if not isinstance(value, kind):
        raise ApiError(400, f"Bad Request: can't parse {name.replace('_', ' ')} JSON object")
    return value


def _command_scope(parameters: Json) -> tuple[str, str]:
    scope = _object(parameters, "scope", dict) or {"type": "default"}
    return json.dumps(scope, sort_keys=True), str(parameters.get("language_code", ""))


def _content(parameters: Json) -> tuple[str, str, tuple[Entity, ...]]:
    """The text as it came, as it is read, and the entities that count."""
    source = str(parameters.get("text", ""))
    if not source:
        raise ApiError(400, "Bad Request: message text is empty")
    try:
        source.encode()
    except UnicodeEncodeError:
        raise ApiError(400, "Bad Request: strings must be encoded in UTF-8") from None
    mode = str(parameters.get("parse_mode", "")).lower()
    entities: tuple[Entity, ...] = ()
    text = source
    if mode == "html":
        try:
            parsed = telegram_html.parse(source)
        except telegram_html.BadHtml as error:
            raise ApiError(400, f"Bad Request: can't parse entities: {error}") from None
        text, entities = parsed.text, parsed.entities
    elif mode:
        raise ApiError(400, "Bad Request: unsupported parse_mode")
    if not text.strip():
        raise ApiError(400, "Bad Request: text must be non-empty")
    if len(text) > TEXT_LIMIT:
        raise ApiError(400, "Bad Request: message is too long")
    kept: list[Entity] = []
    size = 0
    for entity in entities[:ENTITY_LIMIT]:
        size += 16 + len((entity.value or "").encode())
        if size > ENTITY_BYTES_LIMIT:
            break
        kept.append(entity)
    return source, text.rstrip(), tuple(kept)


def _preview(parameters: Json) -> Json:
    options: Json = _object(parameters, "link_preview_options", dict) or {}
    if "url" in options and not _is_address(str(options["url"])):
        raise ApiError(400, "Bad Request: WEBPAGE_URL_INVALID")
    if options.get("prefer_small_media") and options.get("prefer_large_media"):
        raise ApiError(400, "Bad Request: can't prefer both small and large media")
    return options


def _is_address(text: str) -> bool:
    """As Telegram judges: a name needs a dot in it."""
    return (
        re.fullmatch(r"(?i)(?:https?://[^\s/?#.]+(?:\.[^\s/?#.]+)+\.?(?:[/?#]\S*)?|tg://\S+)", text)
        is not None
    )


def _preview_disabled(parameters: Json) -> bool:
    options = _object(parameters, "link_preview_options", dict) or {}
    return bool(options.get("is_disabled")) or _flag(parameters, "disable_web_page_preview")


def _markup(parameters: Json) -> Json | None:
    markup: Json | None = _object(parameters, "reply_markup", dict)
    for row in (markup or {}).get("inline_keyboard", []):
        for button in row:
            if not str(button.get("text", "")).strip():
                raise ApiError(
                    400, "Bad Request: can't parse inline keyboard button: Text buttons are unallowed"
                )
            actions = [key for key in button if key not in {"text", "style", "icon_custom_emoji_id"}]
            if len(actions) != 1:
                raise ApiError(400, "Bad Request: can't parse inline keyboard button: one action is needed")
            data = button.get("callback_data")
            if data is not None and not 1 <= len(str(data).encode()) <= CALLBACK_DATA_LIMIT:
                raise ApiError(400, "Bad Request: BUTTON_DATA_INVALID")
            if "url" in button and not _is_address(str(button["url"])):
                complaint = f"inline keyboard button URL '{button['url']}' is invalid: Wrong HTTP URL"
                raise ApiError(400, f"Bad Request: {complaint}")
    return markup
