"""What has been translated before, and the part of it that is kept at hand.

The memory holds segments (a title, a sentence of a summary), each under a key of its text, its languages and
the glossary's version, so that a sentence is found again whatever article it comes in.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

MOST_AT_HAND = 20_000  # segments; about 10 MB
# A segment at hand is asked for in the store again after this: it would seem unused there, and be pruned.
FRESH_S = 86_400.0

Remembered = tuple[str, str]
"""A translation, and the provider it came from."""

_UNWRITABLE = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\ud800-\udfff]")


class Memory(Protocol):
    """What has been translated before. Keys are those of `memory_key`; values (translation, provider)."""

    async def get(self, keys: Sequence[str]) -> dict[str, Remembered]:
        """The rows that are known, of those asked for."""

    async def put(self, rows: Mapping[str, Remembered]) -> None:
        """Keep them; a key that is there already may keep either text."""


def normalise(text: str) -> str:
    """The form under which a text is remembered: canonical Unicode, single spaces, no space around.

    What no provider and no database takes, control characters and halves of surrogate pairs, is a space.
    """
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    if _UNWRITABLE.search(text):
        text = _UNWRITABLE.sub(" ", text)
    return " ".join(text.split())


def memory_key(text: str, source: str, target: str = "en", glossary: str = "") -> str:
    """The key of a segment in the memory: 64 hexadecimal digits. `glossary` is the glossary's version."""
    version = f"\n{glossary}" if glossary else ""
    return hashlib.sha256(f"{source}\n{target}\n{normalise(text)}{version}".encode()).hexdigest()


class RecentMemory:
    """A Memory in front of another: what was asked for lately is answered at once.

    Look-ups of several callers that come while one is under way go together in the next.
    """

    def __init__(self, store: Memory, *, clock: Callable[[], float], most: int = MOST_AT_HAND) -> None:
        self._store = store
        self._clock = clock
        self._most = most
        self._rows: dict[str, tuple[Remembered, float]] = {}  # the least recently put first
        self._one_at_a_time = asyncio.Lock()
        self._next: tuple[set[str], asyncio.Task[dict[str, Remembered]]] | None = None

    def at_hand(self, keys: Iterable[str]) -> dict[str, Remembered]:
        """Those that need no look-up."""
        oldest, rows = self._clock() - FRESH_S, self._rows
        return {key: row[0] for key in keys if (row := rows.get(key)) is not None and row[1] > oldest}

    async def get(self, keys: Sequence[str]) -> dict[str, Remembered]:
        """See Memory."""
        found = self.at_hand(keys)
        missing = [key for key in keys if key not in found]
        if missing:
            if self._next is None:
                wanted: set[str] = set()
                self._next = wanted, asyncio.create_task(self._look_up(wanted))
            wanted, task = self._next
            wanted.update(missing)
            stored = await asyncio.shield(task)  # one caller's end does not end it for the others
            found.update((key, stored[key]) for key in missing if key in stored)
        return found

    async def put(self, rows: Mapping[str, Remembered]) -> None:
        """See Memory."""
        self._keep(rows)  # first: whoever asks while it is being stored need not translate it again
        await self._store.put(rows)

    async def _look_up(self, wanted: set[str]) -> dict[str, Remembered]:
        async with self._one_at_a_time:
            self._next = None  # what is asked for from here on belongs to the next look-up
            found = await self._store.get(tuple(wanted))
        self._keep(found)
        return found

    def _keep(self, rows: Mapping[str, Remembered]) -> None:
        now = self._clock()
        for key, row in rows.items():
            self._rows.pop(key, None)
            self._rows[key] = (row, now)
        for key in list(self._rows)[: max(0, len(self._rows) - self._most)]:
            del self._rows[key]
