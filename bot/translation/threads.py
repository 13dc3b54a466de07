"""Threads for calls that may hang: they are daemons, reused while idle, and never hold up an exit.

`concurrent.futures.ThreadPoolExecutor` joins its threads when the interpreter ends, whatever hangs in them,
and a hung thread takes one of its places for ever. Here a call that hangs costs one thread of many, and no
more. How many calls run at once is for the caller to bound; `limit` only bounds what hung calls can pile up.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, ParamSpec, TypeVar

from bot.errors import RarewatchError

_P = ParamSpec("_P")
_R = TypeVar("_R")
_Job = tuple["Future[Any]", Callable[[], Any]]


class NoThreadFree(RarewatchError):
    """Too many calls hang."""


class DaemonThreads:
    """Runs blocking functions in daemon threads."""

    def __init__(self, *, name: str, limit: int = 128, idle_s: float = 30.0) -> None:
        self._name = name
        self._limit = limit
        self._idle_s = idle_s
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._threads: set[threading.Thread] = set()
        self._idle = 0  # threads that wait and for which no job is queued yet
        self._closed = False

    def submit(self, fn: Callable[_P, _R], *args: _P.args, **kwargs: _P.kwargs) -> Future[_R]:
        """Run it in a thread, at once.

        Raises:
            NoThreadFree: `limit` threads are busy, or `close` was called.
        """
        future: Future[_R] = Future()
        with self._lock:
            if self._closed:
                raise NoThreadFree(self._name, "it was closed")
            if self._idle:
                self._idle -= 1
            elif len(self._threads) >= self._limit:
                raise NoThreadFree(self._name, f"all {self._limit} threads wait for an answer")
            else:
                thread = threading.Thread(target=self._work, name=self._name, daemon=True)
                try:
                    thread.start()
                except RuntimeError as exc:  # the system's limit, or an interpreter that is ending
                    raise NoThreadFree(self._name, "no more threads can be started") from exc
                self._threads.add(thread)
        self._jobs.put((future, lambda: fn(*args, **kwargs)))
        return future

    def close(self) -> None:
        """Take no more; idle threads end now, busy ones when their call ends, or with the process."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            threads = tuple(self._threads)
        for _ in threads:
            self._jobs.put(None)
        for thread in threads:
            if thread is not threading.current_thread():
                thread.join(0.05)  # an idle thread needs microseconds; a hung one is not waited for

    def _work(self) -> None:
        try:
            while True:
                try:
                    job = self._jobs.get(timeout=self._idle_s)
                except queue.Empty:
                    with self._lock:
                        if self._idle:  # else a job for one of the waiting threads is on its way
                            self._idle -= 1
                            return
                    continue
                if job is None:
                    return
                self._run(job)
                del job  # an idle thread holds nothing of its last call alive
                with self._lock:
                    self._idle += 1
        finally:
            with self._lock:
                self._threads.discard(threading.current_thread())

    @staticmethod
    def _run(job: _Job) -> None:
        future, call = job
        if not future.set_running_or_notify_cancel():
            return
        try:
            result = call()
        except StopIteration as exc:
            # asyncio can't hand a StopIteration to who awaits: they would wait for ever.
            error = RuntimeError("StopIteration came out of a call")
            error.__cause__ = exc
            future.set_exception(error)
        except BaseException as exc:  # all of them belong to who waits for the result
            future.set_exception(exc)
        else:
            future.set_result(result)
