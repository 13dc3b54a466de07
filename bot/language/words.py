"""From a text to its words: tokens with positions, and for each token the keys it is found by.

Two forms of a word meet when they share a key. A key is a string whose first characters say what kind it is:

* ``ru:никель``, ``id:ekspor``, ``en:tariff`` — a dictionary form, in the language that gave it;
* ``=tariffs`` — this very form, case folded (for quotes);
* ``!LTJ`` — a short word in capitals, as it stands (for acronyms).

Positions count words through the whole article. Punctuation that ends a thought takes a position of its own,
so that neighbours never reach over it, and the summary begins `ZONE_GAP` positions after the title, so that
nothing straddles the two.
"""

from __future__ import annotations

import copy
import functools
import html
import re
import threading
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import pymorphy3
import simplemma
from Sastrawi.Stemmer.StemmerFactory import StemmerFactory

# How many different words each language remembers. A year of headlines knows about 150,000 forms; a word
# costs about 300 bytes.
CACHED_WORDS = 65_536
# How many pieces between two spaces ("«никель»,") each way of reading remembers, and the longest it keeps.
CACHED_PIECES = 65_536
MAX_PIECE_LENGTH = 64
# Texts whose words were just looked at: one article asks for several of them.
_LAID_OUT = 64
# Positions between title and summary: more than any distance a query may ask for.
ZONE_GAP = 100
# Longer "words" are base64, addresses or broken markup; the key is cut so that a hostile text can't make huge
# keys.
MAX_KEY_LENGTH = 64

_CYRILLIC = re.compile(r"[Ѐ-ԯ]")
_LATIN = re.compile(r"[A-Za-zÀ-ɏ]")
# Dropped: soft hyphen, zero-width characters, direction marks, BOM, and stress marks over Cyrillic vowels.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\ufe00-\ufe0f]"
)
_STRESS = re.compile("(?<=[Ѐ-ԯ])[\u0300\u0301]")
# NFKC would glue these to the word before them (RarewatchTM).
_SIGNS = re.compile("[™®©℠№]")
# Group 1 is a word: U.S.-like abbreviations, numbers with separators, single Han characters, letters and
# digits with inner apostrophes. Without group 1 the match is punctuation that ends a thought.
_TOKEN = re.compile(
    r"((?:[^\W\d_]\.){2,}(?!\w)"
    r"|\d+(?:[.,]\d+)+"
    r"|[\u3400-\u9fff]"
    r"|[^\W_\u3400-\u9fff]+(?:['’ʼ][^\W_\u3400-\u9fff]+)*)"
    r"|[.!?;:,…|\n—]|\s[-–]\s"
)
# Between spaces they end a thought as well.
_LONE_DASHES = frozenset("-–")
_ACRONYM = re.compile(r"(?:[A-ZА-ЯЁ]{2,6})(?=s?\Z)")
_DOTTED = re.compile(r"(?:[^\W\d_]\.){2,}")

# Letters that look the same in both scripts: a word written in a mixture is given back to the script of its
# other letters.
_LOOKALIKES_TO_CYRILLIC = str.maketrans("aceopxykmthbACEOPXYKMTHB", "асеорхукмтнвАСЕОРХУКМТНВ")
_LOOKALIKES_TO_LATIN = str.maketrans("асеорхукмтнвАСЕОРХУКМТНВ", "aceopxykmthbACEOPXYKMTHB")

# pymorphy's scores of parses that are equally likely differ by rounding.
_AS_LIKELY = 0.001

# A word that a person wrote is taken for a dictionary form if so large a share of its uses are one.
_DICTIONARY_FORM = 0.1

_INDONESIAN_CODES = frozenset({"id", "ms"})

