"""The prepared translations of the samples, as a translator that keeps marks would send them.

A text is known whole and sentence by sentence. Lines are answered one by one, a mark on a line of its own
stays, and a mark within a line stands for the words that were locked behind it.
"""

from __future__ import annotations

import re

from bot.demo.samples import Samples, fold
from bot.translation.marks import Marks, find
from bot.translation.segments import sentences


def references(samples: Samples) -> dict[tuple[str, str], str]:
    """(language, text) → its English, for every title and summary, and each sentence of a summary."""
    found: dict[tuple[str, str], str] = {}
    for article in samples.articles:
        pairs = zip(sentences(article.summary), sentences(article.english_summary), strict=True)
        for sentence, english in pairs:
            found[article.language, fold(sentence.text)] = english.text
        found[article.language, fold(article.title)] = article.english_title
        found[article.language, fold(article.summary)] = article.english_summary
    return found


class Prepared:
    """Translates what has a reference, and nothing else."""

    def __init__(self, samples: Samples) -> None:
        self._references = references(samples)

    def english(self, text: str, language: str) -> str | None:
        """The English of a text in this language; None: a line of it has no reference."""
        lines = [self._line(line, language) for line in text.strip().split("\n") if line.strip()]
        known = [line for line in lines if line is not None]
        return "\n".join(known) if known and len(known) == len(lines) else None

    def _line(self, line: str, language: str) -> str | None:
        line = fold(line)
        marks = find(Marks.BRACKETS, line)
        if not marks:
            return self._references.get((language, line))
        if "".join(line[mark.start : mark.end] for mark in marks) == line:
            return line
        starts, ends = [0, *(mark.end for mark in marks)], [*(mark.start for mark in marks), len(line)]
        between = [line[start:end] for start, end in zip(starts, ends, strict=True)]
        pattern = re.compile(".+?".join(map(re.escape, between)))
        for (known_language, known), english in self._references.items():
            if known_language == language and pattern.fullmatch(known):
                return english  # without the marks: it will be asked for again without them
        return None
