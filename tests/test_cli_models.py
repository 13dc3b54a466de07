"""`rarewatch models`: what a person and a script see of installing, listing and removing."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.cli import app
from tests.standins.model_server import File, ModelServer, model_server
from tests.translation.tiny_model import INDONESIAN, install_argos, zipped


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ModelServer]:
    install_argos(tmp_path / "made", "id", INDONESIAN, places=64)
    with model_server() as running:
        running.offer("id-en", "1.9", zipped(tmp_path / "made", "translate-id_en-1_9"))
        yield running


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cwd").mkdir()
    monkeypatch.chdir(tmp_path / "cwd")


def run(*arguments: str, text: str = "", **settings: str) -> Result:
    machines = ("RAREWATCH_", "TELEGRAM_", "DATABASE_URL")
    ours: dict[str, str | None] = {name: None for name in os.environ if name.startswith(machines)}
    return CliRunner(env=ours | settings).invoke(app, arguments, input=text)


def test_installing_says_each_step_and_what_to_set(server: ModelServer, tmp_path: Path) -> None:
    folder = str(tmp_path / "my models")
    result = run("models", "install", "id-en", "--index", server.index, "--folder", folder)
    assert result.exit_code == 0, result.stderr
    assert result.stdout == f"✓ id-en 1.9 installed, and it works: {folder}/id-en-1.9\n"
    steps = [line for line in result.stderr.splitlines() if line.startswith("id-en") and "%" not in line]
    assert steps == [f"id-en 1.9: {step}" for step in ("downloading", "unpacking", "trying it")]
    assert "100 % of " in result.stderr
    assert "RAREWATCH_TRANSLATORS=google,mymemory,local" in result.stderr


def test_settings_name_the_index_and_the_folder(server: ModelServer) -> None:
    settings = {
        "RAREWATCH_MODELS_INDEX": server.index,
        "RAREWATCH_MODELS": "here",
        "RAREWATCH_TRANSLATORS": "local",
    }
    assert run("models", "install", "id-en", **settings).exit_code == 0
    again = run("models", "install", "id-en", "--json", **settings)
    assert json.loads(again.stdout) == {
        "pair": "id-en",
        "version": "1.9",
        "folder": "here/id-en-1.9",
        "fresh": False,
        "tried": True,
    }
    assert "RAREWATCH_TRANSLATORS" not in again.stderr
    [row] = [json.loads(line) for line in run("models", "list", "--json", **settings).stdout.splitlines()]
    assert row.pop("bytes") > 100_000
    assert row == {
        "pair": "id-en",
        "version": "1.9",
        "kind": "SentencePiece",
        "folder": "here/id-en-1.9",
    }
    assert "id-en  1.9" in run("models", "list", **settings).stdout
    assert run("models", "remove", "id-en", **settings).stdout == "✓ id-en 1.9 removed\n"
    gone = run("models", "list", **settings)
    assert (gone.exit_code, gone.stdout) == (0, "")
    assert "rarewatch models install id-en ru-en" in gone.stderr


def test_an_installed_model_translates_lines(server: ModelServer) -> None:
    settings = {"RAREWATCH_MODELS_INDEX": server.index, "RAREWATCH_TRANSLATORS": "local"}
    run("models", "install", "id-en", **settings)
    result = run("translate", "--from", "id", "--json", text="harga nikel naik\n", **settings)
    row = json.loads(result.stdout)
    assert (row["english"], row["provider"]) == ("price nickel rises", "local")


def test_the_translator_local_without_a_model_says_what_to_do() -> None:
    result = run("translate", text="harga\n", RAREWATCH_TRANSLATORS="local")
    assert result.exit_code in (1, 2)
    assert "rarewatch models install id-en ru-en" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["install", "indonesian"], "like id-en"),
        (["install", "id-en", "--index", "http://192.0.2.1/"], "must come over https"),
        (["install", "id-en", "--index", "nowhere"], "https://"),
        (["install"], "PAIR"),
        (["remove", "id"], "like id-en"),
    ],
    ids=str,
)
def test_bad_use_is_2(arguments: list[str], said: str) -> None:
    result = run("models", *arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert not Path("models").exists()


@pytest.mark.parametrize("arguments", [["list"], ["install", "id-en"], ["remove", "id-en"]], ids=" ".join)
def test_an_unknown_setting_is_told(arguments: list[str]) -> None:
    result = run("models", *arguments, RAREWATCH_MODEL="x")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "RAREWATCH_MODELS" in result.stderr


def test_what_fails_is_1_with_a_line(server: ModelServer) -> None:
    server.offer("id-en", "2.0", File(status=404))
    result = run("models", "install", "id-en", "--index", server.index)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "status 404" in result.stderr
    assert "Traceback" not in result.stderr
    assert list(Path("models").iterdir()) == []
    assert run("models", "remove", "id-en").exit_code == 1