# Indonesian words whose stem is another word altogether, with the keys they get instead. Clitics (-nya, -lah,
# -kah, -pun) are taken off first. The left-hand sides are Sastrawi's known false friends, found by reading
# stems over news text.
_INDONESIAN_INSTEAD: Mapping[str, tuple[str, ...]] = {
    "pemerintah": ("pemerintah",),  # government, not perintah (order)
    "pemerintahan": ("pemerintah",),
    "perusahaan": ("perusahaan",),  # company, not usaha (effort)
    "pengusaha": ("pengusaha",),
    "pengadilan": ("pengadilan",),  # court, not adil (fair)
    "kebijakan": ("kebijakan",),  # policy, not bijak (wise)
    "keadaan": ("keadaan",),
    "pendidikan": ("pendidikan",),
    "penyelidikan": ("selidik",),  # inquiry; Sastrawi finds lidi, a broom's rib
    "menyelidiki": ("selidik",),
    "diselidiki": ("selidik",),
    "pengetahuan": ("pengetahuan",),
    "kemarin": ("kemarin",),
    "penasihat": ("penasihat",),
    "pelayaran": ("pelayaran",),
    "mengenai": ("mengenai",),  # about, not kena (hit)
    "seorang": ("seorang",),
    "pertanian": ("pertanian",),
    "berlin": ("berlin",),
    "perunggu": ("perunggu",),
    "cerium": ("cerium",),  # the element; Sastrawi reads c-er-ium, from cium (kiss)
    "hilirisasi": ("hilirisasi",),  # downstreaming policy, not hilir (downstream, as of rivers)
    "penghiliran": ("hilirisasi",),
    "dihilirkan": ("hilirisasi",),
    "cina": ("china",),  # spelling variants of one country
    "tiongkok": ("china",),
    "eksportir": ("eksportir", "ekspor"),
    "pengekspor": ("eksportir", "ekspor"),
    "importir": ("importir", "impor"),
    "pengimpor": ("importir", "impor"),
    "reekspor": ("reekspor", "ekspor"),
    "mengembargo": ("embargo",),
    "diembargo": ("embargo",),
}
# Where an affix may be: a prefix, a suffix, or an infix after the first consonant.
_INDONESIAN_AFFIX = re.compile(
    r"^(?:di|ke|se|be|te|me|pe|ku|kau|[^aeiou](?:er|el|em|in)[aeiou])"
    r"|(?:lah|kah|tah|pun|ku|mu|nya|i|kan|an|is|isme|isasi)$"
)
_INDONESIAN_CLITICS = ("nya", "lah", "kah", "pun")


class Span(NamedTuple):
    """A run of words: positions `first` to `last`, both included."""

    first: int
    last: int


class Token(NamedTuple):
    """One word as it stands: its position, its zone's index, and character offsets into that zone's text."""

    position: int
    zone: int
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Zone:
    """Title or summary: the text as the feed gave it, and the positions (ascending) of its words."""

    name: str
    raw: str
    positions: Sequence[int]

    @property
    def text(self) -> str:
        """The cleaned text."""
        return _laid_out(self.raw)[0]

    @property
    def offsets(self) -> Sequence[tuple[int, int]]:
        """Where each word stands in `text`. Found only when asked for: few articles are shown to anybody."""
        return _laid_out(self.raw)[1]


@dataclass(frozen=True, slots=True)
class Document:
    """An analysed article: `positions` maps each key to the ascending positions of its words."""

    language: str
    zones: tuple[Zone, ...]
    positions: Mapping[str, Sequence[int]]

    @property
    def tokens(self) -> Iterator[Token]:
        """Every word, in order."""
        for index, zone in enumerate(self.zones):
            for position, (start, end) in zip(zone.positions, zone.offsets, strict=True):
                yield Token(position, index, start, end, zone.text[start:end])

    def zone_of(self, position: int) -> Zone:
        """The zone a word position lies in."""
        for zone in reversed(self.zones):
            if zone.positions and position >= zone.positions[0]:
                return zone
        return self.zones[0]

    def words(self, span: Span) -> str:
        """The text of a span as it stands, e.g. ``Logam Tanah Jarang``. Spans never straddle zones."""
        zone = self.zone_of(span.first)
        first = bisect_right(zone.positions, span.first) - 1
        last = bisect_right(zone.positions, span.last) - 1
        return zone.text[zone.offsets[first][0] : zone.offsets[last][1]]


def clean(text: str) -> str:
    """The text as it is meant: entities decoded, NFKC, soft hyphens and zero-width characters gone."""
    if "&" in text:
        text = html.unescape(text)
    if not text.isascii():
        text = _SIGNS.sub(" ", text)
        text = _INVISIBLE.sub("", text)
        if not unicodedata.is_normalized("NFKC", text):
            text = unicodedata.normalize("NFKC", text)
        text = _STRESS.sub("", text)
    return text


