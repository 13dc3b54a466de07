"""One conditional GET of one feed: bytes and validators, or one kind of failure and a sentence.

Everything a server can do to a client ends here: slowness, endless bodies, bombs, redirects in circles or
into the private network, broken compression and certificates. What comes out is a `Fetched` or a
`FetchError`, never anything else (but for cancellation).
"""

from __future__ import annotations

import asyncio
import errno
import math
import re
import ssl
import zlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import aiohttp
from aiohttp import hdrs
from yarl import URL

from bot.errors import RarewatchError
from bot.feeds.addresses import AddressRefused, GuardedResolver, SystemResolver, is_literal, is_public, shown
from bot.feeds.dates import parse_date
from bot.feeds.failures import FailureKind

__all__ = [
    "DEFAULT_USER_AGENT",
    "FailureKind",
    "FetchError",
    "Fetched",
    "Limits",
    "Validators",
    "fetch",
    "open_session",
]

# Some outlets answer 403 to anything that doesn't start like a browser; this says "compatible" and still who
# it is.
DEFAULT_USER_AGENT: Final = "Mozilla/5.0 (compatible; Rarewatch/0.1; news feed reader)"

_ACCEPT: Final = "application/rss+xml, application/atom+xml, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.5"
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_PERMANENT: Final = frozenset({301, 308})
_CHUNK_BYTES: Final = 64 * 1024
_MAX_HEADER_CHARS: Final = 1000  # a validator longer than this is not worth sending back at every poll
_PRINTABLE: Final = re.compile(r"[\x20-\x7e]+")
_MAX_ENCODINGS: Final = 2  # `gzip, gzip` occurs behind proxies; more is an attack


