"""Feeds, read by hand: `poll`, `feeds list`, `feeds check`."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from bot.cli.frame import AsJson, fail, print_json, progress_bar, run_to_end, settings_of
from bot.errors import RarewatchError
from bot.settings import Settings


class PollError(RarewatchError):
    """Not every feed could be read."""


def poll(
    targets: Annotated[
        list[str] | None, typer.Argument(metavar="[URL or FILE]...", help="Only look at these; keep nothing.")
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Poll every feed once, then end.")] = False,
    as_json: AsJson = False,
) -> None:
    """Poll now, with progress. Alerts wait in the outbox for `rarewatch run`."""
    from bot.polling import poll_feeds, poll_targets

    settings = settings_of()
    if targets:
        if not run_to_end(
            _show_checks(settings, targets, as_json=as_json, count_only=True, read=poll_targets)
        ):
            raise typer.Exit(1)
        return
    progress = progress_bar()

    async def work() -> tuple[int, int]:
        failed = total = 0
        told: set[str] = set()
        with progress:
            bar = progress.add_task("polling", total=None)
            async for done, total, outcome in poll_feeds(settings, once=once):
                progress.update(bar, completed=done, total=total, description=outcome.feed[:30])
                failed += outcome.error is not None
                if as_json:
                    print_json(
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

    failed, total = run_to_end(work())
    if failed:
        fail(PollError(f"{failed} of {total} failed", hint="`rarewatch doctor` says more."))


def list_feeds(as_json: AsJson = False) -> None:
    """List the feeds of the feeds file."""
    from bot.feeds.catalog import load_catalog

    settings = settings_of()

    async def work() -> Any:
        return load_catalog(settings.feeds_file)

    catalog = run_to_end(work())
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
            print_json(row)
        else:
            table.add_row(*(str(value or "") for value in row.values()))
    if not as_json:
        # Into a file or a pipe each feed is one line, however long.
        Console(width=None if sys.stdout.isatty() else 500).print(table)
    for problem in catalog.problems:
        typer.secho(str(problem), err=True, fg=typer.colors.YELLOW)


def check_feeds(
    targets: Annotated[list[str], typer.Argument(metavar="URL or FILE...", help="Feeds to read.")],
    as_json: AsJson = False,
) -> None:
    """Read feeds and print each entry as it is understood. Nothing is kept."""
    from bot.polling import poll_targets

    settings = settings_of()
    if not run_to_end(_show_checks(settings, targets, as_json=as_json, count_only=False, read=poll_targets)):
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
                print_json({"feed": target, "error": error})
            else:
                typer.secho(f"✗ {error}", err=True, fg=typer.colors.RED)
            continue
        if as_json:
            for row in rows:
                print_json(row)
            continue
        typer.secho(f"✓ {target}: {len(rows)} entries", bold=True)
        if not count_only:
            for row in rows:
                typer.echo(f"  {row['published'] or 'no date':<25} {row['language']}  {row['title']}")
                typer.echo(f"  {'':<25}     {row['url'] or 'no link'}")
    return all_read
