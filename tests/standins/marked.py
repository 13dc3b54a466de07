"""How a translator deals with lines and marks: each line translated by itself, marks kept, bent or lost.

    server.answer = by_lines(english_of, habit=Habit.SPACED)

`english_of` is asked for each line that is no mark, without the marks in it; these come behind its English.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import StrEnum

from bot.translation.marks import Marks, find


class Habit(StrEnum):
    """What becomes of the marks that stand on lines of their own."""

    KEPT = "kept"
    SPACED = "with spaces in them"
    WIDE = "with wide digits and brackets"
    ON_ONE_LINE = "all on one line"
    FIRST_LOST = "the first lost"
    ONE_LOST = "one lost"
    LAST_LOST = "the last lost, and the text before it cut short"
    ALL_LOST = "all lost"
    DOUBLED = "one doubled"
    SWAPPED = "two swapped"
    RENUMBERED = "numbered anew"
    MADE_UP = "one too many"
    PREFACED = "a word before the first"
    NEIGHBOURS_SWAPPED = "two texts swapped between them"  # the marks are all in their places


HARMLESS = (Habit.KEPT, Habit.SPACED, Habit.WIDE, Habit.ON_ONE_LINE)
"""A reply that is still understood."""

_WIDE = str.maketrans("0123456789[]", "０１２３４５６７８９［］")


def by_lines(
    english_of: Callable[[str], str], *, habit: Habit = Habit.KEPT, names_lost: bool = False
) -> Callable[[str], str]:
    """An `answer` for the stand-ins. With `names_lost` the marks within a line are dropped."""

    def line(text: str) -> str:
        marks = find(Marks.BRACKETS, text)
        written = [text[mark.start : mark.end] for mark in marks]
        if "".join(written) == text.strip():
            return text
        bare = text
        for mark in written:
            bare = bare.replace(mark, " ")
        english = english_of(" ".join(bare.split()))
        return english if names_lost or not written else f"{english} {' '.join(written)}"

    def answer(text: str) -> str:
        lines = [line(one) if one.strip() else one for one in text.split("\n")]
        borders = [index for index, one in enumerate(lines) if re.fullmatch(r"\[\[\d+\]\]", one)]
        if borders:
            lines = _bend(lines, borders, habit)
        return (" " if habit is Habit.ON_ONE_LINE else "\n").join(lines)

    return answer


def _bend(lines: list[str], borders: list[int], habit: Habit) -> list[str]:
    first, second, last = borders[0], borders[1], borders[-1]
    match habit:
        case Habit.SPACED:
            return [_spaced(one) if index in borders else one for index, one in enumerate(lines)]
        case Habit.WIDE:
            return [one.translate(_WIDE) if index in borders else one for index, one in enumerate(lines)]
        case Habit.FIRST_LOST:
            return lines[:first] + lines[first + 1 :]
        case Habit.ONE_LOST:
            return lines[:second] + lines[second + 1 :]
        case Habit.LAST_LOST:
            return [*lines[: last - 1], lines[last - 1][:5]]
        case Habit.ALL_LOST:
            return [one for index, one in enumerate(lines) if index not in borders]
        case Habit.DOUBLED:
            return [*lines[: second + 1], lines[second], *lines[second + 1 :]]
        case Habit.SWAPPED:
            lines[first], lines[second] = lines[second], lines[first]
        case Habit.RENUMBERED:
            for number, index in enumerate(borders, 1):
                lines[index] = f"[[{number}]]"
        case Habit.MADE_UP:
            return [*lines, "[[7]]", "And more."]
        case Habit.PREFACED:
            return ["Translation:", *lines]
        case Habit.NEIGHBOURS_SWAPPED if len(borders) > 2:
            lines[first + 1], lines[second + 1] = lines[second + 1], lines[first + 1]
        case _:
            return lines
    return lines


def _spaced(mark: str) -> str:
    return mark.replace("[[", "[ [ ").replace("]]", " ] ]")
