"""Unpacking what a server packed (gzip, deflate, br, zstd) piece by piece, and never more than is wanted.

A few kilobytes can unpack to gigabytes, and a body packed twice can do so in the middle, where nobody counts
who looks at the end only. So every stage hands on pieces of bounded size and is counted by itself.
"""

from __future__ import annotations

import asyncio
import sys
import zlib
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from typing import Any, Final, Protocol

import brotli

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

ACCEPTED: Final = "gzip, deflate, br, zstd"
PIECE_BYTES: Final = 64 * 1024
_MAX_ENCODINGS: Final = 2  # `gzip, gzip` occurs behind proxies; more is an attack
_BREATH_BYTES: Final = 1024 * 1024  # between two turns for others: a few milliseconds of unpacking
_ZSTD_WINDOW_LOG: Final = 23  # 8 MiB, the most that RFC 9659 lets a server presume


class NotAskedFor(Exception):
    """The body is packed in a way that was not offered."""


class Unreadable(Exception):
    """The body is not packed as it says, or breaks off."""


class TooLarge(Exception):
    """More came out than is wanted."""


def encodings_of(header: str) -> list[str]:
    """The names in a Content-Encoding header, in the order in which they were applied.

    Raises:
        NotAskedFor: one is unknown, or there are too many.
    """
    names = [each.strip().lower() for each in header.split(",")]
    names = [each for each in names if each not in ("", "identity")]
    if len(names) > _MAX_ENCODINGS or any(each not in _UNPACKERS for each in names):
        raise NotAskedFor(header[:100])
    return names


async def unpacked(chunks: AsyncIterator[bytes], names: list[str], *, max_bytes: int) -> bytes:
    """A whole body, unpacked.

    Args:
        chunks: as they come from the server.
        names: from `encodings_of`.
        max_bytes: for the body, and for what each stage of unpacking makes.

    Raises:
        TooLarge, Unreadable: see there.
    """
    chunks = _counted(chunks, max_bytes)
    for name in reversed(names):  # the last named was applied last
        chunks = _counted(_stage(chunks, _UNPACKERS[name]()), max_bytes)
    body = bytearray()
    async for chunk in chunks:
        body += chunk
    return bytes(body)


async def _counted(chunks: AsyncIterator[bytes], max_bytes: int) -> AsyncIterator[bytes]:
    count = breath = 0
    async for chunk in chunks:
        count += len(chunk)
        if count > max_bytes:
            raise TooLarge
        if count - breath > _BREATH_BYTES:
            breath = count
            await asyncio.sleep(0)  # unpacking alone never waits, and a deadline could not strike
        yield chunk


class _Unpacker(Protocol):
    def feed(self, data: bytes) -> Iterator[bytes]:
        """What these bytes bring, in pieces of about `PIECE_BYTES`."""

    def end(self) -> Iterator[bytes]:
        """What was held back. Raises EOFError when the data breaks off."""


async def _stage(chunks: AsyncIterator[bytes], unpacker: _Unpacker) -> AsyncIterator[bytes]:
    try:
        async for chunk in chunks:
            for piece in unpacker.feed(chunk):
                yield piece
        for piece in unpacker.end():
            yield piece
    except (zlib.error, brotli.error, zstd.ZstdError, EOFError) as error:
        raise Unreadable from error


class _Zlib:
    """gzip and deflate. zlib's window bits: 16 + 15 reads the gzip format, 15 zlib's own, -15 neither's."""

    def __init__(self, bits: int) -> None:
        self._bits = bits
        self._inflater: Any = None
        self._started = self._over = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        while data and not self._over:
            if self._inflater is None:
                if self._started and not data.strip(b"\0"):
                    return  # padding after the last gzip member
                self._inflater, self._started = zlib.decompressobj(self._bits_for(data)), True
            yield self._inflater.decompress(data, PIECE_BYTES)
            data = self._inflater.unconsumed_tail
            if self._inflater.eof:
                data, self._inflater = self._inflater.unused_data, None
                self._over = self._bits == 15  # gzip members may follow one another

    def _bits_for(self, data: bytes) -> int:
        # Half the servers send raw deflate under the name of zlib's format, against RFC 9110, 8.4.1.2.
        return -15 if self._bits == 15 and not _is_zlib(data) else self._bits

    def end(self) -> Iterator[bytes]:
        while self._inflater is not None:
            piece = self._inflater.decompress(self._inflater.unconsumed_tail, PIECE_BYTES)
            yield piece
            if self._inflater.eof:
                return
            if not piece:
                raise EOFError


def _is_zlib(data: bytes) -> bool:
    """Whether a zlib header stands here (RFC 1950, 2.2): method 8, and a check that divides by 31."""
    return data[0] & 0x0F == 8 and (len(data) < 2 or (data[0] << 8 | data[1]) % 31 == 0)


class _Brotli:
    def __init__(self) -> None:
        self._decompressor = brotli.Decompressor()

    def feed(self, data: bytes) -> Iterator[bytes]:
        if self._decompressor.is_finished():
            return  # what follows a brotli stream belongs to nothing
        yield self._decompressor.process(data, output_buffer_limit=PIECE_BYTES)
        while not self._decompressor.can_accept_more_data():
            yield self._decompressor.process(b"", output_buffer_limit=PIECE_BYTES)

    def end(self) -> Iterator[bytes]:
        # It takes more data while it still holds some back.
        while not self._decompressor.is_finished():
            piece = self._decompressor.process(b"", output_buffer_limit=PIECE_BYTES)
            yield piece
            if not piece and not self._decompressor.is_finished():
                raise EOFError


class _Zstd:
    def __init__(self) -> None:
        self._decompressor: Any = None

    def feed(self, data: bytes) -> Iterator[bytes]:
        while data or (self._decompressor is not None and not self._decompressor.needs_input):
            if self._decompressor is None:
                limit: dict[int, int] = {zstd.DecompressionParameter.window_log_max: _ZSTD_WINDOW_LOG}
                self._decompressor = zstd.ZstdDecompressor(options=limit)
            yield self._decompressor.decompress(data, PIECE_BYTES)
            data = b""
            if self._decompressor.eof:
                data, self._decompressor = self._decompressor.unused_data, None  # frames may follow

    def end(self) -> Iterator[bytes]:
        if self._decompressor is not None:
            raise EOFError
        yield b""


_UNPACKERS: Final[Mapping[str, Callable[[], _Unpacker]]] = {
    "gzip": lambda: _Zlib(31),
    "x-gzip": lambda: _Zlib(31),
    "deflate": lambda: _Zlib(15),
    "br": _Brotli,
    "zstd": _Zstd,
}
