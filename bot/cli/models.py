"""Translation models on this machine, for the translator `local`: `models list`, `install`, `remove`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TransferSpeedColumn
from rich.table import Table

from bot.cli.frame import AsJson, fail, print_json, settings_of
from bot.errors import RarewatchError

_MB = 1_000_000
Folder = Annotated[
    Path | None,
    typer.Option("--folder", metavar="DIR", help="Where they lie; else RAREWATCH_MODELS."),
]


def list_models(folder: Folder = None, as_json: AsJson = False) -> None:
    """List the models that are installed."""
    from bot.translation.model_folder import find_models

    where = folder or settings_of().models
    with _errors_as_a_line():
        models, problems = find_models(where)
    table = Table("pair", "version", "kind", box=None)
    table.add_column("size", justify="right")
    table.add_column("folder", overflow="fold")
    for model in models:
        size = model.size_bytes
        if as_json:
            print_json(
                {
                    "pair": model.pair,
                    "version": model.version,
                    "kind": model.writing,
                    "bytes": size,
                    "folder": str(model.folder),
                }
            )
        else:
            table.add_row(
                model.pair, model.version, model.writing, f"{size / _MB:,.0f} MB", str(model.folder)
            )
    if models and not as_json:
        Console(width=None if sys.stdout.isatty() else 500).print(table)
    for problem in problems:
        _note(str(problem))
    if not models:
        _note(f"There is no model in {where}. Get some: rarewatch models install id-en ru-en")
    _say_what_is_missing()


def install_models(
    pairs: Annotated[list[str], typer.Argument(metavar="PAIR...", help="Such as id-en ru-en.")],
    index: Annotated[
        str | None,
        typer.Option("--index", metavar="URL", help="A list of Argos packages; else RAREWATCH_MODELS_INDEX."),
    ] = None,
    folder: Folder = None,
    allow_http: Annotated[
        bool, typer.Option("--allow-http", help="Fetch over plain http from other machines too.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Fetch the newest model of each pair, check it, and try it with a sentence."""
    from bot.translation.downloads import check_address
    from bot.translation.models import check_pairs, install, libraries_present

    settings = settings_of()
    where, address = folder or settings.models, index or settings.models_index
    with _errors_as_a_line(code=2):
        check_pairs(pairs)
        check_address(address, allow_http=allow_http)
    with _errors_as_a_line(), _reporter() as reporter:
        for done in install(
            pairs, where, address, allow_http=allow_http, can_run=libraries_present(), reporter=reporter
        ):
            model = done.model
            if as_json:
                print_json(
                    {
                        "pair": model.pair,
                        "version": model.version,
                        "folder": str(model.folder),
                        "fresh": done.fresh,
                        "tried": done.tried,
                    }
                )
                continue
            state = "installed" if done.fresh else "was there already"
            tried = ", and it works" if done.tried else ", not tried"
            typer.echo(f"✓ {model.pair} {model.version} {state}{tried}: {model.folder}")
    _say_what_is_missing()
    if "local" not in settings.translators:
        _note(f"To use it: RAREWATCH_TRANSLATORS={','.join([*settings.translators, 'local'])}")


def remove_models(
    pairs: Annotated[list[str], typer.Argument(metavar="PAIR...", help="Such as id-en.")],
    folder: Folder = None,
) -> None:
    """Remove the models of the pairs, in every version."""
    from bot.translation.models import check_pairs, remove

    where = folder or settings_of().models
    with _errors_as_a_line(code=2):
        check_pairs(pairs)
    with _errors_as_a_line():
        for model in remove(pairs, where):
            typer.echo(f"✓ {model.pair} {model.version} removed")


def _say_what_is_missing() -> None:
    from bot.translation.models import libraries_present

    if not libraries_present():
        _note('Models are run by ctranslate2 and sentencepiece. Install them: pip install "rarewatch[local]"')


def _note(text: str) -> None:
    typer.secho(text, err=True, fg=typer.colors.YELLOW)


@contextmanager
def _errors_as_a_line(*, code: int = 1) -> Iterator[None]:
    try:
        yield
    except RarewatchError as error:
        fail(error, code=code)
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


class _Lines:
    """For a log: a line a step, and one each quarter of it."""

    def __init__(self) -> None:
        self._step = ""
        self._quarter = 0

    def step(self, text: str) -> None:
        self._step, self._quarter = text, 0
        typer.echo(text, err=True)

    def progress(self, done: int, total: int | None) -> None:
        quarter = done * 4 // total if total else 0
        if quarter > self._quarter:
            self._quarter = quarter
            typer.echo(f"{self._step}: {quarter * 25} % of {(total or 0) / _MB:,.1f} MB", err=True)


class _Bar:
    """For a terminal."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task: TaskID = progress.add_task("", total=None)

    def step(self, text: str) -> None:
        self._progress.reset(self._task, description=text, total=None)

    def progress(self, done: int, total: int | None) -> None:
        self._progress.update(self._task, completed=done, total=total)


@contextmanager
def _reporter() -> Iterator[_Lines | _Bar]:
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _Lines()
        return
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=console, transient=True, redirect_stdout=False) as progress:
        yield _Bar(progress)
