"""Who translated a text, in words for a person: from the names kept with it. Pure."""

from __future__ import annotations

NAMES = {
    "google": "Google",
    "libre": "LibreTranslate",
    "mymemory": "MyMemory",
    "deepl": "DeepL",
    "local": "a local model",
    "glossary": "the glossary",
}
"""Translators as a person knows them; others go by the name the operator gives them."""
ORIGINAL = "original"
PARTS = ("title", "summary")


def translated_by(kept: str | None) -> str:
    """``Google``, or ``Google (title) and MyMemory (summary)``; empty when nobody translated it.

    Args:
        kept: as stored with an article: one name, or the title's and the summary's with a comma between.
            Several that made parts of one text have a + between them.
    """
    shown = [" and ".join(NAMES.get(name, name) for name in names) for names in translators(kept)]
    if len(shown) < 2:
        return "".join(shown)
    return " and ".join(f"{who} ({part})" for who, part in zip(shown, PARTS, strict=False))


def translators(kept: str | None) -> list[list[str]]:
    """The translators' own names: one list, or the title's and the summary's; none when nobody translated."""
    if not kept or kept == ORIGINAL:
        return []
    return [part.split("+") for part in kept.split(",")]
