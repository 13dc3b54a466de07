"""The concepts hold on headlines that were written and labelled before the rules were tried on them."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.language.concepts import Concepts
from bot.language.detect import Detector
from bot.lines import LineMatcher
from tests.evaluation.scores import WANTED, Score, detections, read_labelled, scores

LINES = read_labelled(Path(__file__).with_name("holdout.jsonl"))


@pytest.fixture(scope="module")
def measured(concepts: Concepts) -> list[Score]:
    return list(scores(LINES, LineMatcher(concepts, Detector(), None)))


def test_there_are_about_fifty_lines_a_language() -> None:
    languages = [one.line.language for one in LINES]
    assert all(languages.count(language) >= 50 for language in ("en", "id", "ru"))


def test_each_label_is_met_in_each_language(measured: list[Score]) -> None:
    short = {str(score): (score.missed, score.false) for score in measured if score.f1 < WANTED[score.label]}
    assert not short


def test_the_languages_are_told() -> None:
    lines = [(one.line.language or "", one.line.text) for one in LINES]
    for detection in detections(lines, Detector()):
        assert len(detection.wrong) <= 0.02 * detection.lines, detection.wrong
