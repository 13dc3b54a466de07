"""The buttons under an alert: what each says and carries. Pure.

Nothing is kept about a button: what it carries says all, also what the message showed when it was pressed. It
may be anybody's invention when it comes back.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from bot.delivery.render.message import Button, Buttons
from bot.delivery.render.words import short
from bot.speech import ENGLISH, Speech

LABEL_CHARS = 30
SUBSCRIPTIONS = 5

STAR, STARRED, UNDO = "☆", "★", "↶"


class Press(StrEnum):
    """What a button under an alert asks for."""

    SHOW = "show"  # the text and the buttons that it carries
    SAVE = "save"
    LET_GO = "letgo"
    MUTE = "mute"
    UNMUTE = "unmute"
    WHY = "why"


class Target(StrEnum):
    """What can be muted; a subscription is named by its id."""

    STORY = "story"
    SOURCE = "source"
    SUBSCRIPTION = "sub"


@dataclass(frozen=True, slots=True)
class Shown:
    """How an alert is shown: as it was published, or in English; with what can be muted, or without."""

    original: bool = False
    menu: bool = False


AS_SENT = Shown()


@dataclass(frozen=True, slots=True)
class AlertPress:
    """A button that was pressed; `target` is what it mutes, `target_id` the id of a subscription."""

    press: Press
    alert_id: int
    shown: Shown
    target: Target | None = None
    target_id: int = 0


@dataclass(frozen=True, slots=True)
class Followed:
    """A subscription that brought an alert."""

    id: int
    text: str
    muted: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """All that the buttons of an alert depend on.

    Args:
        url: of the article, a safe one.
        translated: whether there is an original to be shown.
    """

    alert_id: int
    url: str | None
    translated: bool
    source: str
    shown: Shown = AS_SENT
    saved: bool = False
    story_muted: bool = False
    source_muted: bool = False
    subscriptions: tuple[Followed, ...] = ()


_SHOWN = {"e": AS_SENT, "o": Shown(original=True), "em": Shown(menu=True), "om": Shown(True, True)}
_LETTERS = {shown: letters for letters, shown in _SHOWN.items()}
PATTERN = re.compile(
    rf"alert:(?P<press>{'|'.join(Press)}):(?P<alert>[0-9]{{1,18}}):(?P<shown>{'|'.join(_SHOWN)})"
    rf"(?::(?P<target>{'|'.join(Target)})(?::(?P<id>[0-9]{{1,18}}))?)?"
)


def read_press(data: str | None) -> AlertPress | None:
    """What a button carries; None when it is none of an alert's."""
    found = PATTERN.fullmatch(data or "")
    if found is None:
        return None
    press, target = Press(found["press"]), Target(found["target"]) if found["target"] else None
    if (target is not None) != (press in (Press.MUTE, Press.UNMUTE)):
        return None
    if (found["id"] is not None) != (target is Target.SUBSCRIPTION):
        return None
    return AlertPress(press, int(found["alert"]), _SHOWN[found["shown"]], target, int(found["id"] or 0))


def alert_buttons(now: Standing, speech: Speech = ENGLISH) -> Buttons:
    """Where the article leads, what can be shown and done; below it, when asked for, what can be muted."""
    shown = now.shown
    first = [Button(speech.pgettext("button", "Open"), url=now.url)] if now.url is not None else []
    if now.translated:
        english, original = speech.pgettext("button", "English"), speech.pgettext("button", "Original")
        label = english if shown.original else original
        first.append(_button(label, now, Press.SHOW, Shown(not shown.original, shown.menu)))
    rows = [first, [_save(now, speech), _menu(now, speech), _why(now, speech)]]
    if shown.menu:
        story = speech.pgettext("button", "This story, for a day")
        source = speech.gettext("Source: {what}", what=short(now.source, LABEL_CHARS))
        rows.append([_mute(story, now, now.story_muted, Target.STORY)])
        rows.append([_mute(source, now, now.source_muted, Target.SOURCE)])
        for one in now.subscriptions[:SUBSCRIPTIONS]:
            label = short(one.text, LABEL_CHARS) or f"({one.id})"
            rows.append([_mute(label, now, one.muted, f"{Target.SUBSCRIPTION}:{one.id}")])
    return tuple(tuple(row) for row in rows if row)


def _save(now: Standing, speech: Speech) -> Button:
    if now.saved:
        saved = speech.pgettext("button", "Saved")
        return _button(f"{STARRED} {saved}", now, Press.LET_GO)
    save = speech.pgettext("button", "Save")
    return _button(f"{STAR} {save}", now, Press.SAVE)


def _menu(now: Standing, speech: Speech) -> Button:
    label = speech.pgettext("button", "‹ Back") if now.shown.menu else speech.pgettext("button", "Mute …")
    return _button(label, now, Press.SHOW, Shown(now.shown.original, not now.shown.menu))


def _why(now: Standing, speech: Speech) -> Button:
    return _button(speech.pgettext("button", "Why"), now, Press.WHY)


def _button(label: str, now: Standing, press: Press, shown: Shown | None = None) -> Button:
    return Button(label, f"alert:{press}:{now.alert_id}:{_LETTERS[shown or now.shown]}")


def _mute(label: str, now: Standing, muted: bool, target: str) -> Button:
    press = Press.UNMUTE if muted else Press.MUTE
    data = f"alert:{press}:{now.alert_id}:{_LETTERS[now.shown]}:{target}"
    return Button(f"{UNDO} {label}" if muted else label, data)
