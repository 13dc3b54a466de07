"""Other feed readers, polled side by side with ours where they are installed.

`reader` is looked for in this Python, or in the one that BENCH_READER_PYTHON names (it is no dependency of
this project); newsboat on the PATH.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

_READER = """
import sys, time
from reader import make_reader
reader = make_reader(sys.argv[1])
for url in sys.stdin.read().split():
    reader.add_feed(url)
for _ in range(2):
    started = time.perf_counter()
    reader.update_feeds(scheduled=False, workers=8)
    print(time.perf_counter() - started)
print(reader.get_entry_counts().total)
"""


def reader_seconds(urls: Sequence[str], entries: int) -> tuple[float, float] | None:
    """Seconds that reader takes for the first poll of all feeds and for the second; None without reader."""
    python = os.environ.get("BENCH_READER_PYTHON", sys.executable)
    environment = {**os.environ, "READER_NO_VENDORED_FEEDPARSER": "1"}
    if subprocess.run([python, "-c", "import reader"], env=environment, capture_output=True).returncode:  # noqa: S603
        return None
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(  # noqa: S603
            [python, "-c", _READER, f"{folder}/reader.sqlite"],
            input="\n".join(urls),
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
    first, second, total = done.stdout.split()
    if int(total) != entries:
        raise RuntimeError(f"reader found {total} entries instead of {entries}")
    return float(first), float(second)


def newsboat_seconds(urls: Sequence[str]) -> tuple[float, float] | None:
    """As `reader_seconds`, for newsboat."""
    if (newsboat := shutil.which("newsboat")) is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        listed = Path(folder) / "urls"
        listed.write_text("\n".join(urls), encoding="utf-8")
        config = Path(folder) / "config"
        config.write_text("reload-threads 8\n", encoding="utf-8")
        command = [newsboat, "-q", "-u", str(listed), "-c", f"{folder}/cache.db", "-C", str(config)]
        seconds = []
        for _ in range(2):
            started = time.perf_counter()
            subprocess.run([*command, "-x", "reload"], check=True, capture_output=True)  # noqa: S603
            seconds.append(time.perf_counter() - started)
    return seconds[0], seconds[1]
