"""What went wrong in an exchange with a server, in words: from a status or an exception to a sentence.

Every failure gets a kind, to decide by, and says what a person can do about it.
"""

from __future__ import annotations

import errno
import ssl
from typing import Final, Protocol

import aiohttp

from bot.feeds.addresses import AddressRefused, shown
from bot.feeds.failures import FailureKind, FetchError


class Patience(Protocol):
    """How long was waited, in seconds, for the sentences that say so."""

    @property
    def connect_s(self) -> float:
        """For a connection."""

    @property
    def read_s(self) -> float:
        """Between two bytes."""

    @property
    def deadline_s(self) -> float:
        """For everything."""


def refused(subject: str) -> FetchError:
    """The error for an address that is not to be read."""
    return FetchError(
        shown(subject),
        "it leads to an address that is not on the public Internet",
        hint="If that is what you want, set RAREWATCH_PRIVATE_FEEDS=1.",
        kind=FailureKind.REFUSED_ADDRESS,
    )


_STATUS_SENTENCES: Final = {
    304: ("it says nothing changed, though nothing was known of it (status 304)", "The server is at fault."),
    401: ("it wants a user name and a password (status 401)", "Write them into its address, or take it out."),
    403: ("the server refuses us (status 403)", "Some outlets refuse data centres or feed readers."),
    404: ("there is nothing at this address (status 404)", "Look on the outlet's site for the new one."),
    410: ("it is gone for good (status 410)", "Take it out of feeds.yaml, or look for its successor."),
    429: ("we asked too often (status 429)", "Give it a longer interval."),
}


def http_failure(url: str, status: int, retry_after_s: float | None) -> FetchError:
    """The error for a status that brings no feed."""
    if status in _STATUS_SENTENCES:
        reason, hint = _STATUS_SENTENCES[status]
    elif status >= 500:
        reason, hint = f"the server has trouble of its own (status {status})", "It is tried again later."
    else:
        reason, hint = f"the server answers with status {status}", "Open it in a browser and see."
    kind = FailureKind.HTTP if status != 304 else FailureKind.PROTOCOL
    return FetchError(shown(url), reason, hint=hint, kind=kind, status=status, retry_after_s=retry_after_s)


def failure(url: str, error: Exception, patience: Patience) -> FetchError:
    """The kind and the sentence for whatever aiohttp, ssl or the system raised."""
    kind, reason, hint = _explained(error, patience)
    if kind is FailureKind.REFUSED_ADDRESS:
        return refused(url)
    return FetchError(shown(url), reason, hint=hint, kind=kind)


def _explained(error: Exception, patience: Patience) -> tuple[FailureKind, str, str]:
    later = "It is tried again later."
    match error:  # the order matters: several of these are each other's bases
        case AddressRefused():
            return FailureKind.REFUSED_ADDRESS, "", ""
        case aiohttp.ConnectionTimeoutError():
            return FailureKind.TIMEOUT, f"no connection within {patience.connect_s:g} s", later
        case aiohttp.SocketTimeoutError():
            return FailureKind.TIMEOUT, f"the server sent nothing for {patience.read_s:g} s", later
        case TimeoutError():
            return FailureKind.TIMEOUT, f"not finished within {patience.deadline_s:g} s", later
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
        case errno.EACCES | errno.EPERM:
            return "this machine may not connect there"
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
