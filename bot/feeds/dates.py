"""A date as outlets write it, in English, Indonesian or Russian, to a moment in UTC.

feedparser knows English month names only, and reads WIB and MSK as UTC, seven and three hours wrong. Outlets
also leave the day's name in their own language, use `+7`, `23/11/2026` or a Unix epoch. A date that is
impossible is None, never a guess: an article without a date is shown at the time it was found.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime, timedelta
from typing import Final

_MAX_CHARS: Final = 100  # a date is short; the rest is an attack or an article
_FIRST_YEAR, _LAST_YEAR = 1900, 2200

_MONTH_NAMES: Final = (
    # English, Indonesian (also older spellings), Malay, Ukrainian (genitive), Portuguese where it differs
    "january januari січня janeiro",
    "february februari pebruari лютого fevereiro",
    "march maret mac березня março",
    "april квітня abril",
    "may mei травня maio",
    "june juni jun червня junho",
    "july juli julai липня julho",
    "august agustus agt ags ogos серпня agosto",
    "september sept вересня setembro",
    "october oktober жовтня outubro",
    "november nopember листопада novembro",
    "december desember disember грудня dezembro",
)
# Stems and the endings of all cases: «5 мая», «в январе», «к августу».
_RUSSIAN_MONTHS: Final = (
    ("январ", "ь я ю ём ем е"),
    ("феврал", "ь я ю ём ем е"),
    ("март", " а у ом е"),
    ("апрел", "ь я ю ем е"),
    ("ма", "й я ю ем е"),
    ("июн", "ь я ю ем е"),
    ("июл", "ь я ю ем е"),
    ("август", " а у ом е"),
    ("сентябр", "ь я ю ём ем е"),
    ("октябр", "ь я ю ём ем е"),
    ("ноябр", "ь я ю ём ем е"),
    ("декабр", "ь я ю ём ем е"),
)


def _months() -> dict[str, int]:
    """Every name, and every beginning of three letters or more that belongs to one month only."""
    owners: dict[str, set[int]] = {}
    for number, names in enumerate(_MONTH_NAMES, start=1):
        for name in names.split():
            for length in range(3, len(name) + 1):
                owners.setdefault(name[:length], set()).add(number)
    for number, (stem, endings) in enumerate(_RUSSIAN_MONTHS, start=1):
        for ending in endings.split(" "):
            owners.setdefault(stem + ending, set()).add(number)
        for length in range(3, len(stem) + 1):
            owners.setdefault(stem[:length], set()).add(number)
    return {name: min(numbers) for name, numbers in owners.items() if len(numbers) == 1}


_MONTHS: Final = _months()

# Hours east of Greenwich. Some names have several owners: EST, CST and the like mean what RFC 822 says (the
# United States), IST is India, BST is British summer, AST is the Atlantic, GST is the Gulf, SST Samoa. The
# military letters but Z are no zones: RFC 5322 (4.3) found that too many wrote them wrongly.
_ZONES: Final = {
    zone: float(hours)
    for hours, zones in {
        "-11": "sst",
        "-10": "hst",
        "-9": "akst",
        "-8": "pst akdt",
        "-7": "pdt mst",
        "-6": "mdt cst",
        "-5": "cdt est cot",
        "-4": "edt ast clt",
        "-3.5": "nst",
        "-3": "adt brt art clst",
        "-2.5": "ndt",
        "0": "z ut utc gmt wet",
        "1": "bst cet mez west wat met",
        "2": "cest mesz eet sast cat kalt",
        "3": "msk мск eest trt eat fet",
        "3.5": "irst",
        "4": "msd samt gst azt get amt",
        "4.5": "aft",
        "5": "yekt almt pkt uzt tmt tjt aqtt orat qyzt",
        "5.5": "ist slst",
        "5.75": "npt",
        "6": "omst kgt btt",
        "6.5": "mmt",
        "7": "wib novt krat ict hovt",
        "8": "wita irkt sgt myt hkt pht awst bnt ulat",
        "9": "wit yakt jst kst tlt",
        "9.5": "acst",
        "10": "vlat aest chst pgt",
        "10.5": "acdt",
        "11": "magt aedt sakt sret",
        "12": "pett nzst anat fjt",
        "13": "nzdt",
    }.items()
    for zone in zones.split()
}
# Zones in words, by the beginning of the word that tells.
_SPOKEN_ZONES: Final = (
    ("waktu indonesia barat", 7.0),
    ("waktu indonesia tengah", 8.0),
    ("waktu indonesia timur", 9.0),
    ("московск", 3.0),
    ("по москве", 3.0),
    ("по гринвичу", 0.0),
)

# What nearly all feeds write, to the letter: RFC 822 with the year in full, and RFC 3339. Only times that any
# day has and offsets that some place has: 24:00, a leap second and +9900 are for the general reader.
_PLAIN_CLOCK: Final = "((?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9])"
_PLAIN_OFFSET: Final = "[+-](?:0[0-9]|1[0-4]):?[0-5][0-9]"
_ENGLISH_MONTHS: Final = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
_RFC_822: Final = re.compile(
    rf"(?:[A-Z][a-z][a-z], )?([0-9][0-9]?) ({_ENGLISH_MONTHS}) (19[7-9][0-9]|20[0-9][0-9]) {_PLAIN_CLOCK} "
    rf"(?:GMT|UTC|({_PLAIN_OFFSET}))"
)
_RFC_3339: Final = re.compile(
    rf"((?:19[7-9][0-9]|20[0-9][0-9])-[0-9][0-9]-[0-9][0-9])[T ]{_PLAIN_CLOCK}(?:\.[0-9]+)?"
    rf"(?:Z|({_PLAIN_OFFSET}))"
)
_MONTHS_DIGITS: Final = {
    name: f"{number:02}" for number, name in enumerate(_ENGLISH_MONTHS.split("|"), start=1)
}

# By their first three letters, in English, Indonesian and Russian.
_WEEKDAYS: Final = {
    name: number
    for number, names in enumerate(
        (
            "mon sen пн пон",
            "tue sel вт вто",
            "wed rab ср сре",
            "thu kam чт чет",
            "fri jum пт пят",
            "sat sab сб суб",
            "sun min aha вс вос",
        )
    )
    for name in names.split()
}

_BRACKETS: Final = str.maketrans("()[]|", "     ")

_EPOCH: Final = re.compile(r"(\d{9,10})(?:\.\d+)?|(\d{13})")
# ISO 8601, extended or compact, to the second; what follows must be a zone.
_ISO: Final = re.compile(
    r"(\d{4})(?:-(\d\d?)-(\d\d?)|(\d\d)(\d\d))"
    r"(?:(?:t|, ?| ?t ?| )?(?<!\d)(\d\d?):?(\d\d)(?::?(\d\d)(?:[.,]\d+)?)?"
    r"|(?<=\d{8})(\d\d)(\d\d)(\d\d))?\s*((?:z|utc|gmt|[+-])?[\d:]*)"
)
_YEAR_FIRST: Final = re.compile(r"(?<![\d:.])(\d{4}) ?[-/.年] ?(\d{1,2}) ?[-/.月] ?(\d{1,2})(?!\d)日?")
_DAY_FIRST: Final = re.compile(r"(?<![\d:.])(\d{1,2}) ?([-/.]) ?(\d{1,2}) ?\2 ?(\d{4}|\d\d)(?![\d:])")
_DAY_MONTH_YEAR: Final = re.compile(
    r"(?<![\d:.])(\d{1,2})(?:st|nd|rd|th|-?го)?[ .,/-]*([^\W\d_]+)[ .,'’/-]*(\d{4}|\d\d)(?![\d:.]\d)(?!\d)"
)
_MONTH_DAY_YEAR: Final = re.compile(
    r"(?<!\w)([^\W\d_]+)[ .-]*(\d{1,2})(?:st|nd|rd|th)?[ ,-]+(\d{4})(?![\d:])"
)
_MONTH_DAY_TIME_YEAR: Final = re.compile(r"(?<!\w)([^\W\d_]+) (\d{1,2}) ([\d:]{4,8}(?: \S+)?) (\d{4})(?!\S)")
_CLOCK: Final = re.compile(
    r"(?<![\d:.+-])(\d{1,2})[:.](\d\d)(?:[:.](\d\d)(?:[.,]\d+)?)?(?:\s?([ap])\.?m\b)?(?![\d:])"
)
_CLOCK_REMAINS: Final = re.compile(r"\d:\d")
_OFFSET: Final = re.compile(r"([+-]) ?(\d{1,2})(?::?(\d\d))?(?!\d)")
_ZONE_AND_HOURS: Final = re.compile(r"(msk|мск)([+-])(\d{1,2})(?![\d:])")  # Russia counts from Moscow: MSK+4
_WORD: Final = re.compile(r"[^\W\d_]+")


def parse_date(text: str | None) -> datetime | None:
    """The moment a text names, as an aware datetime in UTC, or None.

    A date without a zone, or with an unknown one, is taken as UTC (RFC 5322, 4.3), one without a time as
    midnight. `05/11/2026` is 5 November, as Indonesians and Russians write it, unless a day of the week says
    otherwise.
    """
    if not text or len(text) > _MAX_CHARS:
        return None
    return ordinary_date(text) or any_date(text)


def ordinary_date(text: str) -> datetime | None:
    """The moment of a date with time and zone in the form of RFC 822 or RFC 3339, or None.

    Takes a fifth of the time of `any_date`, which reads these as well, and alike.
    """
    if match := _RFC_822.fullmatch(text):
        day, month, year, clock, offset = match.groups()
        date = f"{year}-{_MONTHS_DIGITS[month]}-{day:0>2}"
    elif match := _RFC_3339.fullmatch(text):
        date, clock, offset = match.groups()
    else:
        return None
    try:
        return datetime.fromisoformat(f"{date}T{clock}{offset or 'Z'}").astimezone(UTC)
    except ValueError:  # 31 February
        return None


def any_date(text: str) -> datetime | None:
    """As `parse_date`, of a date of any form, not longer than a date is."""
    text = unicodedata.normalize("NFKC", text).casefold().replace("\u2212", "-")
    text = " ".join(text.translate(_BRACKETS).split())
    try:
        moment = _from_epoch(text) or _from_iso(text) or _from_words(text)
    except (ValueError, OverflowError):  # 31 February, 25 o'clock, beyond the calendar
        return None
    return moment if moment and _FIRST_YEAR <= moment.year <= _LAST_YEAR else None


def _from_epoch(text: str) -> datetime | None:
    match = _EPOCH.fullmatch(text)
    if match is None:
        return None
    return datetime.fromtimestamp(int(match[1]) if match[1] else int(match[2]) / 1000, UTC)


def _from_iso(text: str) -> datetime | None:
    match = _ISO.fullmatch(text)
    if match is None:
        return None
    year, month, day = (int(part) for part in (match[1], match[2] or match[4], match[3] or match[5]))
    hour, minute, second = (
        int(part or 0) for part in (match[6] or match[9], match[7] or match[10], match[8] or match[11])
    )
    return _joined(year, month, day, hour, minute, second, _zone_h(match[12]))


def _from_words(text: str) -> datetime | None:
    found = _date(text)
    if found is None:
        return None
    (year, month, day), rest = found
    clock = _CLOCK.search(rest)
    if clock is None:
        if _CLOCK_REMAINS.search(rest):  # there is a time, and we can't read it
            return None
        return _joined(year, month, day, 0, 0, 0, 0.0)
    hour, minute, second = (int(part or 0) for part in clock.group(1, 2, 3))
    if clock[4]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if clock[4] == "p" else 0)
    # An offset stands behind the time; a name may stand before it.
    after = rest[clock.end() :]
    return _joined(
        year, month, day, hour, minute, second, _zone_h(after if after.strip() else rest[: clock.start()])
    )


def _date(text: str) -> tuple[tuple[int, int, int], str] | None:
    """Year, month and day found anywhere in a text, and the text without them."""
    for match in _YEAR_FIRST.finditer(text):
        return (int(match[1]), int(match[2]), int(match[3])), _without(text, match)
    for match in _DAY_MONTH_YEAR.finditer(text):
        if month := _MONTHS.get(match[2]):
            return (_year(match[3]), month, int(match[1])), _without(text, match)
    for match in _MONTH_DAY_YEAR.finditer(text):
        if month := _MONTHS.get(match[1]):
            return (int(match[3]), month, int(match[2])), _without(text, match)
    for match in _MONTH_DAY_TIME_YEAR.finditer(text):
        if month := _MONTHS.get(match[1]):
            return (int(match[4]), month, int(match[2])), f" {match[3]} "
    for match in _DAY_FIRST.finditer(text):
        day, month = int(match[1]), int(match[3])
        year, rest = _year(match[4]), _without(text, match)
        # 11/23/2026 can only be American, and so can Fri, 05/03/2019.
        if month > 12 >= day or _is_month_first(year, day, month, _named_weekday(rest)):
            day, month = month, day
        if month <= 12:
            return (year, month, day), rest
    return None


def _is_month_first(year: int, month: int, day: int, weekday: int | None) -> bool:
    """Whether a date fits its day of the week with the month first, and not with the day first."""
    if weekday is None or month > 12 or day > 12:
        return False
    return date(year, month, day).weekday() == weekday != date(year, day, month).weekday()


def _named_weekday(text: str) -> int | None:
    """The day of the week that a text names; Monday is 0."""
    return next((_WEEKDAYS[word[:3]] for word in _WORD.findall(text) if word[:3] in _WEEKDAYS), None)


def _without(text: str, match: re.Match[str]) -> str:
    return f"{text[: match.start()]} {text[match.end() :]}"


def _year(digits: str) -> int:
    year = int(digits)
    if len(digits) == 2:  # RFC 2822, 4.3, with feeds younger than 1970
        year += 2000 if year < 70 else 1900
    return year


def _zone_h(text: str) -> float:
    """Hours east of Greenwich. Raises ValueError for an offset that no place on Earth has."""
    if match := _ZONE_AND_HOURS.search(text):
        return _ZONES[match[1]] + int(f"{match[2]}{match[3]}")
    match = _OFFSET.search(text)
    if match is None:
        named = next((_ZONES[word] for word in _WORD.findall(text) if word in _ZONES), None)
        if named is None:
            named = next((hours for words, hours in _SPOKEN_ZONES if words in text), 0.0)
        return named
    hours = int(match[2]) + int(match[3] or 0) / 60
    if hours > 15 or int(match[3] or 0) > 59:
        raise ValueError(text)
    return -hours if match[1] == "-" else hours


def _joined(year: int, month: int, day: int, hour: int, minute: int, second: int, zone_h: float) -> datetime:
    if hour == 24 and minute == second == 0:  # ISO 8601's end of the day
        hour, days = 0, 1
    else:
        days = 0
    local = datetime(year, month, day, hour, minute, min(second, 59) if second == 60 else second, tzinfo=UTC)
    return local + timedelta(days=days, hours=-zone_h)
