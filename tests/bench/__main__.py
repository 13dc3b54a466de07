"""`make bench`: each figure as a ratio against a baseline measured in the same run, on the same machine.

    python -m tests.bench [NAME …]

Absolute numbers say something about this machine only; the ratios travel.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

from tests.bench.figures import Figure
from tests.bench.matching import matching
from tests.bench.parsing import parsing
from tests.bench.polling import polling, steady
from tests.bench.translation import translation
from tests.bench.words import words_to_keys

BENCHES: dict[str, Callable[[], list[Figure]]] = {
    "parsing": parsing,
    "words": words_to_keys,
    "matching": matching,
    "polling": polling,
    "steady": steady,
    "translation": translation,
}


def main() -> int:
    """Runs the benches named, or all; prints a table."""
    names = sys.argv[1:] or list(BENCHES)
    unknown = [name for name in names if name not in BENCHES]
    if unknown:
        print(f"unknown: {', '.join(unknown)}; there are {', '.join(BENCHES)}", file=sys.stderr)
        return 2
    for name in names:
        print(f"{name} …", file=sys.stderr, flush=True)
        for figure in BENCHES[name]():
            print(figure, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
