"""What a process has done, in numbers."""

from __future__ import annotations

from bot.counted import counted
from bot.feeds.full_text import FOUND, WhyNot
from bot.road import Counters


def test_the_road_and_the_pages_are_counted_by_name() -> None:
    told = counted(Counters(polls=7, articles=3), {FOUND: 2, WhyNot.PAYWALL: 1})
    assert (told["polls"], told["articles"], told["gaps"]) == (7, 3, 0)
    assert (told["pages_found"], told["pages_paywall"]) == (2, 1)


def test_no_counter_hides_another() -> None:
    pages = dict.fromkeys([FOUND, *WhyNot], 1)
    assert len(counted(Counters(), pages)) == len(counted(Counters(), {})) + len(pages)
