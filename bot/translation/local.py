"""The provider `local`: models on this machine, asked like any other translator; no text leaves the house.

A model is loaded when it is first needed, in the thread that needs it, and shared by all after that.
"""

from __future__ import annotations

import atexit
import importlib.util
import threading
import time
import weakref
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from bot.translation.failures import FailureKind, ProviderFailure
from bot.translation.marks import Marks
from bot.translation.model_folder import Model, ModelError, find_models

if TYPE_CHECKING:
    from bot.translation.engine import Engine

log = structlog.get_logger(__name__)

LIBRARIES = ("ctranslate2", "sentencepiece")
MOST_LOADED = 4  # pairs in memory at once, each 80 to 400 MB; the one not used for longest goes first
EXIT_S = 3.0  # how long an exit waits for the batch under way, which takes a second or two


class LocalProvider:
    """Translates with the models of a folder. Use `open_local`, which also says what is missing.

    Args:
        models: the folder; looked at again when a model that is wanted is not there.
        threads: how many batches are translated at once; None: one a processor, up to 4.
    """

    name = "local"
    max_chars = 5_000  # some 50 sentences: seconds of work, after which others have their turn
    max_texts = 32
    # None that survives: SentencePiece has no piece for rare brackets, and a model drops or doubles digits
    # it was never shown in brackets.
    marks = Marks.NONE

    def __init__(self, models: Path, *, threads: int | None = None) -> None:
        self._folder = models
        self._threads = threads
        self._lock = threading.Lock()
        self._loaded: OrderedDict[tuple[str, str], Engine] = OrderedDict()
        self._loading: dict[tuple[str, str], threading.Lock] = {}
        self._broken: dict[Path, ModelError] = {}
        self._idle = threading.Condition()
        self._under_way = 0
        self._ending = False
        _close_at_exit(self)

    def __repr__(self) -> str:
        return f"LocalProvider({str(self._folder)!r})"

    def pairs(self) -> list[str]:
        """The pairs there are models for, such as "id-en"."""
        return [model.pair for model in find_models(self._folder)[0]]

    def translate_many(
        self, texts: Sequence[str], source: str, target: str = "en"
    ) -> list[str] | ProviderFailure:
        """See Provider. The first call of a pair loads its model, which takes about a second."""
        from bot.translation.engine import EngineFailure

        if sum(map(len, texts)) > self.max_chars:
            return self._failure(FailureKind.UNSUPPORTED, f"takes {self.max_chars:,} characters at once")
        with self._idle:
            if self._ending:
                return self._failure(FailureKind.RESTING, "is not asked, because the program ends")
            self._under_way += 1
        try:
            return self._engine(source, target).translate(texts, ending=lambda: self._ending)
        except EngineFailure as failure:
            return self._failure(failure.kind, failure.reason)
        except ModelError as error:  # says nothing about the other pairs, so the breaker should not count it
            return self._failure(FailureKind.UNSUPPORTED, f"has no {source}-{target} model: {error.reason}")
        except Exception as exc:  # the last net, as of every provider
            return self._failure(FailureKind.CRASHED, f"failed in an unforeseen way ({type(exc).__name__})")
        finally:
            with self._idle:
                self._under_way -= 1
                self._idle.notify_all()

    def close(self, *, wait_s: float = EXIT_S) -> None:
        """Take no more, and wait for the batches under way.

        A thread that comes back from CTranslate2 into an interpreter that has ended would abort the process.
        """
        ends = time.monotonic() + wait_s
        with self._idle:
            self._ending = True
            while self._under_way and (left_s := ends - time.monotonic()) > 0:
                self._idle.wait(left_s)
        with self._lock:
            self._loaded.clear()

    def _failure(self, kind: FailureKind, reason: str) -> ProviderFailure:
        return ProviderFailure(self.name, kind, reason)

    def _engine(self, source: str, target: str) -> Engine:
        pair = (source, target)
        with self._lock:
            if engine := self._loaded.get(pair):
                self._loaded.move_to_end(pair)
                return engine
            loading = self._loading.setdefault(pair, threading.Lock())
        with loading:  # others who want this pair wait here; those of other pairs don't
            with self._lock:
                if engine := self._loaded.get(pair):
                    return engine
            engine = self._load(source, target)
            with self._lock:
                self._loaded[pair] = engine
                while len(self._loaded) > MOST_LOADED:
                    self._loaded.popitem(last=False)
            return engine

    def _load(self, source: str, target: str) -> Engine:
        from bot.translation.engine import Engine

        model = self._model(source, target)
        if known := self._broken.get(model.folder):
            raise known
        try:
            engine = Engine(model, threads=self._threads)
        except ModelError as error:
            self._broken[model.folder] = error  # until the next start: loading again would cost each article
            log.warning(
                "local_model_broken",
                folder=str(model.folder),
                says=f"The translation model {model.pair} can't be used: {error}",
            )
            raise
        log.info("local_model_loaded", pair=model.pair, version=model.version)
        return engine

    def _model(self, source: str, target: str) -> Model:
        for model in find_models(self._folder)[0]:
            if (model.source, model.target) == (source, target):
                return model
        pair = f"{source}-{target}"
        raise ModelError(str(self._folder), f"none lies in {self._folder} (rarewatch models install {pair})")


def open_local(folder: Path, *, have: Callable[[str], object] = importlib.util.find_spec) -> LocalProvider:
    """The provider, when it can work: the libraries are installed and there is at least one model.

    Args:
        have: whether a library of that name can be imported.

    Raises:
        ModelError: says what is missing, and how to get it.
    """
    missing = [name for name in LIBRARIES if have(name) is None]
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        raise ModelError(
            "RAREWATCH_TRANSLATORS",
            f"it names local, but {' and '.join(missing)} {verb} not installed",
            hint='Run: pip install "rarewatch[local]"',
        )
    models, problems = find_models(folder)
    for problem in problems:
        log.warning("local_model_problem", says=str(problem))
    if not models:
        why = f" that can be used ({problems[0].subject}: {problems[0].reason})" if problems else ""
        raise ModelError(
            str(folder),
            f"RAREWATCH_TRANSLATORS names local, but there is no translation model{why}",
            hint="Run: rarewatch models install id-en ru-en",
        )
    return LocalProvider(folder)


def _close_at_exit(provider: LocalProvider) -> None:
    kept = weakref.ref(provider)

    def close() -> None:
        if (still := kept()) is not None:
            still.close()

    atexit.register(close)
    # A provider that is gone leaves nothing behind; at an exit this must not run before `close` does.
    weakref.finalize(provider, atexit.unregister, close).atexit = False
