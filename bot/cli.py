"""Every command. Results go to standard output, the rest to standard error; exit 0, 1 failed, 2 bad use."""

from __future__ import annotations

import asyncio
import io
import json
import sys
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, TextIO, TypeVar

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from bot.errors import RarewatchError
from bot.logs import configure_logging
from bot.settings import Settings, SettingsError, load_settings

if TYPE_CHECKING:
    from bot.language.concepts import Concepts

# The commands import what they run themselves: `--help` should not wait for dictionaries to load.
app = typer.Typer(
    name="rarewatch",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # a traceback with local variables could show a token
    rich_markup_mode=None,
    help="Watches Indonesian, Russian and English news feeds for rare-earth and trade news, translates it, "
    "and alerts Telegram chats.",
)
feeds_app = typer.Typer(no_args_is_help=True, help="The feeds: which there are, and what one says.")
app.add_typer(feeds_app, name="feeds")


class PollError(RarewatchError):
    """Not every feed could be read."""


AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, one object a line.")]
T = TypeVar("T")


def main() -> None:
    """The entry point of `rarewatch` and `python -m bot`."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without Cyrillic: question marks, no traceback
    try:
        app()
    except BrokenPipeError:
        # The reader of our output left (`| head`): nothing to say, and nowhere to say it.
        sys.stderr.close()
        raise SystemExit(1) from None


def _fail(error: BaseException, *, code: int = 1) -> NoReturn:
    typer.secho(f"rarewatch: {error}", err=True, fg=typer.colors.RED)
    raise typer.Exit(code)


def _settings(*, level: str = "WARNING") -> Settings:
    try:
        settings = load_settings()
    except SettingsError as error:
        _fail(error, code=2)
    configure_logging(settings.log, settings.secrets, level)
    return settings


def _concepts(settings: Settings) -> Concepts:
    """The concepts, with the operator's own where there is a feeds file."""
    from bot.feeds.catalog import load_catalog
    from bot.language.concepts import Concepts

    file = settings.feeds_file
    own = load_catalog(file).concepts if file.exists() else None
    return Concepts.load(own=own, own_file=str(file))


def _run(work: Coroutine[Any, Any, T]) -> T:
    """Runs a command's work; an error of ours becomes a line and exit 1, bad use exit 2."""
    from sqlalchemy.exc import InterfaceError, OperationalError

    from bot.feeds.catalog import CatalogError
    from bot.matching.query import QueryError
    from storage.database import DatabaseUnreachableError, DatabaseUrlError, first_line

    try:
        return asyncio.run(work)
    except (QueryError, SettingsError, CatalogError, DatabaseUrlError) as error:
        _fail(error, code=2)
    except RarewatchError as error:
        _fail(error)
    except (OperationalError, InterfaceError) as error:
        _fail(DatabaseUnreachableError("", first_line(error), hint="Nothing is lost; try again."))
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


def _print_json(value: Any) -> None:
    line = json.dumps(value, ensure_ascii=False)
    try:
        line.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:  # half a surrogate pair, or a terminal that is not UTF-8: escaped, still JSON
        line = json.dumps(value)
    print(line, flush=True)  # noqa: T201 - the command's result


def _stdin() -> TextIO:
    """Standard input as UTF-8 whatever the locale; a byte that is none must not end the command."""
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(encoding="utf-8", errors="replace")
    return sys.stdin


@app.command()
def run(
    role: Annotated[
        str, typer.Option(help="What this process is there for: all, bot, worker or web.")
    ] = "all",
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say more.")] = False,
) -> None:
    """Run the service. Without TELEGRAM_TOKEN alerts go to the terminal and the page."""
    from bot.app import open_parts
    from bot.service import Role, Service, stop_on_signals

    try:
        chosen = Role(role)
    except ValueError:
        _fail(SettingsError("--role", f"{role!r} is none of {', '.join(Role)}"), code=2)
    settings = _settings(level="DEBUG" if verbose else "INFO")

    async def work() -> None:
        async with open_parts(settings) as parts:
            service = Service(parts, role=chosen)
            stop_on_signals(service)
            await service.run()

    _run(work())


@app.command()
def demo(
    once: Annotated[bool, typer.Option("--once", help="End after one full round.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show the program's log too.")] = False,
) -> None:
    """Run the whole service against a loopback stand-in of the outside world. No token, no network needed."""
    from bot.demo.show import run_demo

    # Not the operator's settings: the demo touches neither his database nor his chats.
    configure_logging("console", (), "INFO" if verbose else "WARNING")
    if not _run(run_demo(once=once)):
        raise typer.Exit(1)


