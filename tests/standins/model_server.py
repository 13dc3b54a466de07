"""A loopback server with an index of Argos packages and the packages; each address can misbehave as told."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(slots=True)
class File:
    """What one address answers.

    Attributes:
        breaks_after: the connection is cut after so many bytes, as often as in `breaks`.
        claims: the Content-Length, when it is to be a lie; "" for none at all.
        moved_to: a redirect.
        drips: sends byte by byte, for ever.
    """

    body: bytes = b""
    status: int = 200
    etag: str | None = '"1"'
    breaks_after: int | None = None
    breaks: int = 1
    claims: str | None = None
    moved_to: str | None = None
    encoding: str | None = None
    ranges: bool = True
    drips: bool = False


@dataclass(slots=True)
class ModelServer:
    """The addresses, and what was asked: (path, Range header)."""

    url: str
    files: dict[str, File] = field(default_factory=dict)
    asked: list[tuple[str, str | None]] = field(default_factory=list)

    @property
    def index(self) -> str:
        """The address of the index."""
        return f"{self.url}/index.json"

    def offer(self, pair: str, version: str, file: File | bytes, **more: Any) -> str:
        """Put a package into the index; gives its path."""
        source, target = pair.split("-")
        path = f"/translate-{source}_{target}-{version.replace('.', '_')}.argosmodel"
        self.files[path] = File(file) if isinstance(file, bytes) else file
        entry = {
            "package_version": version,
            "argos_version": "1.9.0",
            "from_code": source,
            "to_code": target,
            "links": [f"ipfs://Qm{pair}", f"{self.url}{path}"],
            "code": f"translate-{source}_{target}",
        }
        listed = json.loads(self.files["/index.json"].body) if "/index.json" in self.files else []
        self.files["/index.json"] = File(json.dumps([*listed, entry | more]).encode())
        return path

    def times_asked(self, path: str) -> int:
        """How often an address was asked."""
        return sum(1 for asked, _ in self.asked if asked == path)


@contextmanager
def model_server() -> Iterator[ModelServer]:
    """The server, running."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            wanted = self.headers.get("range")
            state.asked.append((self.path, wanted))
            file = state.files.get(self.path, File(b"no such page", status=404))
            if file.moved_to is not None:
                self._answer(302, {"Location": file.moved_to, "Content-Length": "0"})
                return
            body, status, headers = file.body, file.status, {}
            same = file.etag is not None and self.headers.get("if-range") == file.etag
            if wanted and file.ranges and same and status == 200:
                start = int(wanted.removeprefix("bytes=").removesuffix("-"))
                headers["Content-Range"] = f"bytes {start}-{len(body) - 1}/{len(body)}"
                body, status = body[start:], 206
            if file.etag:
                headers["ETag"] = file.etag
            if file.encoding:
                headers["Content-Encoding"] = file.encoding
            if file.claims != "":
                headers["Content-Length"] = file.claims or str(len(body))
            self._answer(status, headers)
            while file.drips and not closing.wait(0.01):
                self.wfile.write(b"x")
            if file.breaks_after is not None and file.breaks > 0:
                file.breaks -= 1
                self.wfile.write(body[: file.breaks_after])
            else:
                self.wfile.write(body)
            if file.breaks_after is not None or file.claims is not None:
                self.close_connection = True

        def _answer(self, status: int, headers: Mapping[str, str]) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            pass  # a client that hangs up on a drip is what is wanted

    closing = threading.Event()
    server = Server(("127.0.0.1", 0), Handler)
    state = ModelServer(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        closing.set()
        server.shutdown()
        server.server_close()
        thread.join()
