"""The environment, as settings: every name checked, and no secret ever shown."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote

from dotenv import dotenv_values
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from bot.errors import RarewatchError
from bot.translation.budget import DEEPL_FREE, DEFAULTS, Allowance, BudgetError, parse_budgets

PREFIX = "RAREWATCH_"
_PASSWORD_PARAMETER = re.compile(r"[?&](?:ssl)?password=([^&]+)", re.IGNORECASE)
# In our words what pydantic says in a programmer's.
_EXPECTED = {
    "int_parsing": "a whole number is expected",
    "bool_parsing": "1 or 0 is expected",
    "literal_error": "{expected} is expected",
    "greater_than_equal": "{ge} is the least",
    "less_than_equal": "{le} is the most",
}
ENV_FILE = ".env"
TRANSLATORS = tuple(DEFAULTS)
MODELS_INDEX = "https://raw.githubusercontent.com/argosopentech/argospm-index/main/index.json"
DEEPL_FREE_KEY = ":fx"  # what the keys of DeepL API Free end with
BUNDLED_FEEDS = Path(__file__).resolve().parent.parent / "feeds.yaml"


class SettingsError(RarewatchError):
    """A setting is wrong."""


def _split(value: Any) -> Any:
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


class Settings(BaseModel):
    """What the operator chose. `load_settings` reads it from the environment; this only checks it."""

    model_config = ConfigDict(frozen=True, validate_by_name=True, hide_input_in_errors=True)

    telegram_token: SecretStr | None = Field(default=None, validation_alias="TELEGRAM_TOKEN")
    # A secret, since it may hold a password.
    database_url: SecretStr = Field(
        default=SecretStr("sqlite:///rarewatch.db"), validation_alias="DATABASE_URL"
    )
    port: int = Field(default=8080, validation_alias="PORT", ge=1, le=65535)
    feeds: Path = Path("feeds.yaml")
    telegram_api: str = "https://api.telegram.org"
    translators: tuple[str, ...] = ("google", "mymemory")
    libretranslate_url: str | None = None
    libretranslate_key: SecretStr | None = None
    deepl_key: SecretStr | None = None
    deepl_url: SecretStr | None = None  # it may hold a password
    translator_budgets: dict[str, Allowance] = {}
    glossary: Path | None = None
    models: Path = Path("models")
    models_index: str = MODELS_INDEX
    admins: frozenset[int] = frozenset()
    allowed_chats: frozenset[int] = frozenset()
    private_feeds: bool = False
    log: Literal["console", "json"] = "console"
    web_token: SecretStr | None = None

    _split_lists = field_validator("translators", "admins", "allowed_chats", mode="before")(_split)

    @field_validator("telegram_token")
    @classmethod
    def _token_form(cls, token: SecretStr | None) -> SecretStr | None:
        if token is not None and not re.fullmatch(r"\d+:[\w-]+", token.get_secret_value()):
            raise ValueError(
                "it does not look like a bot's token (digits, a colon, letters and digits). "
                "Copy it from @BotFather again."
            )
        return token

    @field_validator("translators")
    @classmethod
    def _known_translators(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        known = ", ".join(TRANSLATORS)
        for name in names:
            if name not in TRANSLATORS:
                raise ValueError(f"a comma-separated list of {known}; {name!r} is none of them")
        if not names:
            raise ValueError(f"at least one of {known}")
        return names

    @field_validator("translator_budgets", mode="before")
    @classmethod
    def _readable_budgets(cls, value: Any) -> Any:
        try:
            return parse_budgets(value) if isinstance(value, str) else value
        except BudgetError as error:
            raise ValueError(f"{error.reason}. {error.hint}".strip()) from None

    @field_validator("deepl_url", "models_index", mode="before")
    @classmethod
    def _address_form(cls, address: Any) -> Any:
        if isinstance(address, str) and not re.match(r"https?://[^/\s]", address):
            raise ValueError("an address that begins with https:// or http:// is expected")
        return address

    @property
    def allowances(self) -> dict[str, Allowance]:
        """How much each translator may be asked: what the operator says, else what is good for it."""
        key = self.deepl_key
        free = key is not None and key.get_secret_value().endswith(DEEPL_FREE_KEY)
        return DEFAULTS | ({"deepl": DEEPL_FREE} if free else {}) | self.translator_budgets

    @property
    def secrets(self) -> tuple[str, ...]:
        """The values that must never be shown."""
        found = [self.telegram_token, self.libretranslate_key, self.deepl_key, self.web_token]
        values = [secret.get_secret_value() for secret in found if secret is not None]
        for address in (self.database_url, self.libretranslate_url, self.deepl_url):
            shown = address.get_secret_value() if isinstance(address, SecretStr) else address or ""
            parts = shown.partition("://")[2]
            values += [parts.rpartition("@")[0].partition(":")[2], *_PASSWORD_PARAMETER.findall(parts)]
        return tuple(dict.fromkeys(form for value in values if value for form in (value, unquote(value))))

    @property
    def bot_api_url(self) -> str:
        """The Bot API's address up to the token: people write it with or without ``/bot``."""
        base = self.telegram_api.rstrip("/")
        return base if base.endswith("/bot") else f"{base}/bot"

    @property
    def feeds_file(self) -> Path:
        """feeds.yaml: the operator's, else, when none was named, the one that comes with the program."""
        if "feeds" not in self.model_fields_set and not self.feeds.exists() and BUNDLED_FEEDS.exists():
            return BUNDLED_FEEDS
        return self.feeds