def fold(word: str) -> str:
    """A form without what does not matter: case, ё, apostrophes; `'s` is taken off."""
    word = word.casefold().replace("ё", "е")
    if not word.isalnum():
        word = word.replace("’", "'").replace("ʼ", "'").removesuffix("'s")
    if not word.isascii() and not unicodedata.is_normalized("NFKC", word):
        word = unicodedata.normalize("NFKC", word).casefold()
    if not word.isalnum():
        # Apostrophes, and the marks that case folding leaves behind (İ); only numbers keep their separators.
        word = "".join(sign for sign in word if sign.isalnum() or sign in ".,")
    return word[:MAX_KEY_LENGTH].rstrip(".,")


def is_acronym(word: str) -> bool:
    """Whether a word is 2–6 capital letters (a plural s is allowed in texts)."""
    return _ACRONYM.match(word) is not None


def analyse_article(title: str, summary: str, language: str) -> Document:
    """Analyse an article.

    Args:
        title, summary: plain text as the feed gave it; either may be empty.
        language: ISO 639-1 code, as `Detector.detect` returns it. It decides how Latin words are read
        (Indonesian and Malay, or
            English); Cyrillic words are read as Russian in any text.
    """
    indonesian = language in _INDONESIAN_CODES
    positions: dict[str, list[int]] = {}
    zones = []
    position = 0
    for name, raw in (("title", title), ("summary", summary)):
        # Where nothing is capitalised (headlines rebuilt from addresses) small letters say nothing about
        # names.
        read = _READERS[indonesian, raw.islower()]
        taken: list[int] = []
        for piece in raw.split(" "):
            # One look-up for a piece seen before is what makes this fast.
            words, advance = read(piece) if len(piece) <= MAX_PIECE_LENGTH else read.__wrapped__(piece)
            for offset, keys in words:
                here = position + offset
                taken.append(here)
                for key in keys:
                    if key in positions:
                        positions[key].append(here)
                    else:
                        positions[key] = [here]
            position += advance
        zones.append(Zone(name, raw, taken))
        position += ZONE_GAP
    return Document(language, tuple(zones), positions)


def forget_words() -> None:
    """Empty every cache of words: the next text is read as if it were the first."""
    for cached in (
        *_READERS.values(),
        _keys_in_indonesian,
        _keys_in_english,
        _keys_of_term,
        latin_dictionaries,
        _laid_out,
    ):
        cached.cache_clear()


def split_words(text: str) -> list[str]:
    """The words of a piece of text (a query term, a concept's term), cleaned, in order."""
    return [match[1] for match in _TOKEN.finditer(clean(text)) if match[1] is not None]


def term_keys(word: str, languages: Sequence[str]) -> tuple[str, ...]:
    """The keys that a word written by a person (in a query, in concepts.yaml) is looked up by.

    Unlike a word in running text it is most often a dictionary form already; then only that form is meant:
    `литий` is lithium and not also a form of лития, a church service.
    """
    return _keys_of_term(word, tuple(languages))


@functools.lru_cache(CACHED_WORDS)
def _keys_of_term(word: str, languages: tuple[str, ...]) -> tuple[str, ...]:
    if _DOTTED.fullmatch(word):
        return (f"!{word.replace('.', '').upper()}",)
    word = _one_script(word)
    keys: dict[str, None] = {}
    if _CYRILLIC.search(word):
        keys.update(dict.fromkeys(f"ru:{form}" for form in _russian_term(fold(word))))
    else:
        if "id" in languages:
            keys.update(dict.fromkeys(f"id:{stem}" for stem in _indonesian(fold(word))))
        if "en" in languages or not keys:
            keys.update(dict.fromkeys(f"en:{lemma}" for lemma in _english(fold(word))))
    return tuple(keys)


def query_keys(word: str) -> tuple[str, ...]:
    """`term_keys` for a query, where no language is given: Cyrillic is Russian, Latin is English and
    Indonesian both.
    """
    return term_keys(word, ("en", "id"))


def form_key(word: str) -> str:
    """The key of exactly this form, whatever its case."""
    return f"={fold(word)}"


def acronym_key(word: str) -> str:
    """The key of an acronym, in its own case."""
    return f"!{word.replace('.', '')}"


def is_dictionary_word(word: str) -> bool:
    """Whether a dictionary of one of the three languages knows the word (then capitals are mere emphasis)."""
    form = fold(word)
    if _CYRILLIC.search(form):
        with _ANALYSERS.lock:
            return bool(_ANALYSERS.russian.word_is_known(form))
    return simplemma.is_known(form, "en") or form in _ANALYSERS.indonesian_roots


