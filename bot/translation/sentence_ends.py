"""Where sentences end, in Russian, Indonesian and English.

Rules and lists of our own: of the libraries that do this (razdel, pysbd, sentencex, syntok) none
knows Indonesian, and none gets more of tests/translation/sentences.txt right.

A sentence cut in two is translated wrong; two left together are not. So where a full stop behind an
abbreviation may be either, the next word decides: "в 2024 г. Это …" ends one, "в 2024 г. Россия …" does not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

# What a sentence may end with, and what the next begins with: a capital or digit, perhaps quotes or a dash.
_STOP = re.compile(
    r"(?<![.!?…])(?P<stop>[.!?…]++)(?P<close>[\"'»”’)\]]*+)"
    r"(?=\s++(?P<open>[\"'«„“‘(\[]*(?:[—–-]\s+)?[\"'«„“‘(\[]*)(?P<next>[A-ZÀ-ÞА-ЯЁ0-9]\w*))"
)
_WORD_BEFORE = re.compile(r"(?:[^\W\d_]\.)*[^\W\d_]+$|\d+$")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_LOOK_BACK = 80  # characters

# Stand before a name or a number, so never at a sentence's end.
_BEFORE_A_NAME = _words("""
    акад проф доц инж канд докт им ул пер просп пл бул наб корп стр пос пгт оз гр св гл ст рис табл
    см ср напр тов зам пом ок пп рр тел млад
    pt cv no nos rp dr drs ir hj jl jln gg jend letjen mayjen brigjen kol kab kec kel prov st sdr tn
    ny yth hlm hal pp mr mrs ms prof gov sen rep gen col lt capt vs cf fig feb vol tgl bpk mgr a.n
    u.p d.a e.g i.e s.d c.q
    т.е т.н т.к т.о
""")
# May be the last word of a sentence; the next word decides.
_MAY_END = _words("г гг в вв м с т км кг мм га млн млрд трлн тыс inc ltd co corp tbk jr sr etc ред обл р св")
# Nothing that goes on in the same sentence follows these with a capital.
_AT_THE_END = _words("руб коп долл др пр т.д т.п dll dkk dsb dst etc")
_MONTHS = _words(
    "jan feb mar apr jun jul aug sep sept oct nov dec янв фев мар апр июн июл авг сен сент окт ноя дек"
)

# Words that begin a sentence and are no names.
_BEGINNERS = _words("""
    А Без Более Был Была Было Были В Во Ведь Вместе Все Всего Вскоре Выручка Где Для До Доля Его Ее
    Её Если Еще Ещё За Затем Здесь И Из Или Их К Как Какой Когда Кроме Которые Кто Ко Между Многие
    Мы На Над Нам Не Нет Ни Но О Об Однако Он Она Они Оно От Отметим По Под После Потом Поэтому
    Предприятие При Проект Про Против Ранее Рост С Сегодня Сейчас Со Согласно Среди
    Так Также Такие Такой Там Таким Теперь Тогда То Того Только У Уже Цена Цены Через Что Чтобы Эта
    Эти Это Этого Этом Этот Я Компания Экспорт Импорт Добыча Производство Ведомство Источник
    Напомним
    Ada Adapun Akan Akibatnya Anda Apa Apabila Atas Bagi Bahkan Banyak Begitu Berdasarkan Bila Dalam
    Dan Dari Demikian Dengan Di Dia Guna Hal Hingga Ia Ini Isinya Itu Jadi Jika Juga Kami Karena
    Kata Ke Kemudian Ketika Kita Lalu Lebih Maka Masih Melalui Menurut Mereka Meski Meskipun Namun
    Nilainya Oleh Pada Padahal Para Pihak Saat Saham Sebab Sebagai Sebelumnya Sebuah Sedangkan
    Sehingga Sejak Sejumlah Selain Selama Semua Sementara Seperti Setelah Sudah Tak Tapi Telah
    Terkait Tetapi Tidak Untuk Walau Yang Laba Harga Ekspor Impor Produksi Perusahaan Perseroan A
    After All Also Although An And As At But By Despite During For From He Her His However I If In
    It Its Last Meanwhile Most Neither No None Nothing Now On Once One Others Our She Shares Since
    So Some Still Such That The Their Then There These They This Those Through To Under Until We
    What When Where While With You
""")
# "В 2024 г. Россия …": so short a beginning has no verb yet.
_OPENING = re.compile(r"[\W]*(?:В|К|С|До|После|За|На|По|Летом|Зимой|Весной|Осенью)(?:\s+[\w–-]+){0,3}$")
_LIST_NUMBER = re.compile(r"(?:^|[;:,]\s)[\"'«(\s]*\d{1,2}$")


def sentence_ends(line: str) -> Iterator[int]:
    """The offsets behind each sentence of a line that another one follows: after its stop and quotes."""
    start = 0
    for match in _STOP.finditer(line):
        if _ends(line, start, match):
            yield match.end()
            start = match.end()


def _ends(line: str, start: int, match: re.Match[str]) -> bool:
    stop, following = match["stop"], match["next"]
    if stop != ".":
        # «Зачем?» — Он …: a capital has been asked for already; "(!) Ведомство" is inside a sentence.
        return not ("(" not in stop and match["close"].startswith(")") and line[match.start() - 1] == "(")
    # Bounded, so that a hostile line of a thousand abbreviations costs no more than others.
    first = max(start, match.start() - _LOOK_BACK)
    said = ("x " if first > start else "") + line[first : match.start()]
    before = _WORD_BEFORE.search(said, said.rfind(" ") + 1)
    if before is None or match["close"]:
        return True  # behind a bracket or a quote, or a stop of its own
    word = before.group()
    if word.isdigit():
        return not _LIST_NUMBER.search(said)
    said = said[: before.start()]
    plain = word.lower()
    if plain in ("д", "п", "е", "н", "к", "о") and said.rstrip().lower().endswith("т."):
        plain = f"т.{plain}"
    begins = bool(match["open"].strip()) or following in _BEGINNERS
    if plain in _AT_THE_END:
        return not (plain == "руб" and following[0].isdigit())  # 10 руб. 50 коп.
    if plain in _MAY_END and word.islower() and (len(plain) > 1 or _is_unit(plain, said)):
        return (begins or following[0].isdigit()) if not _is_opening(plain, said) else False
    if plain in _MAY_END and not word.islower():
        return begins and len(plain) > 1
    if plain in _MONTHS:
        return begins
    if plain in _BEFORE_A_NAME:
        # "No" that is a word of its own, "no" without a number behind it, end as any word does.
        return plain in ("no", "col", "hal", "gen", "st", "sen", "rep") and word.islower() and begins
    if "." in plain:  # U.S., Ph.D., R.I.
        return begins
    return len(word) > 1  # else an initial


def _is_unit(letter: str, said: str) -> bool:
    """Whether a single letter with a full stop is a unit (5 т., 2024 г., XX в.), not an initial."""
    return re.search(r"[\dIVXLC][\s\u00a0]*$", said) is not None


def _is_opening(plain: str, said: str) -> bool:
    return plain in ("г", "гг", "в", "вв") and _OPENING.fullmatch(said.strip()) is not None