@app.command()
def poll(
    targets: Annotated[
        list[str] | None, typer.Argument(metavar="[URL or FILE]...", help="Only look at these; keep nothing.")
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Poll every feed once, then end.")] = False,
    as_json: AsJson = False,
) -> None:
    """Poll now, with progress. Alerts wait in the outbox for `rarewatch run`."""
    from bot.polling import poll_feeds, poll_targets

    settings = _settings()
    if targets:
        if not _run(_show_checks(settings, targets, as_json=as_json, count_only=True, read=poll_targets)):
            raise typer.Exit(1)
        return
    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        console=Console(stderr=True),
        transient=True,
    )

    async def work() -> tuple[int, int]:
        failed = total = 0
        told: set[str] = set()
        with progress:
            bar = progress.add_task("polling", total=None)
            async for done, total, outcome in poll_feeds(settings, once=once):
                progress.update(bar, completed=done, total=total, description=outcome.feed[:30])
                failed += outcome.error is not None
                if as_json:
                    _print_json(
                        {
                            "feed": outcome.feed,
                            "url": outcome.url,
                            "new": outcome.new,
                            "unchanged": outcome.unchanged,
                            "error": outcome.error,
                        }
                    )
                elif outcome.error is not None:
                    # Without a network all feeds fail alike: what to do about it is said once.
                    reason = outcome.error.partition(f"{outcome.url}: ")[2] or outcome.error
                    brief = reason.partition(". ")[0]
                    shown = brief if reason in told else reason
                    told.add(reason)
                    progress.console.out(f"✗ {outcome.feed}: {shown}", highlight=False)
                elif outcome.new:
                    progress.console.out(f"✓ {outcome.feed}: {outcome.new} new", highlight=False)
        return failed, total

    failed, total = _run(work())
    if failed:
        _fail(PollError(f"{failed} of {total} failed", hint="`rarewatch doctor` says more."))


@feeds_app.command("list")
def feeds_list(as_json: AsJson = False) -> None:
    """List the feeds of the feeds file."""
    from bot.feeds.catalog import load_catalog

    settings = _settings()

    async def work() -> Any:
        return load_catalog(settings.feeds_file)

    catalog = _run(work())
    table = Table("name", "language", "country", "tier", box=None)
    table.add_column("address", overflow="fold")  # to be copied whole
    for feed in catalog.feeds:
        row = {
            "name": feed.name,
            "language": feed.language,
            "country": feed.country,
            "tier": feed.tier,
            "url": feed.url,
        }
        if as_json:
            _print_json(row)
        else:
            table.add_row(*(str(value or "") for value in row.values()))
    if not as_json:
        # Into a file or a pipe each feed is one line, however long.
        Console(width=None if sys.stdout.isatty() else 500).print(table)
    for problem in catalog.problems:
        typer.secho(str(problem), err=True, fg=typer.colors.YELLOW)


@feeds_app.command("check")
def feeds_check(
    targets: Annotated[list[str], typer.Argument(metavar="URL or FILE...", help="Feeds to read.")],
    as_json: AsJson = False,
) -> None:
    """Read feeds and print each entry as it is understood. Nothing is kept."""
    from bot.polling import poll_targets

    settings = _settings()
    if not _run(_show_checks(settings, targets, as_json=as_json, count_only=False, read=poll_targets)):
        raise typer.Exit(1)


async def _show_checks(
    settings: Settings, targets: list[str], *, as_json: bool, count_only: bool, read: Any
) -> bool:
    """Prints what each target says; gives False when one could not be read."""
    all_read = True
    async for target, rows, error in read(settings, targets):
        if error is not None:
            all_read = False
            if as_json:
                _print_json({"feed": target, "error": error})
            else:
                typer.secho(f"✗ {error}", err=True, fg=typer.colors.RED)
            continue
        if as_json:
            for row in rows:
                _print_json(row)
            continue
        typer.secho(f"✓ {target}: {len(rows)} entries", bold=True)
        if not count_only:
            for row in rows:
                typer.echo(f"  {row['published'] or 'no date':<25} {row['language']}  {row['title']}")
                typer.echo(f"  {'':<25}     {row['url'] or 'no link'}")
    return all_read


@app.command()
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

    settings = _settings()

    async def work() -> bool:
        matcher = LineMatcher(_concepts(settings), Detector(), query)
        readable = True
        for line in read_lines(_stdin()):
            if isinstance(line, LineError):
                readable = False
                typer.secho(str(line), err=True, fg=typer.colors.RED)
                continue
            row = matcher.match(line)
            if as_json:
                _print_json(row)
            else:
                mark = "✓" if row["matched"] else "·"
                why = describe([Reason.from_json(reason) for reason in row["why"]])
                typer.echo(f"{mark} [{row['language']}] {line.text}" + (f"\n    {why}" if why else ""))
        return readable

    if not _run(work()):
        raise typer.Exit(1)


