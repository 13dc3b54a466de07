"""The figures of an evaluation are right, and odd labelled lines are told with their place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.language.concepts import Concepts
from bot.language.detect import Detector
from bot.lines import LineMatcher
from tests.evaluation.scores import CONCEPTS, detections, read_labelled, scores


def written(tmp_path: Path, *rows: object) -> Path:
    file = tmp_path / "labelled.jsonl"
    file.write_text("\n".join(json.dumps(row) for row in rows) + "\n\n", "utf-8")
    return file


def row(id_: str, text: str, *labels: str) -> dict[str, object]:
    return {"id": id_, "lang": "en", "text": text, "labels": list(labels)}


def test_hits_misses_and_false_alarms_are_counted(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        row("a", "New tariffs hit furniture", "tariff"),
        row("b", "A quiet day on the lake", "tariff"),
        row("c", "Tariffs on shoes fall", "none"),
    )
    matcher = LineMatcher(Concepts.load(), Detector(), None)
    made = {score.label: score for score in scores(read_labelled(file), matcher)}
    assert list(made) == list(CONCEPTS)
    tariff = made["tariff"]
    assert (tariff.right, [one.line.id for one in tariff.missed], [one.line.id for one in tariff.false]) == (
        1,
        ["b"],
        ["c"],
    )
    assert (tariff.precision, tariff.recall, tariff.f1) == (0.5, 0.5, 0.5)
    assert str(tariff).endswith("P 0.500   R 0.500   F1 0.500   below 0.95")
    assert made["mining"].f1 == 1.0, "nothing to find and nothing found"


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"id": 1, "lang": "en", "text": "x"}, "line 1: expected id, lang, text, labels"),
        (row("a", "x", "weather"), "line 1: unknown label weather"),
        ([], "line 1: expected id, lang, text, labels"),
    ],
)
def test_a_line_of_another_form_is_told_with_its_place(tmp_path: Path, bad: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_labelled(written(tmp_path, bad))


def test_languages_are_told_with_and_without_the_prior() -> None:
    with_prior, without = detections([("en", "The minister said this on Monday")], Detector())
    assert (with_prior.prior, without.prior) == (True, False)
    assert (with_prior.wrong, without.wrong) == ((), ())
    assert str(without) == "en       1 lines   1.0000 without the feed's language as a prior"
