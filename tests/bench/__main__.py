"""`make bench`: each figure as a ratio against a baseline measured in the same run, on the same machine.

    python -m tests.bench [--readme] [NAME …]

Absolute numbers say something about this machine only; the ratios travel. With --readme all benches run, and
the README's table is made anew.
"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from tests.bench.figures import Figure
from tests.bench.matching import matching
from tests.bench.parsing import parsing
from tests.bench.polling import polling, steady
from tests.bench.report import table, with_table
from tests.bench.translation import translation
from tests.bench.words import words_to_keys

BENCHES: dict[str, Callable[[], list[Figure]]] = {
    "polling": polling,
    "steady": steady,
    "parsing": parsing,
    "words": words_to_keys,
    "matching": matching,
    "translation": translation,
}
TITLES = {
    "polling": "Polling 200 local feeds of 30 items, 32 kB each, into SQLite",
    "steady": "10,000 feeds polled once in a quarter of an hour",
    "parsing": "Reading a feed",
    "words": "Texts to the keys of their words",
    "matching": "Articles of 40 words against queries, on one core",
    "translation": "Translating through a service that takes 0.3 s to answer",
}
README = Path("README.md")


def main() -> int:
    """Runs the benches named, or all; prints their figures."""
    into_readme = "--readme" in sys.argv[1:]
    names = [name for name in sys.argv[1:] if name != "--readme"] or list(BENCHES)
    unknown = [name for name in names if name not in BENCHES]
    if unknown:
        print(f"unknown: {', '.join(unknown)}; there are {', '.join(BENCHES)}", file=sys.stderr)
        return 2
    if into_readme and names != list(BENCHES):
        print("--readme takes no names: the README's table has all benches", file=sys.stderr)
        return 2
    groups: dict[str, list[Figure]] = {}
    for name in names:
        print(f"{name} …", file=sys.stderr, flush=True)
        groups[name] = BENCHES[name]()
        for figure in groups[name]:
            print(figure, flush=True)
    if into_readme:
        titled = {TITLES[name]: figures for name, figures in groups.items()}
        made = table(titled, machine=_machine(), day=datetime.now(UTC).date().isoformat())
        README.write_text(with_table(README.read_text(encoding="utf-8"), made), encoding="utf-8")
    return 0


def _machine() -> str:
    cores = os.cpu_count() or 1
    return f"{cores} core{'s' if cores > 1 else ''}, {platform.system()}, Python {platform.python_version()}"


if __name__ == "__main__":
    sys.exit(main())
