"""The environment becomes settings: every name checked, every value, and no secret in what is said."""

from __future__ import annotations

import traceback
from pathlib import Path

import pytest

from bot.settings import BUNDLED_FEEDS, VARIABLES, Settings, SettingsError, load_settings
from bot.translation.budget import Allowance

NONE = Path("/no/such/.env")
SECRETS = {
    "TELEGRAM_TOKEN": "110201543:geheim-token",
    "DATABASE_URL": "postgresql://u:geheim-p%40ss@h/d?sslpassword=geheim-query",
    "RAREWATCH_LIBRETRANSLATE_KEY": "geheim-key",
    "RAREWATCH_DEEPL_KEY": "geheim-deepl:fx",
    "RAREWATCH_DEEPL_URL": "http://u:geheim-url@h/",
    "RAREWATCH_WEB_TOKEN": "geheim-web",
}


def load(**environment: str) -> Settings:
    return load_settings(environment, env_file=NONE)


def failure(**environment: str) -> str:
    with pytest.raises(SettingsError) as caught:
        load(**environment)
    return str(caught.value)


def test_nothing_needs_to_be_set() -> None:
    settings = load()
    assert settings.telegram_token is None
    assert settings.database_url.get_secret_value() == "sqlite:///rarewatch.db"
    assert (settings.port, settings.log) == (8080, "console")
    assert settings.translators == ("google", "mymemory")
    assert settings.secrets == ()


def test_every_setting_is_read_from_its_variable() -> None:
    settings = load(
        TELEGRAM_TOKEN="1:a",
        DATABASE_URL="sqlite:///x.db",
        PORT="9000",
        RAREWATCH_FEEDS="my.yaml",
        RAREWATCH_TELEGRAM_API="http://127.0.0.1:8081/",
        RAREWATCH_TRANSLATORS=" libre , google,",
        RAREWATCH_LIBRETRANSLATE_URL="http://127.0.0.1:5000",
        RAREWATCH_LIBRETRANSLATE_KEY="k",
        RAREWATCH_DEEPL_KEY="d",
        RAREWATCH_DEEPL_URL="http://127.0.0.1:5001",
        RAREWATCH_TRANSLATOR_BUDGETS="google=2/s 9000/day",
        RAREWATCH_GLOSSARY="names.yaml",
        RAREWATCH_MODELS="/var/models",
        RAREWATCH_MODELS_INDEX="http://127.0.0.1:5002/index.json",
        RAREWATCH_ADMINS="1, 2",
        RAREWATCH_ALLOWED_CHATS="-1005",
        RAREWATCH_PRIVATE_FEEDS="1",
        RAREWATCH_LOG="json",
        RAREWATCH_WEB_TOKEN="w",
    )
    assert settings.model_fields_set == set(Settings.model_fields)
    assert settings.translators == ("libre", "google")
    assert settings.translator_budgets == {"google": Allowance(2, 9_000)}
    assert (settings.glossary, settings.models) == (Path("names.yaml"), Path("/var/models"))
    assert settings.admins == {1, 2}
    assert settings.allowed_chats == {-1005}
    assert settings.private_feeds is True
    assert settings.feeds_file == Path("my.yaml")
    assert settings.bot_api_url == "http://127.0.0.1:8081/bot"


def test_every_variable_is_named_once_and_as_people_know_it() -> None:
    assert len(set(VARIABLES)) == len(VARIABLES)
    known = {"TELEGRAM_TOKEN", "DATABASE_URL", "PORT"}
    assert {name for name in VARIABLES if not name.startswith("RAREWATCH_")} == known


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        pytest.param("RAREWATCH_FEED", "RAREWATCH_FEEDS", id="a letter less"),
        pytest.param("RAREWATCH_TRANSLATOR", "RAREWATCH_TRANSLATORS", id="singular"),
        pytest.param("RAREWATCH_TELEGRAM_TOKEN", "mean TELEGRAM_TOKEN", id="with a prefix too many"),
        pytest.param("RAREWATCH_PORT", "mean PORT", id="with a prefix too many, short"),
        pytest.param("RAREWATCH_DATABASE", "mean DATABASE_URL", id="with a prefix too many, a part missing"),
        pytest.param("rarewatch_log", "RAREWATCH_LOG", id="lower case"),
    ],
)
def test_an_unknown_name_is_an_error_that_suggests_the_nearest(wrong: str, meant: str) -> None:
    said = failure(**{wrong: "geheim"})
    assert wrong in said
    assert meant in said
    assert "geheim" not in said


def test_a_name_like_none_of_ours_gets_the_list() -> None:
    said = failure(RAREWATCH_QQQQQQQQQQ="1")
    assert all(name in said for name in VARIABLES)


