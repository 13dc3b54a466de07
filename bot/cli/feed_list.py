"""The list of feeds: `feeds list`, `add`, `remove`, `import`, `export`."""

from __future__ import annotations

import sys
from contextlib import aclosing
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from bot.cli.frame import AsJson, fail, print_json, progress_bar, run_to_end, settings_of
from bot.errors import RarewatchError
from bot.feeds.addresses import shown
from bot.feeds.catalog import LANGUAGES, TIERS, Catalog, FeedSpec, load_catalog
from bot.settings import BUNDLED_FEEDS, Settings

if TYPE_CHECKING:
    from bot.feed_states import FeedState
    from bot.importing import Candidate

Language = Annotated[
    str | None, typer.Option(help=f"What it is written in: {', '.join(LANGUAGES)}. Found out when not said.")
]
Tier = Annotated[str, typer.Option(help=f"Who speaks: {', '.join(TIERS)}.")]


class FeedListError(RarewatchError):
    """The list of feeds can't be changed like that."""


# Looking


def list_feeds(as_json: AsJson = False) -> None:
    """List the feeds, those of the feeds file and those added beside it, and how each stands."""
    settings = settings_of()
    there = _has_database(settings)

    async def work() -> tuple[Catalog, dict[str, FeedState]]:
        return load_catalog(settings.feeds_file), await _states(settings, there=there)

    catalog, states = run_to_end(work())
    rows = [_row(feed, states.pop(feed.url, None)) for feed in catalog.feeds]
    rows += [_row(None, state) for state in states.values() if state.feed.added_by is not None]
    if as_json:
        for row in rows:
            print_json(row)
    else:
        _print_table(rows)
    for problem in catalog.problems:
        typer.secho(str(problem), err=True, fg=typer.colors.YELLOW)


def _has_database(settings: Settings) -> bool:
    """Whether there may be a database: a command that only looks makes no file."""
    from storage.database import DatabaseUrlError, parse_url

    try:
        url = parse_url(settings.database_url.get_secret_value())
    except DatabaseUrlError as error:
        fail(error, code=2)
    return url.get_backend_name() != "sqlite" or Path(url.database or "").exists()


async def _states(settings: Settings, *, there: bool) -> dict[str, FeedState]:
    """How the feeds of the database stand, by address; of none when it is not there."""
    from bot.app import utc_now
    from bot.feed_states import feed_states

    if not there:
        return {}
    async with _database(settings) as database, database.read() as session:
        return {state.feed.url: state for state in await feed_states(session, now=utc_now())}


def _row(spec: FeedSpec | None, state: FeedState | None) -> dict[str, Any]:
    feed = state.feed if state is not None else None
    source: Any = spec or feed
    every_s = state.every_s if state is not None else None
    return {
        "name": source.name,
        "language": source.language,
        "country": source.country or "",
        "tier": source.tier,
        "url": source.url,
        "from": "feeds.yaml" if spec is not None else "added",
        "state": state.health.state.value if state is not None else "new",
        "next_poll": _iso(feed.next_poll_at if feed is not None else None),
        "interval_s": round(every_s) if every_s else None,
        "last_success": _iso(feed.last_success_at if feed is not None else None),
        "newest": _iso(feed.newest_at if feed is not None else None),
        "problem": (state.sentence if state is not None else "") or None,
    }


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z") if moment else None


def _print_table(rows: list[dict[str, Any]]) -> None:
    table = Table("name", "language", "tier", "state", "every", "last read", "next", box=None)
    table.add_column("address", overflow="fold")  # to be copied whole
    for row in rows:
        every = _time(row["interval_s"]) if row["interval_s"] else ""
        read, due = (_minute(row[name]) for name in ("last_success", "next_poll"))
        values = (row["name"], row["language"], row["tier"], row["state"], every, read, due, row["url"])
        table.add_row(*map(str, values))
    # Into a file or a pipe each feed is one line, however long.
    Console(width=None if sys.stdout.isatty() else 500, highlight=False, markup=False).print(table)
    for row in rows:
        if row["problem"]:
            typer.secho(f"! {row['name']}: {row['problem']}", fg=typer.colors.YELLOW)


