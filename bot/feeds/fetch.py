"""One conditional GET of one feed: bytes and validators, or one kind of failure and a sentence.

Everything a server can do to a client ends here: slowness, endless bodies, bombs, redirects in circles or
into the private network, broken compression and certificates. What comes out is a `Fetched` or a
`FetchError`, never anything else (but for cancellation).
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import aiohttp
from aiohttp import hdrs
from aiohttp.abc import AbstractResolver
from multidict import CIMultiDictProxy
from yarl import URL

from bot.feeds.addresses import (
    GuardedResolver,
    SystemResolver,
    guarded_socket,
    is_literal,
    is_public,
    shown,
)
from bot.feeds.encodings import (
    ACCEPTED,
    PIECE_BYTES,
    NotAskedFor,
    TooLarge,
    Unreadable,
    encodings_of,
    unpacked,
)
from bot.feeds.failures import FailureKind, FetchError
from bot.feeds.freshness import fresh_for_s, parse_retry_after
from bot.feeds.replies import failure, http_failure, refused

__all__ = [
    "DEFAULT_USER_AGENT",
    "FailureKind",
    "FetchError",
    "Fetched",
    "Limits",
    "Validators",
    "fetch",
    "open_session",
    "parse_retry_after",
]

# Some outlets answer 403 to anything that doesn't start like a browser; this says "compatible" and still who
# it is.
DEFAULT_USER_AGENT: Final = "Mozilla/5.0 (compatible; Rarewatch/0.1; news feed reader)"

_ACCEPT: Final = "application/rss+xml, application/atom+xml, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.5"
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_PERMANENT: Final = frozenset({301, 308})
_MAX_HEADER_CHARS: Final = 1000  # a validator longer than this is not worth sending back at every poll
_PRINTABLE: Final = re.compile(r"[\x20-\x7e]+")


@dataclass(frozen=True, slots=True)
class Validators:
    """What the server said of the version we have, to be said back to it (RFC 9110, section 8.8)."""

    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """How long and how much, for one feed. `max_bytes` counts the body after decompression."""

    connect_s: float = 10.0
    read_s: float = 20.0  # between two bytes
    deadline_s: float = 60.0  # for everything, redirects included: a server that drips is cut off here
    max_bytes: int = 10 * 1024 * 1024
    max_redirects: int = 5
    too_large_hint: str = "A feed is a few hundred kilobytes; check the address."


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer worth reading. `status` is 2xx, or 304 with an empty body when nothing changed.

    `url` is the address that answered, after redirects. `moved_permanently_to` is set when the feed should
    be asked there from now on: the end of the chain of permanent redirects that starts at the address asked.
    `fresh_for_s`: for so long nothing new is to be expected, its server says; None when it says nothing.
    """

    status: int
    url: str
    body: bytes
    content_type: str | None
    validators: Validators
    retry_after_s: float | None
    moved_permanently_to: str | None
    fresh_for_s: float | None = None


class FeedConnector(aiohttp.TCPConnector):
    """Knows whether private addresses are allowed; aiohttp wants no subclass of its session."""

    def __init__(
        self,
        *,
        allow_private: bool,
        resolver: AbstractResolver | None = None,
        socket_factory: Callable[[Any], socket.socket] = guarded_socket,
    ) -> None:
        resolver = resolver or SystemResolver()
        self.allow_private = allow_private
        super().__init__(
            resolver=resolver if allow_private else GuardedResolver(resolver),
            # The last word, at the very address that is connected to, however it got there.
            socket_factory=None if allow_private else socket_factory,
            # How many at once is the caller's decision: waiting here would count against a feed's deadline.
            limit=0,
            ttl_dns_cache=60,
        )


def open_session(
    *,
    allow_private: bool,
    user_agent: str = DEFAULT_USER_AGENT,
    resolver: AbstractResolver | None = None,
) -> aiohttp.ClientSession:
    """The one HTTP session of a process, for feeds. The caller closes it. Call inside a running event loop.

    Without cookies (a feed reader has no business being recognised), without proxies from the environment,
    and with the address guard, unless `allow_private`. `resolver`: asked in place of the system.
    """
    return aiohttp.ClientSession(
        connector=FeedConnector(allow_private=allow_private, resolver=resolver),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,  # aiohttp's own inflates a whole chunk at a time; ours counts as it goes
        headers={
            hdrs.USER_AGENT: user_agent,
            hdrs.ACCEPT: _ACCEPT,
            hdrs.ACCEPT_ENCODING: ACCEPTED,
        },
        raise_for_status=False,
    )


