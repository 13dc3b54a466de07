"""Reads the names of glossary.yaml and an operator's own over them; says what is wrong in a file, and where.

    companies:                    a group (see GROUPS)
      Antam:                      the name in English, as it is to stand in a sentence
        id: [Aneka Tambang]       how it is written: in Indonesian, in Russian, or `any` (Latin, in any text)
        ru: [=Антам]              =: exactly this form, not its case forms
        lock: false               known when it stands alone, but left to the translator in a sentence

In an operator's file an entry takes the place of the one of the same English name, `null` takes it away, and
a form that belongs to another name of ours goes over to the operator's.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import re
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from bot.errors import RarewatchError

GROUPS = ("companies", "agencies", "places", "materials", "agreements", "names")
LANGUAGES = ("id", "ru", "any")
_FIELDS = (*LANGUAGES, "lock")
_FILE = Path(__file__).with_name("glossary.yaml")
_LONGEST = 120  # characters of a name; a longer one is a sentence gone astray
# A name is words and what may stand between them; marks and markup would come back changed.
_ENGLISH = re.compile(r"[\w&'’.,()/+ -]+")


class GlossaryError(RarewatchError):
    """The glossary can't be read."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A name: its English, and how it is written, by language (LANGUAGES)."""

    english: str
    group: str
    forms: Mapping[str, tuple[str, ...]]
    lock: bool = True


def read_names(own: Path | None = None) -> tuple[Entry, ...]:
    """The names that come with the program, with those of an operator's file over them.

    Raises:
        GlossaryError: names the file, the place in it, what was expected and what was found.
    """
    entries, _ = _Reader(_FILE.name).read(_parsed(_FILE))
    if own is None:
        return tuple(entries.values())
    own_entries, removed = _Reader(own.name).read(_parsed(own))
    for name in removed:
        if name not in entries:
            near = difflib.get_close_matches(name, entries, n=1)
            hint = f"Did you mean {near[0]}?" if near else ""
            raise GlossaryError(f"{own.name}, {name}", "there is no such name to take away", hint=hint)
    taken = {
        (language, form_id(form))
        for entry in own_entries.values()
        for language, forms in entry.forms.items()
        for form in forms
    }
    kept = {
        name: _without(entry, taken)
        for name, entry in entries.items()
        if name not in own_entries and name not in removed
    }
    return (*own_entries.values(), *kept.values())


def form_id(form: str) -> str:
    """What two ways of writing one form have in common."""
    return " ".join(form.lstrip("=").replace("ё", "е").replace("-", " ").split()).casefold()


def version_of(entries: Iterable[Entry]) -> str:
    """12 hexadecimal digits that change with any name, form or rule, and with nothing else."""
    content = sorted(
        [entry.english, entry.group, entry.lock, {key: sorted(value) for key, value in entry.forms.items()}]
        for entry in entries
    )
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:12]


def _without(entry: Entry, taken: set[tuple[str, str]]) -> Entry:
    forms = {
        language: tuple(form for form in forms if (language, form_id(form)) not in taken)
        for language, forms in entry.forms.items()
    }
    return replace(entry, forms=forms)


def _parsed(file: Path) -> object:
    try:
        return yaml.load(file.read_text("utf-8"), Loader=_StrictLoader)  # noqa: S506 - a SafeLoader
    except OSError as error:
        raise GlossaryError(str(file), error.strerror or "it can't be opened") from error
    except UnicodeDecodeError as error:
        raise GlossaryError(str(file), "it is not UTF-8 text") from error
    except yaml.YAMLError as error:
        raise GlossaryError(str(file), f"not valid YAML: {' '.join(str(error).split())}") from error


class _StrictLoader(yaml.SafeLoader):
    """A SafeLoader for which a key written twice is an error, not the loss of the first."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"{key.value!r} stands twice", key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep)


class _Reader:
    """Checks one file while it is read."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._owners: dict[tuple[str, str], str] = {}

    def read(self, data: object) -> tuple[dict[str, Entry], frozenset[str]]:
        """The entries by their English names, and the names that are to be taken away."""
        entries: dict[str, Entry] = {}
        removed: set[str] = set()
        for group, names in self._mapping(data, "the file", GROUPS).items():
            for english, value in self._mapping(names, group).items():
                where = f"{group}: {english}"
                if english in entries or english in removed:
                    raise self._error(where, "each name once", f"{english} again")
                if value is None:
                    removed.add(english)
                else:
                    entries[english] = self._entry(english, group, value, where)
        return entries, frozenset(removed)

    def _entry(self, english: str, group: str, value: object, where: str) -> Entry:
        if len(english) > _LONGEST or not _ENGLISH.fullmatch(english) or english != english.strip():
            raise self._error(
                where, f"an English name (at most {_LONGEST} letters, no brackets or markup)", english
            )
        fields = self._mapping(value, where, _FIELDS)
        lock = fields.pop("lock", True)
        if not isinstance(lock, bool):
            raise self._error(f"{where}: lock", "true or false", lock)
        forms = {
            language: self._forms(written, f"{where}: {language}") for language, written in fields.items()
        }
        if not any(forms.values()):
            raise self._error(where, f"at least one form under {', '.join(LANGUAGES)}", None)
        for language, written in forms.items():
            for form in written:
                owner = self._owners.setdefault((language, form_id(form)), english)
                if owner != english:
                    raise self._error(f"{where}: {language}", f"forms of one name ({owner} has it)", form)
        return Entry(english, group, forms, lock)

    def _forms(self, value: object, where: str) -> tuple[str, ...]:
        written = [value] if isinstance(value, str) else value
        if not isinstance(written, list):
            raise self._error(where, "a list of texts", value)
        for form in written:
            if not isinstance(form, str) or sum(map(str.isalnum, form)) < 2 or len(form) > _LONGEST:
                raise self._error(where, f"a form of 2 to {_LONGEST} letters", form)
        return tuple(" ".join(form.split()) for form in written)

    def _mapping(self, value: object, where: str, known: tuple[str, ...] | None = None) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise self._error(where, "names with their values", value)
        for name in value:
            if not isinstance(name, str):
                raise self._error(where, "names that are text (put them in quotes)", name)
            if known is not None and name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                hint = f"Did you mean {near[0]}?" if near else ""
                raise self._error(where, f"only {', '.join(known)}", name, hint=hint)
        return dict(value)

    def _error(self, where: str, expected: str, got: object, *, hint: str = "") -> GlossaryError:
        shown = "nothing" if got is None else repr(got)
        shown = shown if len(shown) <= 60 else f"{shown[:57]}…"
        return GlossaryError(f"{self._file}, {where}", f"expected {expected}, got {shown}", hint=hint)
