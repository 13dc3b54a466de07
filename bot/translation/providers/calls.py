"""What every provider promises, and the net under each of its calls.

A call blocks for a bounded time (see `timeouts`), so it belongs in a thread, and whatever goes wrong comes
back as a ProviderFailure value: no exception leaves a provider (a StopIteration would make asyncio wait for
ever), and no text of a failure holds a key.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Protocol
from urllib.parse import quote_plus

from deep_translator.exceptions import BaseError, TranslationNotFound

from bot.translation.failures import FailureKind, ProviderFailure
from bot.translation.marks import Marks
from bot.translation.timeouts import CallFailed, Inspect, Limits, limited_to

# Google's and Libre's text travels in the address: a Cyrillic letter takes 6 bytes there, and 8,190 bytes is
# the longest request line that servers and proxies commonly take. (Google itself takes some 1,500 letters.)
URL_SAFE_CHARS = 1_200


class Provider(Protocol):
    """Somebody who translates texts, at most `max_texts` a request and `max_chars` characters together."""

    @property
    def name(self) -> str:
        """As in RAREWATCH_TRANSLATORS."""

    @property
    def max_chars(self) -> int:
        """The most characters of one request, all its texts together."""

    @property
    def max_texts(self) -> int:
        """How many texts a request takes natively."""

    @property
    def marks(self) -> Marks:
        """How a mark (a locked name, a separator) is written for it; Marks.NONE: it can't keep any."""

    def translate_many(
        self, texts: Sequence[str], source: str, target: str = "en"
    ) -> list[str] | ProviderFailure:
        """The translation of each text, in order, or why there is none. One request; never raises.

        Blocks; safe to call from many threads at once. `source` and `target` are ISO 639-1. The replies are
        as the service gave them: `checks` judges them.
        """


def guarded(
    name: str,
    call: Callable[[], Sequence[object]],
    texts: Sequence[str],
    limits: Limits,
    *,
    secrets: tuple[str, ...] = (),
    inspect: Inspect | None = None,
) -> list[str] | ProviderFailure:
    """Make the call; give its texts, or the failure in our own words; an exception's text is never used.

    The call gives one text for each of `texts`. Nothing of `secrets` and `texts` gets into a reason.
    """

    def failed(kind: FailureKind, reason: str) -> ProviderFailure:
        return ProviderFailure(name, kind, reason)

    try:
        with limited_to(limits, inspect):
            replies = call()
    except CallFailed as exc:
        said = redacted(exc.said, (*secrets, *texts))
        return failed(exc.kind, f"{exc.reason}: {said}" if said else exc.reason)
    except TranslationNotFound:
        return failed(FailureKind.PROTOCOL, "sent a page without a translation (a consent or robot page?)")
    except BaseError as exc:  # deep-translator's complaints about languages, lengths and keys
        return failed(FailureKind.UNSUPPORTED, f"can't take this text or language ({type(exc).__name__})")
    except UnicodeEncodeError:  # half a surrogate pair: such a text says nothing about the provider
        return failed(FailureKind.UNSUPPORTED, "can't take this text (it is not well-formed)")
    except (KeyError, TypeError, AttributeError, IndexError, StopIteration):
        return failed(FailureKind.PROTOCOL, "answered in a form it should not have")
    except Exception as exc:  # the last net: its text may hold the key, so it ends in this thread
        return failed(FailureKind.CRASHED, f"failed in an unforeseen way ({type(exc).__name__})")
    if len(replies) != len(texts):
        return failed(FailureKind.PROTOCOL, f"sent {len(replies)} texts for {len(texts)}")
    found: list[str] = []
    for one in replies:
        if one is None:
            return failed(FailureKind.UNUSABLE, "sent nothing back")
        if not isinstance(one, str):
            return failed(FailureKind.PROTOCOL, "sent something that is not text")
        found.append(one)
    return found


def refused(
    provider: Provider, texts: Sequence[str], codes: Collection[str], *languages: str
) -> ProviderFailure | None:
    """Why this provider is not even asked: a language it does not know, or more texts than it takes."""
    for language in languages:
        if language not in codes:
            reason = f"does not know the language {language!r}"
            return ProviderFailure(provider.name, FailureKind.UNSUPPORTED, reason)
    if len(texts) > provider.max_texts:
        reason = f"takes {provider.max_texts} text{'s'[: provider.max_texts > 1]} at once, not {len(texts)}"
        return ProviderFailure(provider.name, FailureKind.UNSUPPORTED, reason)
    return None


def redacted(said: str, secrets: Sequence[str]) -> str:
    """A server's own error text in one short line, without the secrets it may repeat."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        for form in (secret, quote_plus(secret)):
            said = said.replace(form, "***")
    line = " ".join(said.split())
    return line if len(line) <= 120 else line[:119] + "…"
