"""`make eval DATA=FILE`: how well concepts and language detection do on labelled headlines.

    python -m tests.evaluation FILE [--misses]

FILE holds a JSON object a line, ``{"id", "lang", "text", "labels"}``. The concepts are asked through the code
behind `rarewatch match`.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from bot.language.concepts import Concepts
from bot.language.detect import Detector
from bot.lines import LineMatcher
from tests.evaluation.scores import detections, read_labelled, scores


def main() -> int:
    """Prints the tables; with --misses every miss and false alarm under its row."""
    parser = argparse.ArgumentParser(prog="python -m tests.evaluation", description=main.__doc__)
    parser.add_argument("file", type=Path, help='a JSON object a line: {"id", "lang", "text", "labels"}')
    parser.add_argument("--misses", action="store_true", help="list every miss and every false alarm")
    asked = parser.parse_args()
    try:
        lines = read_labelled(asked.file)
    except (OSError, ValueError) as error:
        print(f"can't read the labelled lines: {error}", file=sys.stderr)
        return 2
    detector = Detector()
    for score in scores(lines, LineMatcher(Concepts.load(), detector, None)):
        print(score)
        if asked.misses:
            for kind, those in (("missed", score.missed), ("false", score.false)):
                for one in those:
                    print(f"       {kind:<7} {one.line.id}  {one.line.text}")
    print()
    for detection in detections(((one.line.language or "", one.line.text) for one in lines), detector):
        print(detection)
        if asked.misses:
            for text, answer in detection.wrong:
                print(f"       {answer:<7} {text}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
