"""Why a text could not be translated: a closed set of kinds, each with a reason in plain words.

Failures travel as values. What a translator's library raises may carry the whole request address,
and with it the key and the text, so no exception of theirs leaves `providers`, not even as a cause.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from bot.errors import RarewatchError


class FailureKind(StrEnum):
    """What went wrong with one call of one provider."""

    UNREACHABLE = "unreachable"  # no name, no route, refused, broken off
    TIMEOUT = "timeout"
    THROTTLED = "throttled"  # 429
    REFUSED = "refused"  # 401, 403: a key, or a blocked address
    SERVER = "server"  # 5xx
    PROTOCOL = "protocol"  # an answer that is not what this service answers: a consent page, no JSON
    QUOTA = "quota"  # a warning sent in place of a translation
    UNUSABLE = "unusable"  # an answer that is no translation of this text
    UNSUPPORTED = "unsupported"  # a language, or a text too long
    RESTING = "resting"  # not asked: its breaker is open, or no call is free
    CRASHED = "crashed"  # the provider's code raised something unforeseen


PASSING = frozenset({FailureKind.UNREACHABLE, FailureKind.SERVER})
"""Worth one more try at once. Not a timeout (it has cost the patience there was), nor a throttle."""

BREAKING = frozenset(
    {
        FailureKind.UNREACHABLE,
        FailureKind.TIMEOUT,
        FailureKind.THROTTLED,
        FailureKind.REFUSED,
        FailureKind.SERVER,
        FailureKind.PROTOCOL,
        FailureKind.QUOTA,
        FailureKind.CRASHED,
    }
)
"""Counted by the breaker: these say something about the provider. The others are about one text."""


@dataclass(frozen=True, slots=True)
class ProviderFailure:
    """One provider's failure at one text: `reason` continues the sentence "google …" and holds no secret."""

    provider: str
    kind: FailureKind
    reason: str

    def __str__(self) -> str:
        return f"{self.provider} {self.reason}"


class TranslationError(RarewatchError):
    """No translator could translate this.

    `failures` holds what each provider failed with, in the order they were asked.
    """

    def __init__(self, subject: str, failures: Iterable[ProviderFailure] = (), *, reason: str = "") -> None:
        self.failures = tuple(failures)
        told = dict.fromkeys(str(failure) for failure in self.failures)  # in order, each once
        super().__init__(
            subject,
            reason or "; ".join(told),
            hint="`rarewatch doctor` shows the state of each translator.",
        )