class FetchError(RarewatchError):
    """A feed can't be fetched.

    Attributes:
        kind: what kind of failure, to decide by.
        status: the HTTP status, when there was one.
        retry_after_s: how long the server asks to be left alone, when it does.
    """

    def __init__(
        self,
        subject: str = "",
        reason: str = "",
        *,
        hint: str = "",
        kind: FailureKind = FailureKind.PROTOCOL,
        status: int | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(subject, reason, hint=hint)
        self.kind = kind
        self.status = status
        self.retry_after_s = retry_after_s


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


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer worth reading. `status` is 2xx, or 304 with an empty body when nothing changed.

    `url` is the address that answered, after redirects. `moved_permanently_to` is set when the feed should
    be asked there from now on: the end of the chain of permanent redirects that starts at the address asked.
    """

    status: int
    url: str
    body: bytes
    content_type: str | None
    validators: Validators
    retry_after_s: float | None
    moved_permanently_to: str | None


class FeedConnector(aiohttp.TCPConnector):
    """Knows whether private addresses are allowed; aiohttp wants no subclass of its session."""

    def __init__(self, *, allow_private: bool) -> None:
        resolver = SystemResolver()
        self.allow_private = allow_private
        super().__init__(
            resolver=resolver if allow_private else GuardedResolver(resolver),
            # How many at once is the caller's decision: waiting here would count against a feed's deadline.
            limit=0,
            ttl_dns_cache=60,
        )


def open_session(*, allow_private: bool, user_agent: str = DEFAULT_USER_AGENT) -> aiohttp.ClientSession:
    """The one HTTP session of a process, for feeds. The caller closes it. Call inside a running event loop.

    Without cookies (a feed reader has no business being recognised), without proxies from the environment,
    and with the address guard, unless `allow_private`.
    """
    return aiohttp.ClientSession(
        connector=FeedConnector(allow_private=allow_private),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,  # aiohttp's own inflates a whole chunk at a time; ours counts as it goes
        headers={
            hdrs.USER_AGENT: user_agent,
            hdrs.ACCEPT: _ACCEPT,
            hdrs.ACCEPT_ENCODING: "gzip, deflate",
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
) -> Fetched:
    """Fetches a feed, if it changed since `validators`.

    Args:
        session: from `open_session`; any other session is treated as one that must not see private addresses.
        now: for a Retry-After that is a date; the present moment when not given.

    Raises:
        FetchError: anything went wrong, with its kind and a sentence.
    """
    now = now or datetime.now(UTC)
    try:
        async with asyncio.timeout(limits.deadline_s):
            return await _follow(session, url, validators, limits, now)
    except FetchError:
        raise
    except Exception as error:  # every failure gets a kind: one feed never stops another
        raise _failure(url, error, limits) from error


async def _follow(
    session: aiohttp.ClientSession, url: str, validators: Validators, limits: Limits, now: datetime
) -> Fetched:
    target = _address(url, url)
    seen = {target}
    permanent = True
    moved: URL | None = None
    for _ in range(limits.max_redirects + 1):
        _check_literal(session, target, url)
        async with session.get(
            target,
            allow_redirects=False,
            headers=_conditional(validators),
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
        raise _refused(subject)


def _refused(subject: str) -> FetchError:
    return FetchError(
        shown(subject),
        "it leads to an address that is not on the public Internet",
        hint="If that is what you want, set RAREWATCH_PRIVATE_FEEDS=1.",
        kind=FailureKind.REFUSED_ADDRESS,
    )


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
        raise _http_failure(url, status, retry_after_s)
    return Fetched(
        status=status,
        url=str(response.url),
        body=body,
        content_type=_header(headers, hdrs.CONTENT_TYPE),
        validators=fresh,
        retry_after_s=retry_after_s,
        moved_permanently_to=moved_to,
    )


def _header(headers: Mapping[str, str], name: str) -> str | None:
    """A header's text if it can be stored and sent again, else None."""
    value = headers.get(name, "").strip()
    return value if len(value) <= _MAX_HEADER_CHARS and _PRINTABLE.fullmatch(value) else None


async def _body(response: aiohttp.ClientResponse, url: str, limits: Limits) -> bytes:
    too_large = FetchError(
        shown(url),
        f"it is larger than {limits.max_bytes / 1024 / 1024:.0f} MiB",
        hint="A feed is a few hundred kilobytes; check the address.",
        kind=FailureKind.TOO_LARGE,
        status=response.status,
    )
    names = [each.strip().lower() for each in response.headers.get(hdrs.CONTENT_ENCODING, "").split(",")]
    names = [each for each in names if each not in ("", "identity")]
    if not names and (response.content_length or 0) > limits.max_bytes:
        response.close()
        raise too_large
    chunks: AsyncIterator[bytes] = response.content.iter_chunked(_CHUNK_BYTES)
    if len(names) > _MAX_ENCODINGS or any(each not in _INFLATERS for each in names):
        response.close()
        raise FetchError(
            shown(url),
            "its body is packed in a way that was not asked for",
            hint="The server is at fault; tell its owner.",
            status=response.status,
        )
    for name in reversed(names):  # the last named was applied last
        chunks = _inflated(chunks, name)
    body = bytearray()
    try:
        async for chunk in chunks:
            body += chunk
            if len(body) > limits.max_bytes:
                response.close()  # or aiohttp would read the rest to keep the connection
                raise too_large
    except (zlib.error, EOFError) as error:
        response.close()
        raise FetchError(
            shown(url),
            f"its body says {', '.join(names)} and is not, or breaks off",
            hint="The server is at fault; it is tried again.",
            status=response.status,
        ) from error
    return bytes(body)


# zlib's window bits: 16 + 15 reads the gzip format, 15 zlib's own.
_INFLATERS: Final = {"gzip": 31, "x-gzip": 31, "deflate": 15}


async def _inflated(chunks: AsyncIterator[bytes], name: str) -> AsyncIterator[bytes]:
    """Unpacks a stream in pieces of at most 64 KiB: 15 kB that unpack to 15 GB are noticed in time."""
    inflater: Any = None
    started = False
    async for chunk in chunks:
        while chunk:
            if inflater is None:
                bits = _INFLATERS[name]
                if name == "deflate" and not _is_zlib(chunk):
                    bits = -15  # half the servers send raw deflate under this name, against RFC 9110, 8.4.1.2
                elif started and not chunk.strip(b"\0"):
                    break  # padding after the last gzip member
                inflater, started = zlib.decompressobj(bits), True
            yield inflater.decompress(chunk, _CHUNK_BYTES)
            chunk = inflater.unconsumed_tail
            if inflater.eof:
                chunk, inflater = inflater.unused_data, None  # gzip members may follow one another
                if name == "deflate":
                    break
    while inflater is not None:
        piece = inflater.decompress(inflater.unconsumed_tail, _CHUNK_BYTES)
        yield piece
        if inflater.eof:
            break
        if not piece:
            raise EOFError


def _is_zlib(chunk: bytes) -> bool:
    """Whether a zlib header stands here (RFC 1950, 2.2): method 8, and a check that divides by 31."""
    return chunk[0] & 0x0F == 8 and (len(chunk) < 2 or (chunk[0] << 8 | chunk[1]) % 31 == 0)


def parse_retry_after(value: str | None, *, now: datetime) -> float | None:
    """Seconds to wait, from a Retry-After header: a number or a date (RFC 9110, 10.2.3). None if neither."""
    text = (value or "").strip()
    if re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,6})?", text):
        seconds = float(text)
    else:
        moment = parse_date(text)
        if moment is None:
            return None
        seconds = (moment - now).total_seconds()
    return max(0.0, seconds) if math.isfinite(seconds) else None


