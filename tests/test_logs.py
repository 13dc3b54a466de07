"""Every line the program logs is readable, and no secret is in it, whichever way it came."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any, Literal

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from bot.logs import REDACTED, RedactingFilter, Redactor, configure_logging, redact

TOKEN = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"
PASSWORD = 'pä"ss/w@rd'
SECRETS = [TOKEN, PASSWORD, ""]

Configure = Callable[[Literal["console", "json"], int], io.StringIO]


@pytest.fixture
def configure() -> Iterator[Configure]:
    """configure_logging into a stream, undone afterwards."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level

    def configured(style: Literal["console", "json"], level: int) -> io.StringIO:
        stream = io.StringIO()
        configure_logging(style, SECRETS, level, stream=stream)
        return stream

    yield configured
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


class TestRedact:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            pytest.param(f"https://a/bot{TOKEN}/x", f"https://a/bot{REDACTED}/x", id="in an address"),
            pytest.param("AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw", REDACTED, id="the secret half alone"),
            pytest.param(TOKEN.replace(":", "%3A"), REDACTED, id="percent-encoded"),
            pytest.param(json.dumps(PASSWORD), f'"{REDACTED}"', id="in JSON"),
            pytest.param("p%C3%A4%22ss%2Fw%40rd", REDACTED, id="a password in an address"),
            pytest.param("nothing here", "nothing here", id="none"),
        ],
    )
    def test_knows_the_forms_a_secret_takes(self, text: str, expected: str) -> None:
        assert redact(text, SECRETS) == expected

    @given(st.text(), st.text(min_size=1).filter(str.strip), st.text())
    def test_leaves_nothing_of_any_secret(self, before: str, secret: str, after: str) -> None:
        redacted = redact(before + secret + after, [secret])
        assert secret not in redacted.replace(REDACTED, "\0")

    def test_without_secrets_changes_nothing(self) -> None:
        assert redact("text", []) == redact("text", ["", " "]) == "text"

    def test_does_not_show_them_itself(self) -> None:
        assert TOKEN not in repr(Redactor([TOKEN]))


class Leaky:
    def __repr__(self) -> str:
        return f"Bot[token={TOKEN}]"


def raise_deep() -> None:
    try:
        raise ValueError(f"inner {TOKEN}")
    except ValueError as error:
        raise RuntimeError(f"outer {PASSWORD}") from error


@pytest.mark.parametrize("style", ["console", "json"])
class TestLines:
    def test_carry_no_secret_in_any_part(
        self, configure: Configure, style: Literal["console", "json"]
    ) -> None:
        stream = configure(style, logging.DEBUG)
        log = structlog.get_logger("bot.sender").bind(bound=TOKEN)
        log.info(f"said_{TOKEN}", value=TOKEN, deep={"a": [Leaky(), (TOKEN,)]}, thing=Leaky(), n=3)
        log.info("formatted %s", TOKEN)
        plain = logging.getLogger("library")
        plain.warning("GET %s", f"https://a/bot{TOKEN}/x")
        plain.warning("%(name)s", {"name": Leaky()})
        try:
            raise_deep()
        except RuntimeError as error:
            log.exception("failed")
            log.error("failed", exc_info=error)
            plain.exception("failed")
            plain.error("with a stack", stack_info=True)
        text = stream.getvalue()
        assert TOKEN.split(":")[1] not in text
        assert "w@rd" not in text
        assert text.count("ValueError") >= 3  # the causes are told all the same
        assert text.count("raise_deep") >= 3

    def test_hold_back_what_chatty_libraries_say(
        self, configure: Configure, style: Literal["console", "json"]
    ) -> None:
        stream = configure(style, logging.DEBUG)
        logging.getLogger("httpx").info("HTTP Request: POST https://a.example")
        logging.getLogger("telegram.Bot").debug("Set Bot API URL")
        logging.getLogger("telegram.ext.Updater").error("polling failed")
        assert "HTTP Request" not in stream.getvalue()
        assert "Set Bot API" not in stream.getvalue()
        assert "polling failed" in stream.getvalue()

    def test_obey_the_level_and_are_not_doubled_when_configured_again(
        self, configure: Configure, style: Literal["console", "json"]
    ) -> None:
        old = configure(style, logging.DEBUG)
        new = configure(style, logging.WARNING)
        log = structlog.get_logger("bot")
        log.info("quiet")
        log.warning("loud")
        assert old.getvalue() == ""
        assert new.getvalue().count("loud") == 1
        assert "quiet" not in new.getvalue()


def test_json_lines_are_objects_with_the_usual_fields(configure: Configure) -> None:
    stream = configure("json", logging.INFO)
    structlog.get_logger("bot.feeds").info("feed_polled", url="https://a.example/", items=3)
    logging.getLogger("library").warning("careful")
    events: list[dict[str, Any]] = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [event["event"] for event in events] == ["feed_polled", "careful"]
    assert events[0] | {"timestamp": ""} == {
        "event": "feed_polled",
        "url": "https://a.example/",
        "items": 3,
        "logger": "bot.feeds",
        "level": "info",
        "timestamp": "",
    }
    assert {"logger", "level", "timestamp"} <= events[1].keys()


def test_console_lines_have_no_colour_in_a_file(configure: Configure) -> None:
    stream = configure("console", logging.INFO)
    structlog.get_logger("bot.feeds").info("feed_polled", items=3)
    assert "\x1b" not in stream.getvalue()
    assert "items=3" in stream.getvalue()


def test_the_filter_alone_guards_a_foreign_handler() -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(RedactingFilter(SECRETS))
    logger = logging.Logger("alone")
    logger.addHandler(handler)
    try:
        raise_deep()
    except RuntimeError:
        logger.exception("with %s", TOKEN)
    assert "ValueError" in stream.getvalue()
    assert TOKEN not in stream.getvalue()
    assert PASSWORD not in stream.getvalue()
