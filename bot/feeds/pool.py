"""Parsing in other processes: the event loop never blocks, and a document that hangs costs one process."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from datetime import datetime
from functools import partial
from multiprocessing.connection import wait
from typing import TypeVar, cast

from bot.feeds.parse import ParsedFeed, ParseError, parse_document
from bot.feeds.reading import LastReading, Reading, read_document

T = TypeVar("T")
_LOST = object()  # in place of a result: the work was never begun, or ended through no fault of its own

# 20,000 items take feedparser 3 s; ten times that is a document made to be slow.
PARSE_DEADLINE_S = 30.0
MAX_PROCESSES = 2  # each takes 40 MB, and two parse more than one process can store


class ParsePool:
    """`parse_document` in worker processes, with a deadline.

    Args:
        processes: how many documents are parsed at once; None: one a processor, two at most.
        memory_bytes: what each process may have, where the system can hold it to that (Linux); None: all.
    """

    def __init__(
        self,
        *,
        processes: int | None = None,
        deadline_s: float = PARSE_DEADLINE_S,
        memory_bytes: int | None = None,
    ) -> None:
        self._processes = processes or min(os.cpu_count() or 1, MAX_PROCESSES)
        self._deadline_s = deadline_s
        self._memory_bytes = memory_bytes
        self._executor: ProcessPoolExecutor | None = None

    async def parse(self, body: bytes, *, url: str, content_type: str | None, now: datetime) -> ParsedFeed:
        """The document's entries. Raises ParseError, also when the document takes too long."""
        return await self._run(partial(_parse, body, url, content_type, now), url)

    async def read(
        self,
        body: bytes,
        *,
        url: str,
        content_type: str | None,
        now: datetime,
        names: Sequence[str],
        last: LastReading | None,
    ) -> Reading:
        """What the document has that the last reading had not. Raises ParseError as `parse` does."""
        work = partial(
            read_document, body, url=url, content_type=content_type, now=now, names=tuple(names), last=last
        )
        return await self._run(work, url)

    async def warm_up(self) -> None:
        """Starts the processes, so that the first document need not wait for them."""
        executor = self._started()
        started = (executor.submit(_be_there) for _ in range(self._processes))
        await asyncio.gather(*map(asyncio.wrap_future, started))

    @property
    def process_ids(self) -> tuple[int, ...]:
        """The processes that are running."""
        return tuple((self._executor._processes or {}) if self._executor is not None else ())

    async def _run(self, work: Callable[[], T], url: str) -> T:
        outcome = await self._attempt(work, url)
        if outcome is _LOST:  # it waited behind a document that hung, and whose processes have been ended
            outcome = await self._attempt(work, url)
        if outcome is _LOST:
            raise ParseError(url, "the documents before it took too long to read")
        return cast(T, outcome)

    async def _attempt(self, work: Callable[[], T], url: str) -> T | object:
        executor = self._started()
        try:
            return await asyncio.wait_for(asyncio.wrap_future(executor.submit(work)), self._deadline_s)
        except TimeoutError as error:
            self._discard(executor)
            raise ParseError(url, f"it took longer than {self._deadline_s:g} s to read") from error
        except BrokenProcessPool as error:
            if self._executor is not executor:
                return _LOST
            self._discard(executor)
            raise ParseError(url, "reading it ended the parsing process (out of memory?)") from error
        except MemoryError as error:
            self._discard(executor)  # whatever the library has kept of it goes along
            raise ParseError(url, "reading it takes too much memory") from error
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            return _LOST

    def close(self) -> None:
        """Ends the processes, whatever they are doing."""
        if self._executor is not None:
            self._discard(self._executor)

    def _started(self) -> ProcessPoolExecutor:
        if self._executor is None:
            # Spawned, not forked: this process has threads, whose locks a fork would copy in any state.
            self._executor = ProcessPoolExecutor(
                self._processes,
                mp_context=multiprocessing.get_context("spawn"),
                initializer=_prepare,
                initargs=(self._memory_bytes,),
            )
        return self._executor

    def _discard(self, executor: ProcessPoolExecutor) -> None:
        """A hung worker can only be ended, and its pool with it; the next parse starts another."""
        if self._executor is executor:
            self._executor = None
        # The executor has no public way to end a running worker before Python 3.14.
        processes = list((executor._processes or {}).values())
        executor.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.kill()
        for process in processes:
            process.join()


def _parse(body: bytes, url: str, content_type: str | None, now: datetime) -> ParsedFeed:
    return parse_document(body, url=url, content_type=content_type, now=now)


def _be_there() -> None:
    """Work that only needs a process."""
    time.sleep(0.05)  # or one process would do it for all


def _prepare(memory_bytes: int | None) -> None:
    """Runs first in each worker: Ctrl-C is the parent's to handle, and the worker goes when the parent does.

    A worker waits on a pipe whose other end it holds itself, so that without this it would outlive a
    parent that was killed.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if memory_bytes is not None:
        _limit_memory(memory_bytes)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_follow, args=(parent.sentinel,), daemon=True).start()


def _limit_memory(most_bytes: int) -> None:
    """Beyond it an allocation fails, which Python raises as MemoryError. Systems but Linux don't count."""
    if sys.platform != "win32":
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        if hard == resource.RLIM_INFINITY or most_bytes < hard:
            resource.setrlimit(resource.RLIMIT_DATA, (most_bytes, hard))


def _follow(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)
