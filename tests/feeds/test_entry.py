"""What a feed says, on its way between processes."""

from __future__ import annotations

import copy
import pickle
from dataclasses import fields
from datetime import UTC, datetime

from bot.feeds.entry import Enclosure, Entry

ENTRY = Entry(
    identity="a" * 64,
    guid="nikel-7",
    url="https://kabar.example/nikel",
    title="Harga nikel naik",
    summary="Pemerintah menutup keran ekspor.",
    published=datetime(2026, 11, 23, 10, 30, tzinfo=UTC),
    content_hash="b" * 16,
    link_key="c" * 32,
    title_key="d" * 32,
    image="https://kabar.example/nikel.jpg",
    enclosures=(Enclosure("https://kabar.example/nikel.mp3", "audio/mpeg", 7),),
    author="Sari",
    categories=("Ekonomi",),
)


def test_an_entry_comes_out_of_another_process_as_it_went_in() -> None:
    values = [getattr(ENTRY, each.name) for each in fields(ENTRY)]
    assert len(set(values)) == len(values)  # two that were exchanged would show
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(ENTRY, protocol)) == ENTRY  # noqa: S301
    assert copy.deepcopy(ENTRY) == ENTRY
