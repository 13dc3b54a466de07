"""What a server asks for in the headers of its answer: for how long not to come again.

By RFC 9111 (how long a copy is fresh) and RFC 9110 (Retry-After). What can't be read says nothing, except
where the RFC says that it means "now".
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from bot.feeds.dates import parse_date

# A list of `name`, `name=token` and `name="quoted"`, with whatever else skipped up to the next comma.
_DIRECTIVE: Final = re.compile(
    r"([!#$%&'*+.^`|~\w-]+)[ \t]*(?:=[ \t]*(?:\"((?:[^\"\\]|\\.)*+)\"|([^\s,\"]*+)))?[^,\"]*+(?:,|\Z)"
)
_SECONDS: Final = re.compile(r"[0-9]{1,30}")
_MAX_SECONDS: Final = 2.0**31  # more is said to mean "for ever" (RFC 9111, 1.2.2)
_MAX_CHARS: Final = 2000  # of a header that is looked at


def fresh_for_s(
    cache_control: str | None,
    *,
    expires: str | None = None,
    date: str | None = None,
    age: str | None = None,
    now: datetime,
) -> float | None:
    """For how many seconds an answer is still fresh, by its own headers; None when they don't say.

    0.0 when it is stale already, must be asked for each time (`no-cache`, `no-store`), or says something that
    can't be right. `max-age` goes before `s-maxage`, which is meant for caches that their owner can empty;
    `Expires` counts from `Date`, since clocks differ. Time spent in caches on the way (`Age`) is taken off.

    Args:
        cache_control: all lines of the header, joined with commas.
        now: stands in for a missing Date.
    """
    directives: dict[str, str] = {}
    for name, value in _directives(cache_control or ""):
        directives.setdefault(name, value)  # of several the first counts (RFC 9111, 4.2.1)
    if "no-cache" in directives or "no-store" in directives:
        return 0.0
    lifetime_s: float
    for name in ("max-age", "s-maxage"):
        if name in directives:
            lifetime_s = _seconds(directives[name]) or 0.0
            break
    else:
        if expires is None:
            return None
        ends = _http_date(expires)
        if ends is None:  # "0", above all, means that it has expired (RFC 9111, 5.3)
            return 0.0
        begins = _http_date(date) or now
        lifetime_s = (ends - begins).total_seconds()
    return min(max(lifetime_s - (_seconds(age) or 0.0), 0.0), _MAX_SECONDS)


def parse_retry_after(value: str | None, *, now: datetime) -> float | None:
    """Seconds to wait, from a Retry-After header: a number or a date (RFC 9110, 10.2.3). None if neither."""
    text = (value or "").strip()
    if re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,6})?", text):
        seconds = float(text)
    else:
        moment = parse_date(text)
        if moment is None:
            return None
        seconds = (moment - now).total_seconds()
    return max(0.0, seconds) if math.isfinite(seconds) else None


def _directives(header: str) -> Iterator[tuple[str, str]]:
    for match in _DIRECTIVE.finditer(header[:_MAX_CHARS]):
        # `no-cache="Set-Cookie"` is about that field only (RFC 9111, 5.2.2.4).
        if match[2] is None or match[1].lower() not in ("no-cache", "private"):
            yield match[1].lower(), match[2] if match[2] is not None else match[3] or ""


def _seconds(text: str | None) -> float | None:
    text = (text or "").strip()
    return min(float(text), _MAX_SECONDS) if _SECONDS.fullmatch(text) else None


def _http_date(text: str | None) -> datetime | None:
    """A date as HTTP writes them, all of which begin with a weekday's name."""
    text = (text or "").strip()
    return parse_date(text) if text[:1].isalpha() else None
