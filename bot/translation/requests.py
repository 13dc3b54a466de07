"""What is sent to a provider for some pieces of text, and what its replies are worth. Pure.

    pieces ─▶ names locked ─▶ one text with borders, or a text each ─▶ provider
    replies ─▶ borders in place? ─▶ names in place? ─▶ a translation? ─▶ a verdict for each piece

A piece that fails does not spoil the others: each gets a verdict of its own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.translation.checks import check_reply, clean_reply, has_letters, is_warning
from bot.translation.errands import Pair
from bot.translation.failures import FailureKind, ProviderFailure
from bot.translation.locking import LockedText, Names
from bot.translation.marks import MOST_NUMBER, Marks, find, occurs
from bot.translation.packing import border_length, pack, packable, unpack
from bot.translation.providers import Provider

MOST_PIECES = 60  # of a request: leaves 140 marks for names


class Again(StrEnum):
    """A piece that this very provider should be asked for once more."""

    UNLOCKED = "unlocked"  # the marks of its names were lost
    ALONE = "alone"  # among others it did not come out well


Verdict = str | Again | ProviderFailure


@dataclass(frozen=True, slots=True)
class Reading:
    """The verdict on each piece, and what the whole says of the provider: None, or how it failed."""

    verdicts: tuple[Verdict, ...]
    failure: ProviderFailure | None
    borders_lost: bool = False


@dataclass(frozen=True, slots=True)
class Piece:
    """A text to send; with `lock` its names are locked where the provider keeps marks."""

    text: str
    lock: bool = True


@dataclass(frozen=True, slots=True)
class Request:
    """The texts of one request, and the pieces they stand for."""

    provider: str
    pair: Pair
    marks: Marks
    pieces: tuple[Piece, ...]
    locked: tuple[LockedText | None, ...]  # None: as it is
    texts: tuple[str, ...]
    first: int | None  # the number of the first border; None: a text each

    @property
    def characters(self) -> int:
        """What it costs."""
        return sum(map(len, self.texts))

    def read(self, replies: Sequence[object]) -> Reading:
        """The verdicts on the pieces, in their order."""
        parts = self._parts(replies)
        if parts is None:
            return self._borders_lost(replies[0])
        one_by_one = [
            self._read_one(piece, locked, part)
            for piece, locked, part in zip(self.pieces, self.locked, parts, strict=True)
        ]
        doubtful = self._doubtful(parts, one_by_one)
        verdicts = tuple(
            Again.ALONE if number in doubtful else verdict for number, verdict in enumerate(one_by_one)
        )
        # A provider that translated anything works; what it failed with is about that one text.
        failures = [verdict for verdict in one_by_one if isinstance(verdict, ProviderFailure)]
        works = any(isinstance(verdict, str) for verdict in verdicts)
        return Reading(verdicts, failures[0] if failures and not works else None)

    def _parts(self, replies: Sequence[object]) -> Sequence[object] | None:
        if self.first is None:
            return replies
        whole = replies[0]
        if not isinstance(whole, str):
            return None
        return unpack(whole, self.marks, self.first, len(self.pieces))

    def _doubtful(self, parts: Sequence[object], verdicts: Sequence[Verdict]) -> set[int]:
        """The pieces among others that should be asked for alone."""
        if len(verdicts) == 1:
            return set()
        taken = [verdict if isinstance(verdict, str) else None for verdict in verdicts]
        return {
            number
            for number, (part, verdict) in enumerate(zip(parts, verdicts, strict=True))
            # A piece is a line: whose translation are two?
            if (self.first is not None and isinstance(part, str) and "\n" in part)
            or (isinstance(verdict, ProviderFailure) and verdict.kind is FailureKind.UNUSABLE)
        } | mixed_up([piece.text for piece in self.pieces], taken)

    def _borders_lost(self, reply: object) -> Reading:
        failure = self._failure(FailureKind.UNUSABLE, "did not keep the marks between texts")
        whole = " ".join(piece.text for piece in self.pieces)
        if is_warning(reply) and not is_warning(whole):
            failure = self._failure(FailureKind.QUOTA, check_reply(whole, reply, self.pair.source) or "")
            return Reading((failure,) * len(self.pieces), failure)
        return Reading((Again.ALONE,) * len(self.pieces), failure, borders_lost=True)

    def _read_one(self, piece: Piece, locked: LockedText | None, reply: object) -> Verdict:
        pair = self.pair
        if isinstance(reply, str):
            reply = clean_reply(piece.text, reply)
        if locked is None:
            if reason := check_reply(piece.text, reply, pair.source, pair.target):
                kind = FailureKind.QUOTA if is_warning(reply) else FailureKind.UNUSABLE
                return self._failure(kind, reason)
            if not isinstance(reply, str) or (
                occurs(self.marks, reply) and not occurs(self.marks, piece.text)
            ):
                return self._failure(FailureKind.UNUSABLE, "left a mark in the text")
            return reply
        restored = locked.restore(reply) if isinstance(reply, str) else None
        if not isinstance(reply, str) or restored is None:
            if is_warning(reply):
                return self._failure(FailureKind.QUOTA, check_reply(piece.text, reply, pair.source) or "")
            return Again.UNLOCKED
        # Judged by what it translated: the names are ours, and a text sent back with them looks translated.
        source, english = _bare(self.marks, locked.text), _bare(self.marks, reply)
        if has_letters(source) and check_reply(source, english, pair.source, pair.target):
            return Again.UNLOCKED
        if len(find(self.marks, locked.text)) == 0 or not restored.strip():
            return Again.UNLOCKED
        return restored

    def _failure(self, kind: FailureKind, reason: str) -> ProviderFailure:
        return ProviderFailure(self.provider, kind, reason)


def compose(provider: Provider, pair: Pair, pieces: Sequence[Piece], names: Names, *, first: int) -> Request:
    """The request for the first of these pieces, as many as fit; at least one.

    More than one go together only if the provider takes several texts, or borders can stand around each.
    """
    several = provider.max_texts > 1
    number = first + min(len(pieces), MOST_PIECES) + 1  # the names' marks come behind the borders'
    border = 0 if several else border_length(provider.marks)
    length = border
    texts: list[str] = []
    locks: list[LockedText | None] = []
    for piece in pieces[: provider.max_texts if several else MOST_PIECES]:
        locked = _lock(provider, pair, piece, names, number)
        text = piece.text if locked is None else locked.text
        length += len(text) + border
        if texts and (length > provider.max_chars or not (several or packable(piece.text, provider.marks))):
            break
        if locked is not None:
            number += len(locked.names)
        texts.append(text)
        locks.append(locked)
        if not several and not packable(piece.text, provider.marks):
            break
    together = len(texts) > 1 and not several
    return Request(
        provider=provider.name,
        pair=pair,
        marks=provider.marks,
        pieces=tuple(pieces[: len(texts)]),
        locked=tuple(locks),
        texts=(pack(texts, provider.marks, first),) if together else tuple(texts),
        first=first if together else None,
    )


def mixed_up(sources: Sequence[str], replies: Sequence[str | None]) -> set[int]:
    """Which replies may hold something of a neighbour's text, although every border is in its place.

    Two different texts with the same reply; a number that only another text has; a length that
    says that a sentence moved.
    """
    doubtful = set()
    seen: dict[str, int] = {}
    figures = [set(_FIGURES.findall(source)) for source in sources]
    everybodys = set().union(*figures)
    for number, (source, reply) in enumerate(zip(sources, replies, strict=True)):
        if reply is None:
            continue
        first = seen.setdefault(reply.casefold(), number)
        if first != number and sources[first].casefold() != source.casefold():
            doubtful |= {first, number}
        if (set(_FIGURES.findall(reply)) - figures[number]) & everybodys:
            doubtful.add(number)
        if not len(source) / 3 - 10 <= len(reply) <= 2 * len(source) + 40:
            doubtful.add(number)
    return doubtful


_FIGURES = re.compile(r"\d+")


def _lock(provider: Provider, pair: Pair, piece: Piece, names: Names, number: int) -> LockedText | None:
    if not piece.lock or pair.target != "en" or not packable(piece.text, provider.marks):
        return None
    locked = names.lock(piece.text, pair.source, provider.marks, number)
    if not locked.names or number + len(locked.names) > MOST_NUMBER or len(locked.text) > provider.max_chars:
        return None
    return locked


def _bare(marks: Marks, text: str) -> str:
    pieces = []
    at = 0
    for mark in find(marks, text):
        pieces.append(text[at : mark.start])
        at = mark.end
    return " ".join("".join([*pieces, text[at:]]).split())
