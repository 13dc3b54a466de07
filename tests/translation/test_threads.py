"""Daemon threads for calls that may hang."""

from __future__ import annotations

import asyncio
import threading

import pytest

from bot.translation.threads import DaemonThreads, NoThreadFree


def _raise(error: BaseException) -> None:
    raise error


def test_results_and_exceptions_reach_the_caller() -> None:
    threads = DaemonThreads(name="t")
    assert threads.submit(lambda: 7).result(5) == 7
    with pytest.raises(ZeroDivisionError):
        threads.submit(_raise, ZeroDivisionError()).result(5)
    threads.close()


async def test_a_stop_iteration_does_not_leave_the_awaiting_task_hanging() -> None:
    threads = DaemonThreads(name="t")
    with pytest.raises(RuntimeError, match="StopIteration"):
        await asyncio.wait_for(asyncio.wrap_future(threads.submit(_raise, StopIteration())), 5)
    threads.close()


def test_an_idle_thread_is_used_again() -> None:
    threads = DaemonThreads(name="t")
    seen = set()
    for _ in range(50):
        seen.add(threads.submit(threading.get_ident).result(5))
    threads.close()
    assert len(seen) <= 2  # a result is known a moment before its thread is idle again


def test_all_threads_are_daemons_and_a_hung_one_takes_no_other_calls_place() -> None:
    threads = DaemonThreads(name="hung", limit=2)
    release = threading.Event()
    hung = threads.submit(release.wait)
    assert threads.submit(lambda: threading.current_thread().daemon).result(5)
    release.set()
    assert hung.result(5)
    threads.close()


def test_more_hung_calls_than_the_limit_are_refused() -> None:
    threads = DaemonThreads(name="full", limit=2)
    release = threading.Event()
    hung = [threads.submit(release.wait) for _ in range(2)]
    with pytest.raises(NoThreadFree, match="all 2 threads"):
        threads.submit(lambda: None)
    release.set()
    assert all(future.result(5) for future in hung)
    threads.close()


def test_idle_threads_end_by_themselves_and_new_ones_come_when_needed() -> None:
    threads = DaemonThreads(name="brief", idle_s=0.001)
    assert [threads.submit(lambda n=n: n).result(5) for n in range(200)] == list(range(200))  # type: ignore[misc]
    threads.close()


def test_closed_no_thread_is_left_and_nothing_is_taken() -> None:
    threads = DaemonThreads(name="leaving")
    for future in [threads.submit(lambda: 1) for _ in range(8)]:
        future.result(5)
    threads.close()
    threads.close()
    for thread in threading.enumerate():
        if thread.name == "leaving":
            thread.join(5)
            assert not thread.is_alive()
    with pytest.raises(NoThreadFree, match="closed"):
        threads.submit(lambda: 1)
