"""The ways in which reading a feed can fail, as one closed list, and the error that carries them.

Kept apart from the code that meets them, so that a pure decision (when to try again) needs no HTTP client.
"""

from __future__ import annotations

from enum import StrEnum

from bot.errors import RarewatchError


class FailureKind(StrEnum):
    """What kind of failure, coarse enough to decide by."""

    DNS = "dns"  # the host's name has no address
    CONNECT = "connect"  # there is an address, but nobody answers there or the line broke
    TIMEOUT = "timeout"  # too slow, in connecting, between two bytes, or altogether
    TLS = "tls"  # the server's certificate or its TLS is not acceptable
    HTTP = "http"  # the server answered with an error status
    TOO_LARGE = "too_large"  # more bytes than a feed has any business to send
    REDIRECT = "redirect"  # too many redirects, a loop, or one that leads nowhere
    REFUSED_ADDRESS = "refused_address"  # a private address, which an outsider must not make us read
    PROTOCOL = "protocol"  # not HTTP as it is written: a broken body, a wrong encoding, a bad address
    CONTENT = "content"  # it came, but is no feed (see bot.feeds.parse.ParseError)


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
