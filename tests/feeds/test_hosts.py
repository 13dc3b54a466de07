"""Two requests at once for a host, and time between their beginnings."""

from __future__ import annotations

from bot.feeds.hosts import Hosts

HOST = "news.example"


def test_a_host_is_asked_once_a_second_and_by_two_at_most() -> None:
    hosts = Hosts(at_once=2, spacing_s=1.0)
    assert hosts.begin(HOST, now=10.0) == 0
    assert hosts.begin(HOST, now=10.25) == 0.75
    assert hosts.begin(HOST, now=11.0) == 0
    assert hosts.begin(HOST, now=12.0) > 0  # two are under way
    hosts.end(HOST, now=12.5)
    assert hosts.begin(HOST, now=12.5) == 0


def test_other_hosts_need_not_wait() -> None:
    hosts = Hosts()
    assert [hosts.begin(f"{name}.example", now=0.0) for name in "abc"] == [0, 0, 0]


def test_ones_own_machine_and_network_are_not_spared() -> None:
    hosts = Hosts()
    own = ["localhost", "127.0.0.1", "::1", "192.168.1.5"]
    assert [hosts.begin(name, now=0.0) for name in own for _ in range(5)] == [0] * 20


def test_a_host_nobody_asks_any_more_is_forgotten() -> None:
    hosts = Hosts()
    hosts.begin(HOST, now=0.0)
    hosts.end(HOST, now=0.5)
    assert hosts.begin(HOST, now=0.6) > 0  # still spaced
    hosts.begin(HOST, now=2.0)
    hosts.end(HOST, now=9.0)
    assert not hosts._hosts
