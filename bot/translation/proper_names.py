"""Whether a text is a proper name, which a translator rightly leaves as it is ("Norilsk Nickel").

Indonesian headlines are written with capitals as well ("Harga Nikel Naik"), so that capitals alone say
little: a name holds no word of Indonesian's dictionary, or stands beside a company's legal form ("PT Timah
Tbk").
"""

from __future__ import annotations

import re

from bot.language.words import is_indonesian_word

MOST_WORDS = 5
_WORD = re.compile(r"[^\W_]+(?:['’.&-]+[^\W_]+)*")
_LATIN = re.compile(r"[A-Za-zÀ-ɏ]")
_OTHER_LETTER = re.compile(r"(?![A-Za-zÀ-ɏ])[^\W\d_]")
_LEGAL = "pt cv tbk ltd inc corp co llc plc gmbh ag sa nv bv bhd sdn oao pao ooo ao pjsc jsc"
_LEGAL_FORMS = frozenset(_LEGAL.split())
_PARTICLES = frozenset({"of", "and", "de", "la", "van", "von", "al", "bin", "binti", "the", "for"})
# In Indonesian's dictionary, but names, or written so in English names too.
_NEUTRAL = frozenset({"indonesia", "bank", "group", "mineral", "metal", "energi"})
MOST_ACRONYM = 5


def is_proper_name(text: str) -> bool:
    """Whether it is nothing but a name in Latin letters. A headline in capitals is none."""
    if _OTHER_LETTER.search(text):
        return False
    words = [word for word in _WORD.findall(text) if _LATIN.search(word)]
    if not words or len(words) > MOST_WORDS or re.search(r"[.!?:;]\s", text) or text.rstrip()[-1] in "!?":
        return False
    forms = [number for number, word in enumerate(words) if word.casefold() in _LEGAL_FORMS]
    bare = [word for number, word in enumerate(words) if number not in forms]
    if not bare or not all(_is_capitalised(word) for word in bare):
        return False
    framed = len(words) > 2 and forms == [0, len(words) - 1]  # PT … Tbk: whatever stands between
    if all(word.isupper() for word in bare) and not framed:
        return len(bare) <= 2 and all(len(word) <= MOST_ACRONYM and not _is_known(word) for word in bare)
    if framed or (forms and len(bare) <= 2):
        return True
    return not any(_is_known(word) for word in bare)


def _is_capitalised(word: str) -> bool:
    return word.casefold() in _PARTICLES or any(sign.isupper() for sign in word[:2])


def _is_known(word: str) -> bool:
    return word.casefold() not in _NEUTRAL and is_indonesian_word(word)
