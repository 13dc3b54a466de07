"""What servers ask for in Cache-Control, Expires and Retry-After."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.feeds.freshness import fresh_for_s, parse_retry_after

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("public, must-revalidate", None),
        ("max-age=600", 600),
        ("public, Max-Age = 600", 600),
        ('max-age="600"', 600),
        ("s-maxage=900", 900),
        ("s-maxage=900, max-age=60", 60),
        ("max-age=60, max-age=900", 60),
        ("no-cache, max-age=600", 0),
        ("no-store", 0),
        ('no-cache="Set-Cookie", max-age=600', 600),
        ('ext="a, max-age=5, b", max-age=600', 600),
        ("max-age=-1", 0),
        ("max-age=soon", 0),
        ("max-age", 0),
        ("max-age=" + "9" * 25, 2**31),
        ("max-age=10.5", 0),
        (",,, ;max-age=600", 600),
    ],
    ids=str,
)
def test_cache_control_says_how_long_a_copy_is_good(header: str | None, seconds: float | None) -> None:
    assert fresh_for_s(header, now=NOW) == seconds


@pytest.mark.parametrize(
    ("expires", "date", "seconds"),
    [
        ("Mon, 23 Nov 2026 12:10:00 GMT", None, 600),
        ("Mon, 23 Nov 2026 13:10:00 GMT", "Mon, 23 Nov 2026 13:00:00 GMT", 600),
        ("Mon, 23 Nov 2026 11:00:00 GMT", None, 0),
        ("0", None, 0),
        ("-1", "Mon, 23 Nov 2026 13:00:00 GMT", 0),
        ("Mon, 23 Nov 2026 12:10:00 GMT", "nonsense", 600),
        ("Monday, 23-Nov-26 12:10:00 GMT", None, 600),
    ],
    ids=["now", "a clock ahead", "gone by", "zero", "minus one", "no date", "the old form"],
)
def test_expires_counts_from_the_servers_own_clock(expires: str, date: str | None, seconds: float) -> None:
    assert fresh_for_s(None, expires=expires, date=date, now=NOW) == seconds


def test_max_age_goes_before_expires_and_time_on_the_way_is_taken_off() -> None:
    late = "Mon, 23 Nov 2026 18:00:00 GMT"
    assert fresh_for_s("max-age=600", expires=late, age="580", now=NOW) == 20
    assert fresh_for_s("max-age=600", expires=late, age="700", now=NOW) == 0
    assert fresh_for_s(None, expires=late, age="3600", now=NOW) == 5 * 3600
    assert fresh_for_s("max-age=600", age="old", now=NOW) == 600


@given(header=st.text(max_size=300) | st.binary(max_size=300).map(lambda raw: raw.decode("latin-1")))
def test_no_header_is_too_strange(header: str) -> None:
    found = fresh_for_s(header, expires=header, date=header, age=header, now=NOW)
    assert found is not None
    assert 0 <= found <= 2**31


@pytest.mark.parametrize("header", ['"' + "\\" * 5000, "a=" * 3000, "no-cache=" + '"' * 3000, " " * 5000])
def test_a_header_made_to_be_slow_is_read_at_once(header: str) -> None:
    assert fresh_for_s(header, now=NOW) in (None, 0.0)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("316800", 316800.0),
        ("Fri, 27 Nov 2026 04:00:00 GMT", 88 * 3600.0),
        ("Mon, 23 Nov 2026 11:00:00 GMT", 0.0),
        ("soon", None),
        ("-5", None),
        ("", None),
        (None, None),
        ("9" * 400, None),
    ],
    ids=["seconds", "a date", "a date gone by", "a word", "negative", "empty", "absent", "absurd"],
)
def test_retry_after_is_seconds_or_a_date(value: str | None, seconds: float | None) -> None:
    assert parse_retry_after(value, now=NOW) == seconds
