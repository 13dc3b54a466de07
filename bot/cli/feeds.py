"""Feeds, read by hand: `poll`, `feeds check`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.frame import AsJson, fail, print_json, progress_bar, run_to_end, settings_of
from bot.errors import RarewatchError
from bot.feeds.addresses import shown
from bot.settings import Settings

if TYPE_CHECKING:
    from bot.inspection import Inspection


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
        if not run_to_end(_show_checks(settings, targets, as_json=as_json, read=poll_targets)):
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


def check_feeds(
    targets: Annotated[
        list[str], typer.Argument(metavar="URL or FILE...", help="Feeds, or web pages that have one.")
    ],
    as_json: AsJson = False,
) -> None:
    """Read feeds, find those of web pages, say what is wrong with them, and print each entry as understood.

    Nothing is kept. Exit code 1 when one of them can't be read.
    """
    from bot.app import utc_now
    from bot.inspection import Inspector, open_inspector

    settings = settings_of()
    user_agents = _user_agents(settings)

    async def look(inspector: Inspector, target: str) -> list[Inspection]:
        if is_address(target):
            return await inspector.look(target)
        return [await inspector.look_at_file(target)]

    async def work() -> bool:
        all_read = True
        async with open_inspector(
            allow_private=settings.private_feeds, clock=utc_now, user_agents=user_agents
        ) as inspector:
            for target in targets:
                try:
                    found = await look(inspector, target)
                except RarewatchError as error:
                    all_read = False
                    if as_json:
                        print_json({"feed": target, "error": str(error)})
                    else:
                        typer.secho(f"✗ {error}", err=True, fg=typer.colors.RED)
                    continue
                if found[0].page is not None:
                    addresses = ", ".join(shown(one.url) for one in found)
                    typer.echo(f"{shown(target)} is a web page. From there: {addresses}", err=True)
                rows = inspector.entry_rows(target, found[0])
                if as_json:
                    for row in rows:
                        print_json(row)
                    continue
                for one in found:
                    _describe(target if one.page is None else shown(one.url), one)
                    if one is found[0]:
                        _print_entries(rows)
        return all_read

    if not run_to_end(work()):
        raise typer.Exit(1)


def _user_agents(settings: Settings) -> dict[str, str]:
    """As what the outlets of the feeds file want to be asked: a check is asked as a poll would be."""
    from bot.feeds.catalog import CatalogError, load_catalog

    if not settings.feeds_file.exists():
        return {}
    try:
        feeds = load_catalog(settings.feeds_file).feeds
    except CatalogError as error:
        typer.secho(str(error), err=True, fg=typer.colors.YELLOW)
        return {}
    return {feed.url: feed.user_agent for feed in feeds if feed.user_agent is not None}


def is_address(target: str) -> bool:
    """Whether an argument is an address, and not a file."""
    return target.lower().startswith(("http://", "https://"))


def _describe(name: str, one: Inspection) -> None:
    """A feed in a line, and a line for each thing that is to be said of it."""
    from bot.delivery.render import clean, language_name, local_time

    count = len(one.parsed.entries)
    facts = [f"{name}: {count} entr{'y' if count == 1 else 'ies'}", language_name(one.language)]
    if one.newest is not None:
        facts.append(f"the newest of {local_time(one.newest, 'UTC')}")
    typer.secho(f"✓ {', '.join(filter(None, facts))}", bold=True)
    for remark in one.remarks:
        text = clean(f"{remark.text[:1].upper()}{remark.text[1:]}. {remark.advice}")
        typer.secho(f"  ! {text}", fg=typer.colors.RED if remark.grave else typer.colors.YELLOW)


def _print_entries(rows: Sequence[Mapping[str, Any]]) -> None:
    for row in rows:
        typer.echo(f"  {row['published'] or 'no date':<25} {row['language']}  {row['title']}")
        typer.echo(f"  {'':<25}     {row['url'] or 'no link'}")


async def _show_checks(settings: Settings, targets: list[str], *, as_json: bool, read: Any) -> bool:
    """Prints what each target has; gives False when one could not be read."""
    all_read = True
    async for target, rows, error in read(settings, targets):
        if error is not None:
            all_read = False
            if as_json:
                print_json({"feed": target, "error": error})
            else:
                typer.secho(f"✗ {error}", err=True, fg=typer.colors.RED)
        elif as_json:
            for row in rows:
                print_json(row)
        else:
            typer.secho(f"✓ {target}: {len(rows)} entries", bold=True)
    return all_read
