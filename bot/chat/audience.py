"""Whom a sentence about subscriptions is about: a person, a group, a topic. Pure."""

from __future__ import annotations

from enum import Enum, auto

from bot.speech import Speech


class Audience(Enum):
    """Who follows."""

    PERSON = auto()
    GROUP = auto()
    TOPIC = auto()

    def follows(self, speech: Speech, count: int) -> str:
        """``You follow 2 queries.``"""
        if not count:
            return self.follows_nothing(speech)
        match self:
            case Audience.PERSON:
                return speech.ngettext("You follow {count} query.", "You follow {count} queries.", count)
            case Audience.GROUP:
                return speech.ngettext(
                    "This group follows {count} query.", "This group follows {count} queries.", count
                )
            case _:
                return speech.ngettext(
                    "This topic follows {count} query.", "This topic follows {count} queries.", count
                )

    def follows_nothing(self, speech: Speech) -> str:
        """``You follow nothing.``"""
        match self:
            case Audience.PERSON:
                return speech.gettext("You follow nothing.")
            case Audience.GROUP:
                return speech.gettext("This group follows nothing.")
            case _:
                return speech.gettext("This topic follows nothing.")
