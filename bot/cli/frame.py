"""What every command has in common: settings, how it ends, and how it reads and prints lines."""

from __future__ import annotations

import asyncio
import io
import json
import os
import stat
import sys
import threading
from collections.abc import AsyncIterator, Coroutine
from concurrent.futures import CancelledError
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, TextIO, TypeVar

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from bot.errors import RarewatchError
from bot.logs import configure_logging
from bot.settings import Settings, SettingsError, load_settings

if TYPE_CHECKING:
    from bot.language.concepts import Concepts

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, one object a line.")]
T = TypeVar("T")


def fail(error: BaseException, *, code: int = 1) -> NoReturn:
    """Says what is wrong, and ends the command."""
    typer.secho(f"rarewatch: {error}", err=True, fg=typer.colors.RED)
    raise typer.Exit(code)


def settings_of(*, level: str = "WARNING") -> Settings:
    """The operator's settings, with logging set up by them; bad ones end the command with 2."""
    try:
        settings = load_settings()
    except SettingsError as error:
        fail(error, code=2)
    configure_logging(settings.log, settings.secrets, level)
    return settings


def concepts_of(settings: Settings) -> Concepts:
    """The concepts, with the operator's own where there is a feeds file."""
    from bot.feeds.catalog import load_catalog
    from bot.language.concepts import Concepts

    file = settings.feeds_file
    own = load_catalog(file).concepts if file.exists() else None
    return Concepts.load(own=own, own_file=str(file))


def run_to_end(work: Coroutine[Any, Any, T]) -> T:
    """Runs a command's work; an error of ours becomes a line and exit 1, bad use exit 2."""
    from sqlalchemy.exc import InterfaceError, OperationalError

    from bot.feeds.catalog import CatalogError
    from bot.language.concepts import ConceptsError
    from bot.matching.query import QueryError
    from storage.database import DatabaseUnreachableError, DatabaseUrlError, first_line

    try:
        return asyncio.run(work)
    except (QueryError, SettingsError, CatalogError, ConceptsError, DatabaseUrlError) as error:
        fail(error, code=2)
    except RarewatchError as error:
        fail(error)
    except (OperationalError, InterfaceError) as error:
        fail(DatabaseUnreachableError("", first_line(error), hint="Nothing is lost; try again."))
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


def print_json(value: Any) -> None:
    """Prints one object on one line."""
    line = json.dumps(value, ensure_ascii=False)
    try:
        line.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:  # half a surrogate pair, or a terminal that is not UTF-8: escaped, still JSON
        line = json.dumps(value)
    print(line, flush=True)  # noqa: T201 - the command's result


def standard_input() -> TextIO:
    """Standard input as UTF-8 whatever the locale; a byte that is none must not end the command."""
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(encoding="utf-8", errors="replace")
    return sys.stdin


async def each_line(stream: TextIO) -> AsyncIterator[str]:
    """The lines of standard input as they come: who types or pipes slowly gets each answer at once."""
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[str | None] = asyncio.Queue(1)
    try:
        descriptor = os.dup(stream.fileno())
    except (OSError, ValueError):  # a stream in memory
        for line in stream:
            yield line
        return

    def read() -> None:
        # A file of its own: a daemon thread inside sys.stdin would hold its lock while the interpreter ends.
        ended = suppress(RuntimeError, CancelledError)  # the command has
        with ended, os.fdopen(descriptor, encoding="utf-8", errors="replace") as file:
            for line in file:
                asyncio.run_coroutine_threadsafe(queue.put(line), loop).result()
            asyncio.run_coroutine_threadsafe(queue.put(None), loop).result()

    threading.Thread(target=read, name="standard input", daemon=True).start()
    while (text := await queue.get()) is not None:
        yield text


def lines_of_file(stream: TextIO) -> int | None:
    """How many lines with text a file on standard input has; None for a pipe or a terminal."""
    try:
        status = os.fstat(stream.fileno())
        if not stat.S_ISREG(status.st_mode):
            return None
        at = os.lseek(stream.fileno(), 0, os.SEEK_CUR)
        with os.fdopen(os.dup(stream.fileno()), "rb") as file:
            count = sum(1 for line in file if line.strip())
        os.lseek(stream.fileno(), at, os.SEEK_SET)
    except (OSError, ValueError):
        return None
    return count


def progress_bar(*, shown: bool = True) -> Progress:
    """A bar on standard error that leaves nothing behind."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=not shown,
        redirect_stdout=False,  # into a pipe, results must not end up among the progress
    )
