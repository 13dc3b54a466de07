"""Times and time zones as people write them: "8.00", "WIB", "jakarta", "Москва", "UTC+3", "new york".

Pure. The zone database is asked for its names once; nothing here knows what time it is now.
"""

from __future__ import annotations

import difflib
import functools
import re
import unicodedata
import zoneinfo
from dataclasses import dataclass
from datetime import UTC, datetime, time, tzinfo

from bot.errors import RarewatchError
from bot.phrase import Phrase

SUGGESTIONS = 3  # more would not be read

# Areas whose names end in places. "US/Central" and "Canada/Central" end in the same word and mean two
# zones, so the names of such areas are understood in full only.
_AREAS = frozenset(
    {
        "Africa",
        "America",
        "Antarctica",
        "Arctic",
        "Asia",
        "Atlantic",
        "Australia",
        "Europe",
        "Indian",
        "Pacific",
    }
)

# What people say, and the zone database has no such name for.
_ALIASES = {
    # Abbreviations that mean one zone wherever they are used.
    "wib": "Asia/Jakarta",
    "wita": "Asia/Makassar",
    "wit": "Asia/Jayapura",
    "msk": "Europe/Moscow",
    "мск": "Europe/Moscow",
    "utc": "UTC",
    "gmt": "UTC",
    "z": "UTC",
    "zulu": "UTC",
    "sgt": "Asia/Singapore",
    "jst": "Asia/Tokyo",
    "hkt": "Asia/Hong_Kong",
    # Indonesia
    "джакарта": "Asia/Jakarta",
    "bandung": "Asia/Jakarta",
    "surabaya": "Asia/Jakarta",
    "medan": "Asia/Jakarta",
    "yogyakarta": "Asia/Jakarta",
    "semarang": "Asia/Jakarta",
    "palembang": "Asia/Jakarta",
    "bali": "Asia/Makassar",
    "denpasar": "Asia/Makassar",
    "manado": "Asia/Makassar",
    "balikpapan": "Asia/Makassar",
    "nusantara": "Asia/Makassar",
    "kendari": "Asia/Makassar",
    "morowali": "Asia/Makassar",
    "ambon": "Asia/Jayapura",
    "sorong": "Asia/Jayapura",
    # Russia
    "москва": "Europe/Moscow",
    "moskva": "Europe/Moscow",
    "санкт петербург": "Europe/Moscow",
    "петербург": "Europe/Moscow",
    "st petersburg": "Europe/Moscow",
    "saint petersburg": "Europe/Moscow",
    "калининград": "Europe/Kaliningrad",
    "самара": "Europe/Samara",
    "екатеринбург": "Asia/Yekaterinburg",
    "ekaterinburg": "Asia/Yekaterinburg",
    "челябинск": "Asia/Yekaterinburg",
    "омск": "Asia/Omsk",
    "новосибирск": "Asia/Novosibirsk",
    "красноярск": "Asia/Krasnoyarsk",
    "иркутск": "Asia/Irkutsk",
    "якутск": "Asia/Yakutsk",
    "чита": "Asia/Chita",
    "владивосток": "Asia/Vladivostok",
    "магадан": "Asia/Magadan",
    "камчатка": "Asia/Kamchatka",
    # Capitals and markets whose zone is named after another city
    "beijing": "Asia/Shanghai",
    "пекин": "Asia/Shanghai",
    "shenzhen": "Asia/Shanghai",
    "guangzhou": "Asia/Shanghai",
    "delhi": "Asia/Kolkata",
    "new delhi": "Asia/Kolkata",
    "mumbai": "Asia/Kolkata",
    "hanoi": "Asia/Ho_Chi_Minh",
    "astana": "Asia/Almaty",
    "abu dhabi": "Asia/Dubai",
    "washington": "America/New_York",
    "boston": "America/New_York",
    "miami": "America/New_York",
    "houston": "America/Chicago",
    "dallas": "America/Chicago",
    "san francisco": "America/Los_Angeles",
    "seattle": "America/Los_Angeles",
    "ottawa": "America/Toronto",
    "montreal": "America/Toronto",
    "geneva": "Europe/Zurich",
    "frankfurt": "Europe/Berlin",
    "munich": "Europe/Berlin",
    "hamburg": "Europe/Berlin",
    "milan": "Europe/Rome",
    "barcelona": "Europe/Madrid",
    "canberra": "Australia/Sydney",
    "киев": "Europe/Kyiv",
    "минск": "Europe/Minsk",
    "алматы": "Asia/Almaty",
    "ташкент": "Asia/Tashkent",
    "лондон": "Europe/London",
}

