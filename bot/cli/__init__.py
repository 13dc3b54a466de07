"""Every command. Results go to standard output, the rest to standard error; exit 0, 1 failed, 2 bad use.

A file a group of commands. The commands import what they run themselves: `--help` should not wait for
dictionaries to load.
"""

from __future__ import annotations

import io
import sys
from typing import Annotated

import typer

from bot.cli.archive import preview, search
from bot.cli.feed_list import add_feed, export_feeds, import_feeds, list_feeds, remove_feed
from bot.cli.feeds import check_feeds, poll
from bot.cli.lines import match, translate
from bot.cli.models import install_models, list_models, remove_models
from bot.cli.running import demo, doctor, run

app = typer.Typer(
    name="rarewatch",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # a traceback with local variables could show a token
    rich_markup_mode=None,
    help="Watches Indonesian, Russian and English news feeds for rare-earth and trade news, translates it, "
    "and alerts Telegram chats.",
)
for command in (run, demo, poll, match, translate, search, preview, doctor):
    app.command()(command)

feeds_app = typer.Typer(
    no_args_is_help=True,
    help="The feeds: which there are, how they stand, what one says; more and fewer of them.",
)
feeds_app.command("list")(list_feeds)
feeds_app.command("check")(check_feeds)
feeds_app.command("add")(add_feed)
feeds_app.command("remove")(remove_feed)
feeds_app.command("import")(import_feeds)
feeds_app.command("export")(export_feeds)

models_app = typer.Typer(no_args_is_help=True, help="Translation models on this machine, for `local`.")
models_app.command("list")(list_models)
models_app.command("install")(install_models)
models_app.command("remove")(remove_models)

GROUPS = {"feeds": feeds_app, "models": models_app}
for name, group in GROUPS.items():
    app.add_typer(group, name=name)


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
    return sorted(
        [*_names(app), *(f"{name} {one}" for name, group in GROUPS.items() for one in _names(group))]
    )


def _names(group: typer.Typer) -> list[str]:
    return [
        command.name or command.callback.__name__
        for command in group.registered_commands
        if command.callback is not None
    ]
