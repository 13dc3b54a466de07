"""Gives the translation libraries' HTTP calls the timeouts, size limit and plain errors they lack.

deep-translator calls `requests.get` and `requests.post` through its modules' own name `requests`, without
a timeout, and `socket.setdefaulttimeout` does not reach it. `install` puts a `BoundedCalls` in place of that
name, in the three modules used here and nowhere else: `requests` itself stays as it is for everybody.

A call ends after `Limits.total_s` even when the body drips in byte by byte. (Headers that drip can outlive
it: that is why the translator has a deadline of its own and threads that never hold up an exit.)
"""

from __future__ import annotations

import ipaddress
import json
import logging
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

import deep_translator.google
import deep_translator.libre
import deep_translator.mymemory
import requests
import urllib3.exceptions

from bot.errors import RarewatchError
from bot.translation.failures import FailureKind

MODULES: tuple[ModuleType, ...] = (deep_translator.google, deep_translator.libre, deep_translator.mymemory)


@dataclass(frozen=True, slots=True)
class Limits:
    """How long and how large one call may be."""

    connect_s: float = 3.0
    read_s: float = 10.0  # the longest silence
    total_s: float = 15.0  # for the whole reply, however steadily it drips
    max_bytes: int = 2_000_000  # Google's page is about 10 kB


class CallFailed(RarewatchError):
    """A translator's server could not be asked.

    `kind` says how; `reason` continues the sentence "google …". `status` is the HTTP status, if there was
    one, `said` what the server gave as its error, as it stands: the provider redacts it.
    """

    def __init__(self, kind: FailureKind, reason: str, *, status: int | None = None, said: str = "") -> None:
        self.kind = kind
        self.status = status
        self.said = said
        super().__init__("", reason)


Inspect = Callable[[Any], None]
"""Looks at the JSON a service sent, whatever its status (None: no JSON); raises CallFailed for a failure."""


@dataclass(frozen=True, slots=True)
class Reply:
    """As much of `requests.Response` as deep-translator reads. The whole body is here already."""

    status_code: int
    content: bytes
    encoding: str
    inspect: Inspect | None = None

    @property
    def text(self) -> str:
        """The page. A <br> becomes a line end, because BeautifulSoup's get_text would glue two words."""
        return _LINE_BREAK.sub("\n", self.content.decode(self.encoding, errors="replace"))

    def json(self) -> Any:
        """The body as JSON.

        Raises:
            CallFailed: it is none, or what it says is a failure.
        """
        try:
            document = json.loads(self.content)
        except ValueError:
            raise CallFailed(FailureKind.PROTOCOL, "answered with something that is not JSON") from None
        except RecursionError:
            raise CallFailed(FailureKind.PROTOCOL, "answered with JSON of no sense") from None
        if self.inspect is not None:
            self.inspect(document)
        return document

    def close(self) -> None:
        """Nothing: the connection went back to its pool when the body was read."""


