"""How a name stands in an English sentence: one article, "a" or "an", a capital at the beginning."""

from __future__ import annotations

import re

_LOOK_BACK = 80  # characters before a mark that say which article it has
_SENTENCE_START = re.compile(r"(?:^|[.!?…][\"'”’»)]*\s+|\n)[\s\"'“‘«(\[—–-]*$")
_ARTICLE = re.compile(r"(?i)(?<![\w'’-])(the|an|a)(\s+)$")
_DETERMINER = re.compile(
    r"(?i)(?<![\w'’-])(?:the|this|that|these|those|its|their|our|his|her|each|every|any|[\w-]+['’]s|[\w-]+s['’])\s+$"
)
_NATION = re.compile(
    r"(?i)(?<![\w'’-])(?:the\s+)?(russian|russia['’]s|indonesian|indonesia['’]s)(?: federation['’]s)?\s+$"
)
_NATIONS = {
    "ru": ("Russia's ", "Russian ", "the Russian "),
    "in": ("Indonesia's ", "Indonesian ", "the Indonesian "),
}
# Capitals that no English word begins with are spelled out (an FTS, an RCEP), and these letters with a vowel.
_SPELLED = re.compile(r"(?![BCFGPT][LR]|DR|[CST]H|S[CKLMNPTW]|T[RW])[BCDFGHJ-NP-TVWXZ]{2}[A-Z]*$|[A-Z]$")
_VOWEL_LETTERS = frozenset("AEFHILMNORSX")
_CONSONANT_START = re.compile(r"(?i:eu|uni(?!n)|uk|us[aeu]|ur[aio]|one\b)|US[A-Z]*$")


def with_name(text: str, english: str) -> str:
    """The text so far, with a name set behind it.

    "the" goes when another word says which one ("today's EAEU"), or nothing bears it ("the Russia's …"); and
    what the name says of its own nation is not said twice.
    """
    before, text = text[:-_LOOK_BACK], text[-_LOOK_BACK:]
    if (nation := _NATION.search(text)) and english.startswith(_NATIONS[nation[1][:2].lower()]):
        text = text[: nation.start()]
    if text and text[-1].isalnum():
        text += " "
    article = _ARTICLE.search(text)
    first = english.split(" ", 1)[0]
    if first == "the":
        if (article and article[1].lower() == "the") or (not article and _DETERMINER.search(text)):
            english = english[4:]
        elif article:
            english = english[4:]
            text = text[: article.start()] + _a_or_an(article[1], english) + article[2]
    elif first.endswith(("'s", "’s")) and article:
        text = text[: article.start()]
    elif article and article[1].lower() != "the":
        text = text[: article.start()] + _a_or_an(article[1], english) + article[2]
    if english[0].islower() and _SENTENCE_START.search("x" + text if before else text):
        english = english[0].upper() + english[1:]
    return before + text + english


def _a_or_an(article: str, name: str) -> str:
    first = re.split(r"[\s-]", name, maxsplit=1)[0]
    if _SPELLED.match(first):
        vowel = first[0] in _VOWEL_LETTERS
    else:
        vowel = first[0].lower() in "aeiou" and not _CONSONANT_START.match(first)
    right = "an" if vowel else "a"
    return right.capitalize() if article[0].isupper() else right
