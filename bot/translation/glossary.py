"""Names that must survive a translation, each in its right English: found, locked behind marks, put back.

`glossary_file` reads the names from glossary.yaml and an operator's own file. Here they are found in a text
(Russian ones in any case form), each replaced by a mark of `marks`, and put into the translator's reply, with
the articles around them set right. A name never is part of a longer word, an address or an e-mail address; of
two names that begin at one place the longer one is meant.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from bot.language.words import analyse_article, fold
from bot.translation.glossary_file import Entry, read_names, version_of
from bot.translation.marks import MOST_NUMBER, Mark, Marks, find, occurs, write
from bot.translation.phrasing import with_name

_LONGEST_WORD = 64  # longer ones are no names, and would fill the cache
_CACHED_WORDS = 65_536  # case forms remembered; a word costs about 200 bytes

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_CYRILLIC = re.compile("[Ѐ-ԯ]")
# Where no name is looked for: addresses, e-mail addresses, @names, #tags, file paths.
_NO_PLACE = re.compile(
    r"(?i:(?<![\w.+-])[a-z][a-z0-9+.-]*://\S+|\bwww\.\S+)|(?<!\S)[^\s@]+@\S+|[@#]\w+"
    r"|(?<![\w.-])[\w-]+(?:\.[\w-]+)*\.(?:com|org|net|info|ru|su|рф|id|co|my|cn|io|me|gov|edu|tv|news)\b(?:/\S*)?"
)
# What may stand between two words of one name: "PT. Timah", "Bangka-Belitung", ГМК «Норильский никель».
_GAP = re.compile(
    r"[ \t\u00a0\u202f]{1,2}|[-‑–./]|(?<=\b[PC][TV])\. |[ \u00a0]?[«„“\"]|[ \u00a0]\(|\)[ \u00a0]"
    r"|[ \u00a0]?/[ \u00a0]?"
)
_CLITIC = re.compile(r"(?<=\w{3})(?:nya|lah|pun)$")
_INFLECTED_ACRONYM = re.compile("([А-ЯЁ]{3,})(?:а|у|е|ы|и|ом|ов|ам|ами|ах)")  # ГОКом
_CLITIC_BEHIND = re.compile(r"-(?:nya|lah|pun)\b")

# The legal form before a company's name and behind it belongs to the name: English news leaves it out.
_FORM_BEFORE = re.compile(
    r"(?:\b(?:PT|CV)\.?|\b(?:ПАО|ОАО|АО|ООО|ЗАО|МКПАО|НАО|ФГУП))[ \u00a0]+(?P<quote>[«„“\"]?)$"
)
# The full stop of "Tbk." at a sentence's end is left to the sentence.
_FORM_BEHIND = re.compile(
    r"(?:[ \u00a0]*\(?[Pp]ersero\)?)?(?:,?[ \u00a0]+Tbk\b(?:\.(?!\s*(?:[A-ZА-Я]|$)))?)?"
)
_QUOTES = {"«": "»", "„": "“", "“": "”", '"': '"'}
_PAIRS = {**_QUOTES, "(": ")"}
# "Минпромторг РФ" is Russia's ministry without "of the Russian Federation".
_COUNTRY_BEHIND = {
    "Russia's": re.compile(r"[ \u00a0]+(?:РФ|России|Российской Федерации)(?!\w)"),
    "Indonesia's": re.compile(r"[ \u00a0]+(?:RI|R\.I\.|Republik Indonesia|Indonesia)(?!\w)"),
}
# … and "Минпромторг Казахстана", "Kementerian Perdagangan Malaysia" are none of theirs.
_ELSEWHERE = {
    "Russia's": """
        Республик республик Казахстан Белорусси Беларус Узбекистан Кыргызстан Киргиз Таджикистан
        Туркмени Армени Азербайджан Грузи Молдави Молдов Украин Татарстан Башкортостан Башкири
        Якути Бурят Тыв Тув Карели Дагестан Чечн Чуваши Удмурти Крым Хакаси Алта Подмосков
        Приморь Забайкаль Камчатк Турци Кита Инди Иран Япони Монголи Серби Израил Герман Франци
        Итали Испани Вьетнам Индонези КНР США РК РБ РТ РСО КБР КЧР ДНР ЛНР ФРГ ОАЭ
    """,
    "Indonesia's": """
        AS US Amerika China Cina Tiongkok RRT RRC Malaysia Singapura Thailand Vietnam Filipina
        Brunei Kamboja Laos Myanmar Timor Australia Selandia India Pakistan Bangladesh Jepang
        Korea Korsel Korut Taiwan Hong Rusia Ukraina Belarus Kazakhstan Uni Eropa Inggris Jerman
        Prancis Italia Spanyol Belanda Belgia Swiss Turki Iran Irak Israel Palestina Arab Saudi
        UEA Qatar Mesir Kanada Meksiko Brasil Argentina Chile Afrika Nigeria Kongo Polandia
        Swedia Norwegia Finlandia Denmark
    """,
}
_REGION_ELSEWHERE = r"|и торговли|[А-ЯЁ][\w-]+(?:ой|ого|его|ей)[ \u00a0]+(?:области|края|округа|республики)"
_COUNTRY_ELSEWHERE = {
    owner: re.compile(rf"[ \u00a0]+(?:(?:{'|'.join(stems.split())}){behind})")
    for owner, stems, behind in (
        ("Russia's", _ELSEWHERE["Russia's"], _REGION_ELSEWHERE),
        ("Indonesia's", _ELSEWHERE["Indonesia's"], r"\b|dan (?:Teknologi|Industri|Perdagangan|Informasi)\b"),
    )
}

_GLUED = re.compile(r"(?!s\b)[^\W_]")


class LockedName(NamedTuple):
    """A name behind a mark: the mark's number, the words it stands for, and what stands in the reply."""

    number: int
    source: str
    english: str