@app.command()
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

    settings = _settings()

    async def work() -> bool:
        database = Database(settings.database_url.get_secret_value())
        await database.upgrade()
        translator = Translator(build_providers(settings), StoredMemory(database, utc_now))
        detector = Detector()
        all_translated = True
        try:
            for line in _stdin():
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
                    _print_json(
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

    if not _run(work()):
        raise typer.Exit(1)


@app.command()
def search(
    query: Annotated[
        list[str], typer.Argument(metavar="WORDS...", help="All of them, in any form and language.")
    ],
    limit: Annotated[int, typer.Option(min=1, max=1000, help="The newest so many.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Search the archive of wanted articles, in the original and in English."""
    from bot.delivery.render import clean, local_time, safe_url
    from bot.language.words import search_terms
    from storage import search as archive
    from storage.database import Database

    settings = _settings()
    terms = search_terms(" ".join(query))
    if not terms:  # without a word to look for, everything would be found
        _fail(RarewatchError("WORDS", "there is no word in it to look for"), code=2)

    async def work() -> None:
        database = Database(settings.database_url.get_secret_value())
        try:
            await database.upgrade()
            async with database.read() as session:
                rows = await archive.matching(session, terms, limit=limit)
                anything = rows or await archive.newest(session, limit=1)
        finally:
            await database.close()
        for article, feed in rows:
            published = article.published_at or article.fetched_at
            if as_json:
                _print_json(
                    {
                        "id": article.id,
                        "title": article.english_title or article.title,
                        "original": article.title,
                        "language": article.language,
                        "source": feed.name,
                        "published": published.isoformat().replace("+00:00", "Z"),
                        "url": article.url,
                    }
                )
                continue
            typer.secho(clean(article.english_title or article.title), bold=True)
            if article.english_title:
                typer.echo(f"  {clean(article.title)}")
            typer.echo(f"  {clean(feed.name)} · {local_time(published, 'UTC')}")
            if url := safe_url(article.url):
                typer.echo(f"  {url}")
        if not rows and not as_json:
            empty = "" if anything else " Nothing was read so far: `rarewatch run` fills the archive."
            typer.echo(f"Nothing found.{empty}", err=True)

    _run(work())


@app.command()
def preview(
    query: Annotated[list[str], typer.Argument(metavar="QUERY", help="What `/subscribe` would be given.")],
    as_json: AsJson = False,
) -> None:
    """How many alerts the last seven days would have brought for a query, with examples."""
    from bot.app import utc_now
    from bot.delivery.render import clean, local_time, safe_url
    from bot.matching.explain import describe
    from bot.matching.query import parse_query
    from bot.preview import Preview, about, preview_json
    from bot.preview import preview as look_back
    from storage.database import Database

    settings = _settings()
    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        console=Console(stderr=True),
        transient=True,
    )

    async def work() -> Preview:
        concepts = _concepts(settings)
        parsed = parse_query(" ".join(query), concepts)
        database = Database(settings.database_url.get_secret_value())
        try:
            await database.upgrade()
            with progress:
                bar = progress.add_task("looking back", total=None)
                return await look_back(
                    database,
                    parsed,
                    concepts,
                    now=utc_now(),
                    progress=lambda done, total: progress.update(bar, completed=done, total=total),
                )
        finally:
            await database.close()

    result = _run(work())
    if as_json:
        for row in preview_json(" ".join(query), result):
            _print_json(row)
        return
    for line in about(result, zone="UTC"):
        typer.echo(line)
    for example in result.examples:
        typer.echo("")
        typer.secho(clean(example.title), bold=True)
        if example.title != example.original:
            typer.echo(f"  {clean(example.original)}")
        typer.echo(f"  {clean(example.source)} · {local_time(example.published, 'UTC')}")
        typer.echo(f"  {describe(example.why)}")
        if url := safe_url(example.url):
            typer.echo(f"  {url}")


@app.command()
def doctor(as_json: AsJson = False) -> None:
    """Check the configuration, database, token, translators and feeds: what works, and what to do."""
    from bot.doctor import examine

    settings = _settings(level="CRITICAL")
    marks = {True: "✓", False: "✗", None: "·"}

    async def work() -> bool:
        healthy = True
        async for finding in examine(settings):
            healthy = healthy and finding.ok is not False
            if as_json:
                _print_json({"subject": finding.subject, "ok": finding.ok, "text": finding.text})
            else:
                typer.echo(f"{marks[finding.ok]} {finding.subject}: {finding.text}")
        return healthy

    if not _run(work()):
        raise typer.Exit(1)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"rarewatch {version('rarewatch')}")
        raise typer.Exit


@app.callback()
def _about(
    _shown: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which version this is.")
    ] = False,
) -> None:
    """Options that stand before any command."""


def command_names() -> list[str]:
    """Every command as a person types it, for the test that holds the README against the program."""
    names = [
        command.name or command.callback.__name__ for command in app.registered_commands if command.callback
    ]
    return sorted([*names, *(f"feeds {command.name}" for command in feeds_app.registered_commands)])


if __name__ == "__main__":
    main()
