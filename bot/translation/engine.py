"""One loaded model: texts in, their translations out, sentence by sentence, nothing cut off unseen.

CTranslate2 by itself drops what is longer than 1,024 pieces, and stops writing after 256; both look like a
translation. Here a sentence that is too long is cut at a comma or a space, and a translation that does not
come to its end is a failure.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from bot.errors import RarewatchError
from bot.translation.checks import has_letters
from bot.translation.failures import FailureKind
from bot.translation.model_folder import Model, ModelError, Writing, ends_of, vocabulary_of
from bot.translation.segments import cut, sentences
from bot.translation.subwords import BytePairs, SentencePieces, Subwords

MOST_PIECES = 200  # of one sentence: some 120 words. Beyond what they were trained on, models lose the thread
BATCH = 8  # sentences at once: some 20 MB while they are translated, and a pause between batches for an exit
BEAM = 4  # as Argos Translate; 1 is twice as fast and noticeably worse


class EngineFailure(RarewatchError):
    """Why a model gave no translation: `reason` continues the sentence "local …"."""

    def __init__(self, kind: FailureKind, reason: str) -> None:
        self.kind = kind
        super().__init__("", reason)


@dataclass(frozen=True, slots=True)
class _Piece:
    """A part of a text that goes to the model by itself, with the space that followed it."""

    text: str
    after: str
    tokens: tuple[str, ...]  # empty: nothing to translate


class Engine:
    """A model in memory. Safe to use from many threads at once; it runs one batch a processor, up to four.

    Raises:
        ModelError: its files can't be loaded.
    """

    def __init__(self, model: Model, *, threads: int | None = None) -> None:
        import ctranslate2  # type: ignore[import-untyped]

        self.model = model
        try:
            self._end, adds_end = ends_of(model)
            self._subwords = _subwords(model, None if adds_end else self._end)
            self._translator: Any = ctranslate2.Translator(
                str(model.weights),
                device="cpu",
                inter_threads=threads or min(4, _cores()),
                # Several threads in one translation wait for one another by spinning: on a machine that has
                # other work, that was 50 times as slow.
                intra_threads=1,
            )
        except (RuntimeError, ValueError, OSError, TypeError, MemoryError) as error:
            raise ModelError(
                str(model.folder),
                f"its files can't be loaded ({type(error).__name__})",
                hint=f"Remove it and install it again: rarewatch models install {model.pair}",
            ) from error

    def translate(self, texts: Sequence[str], *, ending: Callable[[], bool] = lambda: False) -> list[str]:
        """The translation of each text, in order; line ends and the space between sentences are kept.

        Args:
            ending: asked between batches whether to give up, because the program ends.

        Raises:
            EngineFailure: one of them could not be translated whole.
        """
        cuts = [self._pieces(text) for text in texts]
        wanted = list(dict.fromkeys(piece.tokens for pieces in cuts for piece in pieces if piece.tokens))
        wanted.sort(key=len)  # alike lengths together: a batch is as slow as its longest sentence
        done: dict[tuple[str, ...], str] = {}
        for start in range(0, len(wanted), BATCH):
            if ending():
                raise EngineFailure(FailureKind.RESTING, "is not asked, because the program ends")
            batch = wanted[start : start + BATCH]
            done.update(zip(batch, self._batch(batch), strict=True))
        return ["".join(done.get(p.tokens, p.text) + p.after for p in pieces) for pieces in cuts]

    def _pieces(self, text: str) -> list[_Piece]:
        pieces = []
        for sentence in sentences(text):
            if not has_letters(sentence.text):
                pieces.append(_Piece(sentence.text, sentence.after, ()))
                continue
            parts = self._short_enough(sentence.text)
            pieces += [_Piece(part, after, tokens) for part, after, tokens in parts[:-1]]
            part, _, tokens = parts[-1]
            pieces.append(_Piece(part, sentence.after, tokens))
        return pieces

    def _short_enough(self, sentence: str) -> list[tuple[str, str, tuple[str, ...]]]:
        try:
            tokens = tuple(self._subwords.encode(sentence))
        except (ValueError, RuntimeError):  # half a surrogate pair, mostly
            raise EngineFailure(FailureKind.UNSUPPORTED, "was given a text that is not Unicode") from None
        if len(tokens) <= MOST_PIECES:
            return [(sentence, "", tokens)]
        limit = len(sentence) * MOST_PIECES // len(tokens)
        while limit > 1:
            segments = cut(sentence, limit)
            if any(not segment.after for segment in segments[:-1]):
                break  # cut through a word
            parts = [(s.text, s.after, tuple(self._subwords.encode(s.text))) for s in segments]
            if all(len(part[2]) <= MOST_PIECES for part in parts):
                return parts
            limit //= 2
        raise EngineFailure(FailureKind.UNSUPPORTED, "was given a sentence too long for its model")

    def _batch(self, batch: Sequence[tuple[str, ...]]) -> list[str]:
        prefix = self.model.target_prefix
        longest = max(map(len, batch))
        try:
            results = self._translator.translate_batch(
                [list(tokens) for tokens in batch],
                target_prefix=[[prefix]] * len(batch) if prefix else None,
                max_batch_size=BATCH,
                beam_size=BEAM,
                length_penalty=0.2,  # as Argos Translate
                replace_unknowns=True,  # a word it does not know is carried over as it stands
                max_input_length=0,
                max_decoding_length=3 * longest + 20,  # English takes 0.7 to 1.5 pieces for each
                return_end_token=True,
            )
        except (RuntimeError, ValueError, MemoryError) as error:
            raise EngineFailure(
                FailureKind.CRASHED, f"could not run its model ({type(error).__name__})"
            ) from None
        return [self._written(result.hypotheses[0]) for result in results]

    def _written(self, tokens: list[str]) -> str:
        if not tokens or tokens[-1] != self._end:
            raise EngineFailure(FailureKind.UNUSABLE, "came to no end with a sentence")
        tokens = tokens[:-1]
        if self.model.target_prefix and tokens[:1] == [self.model.target_prefix]:
            tokens = tokens[1:]
        return self._subwords.decode(tokens)


def _subwords(model: Model, end: str | None) -> Subwords:
    folder = model.folder
    match model.writing:
        case Writing.SENTENCEPIECE:
            return SentencePieces(folder / "sentencepiece.model", folder / "sentencepiece.model")
        case Writing.BYTE_PAIRS:
            lines = (folder / "bpe.model").read_text(encoding="utf-8").splitlines()
            return BytePairs(lines, vocabulary_of(model), model.source, model.target)
        case Writing.OPUS:
            return SentencePieces(
                folder / "source.spm",
                folder / "target.spm",
                end=end,
                language=model.source,
            )


def _cores() -> int:
    try:
        return len(os.sched_getaffinity(0))  # what a container was given, not what the machine has
    except AttributeError:
        return os.cpu_count() or 1
