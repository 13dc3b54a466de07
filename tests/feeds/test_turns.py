"""Waiting for one's turn at a host."""

from __future__ import annotations

import asyncio

import pytest

from bot.feeds.hosts import Hosts
from bot.feeds.turns import Bookings, Turns, host_of

URL = "https://news.example/1"


class Line(Hosts):
    """One at a time; says whose turn it is."""

    def __init__(self) -> None:
        super().__init__()
        self.busy: set[str] = set()

    def begin(self, name: str, *, now: float) -> float:
        if name in self.busy:
            return 0.25
        self.busy.add(name)
        return 0.0

    def end(self, name: str, *, now: float) -> None:
        self.busy.remove(name)


async def test_who_comes_second_waits_until_the_first_is_done() -> None:
    waited = []
    go_on = asyncio.Event()

    async def sleep(seconds: float) -> None:
        waited.append(seconds)
        go_on.set()
        await asyncio.sleep(0)

    turns = Turns(Line(), sleep)
    order = []

    async def second() -> None:
        async with turns.at(URL):
            order.append("second")

    async with turns.at(URL):
        task = asyncio.create_task(second())
        await go_on.wait()
        async with turns.at("https://other.example/"):
            order.append("another host")
        order.append("first")
    await task
    assert order == ["another host", "first", "second"]
    assert set(waited) == {0.25}


async def test_a_turn_is_given_back_whatever_happens() -> None:
    line = Line()

    async def fail() -> None:
        async with Turns(line).at(URL):
            assert line.busy == {"news.example"}
            raise ValueError("a fault")

    with pytest.raises(ValueError, match="a fault"):
        await fail()
    assert line.busy == set()


@pytest.mark.parametrize(
    ("url", "host"),
    [(URL, "news.example"), ("http://u:p@News.Example:80/", "news.example"), ("http://[::1", ""), ("", "")],
)
def test_the_host_of_an_address(url: str, host: str) -> None:
    assert host_of(url) == host


def test_who_comes_later_waits_for_the_pause_of_those_before() -> None:
    bookings = Bookings()

    def wait(host: str, now: float) -> float | None:
        return bookings.book(host, 10, now=now, within_s=25)

    assert [wait("slow.example", 100.0) for _ in range(4)] == [0, 10, 20, None]
    assert wait("other.example", 100.0) == 0
    assert wait("slow.example", 106.0) == 24  # who was sent away has taken no turn
    assert wait("slow.example", 190.0) == 0


def test_a_host_that_wants_no_pause_gets_none() -> None:
    bookings = Bookings()
    assert [bookings.book("fast.example", 0, now=1.0, within_s=5) for _ in range(3)] == [0, 0, 0]