# Abbreviations that mean several zones; who writes one is asked for a city.
_SEVERAL = {
    "ist": ("Kolkata", "Jerusalem", "Dublin"),
    "cst": ("Chicago", "Shanghai", "Havana"),
    "bst": ("London", "Dhaka"),
    "ast": ("Halifax", "Riyadh"),
    "est": ("New York", "Panama"),
    "edt": ("New York", "Toronto"),
    "cdt": ("Chicago",),
    "mst": ("Denver", "Phoenix"),
    "mdt": ("Denver",),
    "pst": ("Los Angeles", "Manila"),
    "pdt": ("Los Angeles",),
    "cet": ("Berlin", "Paris"),
    "cest": ("Berlin", "Paris"),
    "eet": ("Helsinki", "Athens"),
    "eest": ("Helsinki", "Athens"),
    "aest": ("Sydney", "Brisbane"),
    "kst": ("Seoul",),
    "pht": ("Manila",),
}

# Cities to name instead of an offset that no Etc/GMT zone has: "+5:30" → Kolkata.
_PART_HOURS = {
    (-1, 9, 30): "Marquesas",
    (-1, 3, 30): "St Johns",
    (-1, 2, 30): "St Johns",
    (1, 3, 30): "Tehran",
    (1, 4, 30): "Kabul",
    (1, 5, 30): "Kolkata",
    (1, 5, 45): "Kathmandu",
    (1, 6, 30): "Yangon",
    (1, 8, 45): "Eucla",
    (1, 9, 30): "Darwin",
    (1, 10, 30): "Lord Howe",
    (1, 12, 45): "Chatham",
}

_OFFSET = re.compile(r"(?:(?:utc|gmt|мск|msk)\s*)?([+-])\s*(\d{1,2})(?:[:.]?(\d{2}))?", re.ASCII)
_TIME = re.compile(
    r"(\d{1,2})(?:[:.](\d{2}))?\s*(am|pm)?(?![\w:.])\s*(.*)", re.ASCII | re.IGNORECASE | re.DOTALL
)
_FIXED = re.compile(r"Etc/GMT([+-])(\d{1,2})", re.ASCII)


class ZoneError(RarewatchError):
    """That time zone is not known.

    Args:
        said: the reason, for readers of any language.
        suggestions: names that would be understood, the likeliest first; may be empty.
    """

    def __init__(self, subject: str, said: Phrase, *, suggestions: tuple[str, ...] = ()) -> None:
        hint = f"Did you mean {' or '.join(suggestions)}?" if suggestions else ""
        super().__init__(subject, str(said), hint=hint)
        self.said = said
        self.suggestions = suggestions


class TimeError(RarewatchError):
    """That is no time of day.

    Args:
        said: the reason, for readers of any language.
        advice: what to write instead.
    """

    def __init__(self, subject: str, said: Phrase, *, advice: Phrase | None = None) -> None:
        self.said = said
        self.advice = advice or Phrase("Write it like 08:00 or 20:30.")
        super().__init__(subject, str(said), hint=str(self.advice))


@dataclass(frozen=True, slots=True)
class _Names:
    """The zone database's names: `full` and `places`, each by how `_plain` writes it."""

    full: dict[str, str]
    places: dict[str, str]


def parse_time(text: str) -> time:
    """A time of day, to the minute: ``8:00``, ``08.00``, ``20:30``, ``8 pm``.

    Raises:
        TimeError: it is none.
    """
    found, rest = split_time(text)
    if rest:
        raise TimeError(text, Phrase("“{rest}” is no part of a time", {"rest": rest}))
    return found


def split_time(text: str) -> tuple[time, str]:
    """A time of day at the beginning, and what follows it: ``8.00 new york`` → 08:00, ``new york``.

    Raises:
        TimeError: the text does not begin with one.
    """
    match = _TIME.fullmatch(text.strip())
    if match is None or not (match[2] or match[3]):
        raise TimeError(text, Phrase("it has no hours and minutes"))
    hours, minutes, half = int(match[1]), int(match[2] or 0), (match[3] or "").lower()
    if half:
        if not 1 <= hours <= 12:
            raise TimeError(text, Phrase("{half} goes with hours from 1 to 12", {"half": half}))
        hours = hours % 12 + (12 if half == "pm" else 0)
    if hours == 24 and minutes == 0:
        raise TimeError(text, Phrase("a day ends at 23:59"), advice=Phrase("For midnight, write 00:00."))
    if hours > 23 or minutes > 59:
        raise TimeError(text, Phrase("hours go from 0 to 23, minutes from 0 to 59"))
    return time(hours, minutes), match[4].strip()


