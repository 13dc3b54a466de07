"""Several texts as one, and apart again: marks before, between and behind them, on lines of their own.

    [[417]]
    Harga nikel naik
    [[418]]
    Pemerintah melarang ekspor bauksit.
    [[419]]

The numbers begin anywhere and count up, so that a reply with a border lost, doubled, moved or made up, or
with anything before the first or behind the last, is seen for what it is, and nobody gets another's text.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from bot.translation.marks import MOST_NUMBER, Marks, find, occurs, write


def packable(text: str, marks: Marks) -> bool:
    """Whether borders can stand around a text: it holds nothing like a mark itself."""
    return marks is not Marks.NONE and not occurs(marks, text)


def pack(texts: Sequence[str], marks: Marks, first: int) -> str:
    """The texts with their borders, numbered from `first`; each text may hold other marks than these."""
    lines = []
    for number, text in enumerate(texts, first):
        lines += [write(marks, number), text]
    return "\n".join([*lines, write(marks, first + len(texts))])


def border_length(marks: Marks) -> int:
    """How much longer a pack grows by a border with its line ends."""
    return 0 if marks is Marks.NONE else len(write(marks, MOST_NUMBER)) + 2


def unpack(reply: str, marks: Marks, first: int, count: int) -> list[str] | None:
    """The texts between the borders, without space around; None unless every border is in its place."""
    borders = [mark for mark in find(marks, reply) if first <= mark.number <= first + count]
    if [border.number for border in borders] != list(range(first, first + count + 1)):
        return None
    if reply[: borders[0].start].strip() or reply[borders[-1].end :].strip():
        return None
    return [reply[left.end : right.start].strip() for left, right in itertools.pairwise(borders)]