def _minute(moment: str | None) -> str:
    return moment[:16].replace("T", " ") if moment else ""


def _time(seconds: int) -> str:
    if seconds < 120:
        return f"{seconds} s"
    return f"{seconds // 60} min" if seconds < 7200 else f"{seconds // 3600} h"


# One more, one fewer


def add_feed(
    url: Annotated[str, typer.Argument(metavar="URL", help="Of a feed, or of a web page that has one.")],
    name: Annotated[
        str | None, typer.Option(help="As it stands in an alert; its own title otherwise.")
    ] = None,
    language: Language = None,
    country: Annotated[str | None, typer.Option(help="Where the outlet sits: two letters.")] = None,
    tier: Tier = "independent",
) -> None:
    """Read a feed and, if it can be read, have it polled from now on, beside those of the feeds file.

    A running service takes it up at once. It is kept in the database, as added at this terminal.
    """
    from bot.adding import Added, add, row_of
    from bot.app import utc_now
    from bot.inspection import open_inspector
    from storage.added_feeds import TERMINAL

    settings = settings_of()
    _check(language, tier, country)

    async def work() -> Added:
        async with open_inspector(allow_private=settings.private_feeds, clock=utc_now) as inspector:
            found = await inspector.look(url)
        if len(found) > 1:
            raise FeedListError(
                shown(url),
                "it is a web page with several feeds",
                hint="Add the one you mean: " + ", ".join(shown(one.url) for one in found),
            )
        row = row_of(found[0], name=name, language=language, country=country, tier=tier)
        async with _database(settings) as database:
            return await add(database, row, by=TERMINAL, now=utc_now())

    outcome = run_to_end(work())
    if outcome.refused:
        fail(FeedListError(shown(outcome.url), outcome.refused))
    typer.echo(f"✓ Added: {outcome.name} ({outcome.language}), {shown(outcome.url)}")


def remove_feed(
    url: Annotated[str, typer.Argument(metavar="URL", help="As `feeds list` shows it.")],
) -> None:
    """Stop polling a feed that was added beside the feeds file. Its articles stay."""
    from bot.adding import remove

    settings = settings_of()

    async def work() -> str:
        async with _database(settings) as database:
            return await remove(database, url)

    refused = run_to_end(work())
    if refused:
        fail(FeedListError(shown(url), refused))
    typer.echo(f"✓ Removed: {shown(url)}")


# Many