def test_names_of_others_are_none_of_our_business() -> None:
    load(PATH="/bin", TELEGRAM_API_KEY="x", WATCH_LOG="y")


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("PORT", "eighty", "a whole number is expected"),
        ("PORT", "0", "1 is the least"),
        ("PORT", "65536", "65535 is the most"),
        ("RAREWATCH_LOG", "xml", "'console' or 'json' is expected"),
        ("RAREWATCH_ADMINS", "1,me", "a whole number is expected"),
        ("RAREWATCH_PRIVATE_FEEDS", "perhaps", "1 or 0 is expected"),
        ("TELEGRAM_TOKEN", "geheim", "does not look like a bot's token"),
        ("RAREWATCH_TRANSLATORS", "google,yandex", "google, libre, mymemory, deepl, local; 'yandex' is none"),
        ("RAREWATCH_TRANSLATOR_BUDGETS", "google=often", "'google=often' can't be read. Example: google=5/s"),
        ("RAREWATCH_TRANSLATOR_BUDGETS", "yandex=5/s", "'yandex' is none of google, libre"),
        ("RAREWATCH_DEEPL_URL", "127.0.0.1:5001", "begins with https:// or http://"),
        ("RAREWATCH_MODELS_INDEX", "index.json", "begins with https:// or http://"),
        ("RAREWATCH_TRANSLATORS", " , ", "at least one"),
    ],
)
def test_a_wrong_value_is_named_with_what_was_expected(name: str, value: str, expected: str) -> None:
    said = failure(**{name: value})
    assert name in said
    assert expected in said


class TestEnvFile:
    def load(self, folder: Path, content: bytes, **environment: str) -> Settings:
        file = folder / ".env"
        file.write_bytes(content)
        return load_settings(environment, env_file=file)

    def test_it_is_read_and_the_environment_wins(self, tmp_path: Path) -> None:
        content = b"# mine\nPORT=9000\nRAREWATCH_LOG=json\nRAREWATCH_ADMINS='7'\n"
        settings = self.load(tmp_path, content, PORT="9001", RAREWATCH_ADMINS="")
        assert (settings.port, settings.log) == (9001, "json")
        assert settings.admins == frozenset()  # an empty one in the environment unsets it

    def test_it_is_read_where_the_program_is_started(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        (tmp_path / ".env").write_text("PORT=9002\n")
        assert load_settings({}).port == 9002

    def test_a_mark_of_windows_at_its_beginning_hides_no_name(self, tmp_path: Path) -> None:
        assert self.load(tmp_path, b"\xef\xbb\xbfPORT=9003\r\n").port == 9003

    def test_an_unknown_name_in_it_is_an_error(self, tmp_path: Path) -> None:
        with pytest.raises(SettingsError, match="RAREWATCH_FEEDS"):
            self.load(tmp_path, b"RAREWATCH_FEDS=x\n")

    def test_one_that_is_no_text_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(SettingsError, match=r"\.env: it is not UTF-8"):
            self.load(tmp_path, "PORT=9000".encode("utf-16"))

    def test_a_folder_of_that_name_is_none(self, tmp_path: Path) -> None:
        assert load_settings({}, env_file=tmp_path).port == 8080


def test_the_feeds_that_come_with_the_program_are_taken_when_none_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert load().feeds_file == BUNDLED_FEEDS
    assert load(RAREWATCH_FEEDS="feeds.yaml").feeds_file == Path("feeds.yaml")
    (tmp_path / "feeds.yaml").write_text("feeds: []")
    assert load().feeds_file == Path("feeds.yaml")


@pytest.mark.parametrize(
    ("given", "called"),
    [
        ("https://api.telegram.org", "https://api.telegram.org/bot"),
        ("http://127.0.0.1:1/bot/", "http://127.0.0.1:1/bot"),
    ],
)
def test_the_bot_api_may_be_given_with_or_without_its_last_part(given: str, called: str) -> None:
    assert load(RAREWATCH_TELEGRAM_API=given).bot_api_url == called


def test_each_translator_has_a_good_budget_and_the_operator_has_the_last_word() -> None:
    allowances = load(RAREWATCH_TRANSLATOR_BUDGETS="google=2/s, libre=unlimited").allowances
    assert set(allowances) == {"google", "libre", "mymemory", "deepl", "local"}
    assert allowances["google"] == Allowance(2)
    assert allowances["mymemory"] == Allowance(1, 5_000)
    assert allowances["deepl"].characters_per_day is None


def test_a_free_key_of_deepl_is_spread_over_its_month() -> None:
    assert load(RAREWATCH_DEEPL_KEY="k:fx").allowances["deepl"].characters_per_day == 16_000
    own = load(RAREWATCH_DEEPL_KEY="k:fx", RAREWATCH_TRANSLATOR_BUDGETS="deepl=unlimited")
    assert own.allowances["deepl"] == Allowance()


def test_no_secret_is_shown_by_the_settings_themselves() -> None:
    settings = load(**SECRETS)
    for shown in (repr(settings), str(settings), f"{settings.model_dump()}", settings.model_dump_json()):
        assert "geheim" not in shown


def test_all_secrets_are_known_to_those_who_redact() -> None:
    secrets = load(**SECRETS).secrets
    assert {"110201543:geheim-token", "geheim-key", "geheim-deepl:fx", "geheim-web"} <= set(secrets)
    assert "geheim-url" in secrets
    # As written and as a driver says it.
    assert {"geheim-p%40ss", "geheim-p@ss"} <= set(secrets)
    assert any("geheim-query" in secret for secret in secrets)
    assert load(DATABASE_URL="sqlite:///x.db").secrets == ()
    assert load(DATABASE_URL="postgresql://u@h/d").secrets == ()


@pytest.mark.parametrize("name", ["PORT", "RAREWATCH_ADMINS", "RAREWATCH_PRIVATE_FEEDS", "RAREWATCH_LOG"])
def test_no_secret_is_shown_by_an_error_even_when_it_stands_in_the_wrong_place(name: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(**SECRETS, **{name: SECRETS["TELEGRAM_TOKEN"]})
    assert "geheim" not in str(caught.value)
    assert "geheim" not in "".join(traceback.format_exception(caught.value))
