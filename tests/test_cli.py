"""The commands as a person or a script meets them: what goes to which stream, and how each ends."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner, Result

from bot.cli import app, command_names
from bot.demo.world import DemoWorld
from tests.standins.bot_api import BotApi
from tests.standins.libre_translate import LibreStandIn

ROOT = Path(__file__).parents[1]
TOKEN = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"
RSS = """<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0"><channel><title>Kabar Tambang</title><language>id</language>
<item><title>Pemerintah melarang ekspor bijih nikel mulai tahun depan</title>
<link>http://kabar.example/1</link><guid isPermaLink="false">k1</guid>
<pubDate>Senin, 23 November 2026 16:00:00 WIB</pubDate>
<description>Isi &lt;b&gt;berita&lt;/b&gt;</description></item>
<item><title>Без даты и ссылки</title><guid isPermaLink="false">k2</guid></item>
</channel></rss>
"""


@pytest.fixture(autouse=True)
def where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to start the program in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def environment(**values: str) -> dict[str, str | None]:
    """The tests' own settings and none of the machine's."""
    ours = {name: None for name in os.environ if name.startswith(("RAREWATCH_", "TELEGRAM_", "DATABASE_URL"))}
    return ours | {"RAREWATCH_PRIVATE_FEEDS": "1"} | values


def run(*arguments: str, text: str = "", **settings: str) -> Result:
    return CliRunner(env=environment(**settings)).invoke(app, arguments, input=text)


async def run_beside(*arguments: str, text: str = "", **settings: str) -> Result:
    """The same while this loop's servers answer."""
    return await asyncio.to_thread(run, *arguments, text=text, **settings)


