"""A sentence in the pieces a model knows, and back: by SentencePiece, or by Moses tokens and byte pairs.

Which of them a model wants is told by the files that lie with it (see `model_folder`).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol

from bot.translation.moses import detokenise, normalise, tokenise

_KEPT_WORDS = 20_000  # about 4 MB; a day's news has fewer different words
_LONGEST_WORD = 200  # merging takes the square of it in time, and nothing longer is a word
_END = "</w>"


class Subwords(Protocol):
    """How the sentences of one model are written. Safe to use from many threads at once."""

    def encode(self, sentence: str) -> list[str]:
        """The pieces of a sentence of the source language."""

    def decode(self, pieces: Sequence[str]) -> str:
        """The sentence of the target language that the pieces mean."""


class SentencePieces:
    """Argos packages with `sentencepiece.model`, and OPUS-MT with `source.spm` and `target.spm`.

    Args:
        source, target: the models; the same file twice where both languages share one.
        end: a token to end each source sentence with, where the model does not add it itself.
        language: of the source, when its punctuation is to be made plain first, as OPUS-MT does.
    """

    def __init__(
        self, source: Path, target: Path, *, end: str | None = None, language: str | None = None
    ) -> None:
        import sentencepiece

        self._source: Any = sentencepiece.SentencePieceProcessor(model_file=str(source))
        self._target: Any = (
            self._source if target == source else sentencepiece.SentencePieceProcessor(model_file=str(target))
        )
        self._end = end
        self._language = language

    def encode(self, sentence: str) -> list[str]:
        """See Subwords."""
        plain = normalise(sentence, self._language) if self._language else sentence
        pieces: list[str] = self._source.encode(plain, out_type=str)
        return [*pieces, self._end] if self._end and pieces else pieces

    def decode(self, pieces: Sequence[str]) -> str:
        """See Subwords."""
        text: str = self._target.decode_pieces(list(pieces))
        return text.replace("▁", " ").strip()


class BytePairs:
    """Argos packages with `bpe.model`: Moses tokens, each cut as subword-nmt does, `@@` where a word goes on.

    Args:
        merges: the lines of the file: pairs of pieces, those merged first at the top.
        vocabulary: of the model: it shows whether hyphens and XML signs were treated when it was trained.
        source, target: the languages.

    Raises:
        ValueError: a line that is no pair.
    """

    def __init__(self, merges: Iterable[str], vocabulary: frozenset[str], source: str, target: str) -> None:
        self._ranks: dict[tuple[str, str], int] = {}
        for line in merges:
            if line.startswith("#version:") or not line.strip():
                continue
            first, second = line.strip("\r\n ").split(" ")
            self._ranks.setdefault((first, second), len(self._ranks))
        if not self._ranks:
            raise ValueError("there are no pairs in it")
        self._source = source
        self._target = target
        self._split_hyphens = "@-@" in vocabulary
        self._escape = "&apos;" in vocabulary or "&quot;" in vocabulary
        self._known: dict[str, tuple[str, ...]] = {}

    def encode(self, sentence: str) -> list[str]:
        """See Subwords."""
        tokens = tokenise(
            normalise(sentence, self._source),
            self._source,
            split_hyphens=self._split_hyphens,
            escape=self._escape,
        )
        return [piece for token in tokens for piece in self._cut(token)]

    def decode(self, pieces: Sequence[str]) -> str:
        """See Subwords."""
        return detokenise(" ".join(pieces).replace("@@ ", "").removesuffix("@@").split(), self._target)

    def _cut(self, token: str) -> tuple[str, ...]:
        known = self._known.get(token)
        if known is None:
            if len(self._known) >= _KEPT_WORDS:
                self._known.clear()
            known = self._known[token] = self._merged(token)
        return known

    def _merged(self, token: str) -> tuple[str, ...]:
        parts = [*token[:-1], token[-1] + _END]
        while len(parts) > 1 and len(token) <= _LONGEST_WORD:
            pairs = itertools.pairwise(parts)
            best = min(pairs, key=lambda pair: self._ranks.get(pair, len(self._ranks)))
            if best not in self._ranks:
                break
            merged: list[str] = []
            for part in parts:
                if merged and (merged[-1], part) == best:
                    merged[-1] += part
                else:
                    merged.append(part)
            parts = merged
        parts[-1] = parts[-1].removesuffix(_END)
        if not parts[-1]:  # the sign for a word's end stood by itself
            parts.pop()
        return (*(f"{part}@@" for part in parts[:-1]), parts[-1])
