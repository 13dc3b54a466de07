"""Serves the page within the service's own event loop."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import uvicorn
from starlette.applications import Starlette

from bot.errors import RarewatchError


class PortError(RarewatchError):
    """The page can't be served."""


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are the service's to handle: uvicorn must not take them over."""
        yield


def bind(host: str, port: int) -> socket.socket:
    """A listening socket. Raises PortError when the port is taken or not ours to take."""
    try:
        return socket.create_server((host, port), backlog=128)
    except OSError as error:
        raise PortError(
            f"port {port}", (error.strerror or type(error).__name__).lower(), hint="Choose another with PORT."
        ) from error


async def serve(page: Starlette, listener: socket.socket, stopping: asyncio.Event) -> None:
    """Serves until `stopping` is set."""
    server = _Server(
        uvicorn.Config(page, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=3)
    )

    async def stop_with_the_service() -> None:
        await stopping.wait()
        server.should_exit = True

    watcher = asyncio.create_task(stop_with_the_service())
    try:
        await server.serve(sockets=[listener])
    finally:
        watcher.cancel()