def rows(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def write_feeds(folder: Path, feeds: Sequence[dict[str, Any]], **more: Any) -> str:
    file = folder / "my feeds.yaml"
    document = {"feeds": list(feeds), "watch": {"concepts": ["nickel", "rare_earths"]}, **more}
    file.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    return str(file)


def feed(url: str, name: str = "Kabar") -> dict[str, Any]:
    return {"url": url, "name": name, "language": "id", "country": "ID", "tier": "trade"}


def world_feeds(world: DemoWorld) -> list[dict[str, Any]]:
    return [feed(one.url, one.name) | {"language": one.language, "tier": one.tier} for one in world.feeds]


class TestBadUse:
    @pytest.mark.parametrize(
        "arguments",
        [
            ["run"],
            ["poll"],
            ["feeds", "list"],
            ["feeds", "check", "x"],
            ["match"],
            ["translate"],
            ["search", "x"],
            ["preview", "x"],
            ["doctor"],
        ],
        ids=" ".join,
    )
    def test_an_unknown_setting_ends_every_command_with_a_line_and_2(self, arguments: list[str]) -> None:
        result = run(*arguments, RAREWATCH_FEDS="x.yaml")
        assert result.exit_code == 2
        assert result.stdout == ""
        assert "RAREWATCH_FEEDS" in result.stderr
        assert "Traceback" not in result.stderr

    @pytest.mark.parametrize(
        ("arguments", "settings", "said"),
        [
            pytest.param(["run", "--role", "king"], {}, "all, bot, worker, web", id="role"),
            pytest.param(["match", "-q", "nickel OR"], {}, "character", id="query"),
            pytest.param(["preview", "nickel OR"], {}, "character", id="previewed query"),
            pytest.param(["search"], {}, "WORDS", id="no words"),
            pytest.param(["search", "!!!", "*"], {}, "no word", id="nothing to look for"),
            pytest.param(["search", "x", "--limit", "0"], {}, "--limit", id="limit"),
            pytest.param(["no-such"], {}, "no-such", id="command"),
            pytest.param(["feeds", "list"], {"RAREWATCH_FEEDS": "none.yaml"}, "none.yaml", id="feeds file"),
            pytest.param(["search", "x"], {"DATABASE_URL": "mysql://u:geheim@h/d"}, "mysql", id="database"),
            pytest.param(["translate"], {"RAREWATCH_TRANSLATORS": "libre"}, "LIBRETRANSLATE_URL", id="libre"),
        ],
    )
    def test_bad_use_is_2(self, arguments: list[str], settings: dict[str, str], said: str) -> None:
        result = run(*arguments, text="x\n", **settings)
        assert result.exit_code == 2
        assert said in result.stderr
        assert "geheim" not in result.stderr
        assert "Traceback" not in result.stderr

    @pytest.mark.parametrize("arguments", [["match"], ["preview", "nikel"]], ids=" ".join)
    def test_concepts_of_the_operator_that_can_not_be_read_are_bad_use(
        self, where: Path, arguments: list[str]
    ) -> None:
        file = write_feeds(where, [], concepts={"own_one": {"nonsense": 1}})
        result = run(*arguments, text="x\n", RAREWATCH_FEEDS=file)
        assert result.exit_code == 2
        assert "own_one" in result.stderr
        assert "Traceback" not in result.stderr

    def test_a_database_that_can_not_be_used_is_1(self, where: Path) -> None:
        (where / "notes.db").write_text("shopping list " * 99)
        result = run("search", "x", DATABASE_URL="sqlite:///notes.db")
        assert result.exit_code == 1
        assert "not a database" in result.stderr

    def test_nothing_is_left_behind_by_a_command_that_only_looks(self, where: Path) -> None:
        run("match", text="nikel\n")
        run("feeds", "list")
        assert list(where.iterdir()) == []


class TestMatch:
    def test_json_lines_come_back_as_json_lines(self) -> None:
        lines = ['{"id": "a", "text": "Ekspor bijih nikel dilarang", "lang": "id"}', "Timnas menang dua gol"]
        result = run("match", "--json", text="\n".join(lines))
        assert result.exit_code == 0
        first, second = rows(result)
        assert list(first) == ["id", "language", "concepts", "matched", "why"]
        assert (first["id"], first["language"], first["matched"]) == ("a", "id", True)
        assert "nickel" in first["concepts"]
        assert {"clause", "words", "language"} <= set(first["why"][0])
        assert (second["id"], second["matched"], second["why"]) == (2, False, [])

    def test_a_query_decides(self) -> None:
        result = run("match", "--json", "--query", "nikel -bijih", text="Harga nikel\nBijih nikel\n")
        assert [row["matched"] for row in rows(result)] == [True, False]

    def test_for_a_person_it_says_why(self) -> None:
        result = run("match", "-q", "nikel", text="Harga nikel naik\nHarga beras naik\n")
        assert result.exit_code == 0
        assert "✓ [id] Harga nikel naik" in result.stdout
        assert "«nikel»" in result.stdout
        assert "· [id] Harga beras naik" in result.stdout

    def test_a_bad_line_is_1_and_the_others_are_matched(self) -> None:
        result = run("match", "--json", text='{"id": 1}\nnikel\n')
        assert result.exit_code == 1
        assert "line 1" in result.stderr
        assert [row["id"] for row in rows(result)] == [2]

    def test_no_lines_are_no_fault(self) -> None:
        result = run("match", "--json")
        assert (result.exit_code, result.stdout) == (0, "")


class TestFeeds:
    def test_the_list_is_that_of_the_file_and_names_what_is_wrong_in_it(self, where: Path) -> None:
        feeds = [feed("http://a.example/rss"), feed("ftp://b.example/"), feed("http://c.example/rss", "Ц")]
        file = write_feeds(where, feeds)
        result = run("feeds", "list", "--json", RAREWATCH_FEEDS=file)
        assert result.exit_code == 0
        assert rows(result)[1] == {
            "name": "Ц",
            "language": "id",
            "country": "ID",
            "tier": "trade",
            "url": "http://c.example/rss",
            "from": "feeds.yaml",
            "state": "new",
            "next_poll": None,
            "interval_s": None,
            "last_success": None,
            "newest": None,
            "problem": None,
        }
        assert len(rows(result)) == 2
        assert "my feeds.yaml" in result.stderr
        assert "url" in result.stderr
        assert "http://a.example/rss" in run("feeds", "list", RAREWATCH_FEEDS=file).stdout

    def test_the_feeds_that_come_with_the_program_can_be_listed(self) -> None:
        result = run("feeds", "list", "--json")
        assert result.exit_code == 0
        assert result.stderr == ""
        assert len(rows(result)) > 20

    async def test_check_prints_each_entry_as_it_is_understood(self, where: Path) -> None:
        (where / "kabar.xml").write_text(RSS, encoding="utf-8")
        (where / "page.html").write_text("<html><body>Not a feed</body></html>")
        async with DemoWorld(now=datetime.now(UTC)) as world:
            url = world.feeds[0].url
            targets = ["kabar.xml", url, "page.html", "none.xml", f"{url}.not"]
            result = await run_beside("feeds", "check", "--json", *targets)
        assert result.exit_code == 1
        assert result.stderr == ""
        found = rows(result)
        assert found[0] == {
            "feed": "kabar.xml",
            "guid": "k1",
            "url": "http://kabar.example/1",
            "title": "Pemerintah melarang ekspor bijih nikel mulai tahun depan",
            "summary": "Isi berita",
            "published": "2026-11-23T09:00:00Z",
            "language": "id",
        }
        assert (found[1]["published"], found[1]["url"]) == (None, None)
        assert {row["feed"] for row in found if "title" in row} == {"kabar.xml", url}
        errors = [row for row in found if "error" in row]
        assert [row["feed"] for row in errors] == ["page.html", "none.xml", f"{url}.not"]
        assert all(list(row) == ["feed", "error"] for row in errors)

    def test_check_for_a_person_says_how_many(self, where: Path) -> None:
        (where / "kabar.xml").write_text(RSS, encoding="utf-8")
        result = run("feeds", "check", "kabar.xml")
        assert result.exit_code == 0
        assert "kabar.xml: 2 entries" in result.stdout
        assert "no date" in result.stdout
        counted = run("poll", "kabar.xml")
        assert "kabar.xml: 2 entries" in counted.stdout
        assert "no date" not in counted.stdout


class TestTranslate:
    async def test_lines_are_translated_once_and_remembered(self) -> None:
        async with LibreStandIn(lambda text: "The ban on nickel ore exports") as server:
            settings = {"RAREWATCH_TRANSLATORS": "libre", "RAREWATCH_LIBRETRANSLATE_URL": server.url}
            line = "Larangan ekspor bijih nikel\n\n"
            first = await run_beside("translate", "--json", "--from", "id", text=line, **settings)
            again = await run_beside("translate", "--json", text=line, **settings)
            plain = await run_beside("translate", text=line, **settings)
        assert (first.exit_code, again.exit_code, plain.exit_code) == (0, 0, 0)
        [row] = rows(first)
        assert row == {
            "source": "id",
            "text": "Larangan ekspor bijih nikel",
            "english": "The ban on nickel ore exports",
            "provider": "libre",
            "cached": False,
        }
        assert rows(again) == [row | {"cached": True}]
        assert plain.stdout == "The ban on nickel ore exports\n"

    async def test_each_line_in_its_own_language_in_their_order_and_english_as_it_is(self) -> None:
        lines = [
            "Larangan ekspor bijih nikel",
            "Rules for nickel ore exports change in June",
            "Экспорт никеля",
        ]
        async with LibreStandIn(lambda text: f"The nickel of {len(text)} letters") as server:
            result = await run_beside(
                "translate",
                "--json",
                text="\n".join(lines),
                RAREWATCH_TRANSLATORS="libre",
                RAREWATCH_LIBRETRANSLATE_URL=server.url,
            )
        assert result.exit_code == 0, result.output
        found = rows(result)
        assert [row["text"] for row in found] == lines
        assert [row["source"] for row in found] == ["id", "en", "ru"]
        assert [row["provider"] for row in found] == ["libre", "original", "libre"]
        assert found[1]["english"] == lines[1]

    async def test_a_line_nobody_translates_is_null_and_the_end_is_1(self) -> None:
        async with LibreStandIn(key="geheim-right") as server:
            result = await run_beside(
                "translate",
                "--json",
                "--from",
                "id",
                text="Larangan ekspor\n",
                RAREWATCH_TRANSLATORS="libre",
                RAREWATCH_LIBRETRANSLATE_URL=server.url,
                RAREWATCH_LIBRETRANSLATE_KEY="geheim-wrong",
            )
        assert result.exit_code == 1
        [row] = rows(result)
        assert (row["english"], row["provider"], row["cached"]) == (None, None, False)
        assert "libre" in row["error"]
        assert "libre" in result.stderr
        assert "geheim" not in result.output
        assert "Traceback" not in result.stderr


class TestPollAndSearch:
    async def test_what_a_poll_brings_can_be_searched_for(self, where: Path) -> None:
        async with DemoWorld(now=datetime.now(UTC)) as world:
            feeds = [*world_feeds(world), feed(f"{world.feeds[0].url}.not", "Mati")]
            settings = {
                "RAREWATCH_FEEDS": write_feeds(where, feeds),
                "RAREWATCH_TRANSLATORS": "libre",
                "RAREWATCH_LIBRETRANSLATE_URL": world.translator_url,
            }
            polled = await run_beside("poll", "--once", "--json", **settings)
            again = await run_beside("poll", "--once", "--json", **settings)
        assert polled.exit_code == 1  # one could not be read
        assert f"Not every feed could be read: 1 of {len(feeds)} failed" in polled.stderr
        found = {row["feed"]: row for row in rows(polled)}
        assert len(found) == len(rows(polled)) == len(feeds)
        assert list(found["Mati"]) == ["feed", "url", "new", "unchanged", "error"]
        assert found["Mati"]["error"]
        assert sum(row["new"] for row in rows(polled)) > 3
        assert sum(row["new"] for row in rows(again)) == 0
        assert all(row["unchanged"] for row in rows(again) if row["error"] is None)
        result = await run_beside("search", "--json", "nickel", **settings)
        assert result.exit_code == 0
        first = rows(result)[0]
        assert " ".join(first) == "id title original language source published url translator"
        assert first["published"].endswith("Z")
        assert any(row["language"] == "id" for row in rows(result))  # asked in English, found in Indonesian
        shown = await run_beside("search", "nickel", **settings)
        assert first["title"] in shown.stdout
        limited = await run_beside("search", "--json", "--limit", "1", "nickel", **settings)
        assert rows(limited) == [first]
        looked = await run_beside("preview", "--json", "#nickel", **settings)
        assert looked.exit_code == 0
        *examples, summary = rows(looked)
        assert summary["query"] == "#nickel"
        assert summary["alerts"] >= len(examples) > 0
        assert {"title", "original", "source", "url", "why"} <= examples[0].keys()
        assert examples[0]["why"][0]["clause"] == "#nickel"
        told = await run_beside("preview", "#nickel", **settings)
        assert told.stdout.startswith(f"{summary['alerts']} alert")
        assert examples[0]["title"] in told.stdout
        assert "#nickel: «" in told.stdout

    def test_a_look_back_at_nothing_says_so(self) -> None:
        result = run("preview", "nickel")
        assert result.exit_code == 0
        assert "Nothing was read in the last 7 days" in result.stdout
        assert rows(run("preview", "nickel", "--json"))[0]["alerts"] == 0

    def test_nothing_found_is_no_failure(self) -> None:
        for words in (["никель"], ["100%", "_", "*"], ["'; DROP TABLE articles; --"]):
            result = run("search", *words)
            assert (result.exit_code, result.stdout) == (0, "")
            assert "Nothing found. Nothing was read so far" in result.stderr

    def test_without_a_network_what_to_do_is_said_once(self, where: Path) -> None:
        feeds = [feed(f"http://127.0.0.1:1/{name}", name) for name in ("Pagi", "Sore")]
        result = run("poll", "--once", RAREWATCH_FEEDS=write_feeds(where, feeds))
        assert result.exit_code == 1
        lines = [line for line in result.stderr.splitlines() if line.startswith("✗")]
        assert sorted(line.partition(":")[0] for line in lines) == ["✗ Pagi", "✗ Sore"]
        first, second = lines
        assert first.partition(": ")[2].startswith(second.partition(": ")[2])
        assert len(first) > len(second)

    def test_a_list_of_feeds_has_whole_addresses_in_a_pipe(self, where: Path) -> None:
        address = "http://kabar.example/" + "jalan/" * 40
        result = run("feeds", "list", RAREWATCH_FEEDS=write_feeds(where, [feed(address)]))
        assert address in result.stdout


class TestDoctor:
    async def test_all_well(self, where: Path) -> None:
        # LibreTranslate's stand-in answers whatever it is asked; the doctor's probe is Russian.
        async with (
            LibreStandIn(lambda text: "Indonesia has banned the export of bauxite") as server,
            BotApi(TOKEN) as api,
        ):
            result = await run_beside(
                "doctor",
                "--json",
                TELEGRAM_TOKEN=TOKEN,
                RAREWATCH_TELEGRAM_API=api.url,
                RAREWATCH_FEEDS=write_feeds(where, [feed("http://a.example/")]),
                RAREWATCH_TRANSLATORS="libre",
                RAREWATCH_LIBRETRANSLATE_URL=server.url,
            )
        found = {row["subject"]: row for row in rows(result)}
        assert result.exit_code == 0
        assert all(list(row) == ["subject", "ok", "text"] for row in rows(result))
        assert found["Telegram"]["text"] == "@rarewatch_bot answers"
        assert found["translator libre"]["ok"] is True
        assert found["database"]["ok"] is True

    async def test_all_ill(self, where: Path) -> None:
        (where / "notes.db").write_text("shopping list " * 99)
        async with BotApi("1:other-token") as api:
            result = await run_beside(
                "doctor",
                TELEGRAM_TOKEN=TOKEN,
                DATABASE_URL="sqlite:///notes.db",
                RAREWATCH_TELEGRAM_API=api.url,
                RAREWATCH_FEEDS="none.yaml",
                RAREWATCH_TRANSLATORS="libre",
                RAREWATCH_LIBRETRANSLATE_URL="http://127.0.0.1:9",
            )
        assert result.exit_code == 1
        wrong = [line for line in result.stdout.splitlines() if line.startswith("✗")]
        assert [line.split(":")[0] for line in wrong] == [
            "✗ feeds file",
            "✗ database",
            "✗ Telegram",
            "✗ translator libre",
        ]
        assert "@BotFather" in result.stdout
        assert TOKEN.split(":")[1] not in result.output
        assert "Traceback" not in result.output


def test_the_version_is_said() -> None:
    result = run("--version")
    assert result.exit_code == 0
    assert result.stdout.startswith("rarewatch 0.")


def test_every_command_explains_itself() -> None:
    assert {
        "run",
        "demo",
        "poll",
        "feeds list",
        "feeds check",
        "match",
        "translate",
        "search",
        "doctor",
    } <= set(command_names())
    for name in command_names():
        result = run(*name.split(), "--help")
        assert result.exit_code == 0
        assert "Usage" in result.stdout


class TestProcess:
    """What only a process of its own shows."""

    def start(self, *arguments: str, **more: str) -> subprocess.Popen[bytes]:
        variables = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"} | more
        return subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-m", "bot", *arguments],
            env=variables,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def test_a_reader_that_leaves_is_no_reason_to_complain(self) -> None:
        """As `rarewatch match | head -1` does."""
        with self.start("match", "--json") as process:
            assert process.stdin is not None
            assert process.stdout is not None
            assert process.stderr is not None
            process.stdin.write(b"nikel\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["matched"]
            process.stdout.close()
            try:
                process.stdin.write(b"nikel\n" * 100)
                process.stdin.close()
            except BrokenPipeError:
                process.stdin = None
            assert process.stderr.read() == b""
            assert process.wait(30) == 1

    def test_each_line_is_answered_as_it_comes(self, where: Path) -> None:
        """As in `tail -f notes.txt | rarewatch translate`; and an answer that nobody waits for ends it."""
        with self.start("translate", "--json", "--from", "en", DATABASE_URL="sqlite:///t.db") as process:
            assert process.stdin is not None
            assert process.stdout is not None
            assert process.stderr is not None
            for text in ("one", "two"):
                process.stdin.write(f"{text}\n".encode())
                process.stdin.flush()
                assert json.loads(process.stdout.readline())["english"] == text
            process.stdin.close()
            assert process.wait(30) == 0
            assert process.stderr.read() == b""

    def test_ctrl_c_ends_it_while_it_waits_for_a_line(self, where: Path) -> None:
        with self.start("translate", "--from", "en", DATABASE_URL="sqlite:///t.db") as process:
            assert process.stdin is not None
            assert process.stdout is not None
            assert process.stderr is not None
            process.stdin.write(b"one\n")
            process.stdin.flush()
            assert process.stdout.readline() == b"one\n"
            process.send_signal(signal.SIGINT)
            assert process.wait(30) == 130
            assert process.stderr.read() == b""

    @pytest.mark.parametrize("arguments", [["match", "--json"], ["match"]], ids=" ".join)
    def test_bytes_that_are_no_text_and_a_terminal_without_cyrillic_are_no_fault(
        self, arguments: list[str]
    ) -> None:
        with self.start(*arguments, PYTHONIOENCODING="latin-1") as process:
            out, err = process.communicate("Экспорт никеля\n".encode() + b"nikel \xff\xfe\n", timeout=60)
        assert process.returncode == 0
        assert err == b""
        assert len(out.splitlines()) >= 2
        if "--json" in arguments:
            assert [json.loads(line)["matched"] for line in out.decode("latin-1").splitlines()] == [
                True,
                True,
            ]