def is_indonesian_word(word: str) -> bool:
    """Whether Indonesian's dictionary knows the word, as it stands or without its affixes."""
    return any(stem in _ANALYSERS.indonesian_roots for stem in _indonesian(fold(word)))


@functools.lru_cache(CACHED_WORDS)
def latin_dictionaries(form: str) -> frozenset[str]:
    """Which of English and Indonesian has a word in small Latin letters, itself or as a form: "en", "id"."""
    found = {"en"} if simplemma.is_known(form, "en") else set()
    if not _ANALYSERS.indonesian_roots.isdisjoint(_indonesian(form)):
        found.add("id")
    return frozenset(found)


def key_language(key: str, document_language: str) -> str:
    """The language of the word behind a key: its own, or the document's for forms and acronyms."""
    return key[:2] if key[2:3] == ":" else document_language


def search_keys(document: Document) -> str:
    """What the archive's full-text search indexes: each key once, letters and digits only, separated by
    spaces.
    """
    return " ".join(
        dict.fromkeys(plain for key in document.positions if key[2:3] == ":" and (plain := _plain(key)))
    )


def search_terms(text: str) -> list[tuple[str, ...]]:
    """For each word of a search, the alternatives to look for among `search_keys`."""
    found = (
        tuple(dict.fromkeys(filter(None, map(_plain, _search_word(word))))) for word in split_words(text)
    )
    return [alternatives for alternatives in found if alternatives]


def _search_word(word: str) -> tuple[str, ...]:
    if _DOTTED.fullmatch(word):
        return (f"en:{fold(word.replace('.', ''))}",)
    return query_keys(word)


def _plain(key: str) -> str:
    return "".join(filter(str.isalnum, key[3:]))


@functools.lru_cache(_LAID_OUT)
def _laid_out(raw: str) -> tuple[str, tuple[tuple[int, int], ...]]:
    """A text cleaned, and where its words stand in it."""
    text = clean(raw)
    return text, tuple(match.span() for match in _TOKEN.finditer(text) if match[1] is not None)


# The words of a piece of text, each as its position within the piece and its keys, and how many positions the
# piece takes.
_Piece = tuple[tuple[tuple[int, tuple[str, ...]], ...], int]


def _reader(*, indonesian: bool, caseless: bool) -> Any:
    """A cached function from a piece of raw text without spaces to its words."""
    keys_of = _keys_in_indonesian if indonesian else _keys_in_english

    @functools.lru_cache(CACHED_PIECES)
    def read(piece: str) -> _Piece:
        text = clean(piece)
        if text in _LONE_DASHES:
            return (), 1
        words = []
        position = 0
        for match in _TOKEN.finditer(text):
            if (word := match[1]) is not None:
                words.append((position, keys_of(word.capitalize() if caseless else word)))
            position += 1
        return tuple(words), position

    return read


@functools.lru_cache(CACHED_WORDS)
def _keys_in_indonesian(word: str) -> tuple[str, ...]:
    return _keys(word, indonesian=True)


@functools.lru_cache(CACHED_WORDS)
def _keys_in_english(word: str) -> tuple[str, ...]:
    return _keys(word, indonesian=False)


def _keys(word: str, *, indonesian: bool) -> tuple[str, ...]:
    if _DOTTED.fullmatch(word):
        letters = word.replace(".", "")
        return (form_key(letters), f"!{letters.upper()}", f"en:{fold(letters)}")
    word = _one_script(word)
    form = fold(word)
    if not form:  # a sign between the Chinese letters (䷀), or nothing but apostrophes
        return ()
    keys = [f"={form}"]
    if capitals := _ACRONYM.match(word):
        keys.append(f"!{capitals[0]}")
    if _CYRILLIC.search(form):
        keys += [f"ru:{lemma}" for lemma in _russian(word)]
    elif not indonesian:
        keys += [f"en:{lemma}" for lemma in _english(form)]
    else:
        stems = _indonesian(form)
        keys += [f"id:{stem}" for stem in stems]
        # English words and names stand in Indonesian news as they are; only words that Indonesian itself has
        # stay its own.
        if _LATIN.search(form) and not any(stem in _ANALYSERS.indonesian_roots for stem in stems):
            keys += [f"en:{lemma}" for lemma in _english(form)]
    return tuple(keys)


