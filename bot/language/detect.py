"""Which language a text is in: lingua over eight languages, with the feed's declared one as the prior."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping

from lingua import Language, LanguageDetector, LanguageDetectorBuilder

from bot.language.words import latin_dictionaries

# ms and uk must be among the candidates, or they would come back as id and ru.
_LANGUAGES: Mapping[str, Language] = {
    "id": Language.INDONESIAN,
    "ms": Language.MALAY,
    "ru": Language.RUSSIAN,
    "uk": Language.UKRAINIAN,
    "kk": Language.KAZAKH,
    "en": Language.ENGLISH,
    "zh": Language.CHINESE,
    "vi": Language.VIETNAMESE,
}
_CODES = {language: code for code, language in _LANGUAGES.items()}
CODES = tuple(_LANGUAGES)

_KIN = (frozenset({"id", "ms"}), frozenset({"ru", "uk", "kk"}))
_LATIN_CODES = frozenset({"id", "ms", "en", "vi"})
_CYRILLIC_CODES = frozenset({"ru", "uk", "kk"})

# How sure lingua must be before a feed's word about itself is overruled: between kin its single headlines are
# near guesses (16 of 20 Indonesian ones right), between strangers it errs only on short texts and strings of
# names.
_KIN_CONFIDENCE = 0.995
_STRANGER_CONFIDENCE = 0.80
# Without a prior the larger of two kin is expected, and overruled more readily.
_ELDEST = {"ms": "id", "uk": "ru", "kk": "ru"}
_ELDEST_CONFIDENCE = 0.99
# A Ukrainian or Kazakh text this long without one letter of its own is as good as impossible.
_LETTERS_WITHOUT_I = 60
# A text this long is in lingua's language even if none of its small words is known here.
_SPEAKS_FOR_ITSELF = 120
# So many times as many words of one language as of another leave no doubt; names are in no dictionary.
_WITHOUT_DOUBT = 3
# Below so many letters any guess is worse than the prior.
_FEW_LETTERS = 12
# More than a headline and its summary tells nothing new, and costs time.
_LONGEST_TEXT = 600

_CYRILLIC = re.compile(r"[Ѐ-ԯ]")
_LATIN = re.compile(r"[A-Za-zÀ-ɏḀ-ỿ]")
_HAN = re.compile(r"[\u3400-\u9fff]")
# Letters that only one of the kin writes.
_UKRAINIAN = re.compile(r"[іїєґІЇЄҐ]")
_KAZAKH = re.compile(r"[әғқңөұүһӘҒҚҢӨҰҮҺ]")
_RUSSIAN = re.compile(r"[ыэъёЫЭЪЁ]")
_VIETNAMESE = re.compile(r"[ăđơưĂĐƠƯẠ-ỹ]")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Small words that one language has and the others of its script have not: they settle what letters leave
# open.
_MARKERS: Mapping[str, frozenset[str]] = {
    "en": _words("the of and for with from is are was has have been that this will by at on its their not"),
    "id": _words(
        "bahwa karena bisa kepada uang kantor ekspor impor produksi pemerintah mobil anggaran rencana"
        " jadi usai soal tak nggak gubernur provinsi perusahaan regulasi teknologi investasi bareng bakal"
    ),
    "ms": _words(
        "bahawa kerana eksport kerajaan syarikat ialah belanjawan peratus pelaburan sesawang kewangan"
    ),
}
_SHARED_INDONESIAN = _words(
    "di yang dan untuk dari ke dengan akan ini itu pada dalam tidak juga oleh setelah lebih sudah telah saya"
)
_WORDS = re.compile(r"[a-zà-ɏ]+(?:-[a-zà-ɏ]+)*")
_NOISE = re.compile(r"https?://\S+|\S+@\S+|[@#]\w+")


class Detector:
    """Tells the language of a text. The models (18 MB) are loaded at the first text that needs them; safe in
    threads.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lingua: LanguageDetector | None = None

    def detect(self, text: str, prior: str | None) -> str:
        """The language of a text, as one of `CODES`.

        Args:
            text: a headline, best with its summary; plain text.
            prior: the language the feed declares (`id`, `id-ID`); None or a language outside `CODES` is no
            prior.
        """
        prior = _known(prior)
        text = _NOISE.sub(" ", text[:_LONGEST_TEXT])
        cyrillic, latin, han = (len(script.findall(text)) for script in (_CYRILLIC, _LATIN, _HAN))
        if not cyrillic and not latin and not han:
            return prior or "en"
        # A Han character carries about as much as a Latin word of four letters.
        if 4 * han >= max(cyrillic, latin):
            return "zh"
        # Latin names fill Russian headlines, Cyrillic ones never fill English headlines.
        if 3 * cyrillic >= latin:
            return self._cyrillic(text, cyrillic, prior)
        return self._latin(text, latin, prior)

    def _cyrillic(self, text: str, letters: int, prior: str | None) -> str:
        ukrainian, kazakh, russian = (len(found.findall(text)) for found in (_UKRAINIAN, _KAZAKH, _RUSSIAN))
        # One strange letter may be a name in a Russian headline. Kazakh writes і as well, so its own letters
        # come first.
        if kazakh > max(1, russian // 4):
            return "kk"
        if ukrainian > 1 and ukrainian > russian:
            return "uk"
        # Without any letter of theirs a text of some length is not Ukrainian or Kazakh: і alone is every 20th
        # letter.
        if not ukrainian and not kazakh and (russian or letters > _LETTERS_WITHOUT_I):
            return "ru"
        if not ukrainian and not kazakh and prior in _CYRILLIC_CODES:
            return prior
        return self._ask(text, letters, prior, _CYRILLIC_CODES, "ru")

    def _latin(self, text: str, letters: int, prior: str | None) -> str:
        if letters < _FEW_LETTERS and prior:
            # A name or two in Latin letters stands in any language's headlines.
            return prior
        if len(_VIETNAMESE.findall(text)) > 2:
            return "vi"
        return self._ask(text, letters, prior, _LATIN_CODES, "en")

    def _ask(
        self, text: str, letters: int, prior: str | None, candidates: frozenset[str], default: str
    ) -> str:
        """Lingua's guess among the candidates, weighed against the prior."""
        if prior not in candidates:
            prior = None
        if len(candidates) == 1:
            return next(iter(candidates))
        if letters < _FEW_LETTERS and prior:
            return prior
        values = self._detector().compute_language_confidence_values(text)
        shares = {code: value.value for value in values if (code := _CODES[value.language]) in candidates}
        # Languages of other scripts were weighed too: what counts is the share among the candidates.
        total = sum(shares.values())
        if not total:
            return prior or default
        guess = max(shares, key=lambda code: shares[code])
        family = next((family for family in _KIN if guess in family), frozenset({guess}))
        # Kin share a stranger's win: 0.5 Malay and 0.45 Indonesian together say "not English".
        if prior and prior not in family:
            certain = sum(shares.get(code, 0.0) for code in family) / total >= _STRANGER_CONFIDENCE
            # A few names and nouns look like any language: small words of the stranger must speak for it.
            if (
                not certain
                or _speaks(prior, text)
                or (letters < _SPEAKS_FOR_ITSELF and not _speaks(guess, text))
            ):
                return prior
            prior = None
        if prior is None and family <= _LATIN_CODES and letters < _SPEAKS_FOR_ITSELF:
            told = _by_dictionary(text)
            if told == "en" or (told == "id" and guess == "en"):
                return told
        if family == _KIN[0] and (marked := _marked(text)):
            return marked
        expected, sure = (
            (prior, _KIN_CONFIDENCE) if prior else (_ELDEST.get(guess, guess), _ELDEST_CONFIDENCE)
        )
        return guess if shares[guess] / total >= sure else expected

    def _detector(self) -> LanguageDetector:
        with self._lock:
            if self._lingua is None:
                builder = LanguageDetectorBuilder.from_languages(*_LANGUAGES.values())
                self._lingua = builder.with_low_accuracy_mode().with_preloaded_language_models().build()
            return self._lingua


def _marked(text: str) -> str | None:
    """Indonesian or Malay, if the words that only one of them writes say so."""
    words = set(_WORDS.findall(text.lower()))
    indonesian, malay = len(words & _MARKERS["id"]), len(words & _MARKERS["ms"])
    return None if indonesian == malay else "id" if indonesian > malay else "ms"


def _by_dictionary(text: str) -> str | None:
    """English or Indonesian, if most words of a short text stand in the dictionary of one of them only."""
    dictionaries = [latin_dictionaries(word) for word in _WORDS.findall(text.lower()) if len(word) > 1]
    english, indonesian = (sum(known == {code} for known in dictionaries) for code in ("en", "id"))
    if english >= 2 and english >= _WITHOUT_DOUBT * indonesian:
        return "en"
    if indonesian >= 2 and indonesian >= _WITHOUT_DOUBT * english:
        return "id"
    return None


def _speaks(language: str, text: str) -> bool:
    """Whether more small words of the language stand in the text than of its rival in Latin script."""
    words = _WORDS.findall(text.lower())
    english = sum(word in _MARKERS["en"] for word in words)
    indonesian = sum(word in _SHARED_INDONESIAN or word in _MARKERS["id"] for word in words)
    ours, theirs = (english, indonesian) if language == "en" else (indonesian, english)
    return language in ("en", "id", "ms") and ours > theirs


def _known(code: str | None) -> str | None:
    """A declared language as one of `CODES`; `in` is Indonesian's old code, still sent by Java."""
    if code is None:
        return None
    short = code.strip().lower().replace("_", "-").split("-")[0]
    short = {"in": "id", "cn": "zh", "kz": "kk", "ua": "uk"}.get(short, short)
    return short if short in _LANGUAGES else None
