"""Bodies packed in every way, in any pieces; bombs that go off in the middle."""

from __future__ import annotations

import asyncio
import gzip
import sys
import zlib
from collections.abc import AsyncIterator, Callable

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.feeds.encodings import (
    ACCEPTED,
    NotAskedFor,
    TooLarge,
    Unreadable,
    encodings_of,
    unpacked,
)

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MIB = 1024 * 1024
PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstd.compress,
}


async def in_pieces(data: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


async def unpack(data: bytes, *names: str, size: int = 65536, max_bytes: int = 10 * MIB) -> bytes:
    return await unpacked(in_pieces(data, size), list(names), max_bytes=max_bytes)


def test_what_is_accepted_is_what_can_be_unpacked() -> None:
    assert encodings_of(ACCEPTED.replace(", deflate", "").replace(", br", "")) == ["gzip", "zstd"]
    assert set(ACCEPTED.split(", ")) == set(PACKERS)


@pytest.mark.parametrize(
    ("header", "names"),
    [("", []), ("identity", []), ("GZip", ["gzip"]), (" gzip , br", ["gzip", "br"]), ("x-gzip", ["x-gzip"])],
)
def test_a_header_names_encodings_in_the_order_of_their_use(header: str, names: list[str]) -> None:
    assert encodings_of(header) == names


@pytest.mark.parametrize("header", ["compress", "gzip, gzip, gzip", "aws-chunked", "x" * 10_000])
def test_what_was_not_offered_is_not_unpacked(header: str) -> None:
    with pytest.raises(NotAskedFor):
        encodings_of(header)


@given(
    name=st.sampled_from(list(PACKERS)),
    body=st.binary(max_size=3000) | st.integers(1, 2000).map(lambda n: b"<item>nikel</item>" * 100 * n),
    size=st.integers(50, 5000),
)
def test_a_body_comes_out_as_it_went_in_whatever_the_pieces(name: str, body: bytes, size: int) -> None:
    assert asyncio.run(unpack(PACKERS[name](body), name, size=size)) == body


@pytest.mark.parametrize("name", list(PACKERS))
async def test_a_body_that_packs_a_thousandfold_comes_out_whole(name: str) -> None:
    body = bytes(9 * MIB)
    assert await unpack(PACKERS[name](body), name) == body


@pytest.mark.parametrize("name", ["gzip", "zstd"])
async def test_members_may_follow_one_another(name: str) -> None:
    pack = PACKERS[name]
    assert await unpack(pack(b"nikel ") + pack(b"") + pack(b"timah"), name, size=7) == b"nikel timah"


@pytest.mark.parametrize("name", list(PACKERS))
async def test_a_bomb_stops_at_the_limit(name: str) -> None:
    with pytest.raises(TooLarge):
        await unpack(PACKERS[name](bytes(30 * MIB)), name, max_bytes=MIB)


@pytest.mark.parametrize("outer", list(PACKERS))
async def test_a_bomb_whose_middle_is_large_and_whose_end_is_nothing_stops_too(outer: str) -> None:
    """Empty gzip members make no byte at the end, and would be read without ever waiting."""
    middle = gzip.compress(b"") * 100_000
    with pytest.raises(TooLarge):
        await unpack(PACKERS[outer](middle), "gzip", outer, max_bytes=MIB)


async def test_members_without_end_that_hold_nothing_count_as_they_came() -> None:
    with pytest.raises(TooLarge):
        await unpack(gzip.compress(b"") * 100_000, "gzip", max_bytes=MIB)


@pytest.mark.parametrize("name", list(PACKERS))
@pytest.mark.parametrize("spoil", ["cut", "plain", "first bytes wrong"])
async def test_what_is_not_packed_as_it_says_is_unreadable(name: str, spoil: str) -> None:
    packed = PACKERS[name](b"<rss>" + bytes(range(256)) * 40)
    body = {"cut": packed[:-9], "plain": b"<rss></rss>" * 20, "first bytes wrong": b"\xff" * 12 + packed}
    with pytest.raises(Unreadable):
        await unpack(body[spoil], name)


async def test_a_window_larger_than_a_server_may_presume_is_refused() -> None:
    """It is memory that the frame's header asks for, before a single byte comes out."""
    options: dict[int, int] = {
        zstd.CompressionParameter.window_log: 27,
        zstd.CompressionParameter.content_size_flag: 0,
    }
    packer = zstd.ZstdCompressor(options=options)
    packed = packer.compress(b"nikel" * 1000, mode=zstd.ZstdCompressor.FLUSH_BLOCK) + packer.flush()
    with pytest.raises(Unreadable):
        await unpack(packed, "zstd")


async def test_others_get_their_turn_while_something_unpacks() -> None:
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(other())
    await unpack(gzip.compress(bytes(9 * MIB)), "gzip")
    task.cancel()
    assert turns >= 8