def parse_zone(text: str) -> str:
    """The IANA name of a zone as people write it.

    Understood, whatever the case: IANA names, the city they end in, WIB, WITA, WIT, MSK, UTC and GMT, a few
    cities beside those, and offsets of whole hours (``+7``, ``UTC+3``: Etc/GMT-7, which POSIX counts the
    other way round).

    Raises:
        ZoneError: not known, or it means several zones; with suggestions.
    """
    shown = " ".join(text.split())
    plain = re.sub(r" time( ?zone)?$", "", _plain(text))  # "Jakarta time"
    if not plain:
        raise ZoneError(shown, Phrase("it is empty"), suggestions=("Jakarta", "Moscow", "UTC+7"))
    offset = _OFFSET.fullmatch(_minus(unicodedata.normalize("NFKC", text)).strip().casefold())
    if offset is not None:
        return _fixed(shown, offset)
    if plain in _ALIASES:
        return _ALIASES[plain]
    if plain in _SEVERAL:
        # Before the database's own names: its EST has no summer time, which nobody in New York means.
        cities = _SEVERAL[plain]
        several = Phrase("it means more than one zone")
        said = several if len(cities) > 1 else Phrase("please name a city instead")
        raise ZoneError(shown, said, suggestions=cities)
    names = _names()
    found = names.full.get(plain) or names.places.get(plain)
    if found is None:
        raise ZoneError(shown, Phrase("no city or zone has this name"), suggestions=_nearest(plain))
    return found


def load(zone: str) -> tzinfo:
    """The zone of a name that `parse_zone` gave; UTC when the database has lost it, as digests count."""
    try:
        return zoneinfo.ZoneInfo(zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return UTC


def shown(zone: str, at: datetime) -> str:
    """A zone for people, with its offset at a moment: ``Asia/Jakarta (UTC+7)``, ``UTC+3``, ``UTC``."""
    if zone == "UTC":
        return zone
    offset = at.astimezone(load(zone)).utcoffset()
    seconds = int(offset.total_seconds()) if offset is not None else 0
    hours, minutes = divmod(abs(seconds) // 60, 60)
    number = f"{'-' if seconds < 0 else '+'}{hours}" + (f":{minutes:02}" if minutes else "")
    return f"UTC{number}" if _FIXED.fullmatch(zone) else f"{zone} (UTC{number})"


def _fixed(shown: str, offset: re.Match[str]) -> str:
    sign, hours, minutes = (1 if offset[1] == "+" else -1), int(offset[2]), int(offset[3] or 0)
    if "msk" in offset[0] or "мск" in offset[0]:
        hours_east = sign * hours + 3  # "MSK+4", as Russian timetables write it
        sign, hours = (1 if hours_east >= 0 else -1), abs(hours_east)
        if minutes:
            raise ZoneError(shown, Phrase("only whole hours can follow MSK"), suggestions=("Moscow",))
    if minutes:
        city = _PART_HOURS.get((sign, hours, minutes))
        raise ZoneError(
            shown,
            Phrase("an offset must be of whole hours; please name a city instead"),
            suggestions=(city,) if city else (),
        )
    if hours > (14 if sign > 0 else 12):
        raise ZoneError(shown, Phrase("offsets go from UTC-12 to UTC+14"))
    if hours == 0:
        return "UTC"
    return f"Etc/GMT{'-' if sign > 0 else '+'}{hours}"


def _plain(text: str) -> str:
    """How names are compared: no case, accents, or punctuation; ``São_Paulo`` and ``sao paulo`` are one."""
    decomposed = unicodedata.normalize("NFKD", _minus(text).casefold())
    # Й and ё lose their marks on both sides of a comparison, here and in the aliases.
    letters = "".join(char for char in decomposed if not unicodedata.combining(char))
    return re.sub(r"[\s_.,'’()-]+", " ", letters).strip()


def _minus(text: str) -> str:
    return text.translate({ord(dash): "-" for dash in "−–—‐‑"})


@functools.cache
def _names() -> _Names:
    full: dict[str, str] = {}
    places: dict[str, str] = {}
    # The shortest name of a place is its plainest (America/Louisville, not America/Kentucky/Louisville):
    # it comes last and stays.
    for name in sorted(zoneinfo.available_timezones(), key=lambda name: (-name.count("/"), name)):
        area, _, rest = name.partition("/")
        if name in {"Factory", "localtime", "posixrules"} or area in {"posix", "right", "SystemV"}:
            continue
        full[_plain(name)] = name
        if rest and area in _AREAS:
            places[_plain(rest.rpartition("/")[2])] = name
    return _Names(full, places)


def _nearest(plain: str) -> tuple[str, ...]:
    names = _names()
    candidates = {**{alias: alias for alias in _ALIASES if len(alias) > 4}, **names.places}
    # A name one is typing the beginning or a part of, then one that looks like it.
    parts = [key for key in sorted(candidates) if len(plain) >= 3 and plain in key.split()]
    alike = difflib.get_close_matches(plain, candidates, n=SUGGESTIONS, cutoff=0.7)
    found = dict.fromkeys([*parts, *alike])
    return tuple(_title(candidates[key]) for key in list(found)[:SUGGESTIONS])


def _title(name: str) -> str:
    place = name.rpartition("/")[2].replace("_", " ")
    return place if place != name else place.title()
