"""`make picture`: the README's picture of the demo, drawn from what a real run prints to a terminal.

    python -m tests.picture docs/demo.svg

The picture shows the introduction, an Indonesian and a Russian alert, the digest and the closing line;
what it leaves out is marked. Nothing in it is written by hand.
"""

from __future__ import annotations

import io
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

WIDTH = 92
SHOWN_ALERTS = ("Russia orders its cabinet", "China tightens export controls")
RULE = "─" * 40


def run_demo() -> str:
    """What `rarewatch demo --once` prints to a terminal of `WIDTH` columns, with its colours."""
    parent, child = pty.openpty()
    environment = os.environ | {"COLUMNS": str(WIDTH), "LINES": "60", "TERM": "xterm-256color"}
    process = subprocess.Popen([sys.executable, "-m", "bot", "demo", "--once"], stdout=child, env=environment)
    os.close(child)
    chunks = []
    while True:
        try:
            chunk = os.read(parent, 65536)
        except OSError:  # Linux's way of saying that the other end was closed
            break
        if not chunk:
            break
        chunks.append(chunk)
    if process.wait() != 0:
        sys.exit("the demo failed; no picture was made")
    return b"".join(chunks).decode().replace("\r\n", "\n")


def pieces(output: str) -> list[str]:
    """The output's parts as they are shown, with a mark for each run of parts left out."""
    shown: list[str] = []
    for part in re.split(rf"\n(?=(?:\x1b\[[0-9;]*m)*{RULE})", output):
        head, mark, digest = part.partition("— The daily digest")
        whole = (
            "This is Rarewatch" in part or "Daily digest ·" in part or any(t in part for t in SHOWN_ALERTS)
        )
        if whole:
            shown.append(part)
            continue
        if shown[-1] != "…\n":
            shown.append("…\n")
        if mark:
            # The colour that the line began with stands before it.
            colour = re.findall(r"(\x1b\[[0-9;]*m)$", head)
            shown.append("".join(colour) + mark + digest)
    return shown


def main() -> None:
    """Draws the picture into the file named on the command line."""
    target = Path(sys.argv[1])
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
    for piece in pieces(run_demo()):
        console.print(Text.from_ansi(piece), soft_wrap=True)
    target.write_text(console.export_svg(title="make demo"), encoding="utf-8")
    print(f"{target}: {target.stat().st_size // 1024} kB")


if __name__ == "__main__":
    main()
