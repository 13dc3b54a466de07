"""The public index of Argos packages: which models there are, in which version, and where.

The index is a JSON list. What of it is not understood is passed over: it may be a package of another kind.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from bot.translation.downloads import without_password
from bot.translation.model_folder import PAIR, ModelError, version_key

_VERSION = re.compile(r"\d{1,6}(?:\.\d{1,6}){0,5}")
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")


@dataclass(frozen=True, slots=True)
class Package:
    """One package of the index. `links` are web addresses; others, such as ipfs, are left out."""

    pair: str
    version: str
    links: tuple[str, ...]
    sha256: str | None = None

    @property
    def folder_name(self) -> str:
        """Under which it lies once installed: "id-en-1.9"."""
        return f"{self.pair}-{self.version}"


def read_index(file: Path, url: str) -> dict[str, Package]:
    """The newest package of each pair.

    Args:
        url: where the file came from, for errors.

    Raises:
        ModelError: it is no such index.
    """
    shown = without_password(url)
    hint = "RAREWATCH_MODELS_INDEX, or --index, is to be the address of an index of Argos packages."
    try:
        listed = json.loads(file.read_bytes())
    except (ValueError, RecursionError) as error:
        raise ModelError(shown, "what came from there is not JSON", hint=hint) from error
    if not isinstance(listed, list):
        raise ModelError(shown, "what came from there is no list of packages", hint=hint)
    newest: dict[str, Package] = {}
    for entry in listed:
        package = _package(entry)
        if package is None:
            continue
        before = newest.get(package.pair)
        if before is None or version_key(before.version) < version_key(package.version):
            newest[package.pair] = package
    if not newest:
        raise ModelError(shown, "there is no translation model in it", hint=hint)
    return newest


def _package(entry: object) -> Package | None:
    if not isinstance(entry, dict) or entry.get("type", "translate") != "translate":
        return None
    pair, version = f"{entry.get('from_code')}-{entry.get('to_code')}", entry.get("package_version")
    # They become the name of a folder.
    if not PAIR.fullmatch(pair) or not isinstance(version, str) or not _VERSION.fullmatch(version):
        return None
    listed = entry.get("links")
    links = tuple(link for link in listed if _is_web(link)) if isinstance(listed, list) else ()
    given = entry.get("sha256")
    sha256 = given.lower() if isinstance(given, str) and _SHA256.fullmatch(given) else None
    return Package(pair, version, links, sha256)


def _is_web(link: object) -> bool:
    try:
        return isinstance(link, str) and urlsplit(link).scheme in ("https", "http")
    except ValueError:
        return False
