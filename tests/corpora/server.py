"""A file server on 127.0.0.1 that can be told to misbehave."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Server:
    """What is served, and how.

    Attributes:
        files: contents by path.
        cut_after: bytes after which a connection is closed, for that many answers; then all is well.
        pause: seconds between two pieces of an answer.
        ignore_ranges: answer a range with the whole file, as simple servers do.
        silent: send the headers and then nothing.
        requests: paths and ranges as they came.
    """

    files: dict[str, bytes]
    cut_after: int | None = None
    cuts: int = 1
    pause: float = 0.0
    ignore_ranges: bool = False
    silent: bool = False
    requests: list[tuple[str, str]] = field(default_factory=list)
    url: str = ""


@contextmanager
def serving(server: Server) -> Iterator[Server]:
    """Serve until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            _answer(self, server)

        def log_message(self, *_: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    server.url = f"http://127.0.0.1:{http.server_address[1]}"
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()


def _answer(handler: BaseHTTPRequestHandler, server: Server) -> None:
    wanted = handler.headers.get("Range", "")
    server.requests.append((handler.path, wanted))
    data = server.files.get(handler.path)
    if data is None:
        handler.send_error(404)
        return
    start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and not server.ignore_ranges else 0
    if start and start >= len(data):
        handler.send_error(416)
        return
    handler.send_response(206 if start else 200)
    handler.send_header("Content-Length", str(len(data) - start))
    if start:
        handler.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
    handler.end_headers()
    body = data[start:]
    if server.silent:
        time.sleep(3)
        return
    if server.cut_after is not None and server.cuts > 0:
        server.cuts -= 1
        body = body[: server.cut_after]
    for place in range(0, len(body), 16_384):
        handler.wfile.write(body[place : place + 16_384])
        time.sleep(server.pause)