async def fetch(
    session: aiohttp.ClientSession,
    url: str,
    *,
    validators: Validators,
    limits: Limits = Limits(),
    now: datetime | None = None,
    user_agent: str | None = None,
    accept: str | None = None,
    before_each: Callable[[str], Awaitable[None]] | None = None,
) -> Fetched:
    """Fetches a feed, if it changed since `validators`.

    Args:
        session: from `open_session`; any other session is treated as one that must not see private addresses.
        now: for dates in headers; the present moment when not given.
        user_agent: who asks, in place of the session's own.
        accept: what is wanted, in place of a feed.
        before_each: is told each address before it is asked, redirects included, and may raise a FetchError.

    Raises:
        FetchError: anything went wrong, with its kind and a sentence.
    """
    now = now or datetime.now(UTC)
    try:
        async with asyncio.timeout(limits.deadline_s):
            headers = _headers(validators, user_agent, accept)
            return await _follow(session, url, validators, limits, now, headers, before_each)
    except FetchError:
        raise
    except Exception as error:  # every failure gets a kind: one feed never stops another
        raise failure(url, error, limits) from error


async def _follow(
    session: aiohttp.ClientSession,
    url: str,
    validators: Validators,
    limits: Limits,
    now: datetime,
    headers: Mapping[str, str],
    before_each: Callable[[str], Awaitable[None]] | None,
) -> Fetched:
    target = _address(url, url)
    seen = {target}
    permanent = True
    moved: URL | None = None
    for _ in range(limits.max_redirects + 1):
        _check_literal(session, target, url)
        if before_each is not None:
            await before_each(str(target))
        async with session.get(
            target,
            allow_redirects=False,
            headers=headers,
            timeout=aiohttp.ClientTimeout(
                total=None, connect=limits.connect_s, sock_connect=limits.connect_s, sock_read=limits.read_s
            ),
        ) as response:
            if response.status not in _REDIRECTS or hdrs.LOCATION not in response.headers:
                moved_to = str(moved) if moved is not None else None
                return await _read(response, url, validators, limits, now, moved_to)
            step, status = response.headers[hdrs.LOCATION], response.status
            response.close()  # its body is of no interest, however long
        target = _location(target, step, url)
        permanent = permanent and status in _PERMANENT
        if permanent:
            moved = target
        if target in seen:
            raise FetchError(
                shown(url),
                "its redirects lead in a circle",
                hint="Open it in a browser and use the address it ends at.",
                kind=FailureKind.REDIRECT,
            )
        seen.add(target)
    raise FetchError(
        shown(url),
        f"it redirects more than {limits.max_redirects} times",
        hint="Open it in a browser and use the address it ends at.",
        kind=FailureKind.REDIRECT,
    )


def _address(url: str, subject: str) -> URL:
    try:
        target = URL(url).with_fragment(None)
        good = target.scheme in ("http", "https") and bool(target.host)
    except ValueError:
        good = False
    if not good:  # `from None`: yarl's message repeats the address with its password
        raise FetchError(
            shown(subject),
            "it is not an http or https address",
            hint="Write it in full.",
            kind=FailureKind.PROTOCOL,
        ) from None
    return target


def _location(base: URL, step: str, subject: str) -> URL:
    # Servers send raw UTF-8 in Location; aiohttp hands its bytes over as surrogates.
    step = step.encode("utf-8", "surrogateescape").decode("utf-8", "replace").strip()
    try:
        target = base.join(URL(step)).with_fragment(None)
        good = target.scheme in ("http", "https") and bool(target.host)
    except ValueError:
        good = False
    if not good:
        raise FetchError(
            shown(subject),
            "it redirects to something that is no http or https address",
            hint="Open it in a browser and use the address it ends at.",
            kind=FailureKind.REDIRECT,
        ) from None
    return target


