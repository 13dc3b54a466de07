"""Is this reply a translation of that text? Pure; the first doubt found is the reason it is refused.

Translators answer with status 200 and send the source back, a quota warning, a consent page or nothing.
What passes here is stored and shown as a translation, so the rules refuse when in doubt: another provider
is asked then.
"""

from __future__ import annotations

import html
import re
import unicodedata

from bot.translation.figures import lost_numbers
from bot.translation.proper_names import is_proper_name

# As these services write them: upper case for MyMemory, so that no news text is meant by accident.
_WARNINGS = re.compile(
    r"MYMEMORY WARNING|YOU USED ALL AVAILABLE FREE TRANSLATIONS|USAGELIMITS\.PHP"
    r"|INVALID (?:SOURCE|TARGET|LANGUAGE PAIR)|IS AN INVALID (?:SOURCE|TARGET)|LANGPAIR="
    r"|QUERY LENGTH LIMIT|MAX ALLOWED QUERY|NO QUERY SPECIFIED|PLEASE SELECT TWO DISTINCT LANGUAGES"
    r"|INVALID EMAIL PROVIDED|AUTHENTICATION FAILURE"
    r"|\bERR_[A-Z_]{6,}"
)
_PAGES = re.compile(
    r"before you continue to google|unusual traffic from your computer|our systems have detected"
    r"|to continue, please type the characters|please enable javascript|verify (?:that )?you are (?:a )?human"
    r"|checking your browser before",
    re.IGNORECASE,
)
_ENTITY = re.compile(r"&(?:[a-z]{2,8}|#\d{2,6}|#x[0-9a-f]{2,6});", re.IGNORECASE)
_MARKUP = re.compile(rf"</?[a-z][a-z0-9]*(?:\s[^<>]*)?/?>|<!--|{_ENTITY.pattern}", re.IGNORECASE)
# Direction marks, the byte order mark, soft hyphens and control characters: nobody sees them, and a name with
# one in it is not found. Zero-width joiners stay: emoji are made with them.
_UNSEEN = re.compile(
    "[\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\x00-\x08\x0e-\x1f\x7f\ud800-\udfff]"
)
# Words every longer English sentence has and Indonesian or Russian has not.
_ENGLISH_WORDS = (
    "the of and to for with from by on at is are was were has have will its as after over that this"
)
_ENGLISH = frozenset(_ENGLISH_WORDS.split())
# The like of other languages in Latin letters, as far as no English word is written so in small letters.
_OTHERS = tuple(
    frozenset(words.split())
    for words in (
        "yang dan dari untuk pada dengan akan ini itu tidak dalam oleh juga telah sudah adalah bahwa",
        "der und nicht mit dass eine wird für von den ist",
        "les des dans pour une sur est avec qui aux",
        "los las del para una por con como más",
        "het een voor niet zijn van wordt",
        "della che per una nel gli sono dei",
        "não uma dos para com pelo são das",
        "bir için ile olarak bu daha",
    )
)
_LATIN = ("LATIN", "FULLWIDTH LATIN")
_SCRIPTS = {"en": _LATIN, "id": _LATIN, "ru": ("CYRILLIC",)}
_NAMES = {"en": "English", "id": "Indonesian", "ru": "Russian"}
_DENSE_LANGUAGES = frozenset({"zh", "ja", "ko"})  # one sign is a word: English takes several