def _one_script(word: str) -> str:
    """A word in a mixture of Latin and Cyrillic letters, brought to one script when all its strangers have a
    twin there.
    """
    if word.isascii() or not (_CYRILLIC.search(word) and _LATIN.search(word)):
        return word
    for table, stranger in ((_LOOKALIKES_TO_CYRILLIC, _LATIN), (_LOOKALIKES_TO_LATIN, _CYRILLIC)):
        converted = word.translate(table)
        if not stranger.search(converted):
            return converted
    return word


def _english(form: str) -> tuple[str, ...]:
    """The lemma; for words the dictionary lacks also the singular, by the regular rule."""
    lemma = fold(simplemma.lemmatize(form, "en"))
    if lemma == form and len(form) > 3 and form.endswith("s") and not form.endswith(("ss", "us", "is")):
        return (lemma, form[:-1]) if not simplemma.is_known(form, "en") else (lemma,)
    return (lemma,)


def _indonesian(form: str) -> tuple[str, ...]:
    """The stem, unless the word is a listed exception."""
    if (instead := _INDONESIAN_INSTEAD.get(form)) is not None:
        return instead
    for clitic in _INDONESIAN_CLITICS:
        if form.endswith(clitic) and (instead := _INDONESIAN_INSTEAD.get(form[: -len(clitic)])) is not None:
            return instead
    if not form.isalpha():
        return (form,)
    # Most names and foreign words have nothing that could be taken off; the stemmer would try all its rules.
    if form in _ANALYSERS.indonesian_roots or not _INDONESIAN_AFFIX.search(form):
        return (form,)
    with _ANALYSERS.lock:
        return (str(_ANALYSERS.indonesian.stem_word(form)),)


def _russian(word: str) -> tuple[str, ...]:
    """All normal forms; a capital letter decides between a place and a thing (Германия the country, германия
    of germanium).
    """
    with _ANALYSERS.lock:
        # Scores cost half of the time; only a place that may be a thing needs them.
        parses = _ANALYSERS.russian_forms.parse(word.casefold()[:MAX_KEY_LENGTH])
    if not parses:
        return (fold(word),)
    if word[:1].isupper():
        places = [parse for parse in parses if "Geox" in parse.tag]
        if places and len(places) < len(parses):
            with _ANALYSERS.lock:
                parses = _ANALYSERS.russian.parse(word.casefold()[:MAX_KEY_LENGTH])
            places = [parse for parse in parses if "Geox" in parse.tag]
            if places[0].score > parses[0].score - _AS_LIKELY:
                parses = places
    else:
        parses = [parse for parse in parses if "Geox" not in parse.tag] or parses
    return tuple(dict.fromkeys(fold(parse.normal_form) for parse in parses))


def _russian_term(form: str) -> tuple[str, ...]:
    with _ANALYSERS.lock:
        parses = _ANALYSERS.russian.parse(form)
    own = sum(parse.score for parse in parses if fold(parse.normal_form) == form and "Geox" not in parse.tag)
    if own >= _DICTIONARY_FORM or not parses or fold(parses[0].normal_form) == form:
        return (form,)
    return tuple(dict.fromkeys(fold(parse.normal_form) for parse in parses))


class _Analysers:
    """The dictionaries, loaded at the first word that needs them, used by one thread at a time.

    None of the libraries promises to be safe in threads; the lock is only taken for words not yet cached.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()

    @functools.cached_property
    def russian(self) -> Any:
        with self.lock:
            return pymorphy3.MorphAnalyzer(lang="ru")

    @functools.cached_property
    def russian_forms(self) -> Any:
        """The same dictionary without its scores of how likely each parse is."""
        with self.lock:
            plain = copy.copy(self.russian)
            plain.prob_estimator = None
            return plain

    @functools.cached_property
    def indonesian(self) -> Any:
        with self.lock:
            # The stemmer without its wrapper, whose cache grows without bound.
            return StemmerFactory().create_stemmer().delegatedStemmer

    @functools.cached_property
    def indonesian_roots(self) -> frozenset[str]:
        with self.lock:
            roots = frozenset(self.indonesian.get_dictionary().words)
        return roots | {stem for stems in _INDONESIAN_INSTEAD.values() for stem in stems if stem != "china"}


_ANALYSERS = _Analysers()

_READERS = {
    (indonesian, caseless): _reader(indonesian=indonesian, caseless=caseless)
    for indonesian in (False, True)
    for caseless in (False, True)
}