def _check_literal(session: aiohttp.ClientSession, target: URL, subject: str) -> None:
    """Refuses an IP address written in the address itself, which aiohttp never asks the resolver about."""
    host = target.host or ""
    if not getattr(session.connector, "allow_private", False) and is_literal(host) and not is_public(host):
        raise refused(subject)


def _headers(validators: Validators, user_agent: str | None, accept: str | None) -> dict[str, str]:
    headers = _conditional(validators)
    if user_agent and _PRINTABLE.fullmatch(user_agent):
        headers[hdrs.USER_AGENT] = user_agent
    if accept:
        headers[hdrs.ACCEPT] = accept
    return headers


def _conditional(validators: Validators) -> dict[str, str]:
    headers: dict[str, str] = {}
    if validators.etag and _PRINTABLE.fullmatch(validators.etag):
        headers[hdrs.IF_NONE_MATCH] = validators.etag
    if validators.last_modified and _PRINTABLE.fullmatch(validators.last_modified):
        headers[hdrs.IF_MODIFIED_SINCE] = validators.last_modified
    return headers


async def _read(
    response: aiohttp.ClientResponse,
    url: str,
    validators: Validators,
    limits: Limits,
    now: datetime,
    moved_to: str | None,
) -> Fetched:
    headers = response.headers
    retry_after_s = parse_retry_after(headers.get(hdrs.RETRY_AFTER), now=now)
    status = response.status
    if status == 304 and _conditional(validators):
        body = b""
        # A 304 need not repeat both validators (RFC 9110, 15.4.5); what it leaves out still holds.
        fresh = Validators(
            _header(headers, hdrs.ETAG) or validators.etag,
            _header(headers, hdrs.LAST_MODIFIED) or validators.last_modified,
        )
    elif 200 <= status < 300:
        body = await _body(response, url, limits)
        fresh = Validators(_header(headers, hdrs.ETAG), _header(headers, hdrs.LAST_MODIFIED))
    else:
        response.close()
        raise http_failure(url, status, retry_after_s)
    return Fetched(
        status=status,
        url=str(response.url),
        body=body,
        content_type=_header(headers, hdrs.CONTENT_TYPE),
        validators=fresh,
        retry_after_s=retry_after_s,
        moved_permanently_to=moved_to,
        fresh_for_s=_fresh_for_s(headers, now),
    )


def _fresh_for_s(headers: CIMultiDictProxy[str], now: datetime) -> float | None:
    return fresh_for_s(
        ", ".join(headers.getall(hdrs.CACHE_CONTROL, ())),
        expires=headers.get(hdrs.EXPIRES),
        date=headers.get(hdrs.DATE),
        age=headers.get(hdrs.AGE),
        now=now,
    )


def _header(headers: Mapping[str, str], name: str) -> str | None:
    """A header's text if it can be stored and sent again, else None."""
    value = headers.get(name, "").strip()
    return value if len(value) <= _MAX_HEADER_CHARS and _PRINTABLE.fullmatch(value) else None


async def _body(response: aiohttp.ClientResponse, url: str, limits: Limits) -> bytes:
    packed = response.headers.get(hdrs.CONTENT_ENCODING, "")
    reason, kind = "", FailureKind.PROTOCOL
    hint, cause = "The server is at fault; it is tried again.", None
    try:
        names = encodings_of(packed)
        if (response.content_length or 0) <= limits.max_bytes:
            return await unpacked(
                response.content.iter_chunked(PIECE_BYTES), names, max_bytes=limits.max_bytes
            )
        raise TooLarge
    except NotAskedFor:
        reason = "its body is packed in a way that was not asked for"
    except Unreadable as error:
        reason, cause = f"its body says {packed[:100]} and is not, or breaks off", error
    except TooLarge:
        reason = f"it is larger than {limits.max_bytes / 1024 / 1024:.0f} MiB"
        hint, kind = limits.too_large_hint, FailureKind.TOO_LARGE
    response.close()  # or aiohttp would read the rest to keep the connection
    raise FetchError(shown(url), reason, hint=hint, kind=kind, status=response.status) from cause