@dataclass(frozen=True, slots=True)
class Locked:
    """A text with its names behind marks (`text`), as it is sent; and the way back."""

    text: str
    names: tuple[LockedName, ...]
    marks: Marks

    def restore(self, reply: str) -> str | None:
        """The reply with the names put in; None when a mark was lost, doubled or made up.

        Spaces that were lost around a mark are put back. An article before a mark and the one that a name
        brings along are made one, "a" and "an" follow the name, and a name begins a sentence with a capital.
        """
        if not self.names:
            return reply
        found = find(self.marks, reply)
        names = {name.number: name for name in self.names}
        if sorted(mark.number for mark in found) != sorted(names):
            return None
        between = self._between(find(self.marks, self.text), self.text)
        pieces = self._between(found, reply)
        if self.marks is Marks.BRACKETS and not any("[" in piece or "]" in piece for piece in between):
            # Brackets too many around a mark; anywhere else they are pieces of something that broke.
            pieces = [
                (piece.lstrip("]") if number else piece).rstrip("[" if number < len(found) else "")
                for number, piece in enumerate(pieces)
            ]
            if any("[[" in piece or "]]" in piece for piece in pieces):
                return None
        text = pieces[0]
        for mark, after in zip(found, pieces[1:], strict=True):
            text = with_name(text, names[mark.number].english)
            text += f" {after}" if _GLUED.match(after) else after
        return text

    @staticmethod
    def _between(marks: Sequence[Mark], text: str) -> list[str]:
        starts = [0, *(mark.end for mark in marks)]
        ends = [*(mark.start for mark in marks), len(text)]
        return [text[start:end] for start, end in zip(starts, ends, strict=True)]


class _Slot(NamedTuple):
    """One word of a name: the keys it is found by, and how it must be written."""

    keys: frozenset[str]
    written: str  # a word in capitals stands exactly so; one with a capital stands with one

    def takes(self, word: str, keys: frozenset[str]) -> bool:
        if self.keys.isdisjoint(keys):
            return False
        if len(self.written) > 1 and self.written.isupper():
            return word[: len(self.written)] == self.written
        return not self.written[0].isupper() or word[0].isupper() or word[0].isdigit()


class _Form(NamedTuple):
    slots: tuple[_Slot, ...]
    entry: Entry


class _Found(NamedTuple):
    start: int
    end: int
    entry: Entry


