"""Which addresses may be read, and how an address is shown to a person.

A feed's address is typed by somebody in a chat, or named by a server's redirect. Neither may make this
program read the network it stands in, so a name is judged by what it resolves to, at the moment of
connecting, on every hop (the rule is miniflux's). What is shown carries no password.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import ipaddress
import re
import socket
import threading
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit, urlunsplit

from aiohttp.abc import AbstractResolver, ResolveResult

# Names of query parameters that carry a key; their values are hidden.
_SECRET_PARAMETERS = frozenset(
    {"key", "apikey", "api_key", "api-key", "token", "access_token", "auth", "auth_token", "secret"}
    | {"password", "passwd", "pass", "pwd", "sig", "signature"}
)
_LOOKUPS_AT_ONCE = 16
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052: an IPv4 address in the last 32 bits
_UNICAST = ipaddress.IPv6Network("2000::/3")  # all that was ever given out for the public Internet
_DOCUMENTATION = ipaddress.IPv6Network("3fff::/20")  # RFC 9637, younger than some Pythons' tables
# What some resolver or socket may take for an IPv4 address: 2130706433, 0x7f.1, 0177.0.0.1, 127.1.
_NUMERIC = re.compile(r"(?:0x[0-9a-f]*|[0-9]+)(?:\.(?:0x[0-9a-f]*|[0-9]+))*\.?", re.I)


class AddressRefused(Exception):
    """A name has no public address. No OSError, which aiohttp would take for a DNS failure."""


def is_public(address: str) -> bool:
    """Whether an IP address (text, with or without an IPv6 zone) belongs to the public Internet.

    An IPv6 address that wraps an IPv4 one (mapped, 6to4, NAT64, Teredo) is as public as what it wraps.
    """
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is None and ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
        if ip not in _UNICAST or ip in _DOCUMENTATION:
            return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def is_literal(host: str) -> bool:
    """Whether a host is written as an IP address, in whatever spelling, which no resolver may be asked about.

    Only the plain spellings can be public (see `is_public`); the others are written to get past a guard.
    """
    try:
        ipaddress.ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        return _NUMERIC.fullmatch(host) is not None
    return True


def guarded_socket(info: tuple[int, int, int, str, tuple[Any, ...]]) -> socket.socket:
    """A socket for an address as `getaddrinfo` gives it.

    Raises:
        PermissionError: the address is not public. An OSError, since several addresses are tried at once,
            and nothing else may come out of that.
    """
    family, kind, protocol, _, address = info
    if not is_public(str(address[0])):
        raise PermissionError(errno.EACCES, f"{address[0]} is not a public address")
    return socket.socket(family, kind, protocol)


def shown(url: str) -> str:
    """The address as it may be printed: no user name, no password, no key in the query."""
    try:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
        query = parts.query
        if any(name.lower() in _SECRET_PARAMETERS for name, _ in parse_qsl(query)):
            query = "&".join(
                f"{quote(name)}={'***' if name.lower() in _SECRET_PARAMETERS else quote(value, safe='/:')}"
                for name, value in parse_qsl(query, keep_blank_values=True)
            )
        return urlunsplit((parts.scheme, host, parts.path, query, parts.fragment))
    except ValueError:  # not an address at all; then only what can't be a password
        return url.rpartition("@")[2]


class SystemResolver(AbstractResolver):
    """Asks the operating system for a host's addresses.

    Like aiohttp's own, but in daemon threads: a lookup that hangs for half a minute, as without a network,
    can't be interrupted, and must neither keep the process from ending nor take a thread from anybody else.
    """

    def __init__(self, lookup: Callable[..., Sequence[Any]] = socket.getaddrinfo) -> None:
        self._lookup = lookup
        self._slots = asyncio.Semaphore(_LOOKUPS_AT_ONCE)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The addresses of a host. Raises OSError when it has none."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Sequence[Any]] = loop.create_future()

        def settle(found: Sequence[Any] | None, error: Exception | None) -> None:
            if answer.done():  # the caller gave up waiting
                return
            if error is not None:
                answer.set_exception(error)
            else:
                answer.set_result(found or [])

        def ask() -> None:
            found, failure = None, None
            try:
                found = self._lookup(
                    host, port, family=family, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG
                )
            except Exception as error:  # handed over to whoever waits
                failure = (
                    error if isinstance(error, OSError) else OSError(f"{type(error).__name__} in a lookup")
                )
            with contextlib.suppress(RuntimeError):  # the loop has ended, and nobody waits
                loop.call_soon_threadsafe(settle, found, failure)

        async with self._slots:
            threading.Thread(target=ask, name=f"lookup {host}", daemon=True).start()
            infos = await answer
        return [
            ResolveResult(
                hostname=host,
                host=address[0],
                port=address[1],
                family=kind,
                proto=proto,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for kind, _, proto, _, address in infos
        ]

    async def close(self) -> None:
        """Nothing to close."""


class GuardedResolver(AbstractResolver):
    """Asks another resolver, and keeps only public addresses.

    Because the connection goes to the very addresses returned here, a name that changes its mind between the
    check and the connection (DNS rebinding) gains nothing.
    """

    def __init__(self, inner: AbstractResolver) -> None:
        self._inner = inner

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The public addresses of a host. Raises AddressRefused when it has only others."""
        found = await self._inner.resolve(host, port, family)
        public = [each for each in found if is_public(each["host"])]
        if found and not public:
            raise AddressRefused(host)
        return public

    async def close(self) -> None:
        """Closes the resolver that is asked."""
        await self._inner.close()
