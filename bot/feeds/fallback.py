"""Another address for the same news, asked while the first one refuses.

A fallback is another source's view of the outlet (a `site:` query at Google News, say): its items have other
links and other guids, so what both carry comes twice, and the first address is always asked first.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import aiohttp

from bot.errors import RarewatchError
from bot.feeds.failures import FailureKind, FetchError
from bot.feeds.fetch import Fetched, Limits, Validators, fetch

_NONE: Final = Validators()
_LIMITS: Final = Limits()
# What may be gone in a minute, or may be this machine's own network: worth another source only when it lasts.
_MAY_PASS: Final = frozenset(
    {FailureKind.DNS, FailureKind.CONNECT, FailureKind.TIMEOUT, FailureKind.PROTOCOL}
)
_LASTS: Final = 2  # failures in a row before this one


@dataclass(frozen=True, slots=True)
class Answer:
    """Who answered with what. `first_error`: why the first address did not, when the fallback did."""

    fetched: Fetched
    used_fallback: bool = False
    first_error: RarewatchError | None = None


def worth_asking_fallback(error: RarewatchError, *, failures: int = 0) -> bool:
    """Whether an address that failed like this is to be passed over for its fallback.

    At once where the server or its answer says no: an error status, a certificate, a redirect into nowhere, a
    page of HTML where a feed should be. What passes by itself only when it has failed before.

    Args:
        error: a FetchError, or what reading the answer raised (then it was no feed).
        failures: of the first address, in a row, before this one.
    """
    if not isinstance(error, FetchError):
        return True
    return error.kind not in _MAY_PASS or failures >= _LASTS


def _no_turn(_: str) -> AbstractAsyncContextManager[None]:
    return nullcontext()


async def fetch_or_fallback(
    session: aiohttp.ClientSession,
    url: str,
    fallback: str | None,
    *,
    validators: Validators,
    by_fallback: bool = False,
    ask_first: bool = True,
    failures: int = 0,
    limits: Limits = _LIMITS,
    now: datetime | None = None,
    user_agent: str | None = None,
    turn: Callable[[str], AbstractAsyncContextManager[None]] = _no_turn,
) -> Answer:
    """Fetches a feed from its address, or else from its fallback.

    Args:
        validators: of the last answer.
        by_fallback: whether that came from the fallback. Each address is sent its own validators only.
        ask_first: False: not the first address, this time. One that has refused for long is not asked at each
            poll that its fallback answers. Without a fallback it is asked all the same.
        failures: see `worth_asking_fallback`.
        user_agent: for the first address; the fallback is another server, and is asked as usual.
        turn: waits for a turn at the fallback's host, given the address. The first address's is the caller's.

    Raises:
        FetchError: nobody answered who was asked. Of two errors it is the first address's, which also tells
            the fallback's.
    """
    of_fallback = validators if by_fallback else _NONE
    if fallback and not ask_first:
        async with turn(fallback):
            fetched = await fetch(session, fallback, validators=of_fallback, limits=limits, now=now)
        return Answer(fetched, used_fallback=True)
    try:
        fetched = await fetch(
            session,
            url,
            validators=_NONE if by_fallback else validators,
            limits=limits,
            now=now,
            user_agent=user_agent,
        )
    except FetchError as error:
        if not fallback or not worth_asking_fallback(error, failures=failures):
            raise
        return await fetch_fallback(
            session,
            fallback,
            error,
            validators=of_fallback,
            limits=limits,
            now=now,
            turn=turn,
        )
    return Answer(fetched)


async def fetch_fallback(
    session: aiohttp.ClientSession,
    fallback: str,
    first_error: RarewatchError,
    *,
    validators: Validators = _NONE,
    limits: Limits = _LIMITS,
    now: datetime | None = None,
    turn: Callable[[str], AbstractAsyncContextManager[None]] = _no_turn,
) -> Answer:
    """Fetches the fallback of an address that failed, or that answered with something that is no feed.

    Args:
        first_error: why.
        validators: of the last answer, if that came from the fallback.

    Raises:
        FetchError: see `fetch_or_fallback`.
    """
    try:
        async with turn(fallback):
            fetched = await fetch(session, fallback, validators=validators, limits=limits, now=now)
    except FetchError as error:
        raise _both(first_error, error) from error
    return Answer(fetched, used_fallback=True, first_error=first_error)


def _both(first: RarewatchError, second: FetchError) -> FetchError:
    error = FetchError(
        first.subject,
        f"{first.reason.rstrip('.')}; nor could its fallback be read: {second.reason}",
        hint=first.hint,
        kind=FailureKind.CONTENT,
    )
    if isinstance(first, FetchError):
        error.kind, error.status, error.retry_after_s = first.kind, first.status, first.retry_after_s
    return error