class BoundedCalls:
    """Stands where deep-translator's modules expect the `requests` module: `get` and `post`, bounded."""

    def __init__(self) -> None:
        self._local = threading.local()

    def get(self, url: str, params: Mapping[str, str] | None = None, proxies: Any = None) -> Reply:
        """As `requests.get`. Raises CallFailed for anything but a complete reply with a status of 2xx."""
        return self.send("GET", url, params=params, proxies=proxies)

    def post(self, url: str, params: Mapping[str, str] | None = None) -> Reply:
        """As `requests.post`. Raises CallFailed for anything but a complete reply with a status of 2xx."""
        return self.send("POST", url, params=params)

    def send(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        proxies: Any = None,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Reply:
        """One request. Raises CallFailed for anything but a complete reply with a status of 2xx."""
        limits: Limits = getattr(_of_this_thread, "limits", None) or Limits()
        inspect: Inspect | None = getattr(_of_this_thread, "inspect", None)
        ends = time.monotonic() + limits.total_s
        try:
            with self._session(url).request(
                method,
                url,
                params=params,
                proxies=proxies,
                headers=headers,
                data=body,
                timeout=(limits.connect_s, limits.read_s),
                stream=True,
            ) as response:
                reply_body = _read(response, limits, ends)
                status, charset = response.status_code, response.headers.get("content-type", "")
        except CallFailed:
            raise
        except (requests.RequestException, urllib3.exceptions.HTTPError) as exc:
            failure = _explain(exc, limits)  # raised below, so that the address in `exc` does not come along
        else:
            if not 200 <= status < 300:
                raise _status_failure(status, reply_body, inspect)
            found = _CHARSET.search(charset)
            # Without a charset requests assumes Latin-1 for HTML, which no translator sends today.
            encoding = _known_encoding(found.group(1) if found else "utf-8")
            return Reply(status, reply_body, encoding, inspect)
        raise failure

    def _session(self, url: str) -> requests.Session:
        # One session a thread (they are not thread-safe); a server on this very machine is asked without
        # the proxy of the environment, which could not reach it.
        name = "direct" if _is_loopback(url) else "session"
        session: requests.Session | None = getattr(self._local, name, None)
        if session is None:
            session = requests.Session()
            session.trust_env = name == "session"
            session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
            setattr(self._local, name, session)
        return session


def install(modules: tuple[ModuleType, ...] = MODULES) -> None:
    """Replace the name `requests` in each of these modules, once: calling it again changes nothing.

    It also keeps urllib3 from logging, at level DEBUG, addresses that hold a key.
    """
    logging.getLogger("urllib3.connectionpool").addFilter(_without_key)  # a filter is added once only
    for module in modules:
        if not isinstance(module.requests, BoundedCalls):
            module.requests = BoundedCalls()  # type: ignore[attr-defined]


@contextmanager
def limited_to(limits: Limits, inspect: Inspect | None = None) -> Iterator[None]:
    """Within it, the calls of this thread keep these limits, and `inspect` sees each JSON reply."""
    before = getattr(_of_this_thread, "limits", None), getattr(_of_this_thread, "inspect", None)
    _of_this_thread.limits, _of_this_thread.inspect = limits, inspect
    try:
        yield
    finally:
        _of_this_thread.limits, _of_this_thread.inspect = before


_of_this_thread = threading.local()
_LINE_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_CHARSET = re.compile(r"charset=[\"']?([\w-]+)", re.IGNORECASE)


def _without_key(record: logging.LogRecord) -> bool:
    return "api_key=" not in record.getMessage()


def _read(response: requests.Response, limits: Limits, ends: float) -> bytes:
    body = bytearray()
    # read1 gives what has arrived; `content` would wait for whole blocks and let a drip go on for ever.
    while chunk := response.raw.read1(65_536, decode_content=True):
        body += chunk
        if len(body) > limits.max_bytes:
            raise CallFailed(FailureKind.PROTOCOL, f"sent more than {limits.max_bytes:,} bytes")
        if time.monotonic() > ends:
            raise CallFailed(FailureKind.TIMEOUT, f"was still sending after {limits.total_s:g} s")
    return bytes(body)


def _explain(exc: Exception, limits: Limits) -> CallFailed:
    """Say in plain words what requests or urllib3 raised; nothing of its text is kept."""
    root = getattr(exc.args[0], "reason", None) if exc.args else None
    match exc:
        case requests.ConnectTimeout():
            return CallFailed(FailureKind.TIMEOUT, f"let no connection through within {limits.connect_s:g} s")
        case requests.Timeout() | urllib3.exceptions.TimeoutError():
            return CallFailed(FailureKind.TIMEOUT, f"said nothing for {limits.read_s:g} s")
        case requests.exceptions.SSLError() | urllib3.exceptions.SSLError():
            return CallFailed(FailureKind.UNREACHABLE, "showed a certificate that is not to be trusted")
        case requests.exceptions.ProxyError():
            return CallFailed(FailureKind.UNREACHABLE, "can't be reached through the configured proxy")
        case requests.ConnectionError() if isinstance(root, urllib3.exceptions.NameResolutionError):
            return CallFailed(
                FailureKind.UNREACHABLE, "can't be found by name (no network, or a mistyped address)"
            )
        case requests.ConnectionError() if isinstance(root, urllib3.exceptions.NewConnectionError):
            return CallFailed(FailureKind.UNREACHABLE, "can't be reached")
        case requests.ConnectionError() | urllib3.exceptions.ProtocolError():
            return CallFailed(FailureKind.UNREACHABLE, "broke the connection off")
        case requests.TooManyRedirects():
            return CallFailed(FailureKind.PROTOCOL, "sends from one address to the next without end")
        case requests.exceptions.InvalidURL() | requests.exceptions.InvalidSchema():
            return CallFailed(FailureKind.PROTOCOL, "has an address that is not valid")
        case requests.exceptions.MissingSchema() | urllib3.exceptions.LocationValueError():
            return CallFailed(FailureKind.PROTOCOL, "has an address that is not valid")
        case _:
            return CallFailed(FailureKind.PROTOCOL, "answered in a way that can't be read")


def _status_failure(status: int, body: bytes, inspect: Inspect | None) -> CallFailed:
    said = ""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        document = None  # a page of HTML, mostly: nothing to tell a person
    if inspect is not None:
        inspect(document)
    if isinstance(document, dict):
        texts = (document.get(name) for name in ("error", "message", "detail"))
        said = next((text for text in texts if isinstance(text, str)), "")
    match status:
        case 429:
            return CallFailed(
                FailureKind.THROTTLED, "asks for fewer requests (status 429)", status=status, said=said
            )
        case 401 | 403:
            return CallFailed(
                FailureKind.REFUSED, f"refuses to serve us (status {status})", status=status, said=said
            )
        case 456:
            return CallFailed(
                FailureKind.QUOTA, "has used its characters of this period (status 456)", status=status
            )
        case 413 | 414:
            return CallFailed(
                FailureKind.UNSUPPORTED, f"takes no text this long (status {status})", status=status
            )
        case _ if status >= 500:
            return CallFailed(FailureKind.SERVER, f"has a fault (status {status})", status=status, said=said)
        case _:
            return CallFailed(
                FailureKind.PROTOCOL, f"does not take the request (status {status})", status=status, said=said
            )


def _known_encoding(name: str) -> str:
    try:
        "".encode(name)
    except LookupError:
        return "utf-8"
    return name


def _is_loopback(url: str) -> bool:
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
