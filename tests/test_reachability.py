"""What can't be reached is said once when it goes, and once when it is back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from bot.reachability import Reachability


@pytest.fixture
def log() -> Iterator[list[Any]]:
    with structlog.testing.capture_logs() as lines:
        yield lines


def said(log: list[Any]) -> list[str]:
    """The events since the last look, with what they are about."""
    events = [f"{line['event']} {line.get('subject') or line.get('feed') or ''}".strip() for line in log]
    log.clear()
    return events


def test_an_outage_is_two_lines_however_long_it_is(log: list[Any]) -> None:
    reachability = Reachability()
    reachability.report("Telegram", ok=True)
    assert said(log) == []
    for reason in ("refused", "refused", "timeout"):
        reachability.report("Telegram", ok=False, reason=reason, consequence="Alerts wait.")
    [line] = log
    assert "refused" in line["says"]
    assert "Alerts wait." in line["says"]
    assert said(log) == ["cannot_reach Telegram"]
    assert reachability.down == {"Telegram": "timeout"}
    for _ in range(3):
        reachability.report("Telegram", ok=True)
    assert said(log) == ["reachable_again Telegram"]
    assert reachability.down == {}


def test_each_subject_has_its_own_lines(log: list[Any]) -> None:
    reachability = Reachability()
    reachability.report("Telegram", ok=False, reason="x")
    reachability.report("Translator", ok=False, reason="y")
    reachability.report("Telegram", ok=True)
    assert said(log) == ["cannot_reach Telegram", "cannot_reach Translator", "reachable_again Telegram"]
    assert reachability.down == {"Translator": "y"}


def fail(reachability: Reachability, *names: str) -> None:
    for name in names:
        reachability.feed_failed(name, "no route")
    reachability.summarise_feeds()
    reachability.summarise_feeds()


def test_a_failing_feed_among_others_is_one_line(log: list[Any]) -> None:
    reachability = Reachability()
    reachability.feed_read("A")
    fail(reachability, "B")
    fail(reachability, "B")
    fail(reachability, "B", "C")
    assert said(log) == ["feed_failing B", "feed_failing C"]
    reachability.feed_read("B")
    reachability.feed_read("B")
    assert said(log) == ["feed_reachable_again B"]
    fail(reachability, "B")
    assert said(log) == ["feed_failing B"]


def test_no_feed_at_all_is_one_line_and_so_is_their_return(log: list[Any]) -> None:
    reachability = Reachability()
    fail(reachability, "A", "B", "C")
    fail(reachability, "A", "B", "C", "D")
    assert said(log) == ["no_feed_reachable"]
    reachability.feed_read("B")
    reachability.summarise_feeds()  # the others have not been tried again yet
    for name in ("A", "C", "D"):
        reachability.feed_read(name)
    reachability.summarise_feeds()
    assert said(log) == ["feeds_reachable_again"]


def test_a_feed_that_stays_away_when_the_network_is_back_gets_its_line(log: list[Any]) -> None:
    reachability = Reachability()
    fail(reachability, "A", "B")
    reachability.feed_read("A")
    said(log)
    fail(reachability, "B")
    assert said(log) == ["feed_failing B"]
    reachability.feed_read("B")
    assert said(log) == ["feed_reachable_again B"]


def test_a_second_outage_is_said_again(log: list[Any]) -> None:
    reachability = Reachability()
    for _ in range(2):
        fail(reachability, "A", "B")
        reachability.feed_read("A")
        reachability.feed_read("B")
    assert said(log) == ["no_feed_reachable", "feeds_reachable_again"] * 2


def test_the_only_feed_there_is_is_named(log: list[Any]) -> None:
    reachability = Reachability()
    fail(reachability, "A")
    assert said(log) == ["feed_failing A"]
    reachability.summarise_feeds()
    assert said(log) == []


def test_many_feeds_that_fail_for_one_reason_are_one_line(log: list[Any]) -> None:
    reachability = Reachability()
    reachability.feed_read("Antara")
    for number in range(12):
        reachability.feed_failed(f"Feed {number}", "its host name has no address")
    reachability.feed_failed("Kontan", "the server answered 403")
    reachability.summarise_feeds()
    many = "12 feeds can't be read: its host name has no address (Feed 0, Feed 1, Feed 2, Feed 3, Feed 4 …)."
    assert [line["says"] for line in log] == [
        f"{many} They are tried again, with growing pauses.",
        "Kontan can't be read: the server answered 403. It is tried again, with growing pauses.",
    ]
    reachability.summarise_feeds()
    assert len(log) == 2
