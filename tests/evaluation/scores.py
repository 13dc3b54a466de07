"""How well the concepts answer labelled lines: precision, recall and F1 of each label in each language."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.language.detect import Detector
from bot.lines import Line, LineMatcher

# A label of the data, and the concept that answers it.
CONCEPTS: Mapping[str, str] = {
    "rare_earth": "rare_earths",
    "critical_minerals": "critical_minerals",
    "export_control": "export_controls",
    "tariff": "tariffs",
    "sanctions": "sanctions",
    "trade_war": "trade_war",
    "mining": "mining",
}
# What each label should reach.
WANTED: Mapping[str, float] = dict.fromkeys(CONCEPTS, 0.9) | dict.fromkeys(
    ("rare_earth", "export_control", "tariff", "sanctions"), 0.95
)


@dataclass(frozen=True, slots=True)
class Labelled:
    """A line whose labels a person has set; none of the seven is an empty set."""

    line: Line
    labels: frozenset[str]


@dataclass(frozen=True, slots=True)
class Score:
    """One label in one language: what was found, and the lines that were missed or found in error."""

    language: str
    label: str
    right: int
    missed: tuple[Labelled, ...]
    false: tuple[Labelled, ...]

    @property
    def precision(self) -> float:
        """Of what was found, the part that is right; 1 when nothing was found."""
        found = self.right + len(self.false)
        return self.right / found if found else 1.0

    @property
    def recall(self) -> float:
        """Of what there is, the part that was found; 1 when there is nothing."""
        there = self.right + len(self.missed)
        return self.right / there if there else 1.0

    @property
    def f1(self) -> float:
        """The harmonic mean of both."""
        both = 2 * self.right
        wrong = len(self.missed) + len(self.false)
        return both / (both + wrong) if both or wrong else 1.0

    def __str__(self) -> str:
        short = "" if self.f1 >= WANTED[self.label] else f"   below {WANTED[self.label]:.2f}"
        return (
            f"{self.language:<4} {self.label:<18} {self.right + len(self.missed):>4} lines   "
            f"P {self.precision:.3f}   R {self.recall:.3f}   F1 {self.f1:.3f}{short}"
        )


def read_labelled(file: Path) -> list[Labelled]:
    """Lines of ``{"id", "lang", "text", "labels"}``.

    Raises:
        ValueError: a line is not of this form or has a label that is not known; names the line.
    """
    lines = []
    for number, raw in enumerate(file.read_text("utf-8").splitlines(), start=1):
        if not raw.strip():
            continue
        try:
            value = json.loads(raw)
            line = Line(number, value["id"], value["text"], value["lang"])
            labels = frozenset(value["labels"]) - {"none"}
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{file}, line {number}: expected id, lang, text, labels: {error!r}") from error
        if unknown := labels - CONCEPTS.keys():
            raise ValueError(f"{file}, line {number}: unknown label {', '.join(sorted(unknown))}")
        lines.append(Labelled(line, labels))
    return lines


def scores(lines: Sequence[Labelled], matcher: LineMatcher) -> Iterator[Score]:
    """A score for each language and label, in the order of languages and `CONCEPTS`."""
    found = {id(one): set(matcher.match(one.line)["concepts"]) for one in lines}
    for language in sorted({one.line.language or "" for one in lines}):
        here = [one for one in lines if one.line.language == language]
        for label, concept in CONCEPTS.items():
            said = [one for one in here if concept in found[id(one)]]
            yield Score(
                language,
                label,
                right=sum(label in one.labels for one in said),
                missed=tuple(one for one in here if label in one.labels and concept not in found[id(one)]),
                false=tuple(one for one in said if label not in one.labels),
            )


@dataclass(frozen=True, slots=True)
class Detection:
    """How often the language was told rightly, of how many lines; the lines told wrongly with the answer."""

    language: str
    prior: bool
    lines: int
    wrong: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        share = 1 - len(self.wrong) / self.lines
        return (
            f"{self.language:<4} {self.lines:>5} lines   {share:.4f} "
            f"{'with' if self.prior else 'without'} the feed's language as a prior"
        )


def detections(lines: Iterable[tuple[str, str]], detector: Detector) -> Iterator[Detection]:
    """Accuracy for (language, text) pairs, with the line's own language as a prior and without."""
    known = list(lines)
    for language in sorted({language for language, _ in known}):
        texts = [text for own, text in known if own == language]
        for prior in (language, None):
            answers = [(text, detector.detect(text, prior)) for text in texts]
            wrong = tuple((text, answer) for text, answer in answers if answer != language)
            yield Detection(language, prior is not None, len(texts), wrong)
