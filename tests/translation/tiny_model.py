"""A real CTranslate2 Transformer that translates word for word, its weights set by hand instead of trained.

The first dimensions of its vectors are one for each token, the last ones one for each place in a sentence.
The encoder says "this token, at this place"; the decoder looks at the place it is to write and gives that
token to the output, which knows a dictionary: ▁ekspor → ▁export. Where the source ends (</s>), it ends.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import ctranslate2.specs  # type: ignore[import-untyped]
import numpy as np
import sentencepiece

PLACES = 256  # the longest sentence, as of a model with learned positions

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
    places: int = PLACES,
    begins_at: int = 0,
) -> None:
    """Write the model: each token of the source becomes its entry in `dictionary`, or stays as it is.

    Args:
        add_source_eos: as of models made from Marian; else who calls must end the source with </s>.
        never_ends: a model that has lost its way, and writes until it is stopped.
        places: the longest sentence.
        begins_at: where the translation begins: 1 behind a prefix.
    """
    vocabulary = [*SPECIAL, *tokens]
    place = len(vocabulary)
    width = place + places
    width += -width % 8
    spec = ctranslate2.specs.TransformerSpec.from_config(num_layers=1, num_heads=1, pre_norm=True)
    words = np.zeros((len(vocabulary), width), dtype=np.float32)
    words[np.arange(len(vocabulary)), np.arange(len(vocabulary))] = 1
    positions = np.zeros((places, width), dtype=np.float32)
    positions[np.arange(places), place + np.arange(places)] = 1
    only_words = np.diag((np.arange(width) < place).astype(np.float32))
    only_places = np.diag((np.arange(width) >= place).astype(np.float32))
    nothing = np.zeros((width, width), dtype=np.float32)

    out = np.zeros((len(vocabulary), width), dtype=np.float32)
    for source, token in enumerate(vocabulary):
        english = vocabulary.index(dictionary.get(token, token))
        out[english, source] = 1

    for part in (spec.encoder, spec.decoder):
        part.scale_embeddings = False
        part.position_encodings.encodings = positions
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
    _linear(look.linear[1], np.concatenate([np.roll(only_places, begins_at, axis=0), only_words]))
    _linear(look.linear[2], only_words * 10)
    _linear(spec.decoder.projection, out)
    if never_ends:
        spec.decoder.projection.bias[vocabulary.index("</s>")] = -1_000

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


def install_argos(
    folder: Path,
    source: str,
    words: Mapping[str, str],
    *,
    target: str = "en",
    version: str = "1.9",
    target_prefix: str = "",
    never_ends: bool = False,
    places: int = PLACES,
) -> None:
    """An Argos package with SentencePiece, as it lies in the folder once installed."""
    pieces = train_pieces(words)
    tokens = [*tokens_of(pieces), *([target_prefix] if target_prefix else [])]
    known = {f"▁{word}": f"▁{words[word].replace(' ', '▁')}" for word in words}
    tokens += [token for token in known.values() if token not in tokens]
    begins_at = 1 if target_prefix else 0
    save_model(folder / "model", tokens, known, never_ends=never_ends, places=places, begins_at=begins_at)
    (folder / "sentencepiece.model").write_bytes(pieces)
    metadata = {"from_code": source, "to_code": target, "package_version": version, "type": "translate"}
    if target_prefix:
        metadata["target_prefix"] = target_prefix
    (folder / "metadata.json").write_text(json.dumps(metadata))


def install_opus(folder: Path, words: Mapping[str, str], *, add_source_eos: bool) -> None:
    """A folder as CTranslate2's converter leaves it."""
    pieces = train_pieces(words)
    known = {f"▁{word}": f"▁{english}" for word, english in words.items()}
    save_model(folder, tokens_of(pieces), known, add_source_eos=add_source_eos)
    (folder / "source.spm").write_bytes(pieces)
    (folder / "target.spm").write_bytes(pieces)


def install_byte_pairs(folder: Path, words: Mapping[str, str], *, escaped: bool = True) -> None:
    """An Argos package made from an older OPUS model: each word is merged from its letters."""
    merges: dict[str, None] = {}
    for word in words:
        parts = [*word[:-1], word[-1] + "</w>"]
        while len(parts) > 1:
            merges[f"{parts[0]} {parts[1]}"] = None
            parts[:2] = [parts[0] + parts[1]]
    signs = [*"abcdefghijklmnopqrstuvwxyz0123456789.,%!", "@-@"]
    signs += [f"{sign}@@" for sign in signs]
    signs += ["&apos;", "&quot;"] if escaped else ["'", '"']
    save_model(folder / "model", list(dict.fromkeys([*words, *words.values(), *signs])), words)
    (folder / "bpe.model").write_text("#version: 0.2\n" + "\n".join(merges) + "\n")
    metadata = {"from_code": "id", "to_code": "en", "package_version": "1.9"}
    (folder / "metadata.json").write_text(json.dumps(metadata))


def zipped(folder: Path, top: str) -> bytes:
    """The folder as a package: a zip in which one folder holds everything."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                archive.write(file, f"{top}/{file.relative_to(folder)}")
    return written.getvalue()