def variable_of(field: str) -> str:
    """The environment variable a field is read from."""
    alias = Settings.model_fields[field].validation_alias
    return alias if isinstance(alias, str) else PREFIX + field.upper()


VARIABLES = tuple(variable_of(name) for name in Settings.model_fields)


def _read_env_file(file: Path) -> dict[str, str]:
    try:
        # A Windows editor begins the file with a mark that would become part of the first name.
        values = dotenv_values(file, encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise SettingsError(str(file), "it is not UTF-8 text", hint="Save it as UTF-8.") from None
    except OSError as error:
        raise SettingsError(str(file), (error.strerror or "it can't be read").lower()) from error
    return {key: value for key, value in values.items() if value is not None}


def load_settings(environment: Mapping[str, str] | None = None, *, env_file: Path | None = None) -> Settings:
    """The settings from the environment and a `.env` file; the environment wins.

    Raises:
        SettingsError: a value is wrong, or a name with our prefix is unknown; the nearest is suggested.
    """
    given = dict(os.environ if environment is None else environment)
    file = Path(ENV_FILE) if env_file is None else env_file
    from_file = _read_env_file(file)
    values = {key: value for key, value in (from_file | given).items() if value != ""}
    for name in sorted(values):
        # Names are upper case: one in another case would be read by nobody.
        if name.upper().startswith(PREFIX) and name not in VARIABLES:
            # Without the prefix, which makes every name half alike.
            known_as = {variable.removeprefix(PREFIX): variable for variable in VARIABLES}
            nearest = difflib.get_close_matches(name.upper().removeprefix(PREFIX), known_as, n=1)
            hint = f"Did you mean {known_as[nearest[0]]}?" if nearest else f"Known: {', '.join(VARIABLES)}."
            raise SettingsError(name, "there is no such setting", hint=hint)
    known = {name: values[name] for name in VARIABLES if name in values}
    fields = {
        field: known[variable_of(field)] for field in Settings.model_fields if variable_of(field) in known
    }
    try:
        return Settings.model_validate(fields)
    except ValidationError as error:
        problem = error.errors(include_input=False, include_url=False)[0]
        field = str(problem["loc"][0])
        variable = field if field in VARIABLES else variable_of(field)
        reason = _EXPECTED.get(problem["type"]) or problem["msg"].removeprefix("Value error, ")
        raise SettingsError(variable, reason.format(**problem.get("ctx", {}))) from None
