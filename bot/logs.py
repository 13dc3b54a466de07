"""What the program says while it runs: one line an event, readable or JSON, and never a secret in it.

Secrets are taken out twice: of each record as it passes, structlog's or the standard library's, and of the
finished line, so that a traceback, a repr or a library's own message can't carry one past. Tracebacks never
show local variables.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, TextIO
from urllib.parse import quote

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

REDACTED = "[secret]"
_BOT_TOKEN = re.compile(r"\d+:(\S+)")
# They log full addresses, Telegram's token among them, at INFO and below: nothing of it is missed.
_CHATTY = (
    "httpx",
    "httpcore",
    "telegram",
    "aiohttp.access",
    "alembic",
    "pymorphy3",
    "uvicorn.error",
)


def redact(text: str, secrets: Iterable[str]) -> str:
    """`text` without the secrets, in any of the forms they take in an address, JSON or a repr.

    Of a bot token the part behind the colon counts as a secret of its own.
    """
    return Redactor(secrets).text(text)


class Redactor:
    """Takes known secrets out of texts and log events; a structlog processor.

    Args:
        secrets: empty ones are ignored.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        forms: set[str] = set()
        for secret in secrets:
            if not secret.strip():
                continue
            parts = {secret}
            if (token := _BOT_TOKEN.fullmatch(secret)) is not None:
                parts.add(token[1])
            for part in parts:
                forms |= {part, quote(part), quote(part, safe=""), repr(part)[1:-1]}
                forms |= {json.dumps(part)[1:-1], json.dumps(part, ensure_ascii=False)[1:-1]}
        # The longest first, or a token would leave its number behind.
        ordered = sorted(forms, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, ordered)), re.IGNORECASE) if ordered else None

    def __repr__(self) -> str:
        return "Redactor()"

    def text(self, text: str) -> str:
        """The text with `REDACTED` in the place of each secret."""
        return self._pattern.sub(REDACTED, text) if self._pattern is not None else text

    def value(self, value: object) -> object:
        """The value, strings redacted at any depth; an object that would show a secret becomes text."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, bool | int | float | None):
            return value
        if isinstance(value, Mapping):
            return {self.value(key): self.value(item) for key, item in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self.value(item) for item in value]
        shown = f"{value} {value!r}"
        return value if self.text(shown) == shown else self.text(str(value))

    def __call__(self, logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        return self.event(event)

    def event(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """A log event, redacted but for what structlog itself put in: the finished line is redacted, too."""
        return {
            self.text(key): item if key == "exc_info" or key.startswith("_") else self.value(item)
            for key, item in event.items()
        }


class RedactingFilter(logging.Filter):
    """Takes known secrets out of a standard library record: message, arguments and exception text."""

    def __init__(self, secrets: Iterable[str]) -> None:
        super().__init__()
        self._redactor = Redactor(secrets)

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.msg, dict):  # an event of structlog on its way through the standard library
            record.msg = self._redactor.event(record.msg)
        else:
            record.msg, record.args = self._redactor.text(record.getMessage()), None
        if record.exc_info and not record.exc_text:
            # Formatter.format uses a cached exc_text as it is.
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = self._redactor.text(record.exc_text)
        if record.stack_info:
            record.stack_info = self._redactor.text(record.stack_info)
        return True


class RedactingFormatter(structlog.stdlib.ProcessorFormatter):
    """The last gate: redacts the finished line, whatever it was made of."""

    def __init__(self, secrets: Iterable[str], **options: Any) -> None:
        super().__init__(**options)
        self._redactor = Redactor(secrets)

    def format(self, record: logging.LogRecord) -> str:
        return self._redactor.text(super().format(record))


def in_words(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """For a person: the sentence of an event that has one (`says`) instead of its name and fields."""
    says = event.pop("says", None)
    event.pop("logger", None)
    if says is None:
        return event
    kept = ("timestamp", "level", "exception", "exc_info", "stack")
    return {"event": says, **{key: event[key] for key in kept if key in event}}


def configure_logging(
    style: Literal["console", "json"] = "console",
    secrets: Sequence[str] = (),
    level: int | str = logging.INFO,
    *,
    stream: TextIO | None = None,
) -> None:
    """Send every log event of the process, structlog's and the standard library's, as one redacted line to
    `stream`.

    Args:
        style: ``console`` for people (coloured only on a terminal), ``json`` for machines, one object a line.
        secrets: tokens, keys and passwords that must never be shown.
        level: the least level shown; httpx and its like are held at WARNING in any case.
        stream: standard error by default, so that standard output stays for results.
    """
    stream = stream if stream is not None else sys.stderr
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        # Machines get an instant, a person the time on his clock.
        structlog.processors.TimeStamper(fmt="iso", utc=True)
        if style == "json"
        else structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False),
        structlog.processors.StackInfoRenderer(),
    ]
    last: list[Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if style == "json":
        last += [
            structlog.processors.format_exc_info,
            Redactor(secrets),
            structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
        ]
    else:
        last += [
            Redactor(secrets),
            in_words,
            structlog.dev.ConsoleRenderer(
                colors=stream.isatty(),
                pad_event_to=0,
                pad_level=False,
                exception_formatter=structlog.dev.plain_traceback,
            ),
        ]
    handler = logging.StreamHandler(stream)
    handler.setFormatter(RedactingFormatter(secrets, foreign_pre_chain=shared, processors=last))
    handler.addFilter(RedactingFilter(secrets))
    root = logging.getLogger()
    for old in list(root.handlers):
        if isinstance(old.formatter, RedactingFormatter):  # configured before; others' handlers are not ours
            root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level)
    for name in _CHATTY:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    # It warns of each tick skipped because the last one still runs, which is how the ticks are meant.
    logging.getLogger("apscheduler").setLevel(max(logging.ERROR, root.level))
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            Redactor(secrets),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,  # a module's logger obeys a later configure_logging, too
    )
