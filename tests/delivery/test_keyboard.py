"""What the buttons of an alert carry is read back as it was meant, fits, and no invention is taken for it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.delivery.render import (
    AlertPress,
    Buttons,
    Followed,
    Press,
    Shown,
    Standing,
    Target,
    alert_buttons,
    read_press,
)

LARGEST = 10**18 - 1
NOW = Standing(
    7,
    url="https://a.example/1",
    translated=True,
    source="Kabar Tambang Nusantara dan Dunia",
    subscriptions=(Followed(3, "#nickel", muted=False), Followed(4, "nickel (export OR quota)", muted=True)),
)


def labels(buttons: Buttons) -> list[list[str]]:
    return [[one.label for one in row] for row in buttons]


def test_an_alert_has_two_rows_and_what_can_be_muted_only_when_asked() -> None:
    assert labels(alert_buttons(NOW)) == [["Open", "Original"], ["☆ Save", "Mute …", "Why"]]
    opened = replace(NOW, shown=Shown(original=True, menu=True), saved=True, story_muted=True)
    assert labels(alert_buttons(opened)) == [
        ["Open", "English"],
        ["★ Saved", "‹ Back", "Why"],
        ["↶ This story, for a day"],
        ["Source: Kabar Tambang Nusantara dan…"],
        ["#nickel"],
        ["↶ nickel (export OR quota)"],
    ]


def test_what_is_not_there_has_no_button() -> None:
    bare = replace(NOW, url=None, translated=False)
    assert labels(alert_buttons(bare)) == [["☆ Save", "Mute …", "Why"]]


def test_a_press_says_what_was_shown_and_what_it_is_about() -> None:
    opened = alert_buttons(replace(NOW, shown=Shown(original=True, menu=True)))
    pressed = [[read_press(one.data) for one in row if one.data is not None] for row in opened]
    here, closed = Shown(original=True, menu=True), Shown(original=True)
    assert pressed == [
        [AlertPress(Press.SHOW, 7, Shown(menu=True))],
        [
            AlertPress(Press.SAVE, 7, here),
            AlertPress(Press.SHOW, 7, closed),
            AlertPress(Press.WHY, 7, here),
        ],
        [AlertPress(Press.MUTE, 7, here, Target.STORY)],
        [AlertPress(Press.MUTE, 7, here, Target.SOURCE)],
        [AlertPress(Press.MUTE, 7, here, Target.SUBSCRIPTION, 3)],
        [AlertPress(Press.UNMUTE, 7, here, Target.SUBSCRIPTION, 4)],
    ]


@given(
    st.builds(
        Standing,
        alert_id=st.integers(1, LARGEST),
        url=st.none() | st.just("https://a.example/"),
        translated=st.booleans(),
        source=st.text(max_size=200),
        shown=st.builds(Shown, st.booleans(), st.booleans()),
        saved=st.booleans(),
        story_muted=st.booleans(),
        source_muted=st.booleans(),
        subscriptions=st.lists(
            st.builds(Followed, st.integers(1, LARGEST), st.text(min_size=1), st.booleans()), max_size=9
        ).map(tuple),
    )
)
def test_all_that_buttons_carry_fits_and_is_read_back(now: Standing) -> None:
    for one in (button for row in alert_buttons(now) for button in row):
        assert one.label.strip()
        assert (one.data is None) != (one.url is None)
        if one.data is not None:
            assert len(one.data.encode()) <= 64
            pressed = read_press(one.data)
            assert pressed is not None
            assert pressed.alert_id == now.alert_id


@pytest.mark.parametrize(
    "data",
    [
        None,
        "",
        "alert:save:7",
        "alert:save:-7:e",
        "alert:save:7:x",
        "alert:save:7:e:story",
        "alert:mute:7:em",
        "alert:mute:7:em:sub",
        "alert:mute:7:em:story:3",
        "alert:mute:7:em:planet",
        "alert:save:١:e",
        "alert:save:1234567890123456789:e",
        "alert:save:7:e\n",
        "word:yes:7",
    ],
)
def test_an_invented_button_says_nothing(data: str | None) -> None:
    assert read_press(data) is None
