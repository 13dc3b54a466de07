"""The root of every error the program raises on purpose.

It stands here, below `bot`, because `storage` may import nothing of `bot`; `bot.errors` re-exports it.
"""

from __future__ import annotations


class RarewatchError(Exception):
    """Something went wrong.

    Rendered as ``what: which: why``, then what to do. The class docstring's first line is *what*.

    Args:
        subject: which one (a feed's address, a query, a file and line). Never a secret.
        reason: why, in words a person understands.
        hint: what to do next, a sentence.
    """

    def __init__(self, subject: str = "", reason: str = "", *, hint: str = "") -> None:
        self.subject = subject
        self.reason = reason
        self.hint = hint
        super().__init__(subject, reason, hint)

    @property
    def what(self) -> str:
        """The kind of failure, without a full stop."""
        return (type(self).__doc__ or "Error").strip().splitlines()[0].rstrip(".")

    def __str__(self) -> str:
        text = ": ".join(part for part in (self.what, self.subject, self.reason) if part)
        if not self.hint:
            return text
        return f"{text.rstrip('.')}. {self.hint}"


class StorageError(RarewatchError):
    """The database can't be used."""
