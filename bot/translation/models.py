"""Installs translation models into a folder, and removes them: whole and working, or not at all.

    index ─▶ newest package of the pair ─▶ download ─▶ unpack beside the others, under a name with a dot
          ─▶ does it translate a sentence? ─▶ into its place by one rename ─▶ older versions away

A running service goes on with the model it has loaded, and finds a new one when it is started again.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

from bot.translation.downloads import INDEX, PACKAGE, Bounds, DownloadError, check_address, download
from bot.translation.local import LIBRARIES
from bot.translation.model_folder import PAIR, Model, ModelError, find_models, read_model, version_key
from bot.translation.model_index import Package, read_index
from bot.translation.unpacking import Caps, UnpackError, unpack

_INSTALLING, _REMOVING = ".installing-", ".removing-"
_FORGOTTEN_S = 86_400.0  # after a day, what a killed installation left is nobody's
# Sentences to try a model with; any other language is tried with the last.
_TRIALS = {
    "id": "Harga nikel naik setelah larangan ekspor.",
    "ru": "Цена никеля выросла после запрета экспорта.",
    "en": "The price of nickel rose after the export ban.",
}


class Reporter(Protocol):
    """Who is told how it goes: a bar on a terminal, lines in a log."""

    def step(self, text: str) -> None:
        """Something begins: "id-en 1.9: downloading"."""

    def progress(self, done: int, total: int | None) -> None:
        """So many bytes of it are done."""


class Silence:
    """Tells nobody."""

    def step(self, text: str) -> None:
        """See Reporter."""

    def progress(self, done: int, total: int | None) -> None:
        """See Reporter."""


@dataclass(frozen=True, slots=True)
class Installed:
    """What became of one wish.

    `fresh`: it was fetched now; else it was there already. `tried`: it has translated a sentence.
    """

    model: Model
    fresh: bool
    tried: bool


def libraries_present(have: Callable[[str], object] = importlib.util.find_spec) -> bool:
    """Whether models can be run here: the extra `local` is installed."""
    return all(have(name) is not None for name in LIBRARIES)


def check_pairs(pairs: Sequence[str]) -> list[str]:
    """The pairs, each once, in small letters.

    Raises:
        ModelError: one is written wrongly.
    """
    for pair in pairs:
        if not PAIR.fullmatch(pair.lower()):
            raise ModelError(pair, "a pair of languages is expected", hint="Write it like id-en or ru-en.")
    return list(dict.fromkeys(pair.lower() for pair in pairs))


def install(
    pairs: Sequence[str],
    folder: Path,
    index: str,
    *,
    allow_http: bool = False,
    can_run: bool = True,
    reporter: Reporter = Silence(),  # noqa: B008 -- has no state
    index_bounds: Bounds = INDEX,
    package_bounds: Bounds = PACKAGE,
    caps: Caps = Caps(),  # noqa: B008 -- frozen
) -> Iterator[Installed]:
    """Install the newest version of each pair; gives each as soon as it is in its place.

    Args:
        index: address of an index of Argos packages.
        allow_http: plain http from other machines too.
        can_run: whether the libraries are there that a model is tried with (`libraries_present`).

    Raises:
        ModelError, DownloadError, UnpackError: what went wrong with one pair; those before it are installed.
    """
    pairs = check_pairs(pairs)
    check_address(index, allow_http=allow_http)
    with _writable(folder), _workplace(folder) as workplace:
        reporter.step("reading the index")
        listed = workplace / "index.json"
        download(index, listed, index_bounds, allow_http=allow_http)
        packages = read_index(listed, index)
        unknown = [pair for pair in pairs if pair not in packages]
        if unknown:
            to_english = sorted(pair for pair in packages if pair.endswith("-en"))
            raise ModelError(
                ", ".join(unknown),
                "the index has no model for it",
                hint=f"Into English it has {', '.join(to_english)}." if to_english else "",
            )
        for pair in pairs:
            job = _Job(packages[pair], folder, allow_http, can_run, reporter, package_bounds, caps)
            yield job.run()


def remove(pairs: Sequence[str], folder: Path) -> list[Model]:
    """Remove every version of the pairs; gives what was removed.

    Raises:
        ModelError: there is none of a pair, or it can't be deleted.
    """
    removed = []
    for pair in check_pairs(pairs):
        found = [model for model in _all_models(folder) if model.pair == pair]
        if not found:
            have = ", ".join(model.pair for model in find_models(folder)[0]) or "nothing"
            raise ModelError(pair, f"it is not installed in {folder}", hint=f"Installed: {have}.")
        for model in found:
            _delete(model.folder)
            removed.append(model)
    return removed


@dataclass(frozen=True, slots=True)
class _Job:
    """The installation of one package."""

    package: Package
    folder: Path
    allow_http: bool
    can_run: bool
    reporter: Reporter
    bounds: Bounds
    caps: Caps

    def run(self) -> Installed:
        name = f"{self.package.pair} {self.package.version}"
        place = self.folder / self.package.folder_name
        there = self._there(place)
        if there is not None:
            self._drop_older(there)
            return there
        with _workplace(self.folder) as workplace:
            archive = workplace / f"{self.package.folder_name}.argosmodel"
            self.reporter.step(f"{name}: downloading")
            self._fetch(archive)
            self.reporter.step(f"{name}: unpacking")
            fresh = workplace / "unpacked"
            fresh.mkdir()
            unpack(archive, fresh, caps=self.caps, wanted=_is_needed, progress=self.reporter.progress)
            archive.unlink()
            model = read_model(fresh)
            if model.pair != self.package.pair:
                raise ModelError(
                    self.package.pair,
                    f"the package that came translates {model.pair}; it was not installed",
                )
            if self.can_run:
                self.reporter.step(f"{name}: trying it")
                try_model(model)
            try:
                fresh.rename(place)
            except OSError:
                if not place.is_dir():
                    raise
                if (other := self._there(place)) is not None:  # somebody else was faster
                    return other
                _delete(place)  # it does not work
                fresh.rename(place)
        done = Installed(read_model(place), fresh=True, tried=self.can_run)
        self._drop_older(done)
        return done

    def _there(self, place: Path) -> Installed | None:
        """What lies there already, when it works."""
        if not place.is_dir():
            return None
        try:
            model = read_model(place)
            if self.can_run:
                try_model(model)
        except ModelError:
            return None
        return Installed(model, fresh=False, tried=self.can_run)

    def _fetch(self, archive: Path) -> None:
        failure: DownloadError | None = None
        for link in self.package.links:
            try:
                check_address(link, allow_http=self.allow_http)
                sum_ = download(
                    link, archive, self.bounds, allow_http=self.allow_http, progress=self.reporter.progress
                )
            except DownloadError as error:  # the next link may do; the last failure is told
                failure = error
                continue
            if self.package.sha256 in (None, sum_):
                return
            archive.unlink()
            failure = DownloadError(link, "the file is not the one that the index describes (SHA-256)")
        raise failure or ModelError(self.package.pair, "the index has no web address to fetch it from")

    def _drop_older(self, installed: Installed) -> None:
        if not installed.tried:
            return  # it may not work
        for model in _all_models(self.folder):
            older = version_key(model.version) < version_key(installed.model.version)
            if model.pair == installed.model.pair and model.version and older:
                _delete(model.folder)


def try_model(model: Model) -> None:
    """Load the model and translate one sentence.

    Raises:
        ModelError: it can't.
    """
    from bot.translation.engine import Engine, EngineFailure

    engine = Engine(model)
    try:
        [reply] = engine.translate([_TRIALS.get(model.source, _TRIALS["en"])])
    except EngineFailure as failure:
        raise ModelError(model.pair, f"the model was tried and {failure.reason}") from failure
    if not reply.strip():
        raise ModelError(model.pair, "the model was tried and gave an empty translation")


def _is_needed(path: PurePosixPath) -> bool:
    # A third of a package: Stanza's models, which cut sentences by PyTorch. Ours are cut by `segments`.
    return path.parts[0] != "stanza"


def _all_models(folder: Path) -> list[Model]:
    """Every version of every pair. `find_models` gives the newest ones only."""
    found = []
    if folder.is_dir():
        for each in sorted(folder.iterdir()):
            if each.is_dir() and not each.name.startswith("."):
                try:
                    found.append(read_model(each))
                except ModelError:
                    continue  # not ours to touch; `find_models` tells of it
    return found


def _delete(folder: Path) -> None:
    """Out of sight by one rename, then away."""
    gone = folder.with_name(f"{_REMOVING}{folder.name}-{os.getpid()}-{time.monotonic_ns()}")
    try:
        folder.rename(gone)
    except FileNotFoundError:
        return  # somebody else was faster
    except OSError as error:
        raise ModelError(str(folder), f"it can't be removed ({error.strerror or 'no right to'})") from error
    shutil.rmtree(gone, ignore_errors=True)  # what is left has a dot before its name, and is swept up later


@contextmanager
def _workplace(folder: Path) -> Iterator[Path]:
    """A folder beside the models, so that a rename brings a model to its place; away whatever happens."""
    made = Path(tempfile.mkdtemp(prefix=_INSTALLING, dir=folder))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


@contextmanager
def _writable(folder: Path) -> Iterator[None]:
    """The folder, made if need be and swept; what the system says of it, in words that help."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _sweep(folder, time.time())
        yield
    except OSError as error:
        reason = (error.strerror or "it can't be written").lower()
        raise ModelError(
            str(folder),
            reason,
            hint="Nothing is left by halves. A model takes 100 to 500 MB; --folder names another folder.",
        ) from error


def _sweep(folder: Path, now_s: float) -> None:
    for each in folder.iterdir():
        if each.name.startswith((_INSTALLING, _REMOVING)) and each.stat().st_mtime < now_s - _FORGOTTEN_S:
            shutil.rmtree(each, ignore_errors=True)


__all__ = ["Installed", "Reporter", "Silence", "UnpackError", "install", "libraries_present", "remove"]
