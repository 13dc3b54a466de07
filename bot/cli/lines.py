"""Lines in, lines out: `match`, `translate`."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli.frame import AsJson, concepts_of, print_json, run_to_end, settings_of, standard_input


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
    from bot.app import build_providers, utc_now
    from bot.language.detect import Detector
    from bot.translation.failures import TranslationError
    from bot.translation.translator import Translation, Translator
    from storage.database import Database
    from storage.translations import StoredMemory

    settings = settings_of()

    async def work() -> bool:
        database = Database(settings.database_url.get_secret_value())
        await database.upgrade()
        translator = Translator(build_providers(settings), StoredMemory(database, utc_now))
        detector = Detector()
        all_translated = True
        try:
            for line in standard_input():
                text = line.strip()
                if not text:
                    continue
                language = source or detector.detect(text, None)
                done: Translation | None
                try:
                    [done] = await translator.translate([text], source=language)
                except TranslationError as error:
                    all_translated = False
                    typer.secho(f"rarewatch: {error}", err=True, fg=typer.colors.RED)
                    done = None
                if as_json:
                    print_json(
                        {
                            "source": language,
                            "text": text,
                            "english": done and done.text,
                            "provider": done and done.provider,
                            "cached": bool(done and done.cached),
                        }
                    )
                elif done is not None:
                    typer.echo(done.text)
        finally:
            await translator.aclose()
            await database.close()
        return all_translated

    if not run_to_end(work()):
        raise typer.Exit(1)