class Glossary:
    """The names of a glossary, ready to be found. Immutable; safe in threads."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self.entries = tuple(entries)
        self.version = version_of(self.entries)
        """12 hexadecimal digits of the content: part of the key under which a translation is remembered."""
        self._indexes = {
            language: _index(self.entries, languages)
            for language, languages in (("ru", ("ru", "any")), ("id", ("id", "any")), ("", ("any",)))
        }
        # A case form begins as its name does: most words of a text are never looked up.
        self._beginnings = {
            language: frozenset(
                _beginning(form.slots[0].written) for forms in index.values() for form in forms
            )
            for language, index in self._indexes.items()
        }

    @classmethod
    def load(cls, own: Path | None = None) -> Glossary:
        """The glossary that comes with the program, with an operator's own file over it.

        Raises:
            GlossaryError: names the file, the place in it, what was expected and what was found.
        """
        return cls(read_names(own))

    def lock(self, text: str, source: str, marks: Marks, first_number: int = 1) -> Locked:
        """The text with each name behind a mark, numbered from `first_number` on.

        Nothing is locked for a provider that keeps no marks, nor in a text that has something like a mark
        ("[7]") of its own.

        Args:
            source: the text's language, ISO 639-1.
        """
        if marks is Marks.NONE or occurs(marks, text):
            return Locked(text, (), marks)
        pieces: list[str] = []
        names: list[LockedName] = []
        at = 0
        for found in self._find(text, source):
            number = first_number + len(names)
            if number > MOST_NUMBER:
                break
            if found.entry.lock:
                pieces += [text[at : found.start], write(marks, number)]
                names.append(LockedName(number, text[found.start : found.end], found.entry.english))
                at = found.end
        return Locked("".join([*pieces, text[at:]]), tuple(names), marks)

    def whole(self, text: str, source: str) -> str | None:
        """The English of a text that is nothing but names and punctuation; None for any other text."""
        pieces: list[str] = []
        at = 0
        for found in self._find(text, source):
            between = text[at : found.start]
            if any(sign.isalnum() for sign in between):
                return None
            pieces += [between, found.entry.english]
            at = found.end
        if not pieces or any(sign.isalnum() for sign in text[at:]):
            return None
        english = "".join([*pieces, text[at:]]).strip()
        return english[0].upper() + english[1:] if text.strip()[0].isupper() else english

    def _find(self, text: str, source: str) -> Iterator[_Found]:
        """Names from left to right, none over another."""
        language = "id" if source == "ms" else source if source in self._indexes else ""
        index, beginnings = self._indexes[language], self._beginnings[language]
        words = [word for word in _WORD.finditer(text) if word.end() - word.start() <= _LONGEST_WORD]
        forbidden = [m.span() for m in _NO_PLACE.finditer(text)] if _may_hold_address(text) else []
        at = 0
        while at < len(words):
            if beginnings.isdisjoint(_beginnings(words[at].group())):
                at += 1
                continue
            form = _longest(text, words, at, index, source)
            if form is None:
                at += 1
                continue
            start, end = words[at].start(), words[at + len(form.slots) - 1].end()
            at += len(form.slots)
            if any(first < end and start < last for first, last in forbidden):
                continue
            elsewhere = _COUNTRY_ELSEWHERE.get(form.entry.english.split(" ", 1)[0])
            if (elsewhere and elsewhere.match(text, end)) or _goes_on(text, end, form.entry):
                continue
            start, end = _with_surroundings(text, start, end, form.entry)
            at = _first_behind(words, at, end)
            if text.startswith(" (", end) and at < len(words) and words[at].start() == end + 2:
                # "Badan Pusat Statistik (BPS)" is one name told twice.
                again = _longest(text, words, at, index, source)
                last = words[at + len(again.slots) - 1].end() if again else end
                if again and again.entry is form.entry and text.startswith(")", last):
                    end = _with_country(text, last + 1, form.entry)
                    at = _first_behind(words, at, end)
            yield _Found(start, end, form.entry)


def _longest(
    text: str, words: Sequence[re.Match[str]], at: int, index: Mapping[str, Sequence[_Form]], source: str
) -> _Form | None:
    best: _Form | None = None
    for key in _keys(words[at].group(), source):
        for form in index.get(key, ()):
            longer = best is None or len(form.slots) > len(best.slots)
            if longer and _stands(text, words, at, form, source):
                best = form
    return best


def _beginning(name: str) -> str:
    """How each case form of a name begins: three letters stay, in a short name (Тува, Орёл) two."""
    return _beginnings(name)[len(name) < 5]


def _beginnings(word: str) -> tuple[str, str]:
    start = word[:3].casefold().replace("ё", "е")
    return start, start[:2]


def _index(entries: Iterable[Entry], languages: Sequence[str]) -> dict[str, list[_Form]]:
    index: dict[str, list[_Form]] = {}
    for entry in entries:
        for language in languages:
            for written in entry.forms.get(language, ()):
                exact = written.startswith("=")
                slots = tuple(
                    _Slot(frozenset((f"={fold(word)}",)) if exact else _keys_of_name(word, language), word)
                    for word in _WORD.findall(written)
                )
                for key in slots[0].keys:
                    index.setdefault(key, []).append(_Form(slots, entry))
    return index


def _stands(text: str, words: Sequence[re.Match[str]], at: int, form: _Form, source: str) -> bool:
    if at + len(form.slots) > len(words):
        return False
    for offset, slot in enumerate(form.slots):
        word = words[at + offset]
        if not slot.takes(word.group(), _keys(word.group(), source)):
            return False
        if offset and not _GAP.fullmatch(text, words[at + offset - 1].end(), word.start()):
            return False
    return True


def _with_surroundings(text: str, start: int, end: int, entry: Entry) -> tuple[int, int]:
    """The name with what belongs to it: quotes around it, a legal form, its country, a clitic."""
    if clitic := _CLITIC_BEHIND.match(text, end):
        end = clitic.end()
    for opening, closing in _PAIRS.items():
        inner = text[start:end]
        left_open = (
            inner.count(opening) % 2 if opening == closing else inner.count(opening) > inner.count(closing)
        )
        if left_open and text[end : end + 1] == closing:
            end += 1
    if entry.group == "companies":
        start, end = _with_legal_form(text, start, end)
    return start, _with_country(text, end, entry)


def _with_country(text: str, end: int, entry: Entry) -> int:
    country = _COUNTRY_BEHIND.get(entry.english.split(" ", 1)[0])
    behind = country.match(text, end) if country else None
    return behind.end() if behind else end


def _first_behind(words: Sequence[re.Match[str]], at: int, end: int) -> int:
    while at < len(words) and words[at].start() < end:
        at += 1
    return at


def _goes_on(text: str, end: int, entry: Entry) -> bool:
    """Whether a hyphen makes the name a part of another one: Газпром-Медиа; but not ЕАЭС-Китай."""
    if text[end : end + 1] not in ("-", "‑") or _CLITIC_BEHIND.match(text, end):
        return False
    following = text[end + 1 : end + 2]
    return following.isalpha() and (following.islower() or entry.group == "companies")


def _with_legal_form(text: str, start: int, end: int) -> tuple[int, int]:
    before = _FORM_BEFORE.search(text, max(0, start - 12), start)
    quote = before["quote"] if before else text[start - 1 : start] if start else ""
    if closing := _QUOTES.get(quote):
        begin = before.start() if before else start - 1
        if text[end : end + 1] == closing:
            start, end = begin, end + 1
        elif before and text[end - 1] == closing:  # ПАО «ГМК «Норильский никель»: one closes both
            start = begin
    elif before:
        start = before.start()
    if behind := _FORM_BEHIND.match(text, end):
        end = behind.end()
    return start, end


def _may_hold_address(text: str) -> bool:
    return "@" in text or "#" in text or "." in text or "://" in text


@functools.lru_cache(_CACHED_WORDS)
def _keys(word: str, source: str) -> frozenset[str]:
    """The keys of a word in running text."""
    form = fold(word)
    keys = {f"={form}"}
    if _CYRILLIC.search(word):
        keys |= _russian(word)
        if inflected := _INFLECTED_ACRONYM.fullmatch(word):
            keys.add(f"={fold(inflected[1])}")
        elif form.endswith("е"):  # no dictionary guesses that Совфеде is of Совфед, Куйректыколе of -ль
            keys.add(f"={form[:-1]}")
    elif source in ("id", "ms") and (bare := _CLITIC.sub("", form)) != form:
        keys.add(f"={bare}")
    return frozenset(keys)


def _keys_of_name(word: str, language: str) -> frozenset[str]:
    """The keys of a word of a name: in Russian its dictionary forms."""
    if language == "ru" and _CYRILLIC.search(word) and not (len(word) > 1 and word.isupper()):
        return frozenset((f"={fold(word)}", f"={fold(word).removesuffix('ь')}", *_russian(word)))
    return frozenset((f"={fold(word)}",))


def _russian(word: str) -> frozenset[str]:
    # With a capital and without: Норильском is said of the town and of what is called after it.
    read = analyse_article(f"{word.capitalize()} {word.lower()}", "", "ru").positions
    return frozenset(key for key in read if key.startswith("ru:"))
