"""A file from an address: over https, within a size and a time, and whole.

What breaks off is taken up again where it stopped, when the server can do that; else from the start.
"""

from __future__ import annotations

import hashlib
import ipaddress
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import urljoin, urlsplit, urlunsplit

import requests
import urllib3.exceptions

from bot.errors import RarewatchError

_CHUNK = 262_144
_REDIRECTS = 5
_PASSING = frozenset({408, 429, 500, 502, 503, 504})


class DownloadError(RarewatchError):
    """A file could not be fetched.

    `passing`: trying again may help.
    """

    def __init__(self, url: str, reason: str, *, hint: str = "", passing: bool = False) -> None:
        self.passing = passing
        super().__init__(without_password(url), reason, hint=hint)


@dataclass(frozen=True, slots=True)
class Bounds:
    """How long and how large one download may be."""

    max_bytes: int
    total_s: float
    connect_s: float = 10.0
    read_s: float = 30.0  # the longest silence
    attempts: int = 3
    pause_s: float = 1.0  # before the second attempt; twice that before the third


INDEX = Bounds(max_bytes=5_000_000, total_s=60.0)  # the public index has 40 kB
PACKAGE = Bounds(max_bytes=1_000_000_000, total_s=3_600.0)  # the largest are some 300 MB: an hour is 90 kB/s

Progress = Callable[[int, int | None], None]