_STATUS_SENTENCES: Final = {
    304: ("it says nothing changed, though nothing was known of it (status 304)", "The server is at fault."),
    401: ("it wants a user name and a password (status 401)", "Write them into its address, or take it out."),
    403: ("the server refuses us (status 403)", "Some outlets refuse data centres or feed readers."),
    404: ("there is nothing at this address (status 404)", "Look on the outlet's site for the new one."),
    410: ("it is gone for good (status 410)", "Take it out of feeds.yaml, or look for its successor."),
    429: ("we asked too often (status 429)", "Give it a longer interval."),
}


def _http_failure(url: str, status: int, retry_after_s: float | None) -> FetchError:
    if status in _STATUS_SENTENCES:
        reason, hint = _STATUS_SENTENCES[status]
    elif status >= 500:
        reason, hint = f"the server has trouble of its own (status {status})", "It is tried again later."
    else:
        reason, hint = f"the server answers with status {status}", "Open it in a browser and see."
    kind = FailureKind.HTTP if status != 304 else FailureKind.PROTOCOL
    return FetchError(shown(url), reason, hint=hint, kind=kind, status=status, retry_after_s=retry_after_s)


def _failure(url: str, error: Exception, limits: Limits) -> FetchError:
    """The kind and the sentence for whatever aiohttp, ssl or the system raised."""
    kind, reason, hint = _explained(error, limits)
    if kind is FailureKind.REFUSED_ADDRESS:
        return _refused(url)
    return FetchError(shown(url), reason, hint=hint, kind=kind)


def _explained(error: Exception, limits: Limits) -> tuple[FailureKind, str, str]:
    later = "It is tried again later."
    match error:  # the order matters: several of these are each other's bases
        case AddressRefused():
            return FailureKind.REFUSED_ADDRESS, "", ""
        case aiohttp.ConnectionTimeoutError():
            return FailureKind.TIMEOUT, f"no connection within {limits.connect_s:g} s", later
        case aiohttp.SocketTimeoutError():
            return FailureKind.TIMEOUT, f"the server sent nothing for {limits.read_s:g} s", later
        case TimeoutError():
            return FailureKind.TIMEOUT, f"not finished within {limits.deadline_s:g} s", later
        case aiohttp.ClientConnectorDNSError():
            return (
                FailureKind.DNS,
                "its host name has no address",
                "Check the spelling, and whether this machine has a network.",
            )
        case aiohttp.ClientConnectorCertificateError():
            return (
                FailureKind.TLS,
                _certificate_reason(error.certificate_error),
                "Check the address, or tell its owner.",
            )
        case aiohttp.ClientSSLError() | ssl.SSLError():
            return FailureKind.TLS, "no secure connection could be made", "Try the address with http://."
        case aiohttp.ClientPayloadError():
            return FailureKind.PROTOCOL, "the answer breaks off in the middle", later
        case aiohttp.ServerDisconnectedError():
            return FailureKind.CONNECT, "the server hung up without an answer", later
        case aiohttp.InvalidURL() | aiohttp.NonHttpUrlClientError() | UnicodeError():
            return FailureKind.PROTOCOL, "it is not an address that can be asked", "Check the spelling."
        case aiohttp.ClientConnectionError() | OSError():
            return FailureKind.CONNECT, _connect_reason(error), later
        case _:  # malformed HTTP: aiohttp.ClientResponseError, ValueError from a header
            return FailureKind.PROTOCOL, "the server does not answer in proper HTTP", later


def _connect_reason(error: Exception) -> str:
    match getattr(error, "errno", None):
        case errno.ECONNREFUSED:
            return "nobody listens there (connection refused)"
        case errno.ENETUNREACH | errno.EHOSTUNREACH | errno.ENETDOWN:
            return "there is no way to that network"
        case errno.ECONNRESET | errno.EPIPE | errno.ECONNABORTED:
            return "the server broke the connection off"
        case errno.EMFILE | errno.ENFILE:
            return "this machine has no connections to spare"
        case _:
            return "no connection could be made"


def _certificate_reason(error: Exception) -> str:
    match getattr(error, "verify_code", None):  # X509_V_ERR_… of OpenSSL
        case 10:
            return "its certificate has expired"
        case 18 | 19:
            return "its certificate is signed by itself"
        case 20 | 21:
            return "its certificate's signer is not known here"
        case 62 | 64:
            return "its certificate is for another name"
        case _:
            return "its certificate is not acceptable"
