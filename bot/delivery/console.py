"""Alerts and digests for a person at a terminal, when there is no token; or for a file, when piped.

On a terminal lines are wrapped at its width and the first one stands out; in a file they are left whole and
without colour, so that a search finds them.
"""

from __future__ import annotations

import itertools
import sys
from typing import TextIO

from rich.console import Console
from rich.text import Text

from bot.delivery.outcomes import Stop
from bot.delivery.output import Address
from bot.delivery.render import Message, clean, safe_url

MAX_WIDTH = 100  # longer lines are hard to read, however wide the window
RULE = "─" * 40


class _Console(Console):
    """Rich's own answer to a broken pipe is to redirect standard output and exit the process from within."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError("nobody reads standard output any more")


class ConsoleOutput:
    """An `Output` that prints. Message ids count from 1.

    Args:
        stream: standard output by default.
        width: columns to wrap at; by default those of the terminal, and none in a file.
    """

    def __init__(self, stream: TextIO | None = None, *, width: int | None = None) -> None:
        self._stream = stream if stream is not None else sys.stdout
        # Neither markup nor emoji names nor highlighting: what is printed comes from feeds.
        self._console = _Console(file=self._stream, width=width, markup=False, emoji=False, highlight=False)
        self._wrap = self._console.is_terminal or width is not None
        self._ids = itertools.count(1)

    async def send(self, address: Address, message: Message) -> int:
        """Print a message.

        Raises:
            Stop: the stream is closed.
        """
        self._print(message)
        return next(self._ids)

    async def edit(self, address: Address, message_id: int, message: Message) -> None:
        """Print the message anew, marked as an update of an earlier one.

        Raises:
            Stop: the stream is closed.
        """
        self._print(message, Text("↻ updated:", style="yellow"))

    def _print(self, message: Message, *before: Text) -> None:
        # A message has empty lines of its own: one more would not show where the next begins.
        lines = [Text(RULE, style="dim"), *before, *_styled(message), Text()]
        try:
            for line in lines:
                self._print_line(line)
            self._stream.flush()
        except (OSError, ValueError) as error:  # a closed pipe; a closed file
            raise Stop(
                "terminal", "standard output was closed", hint="Start it again without the pipe."
            ) from error

    def _print_line(self, line: Text) -> None:
        encoding = getattr(self._stream, "encoding", None) or "utf-8"
        try:
            line.plain.encode(encoding)
        except UnicodeEncodeError:  # a terminal without Unicode: question marks are better than no alert
            line.plain = line.plain.encode(encoding, "replace").decode(encoding)
        # An address broken in two is no use.
        whole = not self._wrap or safe_url(line.plain.strip()) is not None
        width = min(self._console.width, MAX_WIDTH)
        self._console.print(line, soft_wrap=whole, width=None if whole else width)


def _styled(message: Message) -> list[Text]:
    """The lines of a message, each cleaned again: a message may be built elsewhere than in `render`."""
    styled = []
    at = 0
    for number, line in enumerate(message.plain.split("\n")):
        indent = line[: len(line) - len(line.lstrip(" "))]
        text = indent + clean(line)
        if number == 0 or text.startswith("#"):
            style = "bold"
        elif safe_url(text.strip()) is not None:
            style = "blue"
        elif text.startswith("Why:"):
            style = "green"
        else:
            style = ""
        shown = Text(text, style=style)
        if text == line:
            for begin, end in message.marks:
                if at <= begin and end <= at + len(line):
                    shown.stylize("underline", begin - at, end - at)
        styled.append(shown)
        at += len(line) + 1
    return styled
