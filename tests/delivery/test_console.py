"""A terminal shows messages readably, a file gets them whole and plain, and no feed drives the terminal."""

from __future__ import annotations

import io
import os
import re
from dataclasses import replace

import pytest
from hypothesis import given, settings

from bot.delivery.console import RULE, ConsoleOutput
from bot.delivery.outcomes import Stop
from bot.delivery.output import Address, Output
from bot.delivery.render import AlertView, Message, render_alert, render_digest
from tests.delivery.test_render import ALERT, DIGEST, alerts

CONSOLE = Address(0)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


async def printed(message: Message, stream: io.StringIO, **options: int) -> str:
    await ConsoleOutput(stream, **options).send(CONSOLE, message)
    return stream.getvalue()


async def test_a_file_gets_whole_lines_without_colour() -> None:
    long = replace(ALERT, title="A headline that is longer than any terminal " * 5)
    message = render_alert(long)
    assert await printed(message, io.StringIO()) == f"{RULE}\n{message.plain}\n\n"


async def test_a_terminal_gets_lines_of_its_width_but_whole_addresses(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    address = "https://a.example/" + "x" * 120
    text = await printed(render_alert(replace(ALERT, summary="ore " * 70, url=address)), Terminal(), width=80)
    bare = re.sub(r"\x1b\[[\d;]*m", "", text)
    assert address in bare
    assert all(len(line) <= 80 for line in bare.splitlines() if line != address)
    assert "\x1b[1m" in text  # the title is bold
    assert "\x1b[1;4mrare earths\x1b[0m" in text  # and what was found in it is underlined


async def test_a_digest_is_printed_with_an_address_under_each_story() -> None:
    (message,) = render_digest(DIGEST)
    assert "\n  https://a.example/2\n" in await printed(message, io.StringIO())


async def test_message_ids_increase_and_an_edit_is_marked_as_an_update() -> None:
    stream = io.StringIO()
    output: Output = ConsoleOutput(stream)
    ids = [await output.send(CONSOLE, Message("", "first")) for _ in range(3)]
    assert ids == sorted(set(ids))
    await output.edit(CONSOLE, ids[0], Message("", "now in English"))
    assert stream.getvalue().endswith(f"{RULE}\n↻ updated:\nnow in English\n\n")


@settings(deadline=None, max_examples=50)
@given(alerts)
async def test_no_alert_can_send_an_escape_to_a_terminal(view: AlertView) -> None:
    text = await printed(render_alert(view), Terminal(), width=80)
    assert set(re.sub(r"\x1b\[[\d;]*m", "", text)) & {"\x1b", "\x9b", "\x07", "\r", "\x08"} == set()


async def test_escapes_in_a_message_built_elsewhere_are_taken_out_too() -> None:
    text = await printed(Message("", "a\x1b]0;title\x07b\r\n[bold]:smile:\x9b2J"), io.StringIO())
    assert text == f"{RULE}\na]0;titleb\n[bold]:smile:2J\n\n"


async def test_a_terminal_without_unicode_gets_question_marks() -> None:
    raw = io.BytesIO()
    with io.TextIOWrapper(raw, encoding="ascii") as stream:
        await ConsoleOutput(stream).send(CONSOLE, Message("", "Металл: tin"))
        assert raw.getvalue().endswith(b"?\n??????: tin\n\n")


async def test_a_closed_output_stops_the_sender() -> None:
    stream = io.StringIO()
    output = ConsoleOutput(stream)
    stream.close()
    with pytest.raises(Stop, match="standard output was closed"):
        await output.send(CONSOLE, Message("", "x"))


async def test_a_broken_pipe_stops_the_sender() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    stream = os.fdopen(writer, "w")
    with pytest.raises(Stop):
        await ConsoleOutput(stream).send(CONSOLE, Message("", "x"))
    with pytest.raises(BrokenPipeError):  # what it still holds
        stream.close()
