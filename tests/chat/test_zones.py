"""Times and zones as people write them."""

from __future__ import annotations

import zoneinfo
from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat import zones
from bot.chat.zones import TimeError, ZoneError, load, parse_time, parse_zone, shown, split_time

KNOWN = {
    "Asia/Jakarta": "Asia/Jakarta",
    "asia/JAKARTA": "Asia/Jakarta",
    "jakarta": "Asia/Jakarta",
    "Jakarta time": "Asia/Jakarta",
    "Джакарта": "Asia/Jakarta",
    "WIB": "Asia/Jakarta",
    "wita": "Asia/Makassar",
    "WIT": "Asia/Jayapura",
    "MSK": "Europe/Moscow",
    "мск": "Europe/Moscow",
    "Москва": "Europe/Moscow",
    "moscow": "Europe/Moscow",
    "Санкт-Петербург": "Europe/Moscow",
    "new york": "America/New_York",
    "New_York": "America/New_York",
    "São Paulo": "America/Sao_Paulo",
    "port-au-prince": "America/Port-au-Prince",
    "louisville": "America/Louisville",
    "us/eastern": "US/Eastern",
    "Beijing": "Asia/Shanghai",
    "UTC": "UTC",
    "gmt": "UTC",
    "UTC+0": "UTC",
    "+7": "Etc/GMT-7",
    "UTC+3": "Etc/GMT-3",
    "utc +07:00": "Etc/GMT-7",
    "+0700": "Etc/GMT-7",
    "GMT−5": "Etc/GMT+5",
    "UTC-12": "Etc/GMT+12",
    "+14": "Etc/GMT-14",
    "МСК+4": "Etc/GMT-7",
}


@pytest.mark.parametrize(("text", "zone"), KNOWN.items(), ids=KNOWN)
def test_a_zone_is_understood_as_people_write_it(text: str, zone: str) -> None:
    assert parse_zone(text) == zone
    zoneinfo.ZoneInfo(zone)


REFUSED = {
    "+5:30": ("whole hours", ("Kolkata",)),
    "GMT-5:30": ("whole hours", ()),
    "UTC+5:45": ("whole hours", ("Kathmandu",)),
    "+15": ("from UTC-12 to UTC+14", ()),
    "-13": ("from UTC-12 to UTC+14", ()),
    "IST": ("more than one zone", ("Kolkata", "Jerusalem", "Dublin")),
    "EST": ("more than one zone", ("New York", "Panama")),
    "jakata": ("no city or zone", ("Jakarta",)),
    "york": ("no city or zone", ("New York",)),
    "Xyzzy": ("no city or zone", ()),
    "central": ("no city or zone", ()),
    "": ("empty", ("Jakarta", "Moscow", "UTC+7")),
}


@pytest.mark.parametrize(("text", "expected"), REFUSED.items(), ids=[text or "nothing" for text in REFUSED])
def test_a_zone_that_is_not_understood_is_refused_with_suggestions(
    text: str, expected: tuple[str, tuple[str, ...]]
) -> None:
    reason, suggestions = expected
    with pytest.raises(ZoneError) as caught:
        parse_zone(text)
    assert reason in caught.value.reason
    assert set(suggestions) <= set(caught.value.suggestions)
    for suggestion in caught.value.suggestions:
        parse_zone(suggestion)


def test_every_alias_and_every_suggestion_leads_to_a_zone_that_exists() -> None:
    for alias, zone in zones._ALIASES.items():
        assert parse_zone(alias) == zone
        zoneinfo.ZoneInfo(zone)
    for cities in zones._SEVERAL.values():
        for city in cities:
            parse_zone(city)
    for (sign, hours, minutes), city in zones._PART_HOURS.items():
        winter = datetime(2026, 1, 15, tzinfo=UTC), datetime(2026, 7, 15, tzinfo=UTC)
        wanted = sign * timedelta(hours=hours, minutes=minutes)
        assert wanted in {moment.astimezone(load(parse_zone(city))).utcoffset() for moment in winter}


@given(st.sampled_from(sorted(zoneinfo.available_timezones() - {"Factory", "localtime"})))
def test_every_name_of_the_zone_database_is_understood(name: str) -> None:
    if name.lower() in zones._SEVERAL:
        return  # the database's EST has no summer time: a city is asked for
    assert load(parse_zone(name)) is not None


@given(st.text())
def test_whatever_is_typed_gives_a_zone_that_exists_or_a_zone_error(text: str) -> None:
    try:
        zone = parse_zone(text)
    except ZoneError:
        return
    zoneinfo.ZoneInfo(zone)


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("UTC", "UTC"),
        ("Asia/Jakarta", "Asia/Jakarta (UTC+7)"),
        ("Etc/GMT-7", "UTC+7"),
        ("Etc/GMT+5", "UTC-5"),
        ("Asia/Kathmandu", "Asia/Kathmandu (UTC+5:45)"),
        ("America/St_Johns", "America/St_Johns (UTC-3:30)"),
        ("Nowhere/Lost", "Nowhere/Lost (UTC+0)"),
    ],
)
def test_a_zone_is_shown_with_its_offset(zone: str, expected: str, now: datetime) -> None:
    assert shown(zone, now) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("8:00", time(8)),
        ("08.00", time(8)),
        ("20:30", time(20, 30)),
        ("0:00", time(0)),
        ("8 pm", time(20)),
        ("12:15am", time(0, 15)),
        ("12pm", time(12)),
    ],
)
def test_a_time_of_day_is_understood(text: str, expected: time) -> None:
    assert parse_time(text) == expected


@pytest.mark.parametrize(
    "text", ["", "8", "eight", "24:00", "25:00", "8:60", "8:5", "8:000", "13 pm", "0 am", "٨:٠٠", "8:00 x"]
)
def test_what_is_no_time_of_day_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(TimeError) as caught:
        parse_time(text)
    assert ":" in caught.value.hint


def test_a_time_is_split_from_the_zone_behind_it() -> None:
    assert split_time("8.00 new york") == (time(8), "new york")
    assert split_time("08:00 +7") == (time(8), "+7")
    assert split_time("08:00 AMsterdam") == (time(8), "AMsterdam")
    assert split_time(" 8 pm Moscow ") == (time(20), "Moscow")


@given(st.times())
def test_a_time_written_out_is_read_back(value: time) -> None:
    assert parse_time(f"{value:%H:%M}") == value.replace(second=0, microsecond=0)