def import_feeds(
    file: Annotated[Path, typer.Argument(metavar="FILE.opml", help="As other feed readers export it.")],
    language: Annotated[
        str | None,
        typer.Option(
            help=f"Of all its feeds: {', '.join(LANGUAGES)}. Each is read to find out when not said."
        ),
    ] = None,
    tier: Tier = "independent",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be added.")] = False,
    as_json: AsJson = False,
) -> None:
    """Add the feeds of an OPML file at the end of the feeds file, which is otherwise left as it is.

    Folders and categories become tags. Feeds that stand there already are skipped and counted; those whose
    language is neither in the file nor said by --language are read for it, and skipped when they can't be.
    """
    from bot.app import utc_now
    from bot.feeds.opml import MAX_BYTES, OpmlError, read_opml
    from bot.importing import candidates, with_languages, write_feeds
    from bot.inspection import open_inspector

    settings = settings_of()
    _check(language, tier, None)
    target = settings.feeds_file
    if target == BUNDLED_FEEDS and not settings.feeds.exists():
        hint = f"Begin with a copy in this folder: cp {BUNDLED_FEEDS} {settings.feeds}"
        fail(FeedListError(str(target), "it comes with the program, and is not yours to change", hint=hint))

    def read() -> bytes:
        try:
            with file.open("rb") as opened:
                return opened.read(MAX_BYTES + 1)
        except OSError as error:
            raise OpmlError(str(file), (error.strerror or "it can't be opened").lower()) from error

    async def work() -> list[Candidate]:
        known = load_catalog(target).feeds if target.exists() else ()
        found = candidates(read_opml(read(), name=str(file)), known=known, language=language, tier=tier)
        unknown = sum(1 for one in found if one.wanted and not one.spec.language)
        if unknown:
            progress = progress_bar()
            async with open_inspector(allow_private=settings.private_feeds, clock=utc_now) as inspector:
                with progress:
                    bar = progress.add_task("reading the feeds", total=unknown)
                    async with aclosing(with_languages(found, inspector)) as each:
                        async for place, one in each:
                            found[place] = one
                            progress.update(bar, advance=1, description=one.spec.name[:30])
        new = [one.spec for one in found if one.wanted]
        if new and not dry_run:
            write_feeds(target, new, remark=f"From {_one_line(file.name)}, {utc_now():%Y-%m-%d}")
        return found

    found = run_to_end(work())
    new = [one for one in found if one.wanted]
    for one in found:
        if as_json:
            state = "known" if one.known else "skipped" if one.reason else "new" if dry_run else "added"
            print_json(
                {
                    "url": one.spec.url,
                    "name": one.spec.name,
                    "language": one.spec.language or None,
                    "tier": one.spec.tier,
                    "tags": list(one.spec.tags),
                    "state": state,
                    "reason": one.reason or None,
                }
            )
        elif one.reason:
            typer.secho(f"✗ {one.spec.name}: {one.reason}", err=True, fg=typer.colors.YELLOW)
        elif one.wanted and dry_run:
            typer.echo(f"+ {one.spec.name} ({one.spec.language}) {shown(one.spec.url)}")
    skipped = sum(1 for one in found if one.reason)
    if not as_json:
        counts = f"{len(new)} {'would be added' if dry_run else 'added'} to {target}, "
        counts += f"{sum(1 for one in found if one.known)} there already, {skipped} skipped."
        typer.echo(counts + (" A running service reads them within a minute." if new and not dry_run else ""))
    if skipped:
        raise typer.Exit(1)


def export_feeds(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="Standard output when left out.")
    ] = None,
    with_secrets: Annotated[
        bool, typer.Option("--with-secrets", help="Also feeds whose addresses hold a password or a key.")
    ] = False,
) -> None:
    """Write all feeds, those of the feeds file and those added beside it, as OPML for other feed readers."""
    from bot.app import utc_now
    from bot.feeds.opml import Listed, write_opml

    settings = settings_of()
    there = _has_database(settings)

    async def work() -> tuple[str, int]:
        catalog, states = load_catalog(settings.feeds_file), await _states(settings, there=there)
        listed = {feed.url: Listed(feed.url, feed.name, feed.language, feed.tags) for feed in catalog.feeds}
        for state in states.values():
            feed = state.feed
            if feed.added_by is not None:
                listed.setdefault(feed.url, Listed(feed.url, feed.name, feed.language, feed.tags))
        kept = [one for url, one in listed.items() if with_secrets or shown(url) == url]
        return write_opml(kept, title="Rarewatch", now=utc_now()), len(listed) - len(kept)

    text, left_out = run_to_end(work())
    if file is None:
        typer.echo(text, nl=False)
    else:
        try:
            file.write_text(text, encoding="utf-8")
        except OSError as error:
            fail(FeedListError(str(file), (error.strerror or "it can't be written").lower()))
    if left_out:
        typer.secho(
            f"{left_out} left out: the address holds a password or a key. --with-secrets writes them too.",
            err=True,
            fg=typer.colors.YELLOW,
        )


# Common


def _check(language: str | None, tier: str, country: str | None) -> None:
    if language is not None and language not in LANGUAGES:
        fail(FeedListError("--language", f"{language!r} is none of {', '.join(LANGUAGES)}"), code=2)
    if tier not in TIERS:
        fail(FeedListError("--tier", f"{tier!r} is none of {', '.join(TIERS)}"), code=2)
    if country is not None and not (len(country) == 2 and country.isascii() and country.isalpha()):
        fail(FeedListError("--country", "two letters such as ID, RU, US or EU are expected"), code=2)


def _database(settings: Settings) -> Any:
    from bot.adding import open_database

    return open_database(settings.database_url.get_secret_value())


def _one_line(text: str) -> str:
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())
