"""Which translation models lie in a folder: Argos packages, and OPUS-MT models converted by CTranslate2.

FOLDER/id-en-1.9/metadata.json, model/, sentencepiece.model or bpe.model    an Argos package, unpacked
FOLDER/opus-mt-ru-en/model.bin, source.spm, target.spm                      OPUS-MT, its pair in its name
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from bot.errors import RarewatchError

PAIR = re.compile(r"([a-z]{2,3})-([a-z]{2,3})")
_PAIR_AT_END = re.compile(r"(?:^|[-_])([a-z]{2,3})[-_]([a-z]{2,3})(?:[-_]\d[\d._]*)?$")
_MOST_METADATA = 1_000_000


class ModelError(RarewatchError):
    """A translation model can't be used."""


class Writing(StrEnum):
    """How a model wants its sentences: see `subwords`."""

    SENTENCEPIECE = "SentencePiece"
    BYTE_PAIRS = "byte pairs"
    OPUS = "OPUS-MT"


@dataclass(frozen=True, slots=True)
class Model:
    """One model on disk.

    Attributes:
        folder: what is deleted to remove it.
        weights: the folder that CTranslate2 opens.
        version: as of the Argos index ("1.9"), or empty.
        target_prefix: a token each translation begins with, in models of several target languages.
    """

    folder: Path
    source: str
    target: str
    version: str
    writing: Writing
    weights: Path
    target_prefix: str = ""

    @property
    def pair(self) -> str:
        """As people write it: "id-en"."""
        return f"{self.source}-{self.target}"

    @property
    def size_bytes(self) -> int:
        """What it takes on disk."""
        return sum(file.stat().st_size for file in self.folder.rglob("*") if file.is_file())


def version_key(version: str) -> tuple[int, ...]:
    """By which versions are ordered: 1.10 after 1.9."""
    return tuple(int(number) for number in re.findall(r"\d+", version)[:8])


def read_model(folder: Path) -> Model:
    """The model of a folder; its files are looked at, not loaded.

    Raises:
        ModelError: it holds none, or one of a kind that is not known.
    """
    metadata = _metadata(folder)
    source, target = metadata.get("from_code"), metadata.get("to_code")
    if not (isinstance(source, str) and isinstance(target, str)):
        found = _PAIR_AT_END.search(folder.name)
        if found is None:
            raise ModelError(
                str(folder),
                "neither a metadata.json nor its name says which languages it translates",
                hint="Name the folder like opus-mt-ru-en.",
            )
        source, target = found.groups()
    if not PAIR.fullmatch(f"{source}-{target}"):
        raise ModelError(str(folder), "its metadata.json names no two languages")
    weights = folder / "model" if (folder / "model").is_dir() else folder
    if not (weights / "model.bin").is_file():
        raise ModelError(str(folder), "it holds no CTranslate2 model (model.bin)")
    # The version under which it was installed is the index's; a package's own may lag behind.
    named = re.fullmatch(rf"{source}-{target}-(\d[\d.]*)", folder.name)
    version = named.group(1) if named else metadata.get("package_version")
    prefix = metadata.get("target_prefix")
    return Model(
        folder=folder,
        source=source,
        target=target,
        version=version if isinstance(version, str) else "",
        writing=_writing(folder),
        weights=weights,
        target_prefix=prefix if isinstance(prefix, str) else "",
    )


def find_models(folder: Path) -> tuple[list[Model], list[ModelError]]:
    """The models in the folder, the newest version of each pair, and what is wrong with others.

    A folder that does not exist holds none. Names that begin with a dot are half-installed or being removed.
    """
    newest: dict[str, Model] = {}
    problems: list[ModelError] = []
    for each in _folders(folder):
        try:
            model = read_model(each)
        except ModelError as problem:
            problems.append(problem)
            continue
        before = newest.get(model.pair)
        if before is None or version_key(before.version) < version_key(model.version):
            newest[model.pair] = model
    return sorted(newest.values(), key=lambda model: model.pair), problems


def vocabulary_of(model: Model) -> frozenset[str]:
    """The tokens of the source language that a model knows; empty when no file lists them.

    Raises:
        ModelError: the file can't be read.
    """
    for name in ("shared_vocabulary", "source_vocabulary"):
        listed, lines = model.weights / f"{name}.json", model.weights / f"{name}.txt"
        try:
            if listed.is_file():
                tokens = json.loads(listed.read_text(encoding="utf-8"))
                return frozenset(token for token in tokens if isinstance(token, str))
            if lines.is_file():
                return frozenset(lines.read_text(encoding="utf-8").splitlines())
        except (OSError, ValueError, TypeError, RecursionError) as error:
            raise ModelError(str(model.folder), f"its {name} can't be read") from error
    return frozenset()


def ends_of(model: Model) -> tuple[str, bool]:
    """The token that ends a sentence, and whether CTranslate2 adds it to the source by itself.

    It does for models made from Marian's, and does not for those made from Hugging Face's.

    Raises:
        ModelError: the model's config.json can't be read.
    """
    try:
        config = json.loads((model.weights / "config.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return "</s>", True  # an older converter, which kept this in model.bin
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(str(model.folder), "its config.json can't be read") from error
    if not isinstance(config, dict):
        raise ModelError(str(model.folder), "its config.json can't be read")
    end = config.get("eos_token")
    return end if isinstance(end, str) else "</s>", bool(config.get("add_source_eos"))


def _folders(folder: Path) -> Iterable[Path]:
    try:
        return sorted(each for each in folder.iterdir() if each.is_dir() and not each.name.startswith("."))
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise ModelError(str(folder), (error.strerror or "it can't be read").lower()) from error


def _metadata(folder: Path) -> dict[str, object]:
    file = folder / "metadata.json"
    try:
        if file.stat().st_size > _MOST_METADATA:
            raise ModelError(str(folder), "its metadata.json is too large to be one")
        found = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(str(folder), "its metadata.json can't be read") from error
    if not isinstance(found, dict):
        raise ModelError(str(folder), "its metadata.json can't be read")
    return found


def _writing(folder: Path) -> Writing:
    if (folder / "sentencepiece.model").is_file():
        return Writing.SENTENCEPIECE
    if (folder / "bpe.model").is_file():
        return Writing.BYTE_PAIRS
    if (folder / "source.spm").is_file() and (folder / "target.spm").is_file():
        return Writing.OPUS
    raise ModelError(
        str(folder),
        "it lacks what cuts sentences (sentencepiece.model, bpe.model, or source.spm and target.spm)",
    )
