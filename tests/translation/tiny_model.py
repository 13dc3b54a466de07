"""A real CTranslate2 Transformer that translates word for word, its weights set by hand instead of trained.

The first dimensions of its vectors are one for each token, the last ones one for each place in a sentence.
The encoder says "this token, at this place"; the decoder looks at the place it is to write and gives that
token to the output, which knows a dictionary: ▁ekspor → ▁export. Where the source ends (</s>), it ends.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import ctranslate2.specs
import numpy as np
import sentencepiece

PLACES = 64  # the longest sentence, as of a model with learned positions

INDONESIAN = {
    "ekspor": "export",
    "larangan": "ban",
    "nikel": "nickel",
    "naik": "rises",
    "harga": "price",
    "tambang": "mine",
    "baru": "new",
    "dibuka": "opened",
}
RUSSIAN = {
    "экспорт": "export",
    "запрет": "ban",
    "никель": "nickel",
    "растёт": "rises",
    "цена": "price",
    "рудник": "mine",
    "новый": "new",
    "открыт": "opened",
}
SPECIAL = ["<blank>", "<unk>", "<s>", "</s>"]


def train_pieces(words: Mapping[str, str]) -> bytes:
    """A SentencePiece model that knows these words and, for all others, letters and digits."""
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,-:;!?()\"'%"
    letters += "".join(sorted(set("".join(words))))
    known = [*words, *dict.fromkeys(words.values())]
    sentences = [" ".join(known), *known] * 20 + list(letters)
    written = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(sentences),
        model_writer=written,
        model_type="unigram",
        vocab_size=1_000,
        hard_vocab_limit=False,
        user_defined_symbols=[f"▁{word}" for word in known],
        character_coverage=1.0,
        minloglevel=2,
        num_threads=1,
    )
    return written.getvalue()


def tokens_of(pieces: bytes) -> list[str]:
    """The vocabulary of a SentencePiece model, without its own special tokens."""
    processor = sentencepiece.SentencePieceProcessor(model_proto=pieces)
    every = [processor.id_to_piece(i) for i in range(processor.get_piece_size())]
    return [token for token in every if token not in SPECIAL]


def save_model(
    folder: Path,
    tokens: Sequence[str],
    dictionary: Mapping[str, str],
    *,
    add_source_eos: bool = True,
    never_ends: bool = False,
) -> None:
    """Write the model: each token of the source becomes its entry in `dictionary`, or stays as it is.

    Args:
        add_source_eos: as of models made from Marian; else who calls must end the source with </s>.
        never_ends: a model that has lost its way, and repeats its last word until it is stopped.
    """
    vocabulary = [*SPECIAL, *tokens]
    place = len(vocabulary)
    width = place + PLACES
    width += -width % 8
    spec = ctranslate2.specs.TransformerSpec.from_config(num_layers=1, num_heads=1, pre_norm=True)
    words = np.zeros((len(vocabulary), width), dtype=np.float32)
    words[np.arange(len(vocabulary)), np.arange(len(vocabulary))] = 1
    places = np.zeros((PLACES, width), dtype=np.float32)
    places[np.arange(PLACES), place + np.arange(PLACES)] = 1
    only_words = np.diag((np.arange(width) < place).astype(np.float32))
    only_places = np.diag((np.arange(width) >= place).astype(np.float32))
    nothing = np.zeros((width, width), dtype=np.float32)

    out = np.zeros((len(vocabulary), width), dtype=np.float32)
    for source, token in enumerate(vocabulary):
        english = vocabulary.index(dictionary.get(token, token))
        out[english, source] = 1
    if never_ends:
        out[vocabulary.index("</s>")] = 0

    for part in (spec.encoder, spec.decoder):
        part.scale_embeddings = False
        part.position_encodings.encodings = places
        _neutral(part.layer_norm, width)
        layer = part.layer[0]
        _neutral(layer.self_attention.layer_norm, width)
        _linear(layer.self_attention.linear[0], np.concatenate([nothing] * 3))
        _linear(layer.self_attention.linear[1], nothing)
        _neutral(layer.ffn.layer_norm, width)
        _linear(layer.ffn.linear_0, np.zeros((8, width), dtype=np.float32))
        _linear(layer.ffn.linear_1, np.zeros((width, 8), dtype=np.float32))
    spec.encoder.embeddings[0].weight = words
    spec.decoder.embeddings.weight = words
    look = spec.decoder.layer[0].attention
    _neutral(look.layer_norm, width)
    _linear(look.linear[0], only_places * 100)
    _linear(look.linear[1], np.concatenate([only_places, only_words]))
    _linear(look.linear[2], only_words * 10)
    _linear(spec.decoder.projection, out)

    spec.register_source_vocabulary(vocabulary)
    spec.register_target_vocabulary(vocabulary)
    spec.config.add_source_eos = add_source_eos
    spec.validate()
    spec.optimize(quantization=None)
    folder.mkdir(parents=True, exist_ok=True)
    spec.save(str(folder))


def _neutral(norm: Any, width: int) -> None:
    norm.gamma = np.ones(width, dtype=np.float32)
    norm.beta = np.zeros(width, dtype=np.float32)


def _linear(linear: Any, weight: np.ndarray[Any, Any]) -> None:
    linear.weight = weight
    linear.bias = np.zeros(weight.shape[0], dtype=np.float32)