def check_reply(source_text: str, reply: object, source_language: str, target: str = "en") -> str | None:
    """Why `reply` is no translation of `source_text` into the target language; None when it is one.

    The reason continues the sentence "google …". It quotes neither text, apart from lost numbers.
    """
    if reply is None:
        return "sent nothing back"
    if not isinstance(reply, str):
        return "sent something that is not text"
    if not reply.strip():
        return "sent an empty text back"
    if is_warning(reply) and not is_warning(source_text):
        return "sent a warning in place of a translation (its free quota or its limits)"
    if _PAGES.search(reply) and len(reply) > len(source_text) / 2 and not _PAGES.search(source_text):
        return "sent a consent or error page in place of a translation"
    if not has_letters(reply) and has_letters(source_text):
        return "sent a text without letters"
    if _MARKUP.search(reply) and not _MARKUP.search(source_text):
        return "left pieces of HTML in the text"
    if _letters(reply) == _letters(source_text) and not _may_stay(source_text, source_language, target):
        return "sent the text back untranslated"
    if target not in _SCRIPTS:
        pass  # none of ours: nothing is known of its script
    elif _foreign_share(reply, _SCRIPTS[target]) > 0.3 and not (target != "en" and _is_name(source_text)):
        return f"sent a text that is not {_NAMES[target]}"
    elif target == "en" and _is_of_another_language(reply):
        return "sent a text that is not English"
    if reason := _length_reason(source_text, reply, source_language):
        return reason
    if _says_it_again(reply) and not _says_it_again(source_text):
        return "sent its translation several times over"
    if lost := lost_numbers(source_text, reply):
        return f"lost numbers of the text ({', '.join(lost[:5])})"
    return None


def clean_reply(source_text: str, reply: str) -> str:
    """The reply as it is to be kept: without characters that nobody sees, entities decoded, spaces folded.

    Some services escape what they send once more than their format asks; a text with entities of its own is
    left alone.
    """
    if "&" in reply and not _ENTITY.search(source_text):
        reply = html.unescape(reply)
    if not reply.isascii():
        reply = unicodedata.normalize("NFC", reply)
    return " ".join(_UNSEEN.sub("", reply).split())


def is_warning(text: object) -> bool:
    """Whether it is a translator's own message: a quota is used up, a language or the length is refused."""
    return isinstance(text, str) and bool(_WARNINGS.search(text))


def has_letters(text: str) -> bool:
    """Whether there is anything to translate."""
    return text[:1].isalpha() or any(character.isalpha() for character in text)


def _letters(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())


def _may_stay(text: str, language: str, target: str) -> bool:
    """Whether the text may be the same in both languages."""
    if target == "en":
        return language == "en" or _is_english(text) or is_proper_name(text)
    return _is_name(text)


def _is_name(text: str) -> bool:
    words = text.split()
    return bool(words) and all(word[0].isupper() or not word[0].isalpha() for word in words)


def _is_english(text: str) -> bool:
    return len(_ENGLISH.intersection(re.findall(r"[a-z]+", text.lower()))) >= 2


def _is_of_another_language(text: str) -> bool:
    words = set(re.findall(r"(?<![^\W_])[^\W\d_]+", text))  # as written: Dan and Van are names
    most = max(len(words & others) for others in _OTHERS)
    return most >= 2 and most > len(_ENGLISH.intersection(word.lower() for word in words))


def _foreign_share(text: str, scripts: tuple[str, ...]) -> float:
    letters = [c for c in text if c.isalpha()]
    foreign = sum(1 for c in letters if not unicodedata.name(c, "").startswith(scripts))
    return foreign / len(letters) if letters else 0.0


def _says_it_again(text: str) -> bool:
    """Whether a text of two words or more is one shorter text over and over."""
    words = text.casefold().split()
    return (
        len(set(words)) > 1
        and any(  # one word again and again is emphasis
            len(words) % part == 0 and words == words[:part] * (len(words) // part)
            for part in range(2, len(words) // 2 + 1)
        )
    )


def _length_reason(source: str, reply: str, language: str) -> str | None:
    # Russian and Indonesian come out 0.8 to 1.3 times as long; abbreviations written out more, if short.
    most = 10 if language in _DENSE_LANGUAGES else 3
    if len(reply) > 60 + most * len(source):
        return "sent a text far longer than its source"
    if len(source) >= 20 and len(reply) < len(source) / (6 if len(source) < 60 else 4):
        return "sent a text far shorter than its source"
    return None
