"""The outside world of the end-to-end tests: feeds, a translator, Telegram, and the process under test."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import yaml

from bot.demo.samples import Samples, load_samples
from bot.demo.world import DemoWorld
from storage.database import Database
from tests.standins.bot_api import BotApi, Sent

TOKEN = "123456789:AAH-not-a-real-token-0123456789abcdef"
ROOT = Path(__file__).resolve().parents[2]
ANNA = 4242  # a person's id, and her private chat's


def samples(article_ids: Iterable[str]) -> Samples:
    """The demo's samples, cut down to these articles, none of them published yet, in this order."""
    whole = load_samples()
    by_id = {article.id: article for article in whole.articles}
    articles = tuple(replace(by_id[article_id], minutes_ago=None) for article_id in article_ids)
    outlets = {article.outlet for article in articles}
    return Samples(tuple(outlet for outlet in whole.outlets if outlet.id in outlets), articles)


def free_port() -> int:
    """A port nobody listens on at this moment."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@dataclass
class Outside:
    """Everything around the process, and where its database is."""

    folder: Path
    world: DemoWorld
    telegram: BotApi
    database_url: str
    port: int = field(default_factory=free_port)
    started: list[Process] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        """What an operator would set."""
        feeds_file = self.folder / "feeds.yaml"
        if not feeds_file.exists():
            document = {
                "feeds": [
                    {
                        "url": feed.url,
                        "name": feed.name,
                        "language": feed.language,
                        "country": feed.country,
                        "tier": feed.tier,
                        "interval": "1s",
                    }
                    for feed in self.world.feeds
                ],
                "watch": {"concepts": ["rare_earths"]},
            }
            feeds_file.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
        return {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "PYTHONWARNINGS": "error",
            "TELEGRAM_TOKEN": TOKEN,
            "DATABASE_URL": self.database_url,
            "PORT": str(self.port),
            "RAREWATCH_TELEGRAM_API": self.telegram.url,
            "RAREWATCH_FEEDS": str(feeds_file),
            "RAREWATCH_TRANSLATORS": "libre",
            "RAREWATCH_LIBRETRANSLATE_URL": self.world.translator_url,
            "RAREWATCH_PRIVATE_FEEDS": "1",
            "RAREWATCH_LOG": "json",
        }

    async def start(self, *arguments: str) -> Process:
        """Starts ``python ARGUMENTS`` with the environment."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *arguments,
            cwd=self.folder,
            env=self.environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        self.started.append(Process(process))
        return self.started[-1]

    async def run(self, role: str = "all") -> Process:
        """Starts ``rarewatch run``."""
        return await self.start("-m", "bot", "run", "--role", role)

    async def subscribe(self) -> None:
        """Anna follows #rare_earths, as she would: by sending the command."""
        self.telegram.say(ANNA, ANNA, "/subscribe #rare_earths")
        await eventually(lambda: bool(self.alerts("Following #rare_earths")), timeout_s=60)

    def alerts(self, text: str) -> list[Sent]:
        """The messages to Anna that now show this text."""
        return [sent for sent in self.telegram.sent_to(ANNA) if text in sent.current]

    async def polled(self, times: int) -> None:
        """Waits until each feed was asked so many times more."""
        polls = self.world.requests.polls + times * len(self.world.feeds)
        await eventually(lambda: self.world.requests.polls >= polls)


class Process:
    """The process under test, and all it said."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._lines: list[str] = []
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            self._lines.append(line.decode(errors="replace"))

    @property
    def output(self) -> str:
        """Standard output and error together, so far."""
        return "".join(self._lines)

    @property
    def running(self) -> bool:
        """Whether it has not ended yet."""
        return self._process.returncode is None

    async def ended(self, timeout_s: float = 60) -> int:
        """Its exit code; negative for a signal."""
        try:
            async with asyncio.timeout(timeout_s):
                code = await self._process.wait()
                await self._reading
                return code
        except TimeoutError:
            raise AssertionError(f"still running after {timeout_s} s:\n{self.output}") from None

    async def stop(self, number: signal.Signals = signal.SIGTERM, timeout_s: float = 10) -> int:
        """Asks it to end; gives its exit code. Ten seconds is what the service promises."""
        self._process.send_signal(number)
        return await self.ended(timeout_s)

    async def kill(self) -> None:
        """Ends it in any case, after a test."""
        if self.running:
            self._process.kill()
        await self.ended()


async def eventually(holds: Callable[[], bool], timeout_s: float = 30) -> None:
    """Waits until something holds; the caller's failure says what did not."""
    async with asyncio.timeout(timeout_s):
        while not holds():  # noqa: ASYNC110 - other processes set no event of ours
            await asyncio.sleep(0.05)


def now() -> datetime:
    """This moment: the process under test has a real clock."""
    return datetime.now(UTC)


async def migrated(url: str) -> Database:
    """A database with its tables, as an earlier run would have left it."""
    database = Database(url)
    await database.upgrade()
    return database
