"""Lines in, lines out: `match`, `translate`."""

from __future__ import annotations

import sys
from contextlib import AsyncExitStack
from typing import Annotated

import typer

from bot.cli.frame import (
    AsJson,
    concepts_of,
    each_line,
    lines_of_file,
    print_json,
    progress_bar,
    run_to_end,
    settings_of,
    standard_input,
)


def match(
    query: Annotated[
        str | None, typer.Option("--query", "-q", help="A query; else any concept counts.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Read lines (JSON {"id","text","lang"?} or plain) and say which concepts and queries they match."""
    from bot.language.detect import Detector
    from bot.lines import LineError, LineMatcher, read_lines
    from bot.matching.explain import Reason, describe

    settings = settings_of()

    async def work() -> bool:
        matcher = LineMatcher(concepts_of(settings), Detector(), query)
        readable = True
        for line in read_lines(standard_input()):
            if isinstance(line, LineError):
                readable = False
                typer.secho(str(line), err=True, fg=typer.colors.RED)
                continue
            row = matcher.match(line)
            if as_json:
                print_json(row)
            else:
                mark = "✓" if row["matched"] else "·"
                why = describe([Reason.from_json(reason) for reason in row["why"]])
                typer.echo(f"{mark} [{row['language']}] {line.text}" + (f"\n    {why}" if why else ""))
        return readable

    if not run_to_end(work()):
        raise typer.Exit(1)


def translate(
    source: Annotated[
        str | None, typer.Option("--from", metavar="L", help="The language (id, ru); else it is detected.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Read lines and translate them into English, through the memory and the configured translators."""
    from bot.app import build_translator
    from bot.language.detect import Detector
    from bot.lines import translate_lines
    from storage.database import Database

    settings = settings_of()

    async def work() -> bool:
        database = Database(settings.database_url.get_secret_value())
        all_translated = True
        async with AsyncExitStack() as stack:
            stack.push_async_callback(database.close)
            await database.upgrade()
            translator = build_translator(settings, database)
            stack.push_async_callback(translator.aclose)
            lines = standard_input()
            total = lines_of_file(lines)
            # On a terminal the lines themselves show how far it is.
            progress = progress_bar(shown=total is not None and not sys.stdout.isatty())
            bar = progress.add_task("translating", total=total)
            stack.enter_context(progress)
            language = source.lower() if source else None
            async for line in translate_lines(each_line(lines), translator, Detector(), source=language):
                progress.advance(bar)
                if line.error is not None:
                    all_translated = False
                    typer.secho(f"rarewatch: {line.error}", err=True, fg=typer.colors.RED)
                if as_json:
                    print_json(line.to_json())
                elif line.english is not None:
                    typer.echo(line.english)
        return all_translated

    if not run_to_end(work()):
        raise typer.Exit(1)
