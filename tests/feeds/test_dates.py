"""Dates as outlets write them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.feeds.dates import any_date, ordinary_date, parse_date

HALF_PAST_TEN = datetime(2026, 11, 23, 10, 30, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "Mon, 23 Nov 2026 10:30:00 GMT",
        "Mon, 23 Nov 2026 10:30:00 +0000",
        "Mon,23 Nov 2026 10:30:00GMT",
        "Mon, 23 Nov 2026 10:30 Z",
        "Mon, 23 Nov 26 10:30:00 UT",
        "Monday, 23-Nov-26 10:30:00 GMT",
        "Mon Nov 23 10:30:00 2026",
        "Mon Nov 23 05:30:00 EST 2026",
        "23 November 2026 10:30",
        "Nov. 23, 2026 10:30 AM",
        "November 23rd, 2026, 10:30",
        "Mon, 23 Nov 2026 17:30:00 +0700",
        "Mon, 23 Nov 2026 17:30:00 +07:00",
        "Mon, 23 Nov 2026 17:30:00 +7",
        "Mon, 23 Nov 2026 17:30:00 GMT+7",
        "Mon, 23 Nov 2026 17:30:00 GMT+0700 (WIB)",
        "Mon, 23 Nov 2026 17:30:00 WIB",
        "Mon, 23 Nov 2026 18:30:00 WITA",
        "Mon, 23 Nov 2026 19:30:00 WIT",
        "Mon, 23 Nov 2026 13:30:00 MSK",
        "Mon, 23 Nov 2026 07:00:00 -0330",
        "Mon, 23 Nov 2026 14:30:00 MSD",
        "Mon, 23 Nov 2026 12:30:00 EET",
        "Mon, 23 Nov 2026 19:30:00 KST",
        "Mon, 23 Nov 2026 16:00:00 IST",
        "Mon, 23 Nov 2026 17:30:00 UTC+07:00",
        "Mon, 23 Nov 2026 17:30:00 UTC+7",
        "23 Nov 2026 17:30 (GMT+7)",
        "23.11.2026 17:30 МСК+4",
        "Mon, 23 Nov 2026 20:30:00 MSK+7",
        "23 ноября 2026 года в 13:30 по московскому времени",
        "23 ноября 2026, 13:30 (по Москве)",
        "23 November 2026 pukul 17.30 Waktu Indonesia Barat",
        "Senin (23/11/2026) 18:30 Wita",
        "Senin, 23/11/2026 - 17:30 WIB",
        "23 Nov 2026, 17:30 WIB",
        "23 Nov 26 10:30 UT",
        "Seg, 23 Nov 2026 07:30:00 -0300",
        "Sen, 23 Nov 2026 17:30:00 +0700",
        "Senin, 23 November 2026 | 17:30 WIB",
        "Senin, 23 Nopember 2026 17.30 WIB",
        "Jum'at, 23 November 2026 pukul 17.30.00 WIB",
        "Пн, 23 ноя 2026 13:30:00 +0300",
        "Пн, 23 нояб. 2026 13:30:00 +0300",
        "понедельник, 23 ноября 2026 г., 13:30 МСК",
        "13:30 мск, 23 ноября 2026 года",
        "23.11.2026 10:30",
        "23.11.26 10:30",
        "23/11/2026 10:30",
        "23-11-2026 10:30:00",
        "11/23/2026 10:30 AM",
        "2026-11-23T10:30:00Z",
        "2026-11-23T10:30Z",
        "2026-11-23T10:30:00.000+00:00",
        "2026-11-23T17:30:00+07:00",
        "2026-11-23T17:30:00+0700",
        "2026-11-23T17:30+07",
        "2026-11-23 17:30:00 +0700",
        "2026-11-23 17:30:00 WIB",
        "2026/11/23 10:30",
        "20261123T103000Z",
        "20261123103000",
        "2026年11月23日 10:30",
        "23 листопада 2026, 10:30",
        "1795429800",
        "1795429800000",
        " \u200e2026-11-23T10:30:00Z\n".replace("\u200e", ""),
    ],
)
def test_one_moment_in_the_ways_outlets_write_it(text: str) -> None:
    assert parse_date(text) == HALF_PAST_TEN


@pytest.mark.parametrize(
    "text",
    [
        "23/11/2026",
        "23.11.2026",
        "2026-11-23",
        "20261123",
        "Сб, 23 ноя 2026",
        "Rab, 23 November 2026",
        "23 Nov 2026",
    ],
)
def test_a_day_without_a_time_is_its_midnight(text: str) -> None:
    assert parse_date(text) == MIDNIGHT


@pytest.mark.parametrize(
    ("text", "month", "day"),
    [
        ("Fri, 05/03/2019 - 15:21", 5, 3),  # as the FDA writes it
        ("Jumat, 05/03/2021 15:21", 3, 5),
        ("Jumat, 03/05/2019 15:21", 5, 3),
        ("Пт, 05.03.2021 15:21", 3, 5),
        ("Mon, 05/03/2019 15:21", 3, 5),  # a Tuesday or a Friday: the name is wrong, and tells nothing
        ("Sun, 05/05/2019 15:21", 5, 5),
        ("05/03/2019 15:21", 3, 5),
    ],
)
def test_the_day_of_the_week_tells_whether_the_month_stands_first(text: str, month: int, day: int) -> None:
    found = parse_date(text)

    assert found is not None
    assert (found.month, found.day, found.hour, found.minute) == (month, day, 15, 21)


MONTHS = {
    "full Indonesian": "Januari Februari Maret April Mei Juni Juli Agustus September Oktober November Des",
    "short Indonesian": "Jan Feb Mar Apr Mei Jun Jul Agt Sep Okt Nov Des",
    "older Indonesian": "Jan Pebruari Mar Apr Mei Jun Jul Ags Sept Okt Nopember Des",
    "full Russian": "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
    "short Russian": "янв фев мар апр май июн июл авг сент. окт нояб. дек",
    "Russian in other cases": (
        "январе феврале марте апреле мае июне июле августе сентябре октябре ноябре декабре"
    ),
    "Russian dative": "январю февралю марту апрелю маю июню июлю августу сентябрю октябрю ноябрю декабрю",
    "full English": "January February March April May June July August September October November dec",
    "short English": "Jan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec",
}


@pytest.mark.parametrize("names", MONTHS.values(), ids=MONTHS.keys())
def test_every_month_is_known_in_three_languages(names: str) -> None:
    for month, name in enumerate(names.split(), start=1):
        expected = datetime(2026, month, 12, tzinfo=UTC)
        assert parse_date(f"12 {name} 2026 00:00") == parse_date(f"12 {name.upper()} 2026 00:00") == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        None,
        "today",
        "kemarin",
        "31 Feb 2026 10:00:00 GMT",
        "2026-13-01",
        "2026-02-30T10:00:00Z",
        "Mon, 23 Nov 2026 25:00:00 GMT",
        "Mon, 23 Nov 2026 10:61:00 GMT",
        "Mon, 23 Nov 2026 13:00 PM",
        "Mon, 23 Nov 2026 10:00:00 +9900",
        "31/31/2026",
        "0000-00-00 00:00:00",
        "0",
        "Nov 2026",
        "23 Foo 2026",
        "99999999999999",
        "x" * 101,
        "9999-12-31T23:59:59-10:00",
    ],
)
def test_what_is_no_date_is_none(text: str | None) -> None:
    assert parse_date(text) is None


def test_the_end_of_a_day_is_the_next_one() -> None:
    assert parse_date("2026-11-22T24:00:00Z") == MIDNIGHT


def test_a_leap_second_is_the_second_before_it() -> None:
    assert parse_date("Sat, 31 Dec 2016 23:59:60 GMT") == datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "hour"),
    [("EST", 15), ("CST", 16), ("PST", 18), ("BST", 9), ("IST", 5), ("AST", 14), ("A", 10), ("J", 10)],
)
def test_a_zone_of_several_owners_means_the_one_that_rfc_822_or_most_feeds_mean(zone: str, hour: int) -> None:
    moment = parse_date(f"Mon, 23 Nov 2026 10:30:00 {zone}")
    assert moment is not None
    assert moment.hour == hour


def test_an_unknown_zone_is_utc() -> None:
    assert parse_date("Mon, 23 Nov 2026 10:30:00 XYZ") == HALF_PAST_TEN


@given(st.datetimes(min_value=datetime(1970, 1, 2), max_value=datetime(2100, 1, 1)))  # noqa: DTZ001
def test_what_iso_says_comes_back(moment: datetime) -> None:
    moment = moment.replace(microsecond=0, tzinfo=UTC)
    assert parse_date(moment.isoformat()) == moment
    assert parse_date(moment.strftime("%a, %d %b %Y %H:%M:%S +0000")) == moment


@given(st.text(alphabet="0123456789 :/.-+TZ,apmgtwibнояNov", max_size=60) | st.text(max_size=60))
def test_any_text_gives_a_moment_in_utc_or_none(text: str) -> None:
    moment = parse_date(text)
    assert moment is None or moment.tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    [
        "Mon, 23 Nov 2026 10:30:00 GMT",
        "23 Nov 2026 07:00:00 -0330",
        "Mon, 23 Nov 2026 17:30:00 +07:00",
        "2026-11-23T10:30:00Z",
        "2026-11-23T17:30:00.250+07:00",
        "2026-11-23 17:30:00+0700",
    ],
)
def test_what_most_feeds_write_is_read_the_short_way(text: str) -> None:
    assert ordinary_date(text) == any_date(text) == HALF_PAST_TEN


def _two_digits(first: int, last: int) -> st.SearchStrategy[str]:
    return st.integers(first, last).map("{:02}".format)


_CLOCKS = st.tuples(_two_digits(0, 24), _two_digits(0, 60), _two_digits(0, 60)).map(":".join)
_OFFSETS = st.tuples(
    st.sampled_from("+-"), _two_digits(0, 16), st.sampled_from(["", ":"]), _two_digits(0, 60)
).map("".join)
_YEARS = st.integers(1890, 2210).map(str)
_RFC_822_DATES = st.tuples(
    st.sampled_from(["Mon, ", "Jan, ", "Sen, ", ""]),
    st.integers(0, 32).map(str) | _two_digits(0, 32),
    st.just(" "),
    st.sampled_from(["Jan", "Feb", "May", "Dec", "Mei", "jan"]),
    st.just(" "),
    _YEARS,
    st.just(" "),
    _CLOCKS,
    st.sampled_from([" ", ""]),
    _OFFSETS | st.sampled_from(["GMT", "UTC", "Z", "EST", "WIB"]),
).map("".join)
_RFC_3339_DATES = st.tuples(
    st.tuples(_YEARS, _two_digits(0, 13), _two_digits(0, 32)).map("-".join),
    st.sampled_from("Tt "),
    _CLOCKS,
    st.sampled_from(["", ".0", ".999999", ",5"]),
    _OFFSETS | st.sampled_from(["Z", "z", ""]),
).map("".join)


@given(_RFC_822_DATES | _RFC_3339_DATES)
def test_the_short_way_reads_a_date_as_the_long_one_does(text: str) -> None:
    assert ordinary_date(text) in (None, any_date(text))
