"""What this process has done, in numbers: for its log, once an hour, and for whoever asks `/healthz`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from bot.road import Counters


def counted(road: Counters, pages: Mapping[str, int]) -> dict[str, int]:
    """All counters by name, those of articles' pages as `pages_…`: found, robots, paywall and so on."""
    return {**asdict(road), **{f"pages_{name}": number for name, number in sorted(pages.items())}}