def check_address(url: str, *, allow_http: bool = False) -> None:
    """Whether a file may be fetched from there.

    Raises:
        DownloadError: it is neither https nor on this machine.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname
        _ = parts.port
    except ValueError:
        host = None
        parts = urlsplit("")
    if not host or parts.scheme not in ("https", "http"):
        raise DownloadError(url, "it is no web address", hint="It should begin with https://")
    if parts.scheme == "http" and not allow_http and not _is_loopback(host):
        raise DownloadError(
            url, "a model must come over https", hint="On the way, http could be changed by others."
        )


def without_password(url: str) -> str:
    """The address as it may be shown: no user, no password, no query."""
    try:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
    except ValueError:
        return "the address"
    return urlunsplit((parts.scheme, host, parts.path, "", ""))[:200]


def download(
    url: str,
    file: Path,
    bounds: Bounds,
    *,
    allow_http: bool = False,
    progress: Progress = lambda done, total: None,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> str:
    """Fetch the address into the file, which is made anew; gives the SHA-256 of it.

    Args:
        allow_http: plain http from other machines too.
        progress: told the bytes that are there, and of how many when the server says.
        clock, sleep: in seconds.

    Raises:
        DownloadError: it could not be fetched whole. The file is removed.
        OSError: it can't be written: the disk is full, mostly. The file is removed.
    """
    fetching = _Fetching(url, bounds, clock() + bounds.total_s, allow_http, progress, clock)
    try:
        with requests.Session() as session, file.open("wb") as out:
            for attempt in range(1, bounds.attempts + 1):
                try:
                    fetching.attempt(session, out)
                    break
                except DownloadError as error:
                    pause_s = bounds.pause_s * 2 ** (attempt - 1)
                    if not error.passing or attempt == bounds.attempts or clock() + pause_s > fetching.ends:
                        raise
                    sleep(pause_s)
        with file.open("rb") as whole:
            return hashlib.file_digest(whole, "sha256").hexdigest()
    except BaseException:  # Ctrl-C too: nothing half-fetched is left behind
        file.unlink(missing_ok=True)
        raise


@dataclass(slots=True)
class _Fetching:
    """One download over its attempts."""

    url: str
    bounds: Bounds
    ends: float
    allow_http: bool
    progress: Progress
    clock: Callable[[], float]
    have: int = 0
    etag: str | None = None  # of what we have: the rest must be of the same file

    def attempt(self, session: requests.Session, out: IO[bytes]) -> None:
        """Fetch what is missing. Raises DownloadError."""
        try:
            with self._response(session) as response:
                self._read(response, out)
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            # What they say holds the whole address; it is told in our words.
            failure = self._explained(error)
        else:
            return
        raise failure

    def _failure(self, reason: str, *, hint: str = "", passing: bool = False) -> DownloadError:
        return DownloadError(self.url, reason, hint=hint, passing=passing)

    def _response(self, session: requests.Session) -> requests.Response:
        headers = {"Accept-Encoding": "identity"}
        if self.have and self.etag:
            headers |= {"Range": f"bytes={self.have}-", "If-Range": self.etag}
        url = self.url
        for _ in range(_REDIRECTS + 1):
            check_address(url, allow_http=self.allow_http)
            session.trust_env = not _is_loopback(urlsplit(url).hostname or "")  # no proxy for this machine
            response = session.get(
                url,
                headers=headers,
                stream=True,
                allow_redirects=False,  # each address is checked first
                timeout=(self.bounds.connect_s, self.bounds.read_s),
            )
            if not response.is_redirect:
                return response
            response.close()
            url = urljoin(url, response.headers["location"])
        raise self._failure("it is sent from one address to the next without end")

    def _read(self, response: requests.Response, out: IO[bytes]) -> None:
        status = response.status_code
        if status not in (200, 206):
            again = status in _PASSING
            if status == 416:  # nothing lies behind what we have: begin anew
                self.etag, again = None, True
            hint = "The address may have moved." if status in (404, 410) else ""
            raise self._failure(f"the server answered with status {status}", hint=hint, passing=again)
        if response.headers.get("content-encoding", "identity") != "identity":
            raise self._failure("the server sent it packed once more")
        resumed = status == 206
        if resumed and not response.headers.get("content-range", "").startswith(f"bytes {self.have}-"):
            self.etag = None
            raise self._failure("the server sent another part than was asked for", passing=True)
        if not resumed:
            self.have = 0
            out.seek(0)
            out.truncate()
        etag = response.headers.get("etag", "")
        self.etag = etag if etag.startswith('"') else None  # a weak one does not promise the same bytes
        length = response.headers.get("content-length", "")
        total = self.have + int(length) if length.isascii() and length.isdigit() else None
        if total is not None and total > self.bounds.max_bytes:
            raise self._failure(f"it has {total:,} bytes, and {self.bounds.max_bytes:,} is the most")
        self.progress(self.have, total)
        # read1 gives what has arrived: a drip ends with the deadline, not with a full block.
        while chunk := response.raw.read1(_CHUNK):
            if self.have + len(chunk) > self.bounds.max_bytes:
                raise self._failure(f"it has more than {self.bounds.max_bytes:,} bytes, which is the most")
            out.write(chunk)
            self.have += len(chunk)
            self.progress(self.have, total)
            if self.clock() > self.ends:
                raise self._failure(
                    f"it was not there after {self.bounds.total_s:g} s", hint="Try again on a faster line."
                )
        if total is not None and self.have < total:
            raise self._broke_off()

    def _broke_off(self) -> DownloadError:
        return self._failure(
            f"the connection broke off after {self.have:,} bytes", hint="Try again.", passing=True
        )

    def _explained(self, error: Exception) -> DownloadError:
        root = getattr(error.args[0], "reason", None) if error.args else None
        match error:
            case requests.exceptions.SSLError() | urllib3.exceptions.SSLError():
                return self._failure("the server showed a certificate that is not to be trusted")
            case requests.Timeout() | urllib3.exceptions.TimeoutError():
                return self._failure("the server fell silent", hint="Try again.", passing=True)
            case requests.ConnectionError() if isinstance(root, urllib3.exceptions.NameResolutionError):
                return self._failure("the server can't be found by name", hint="Is there a network?")
            case requests.ConnectionError() if isinstance(root, urllib3.exceptions.NewConnectionError):
                return self._failure("the server can't be reached", passing=True)
            case requests.ConnectionError() | urllib3.exceptions.ProtocolError():
                return self._broke_off()
            case _:
                return self._failure("the address or the answer can't be read")


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
