"""A file server on 127.0.0.1 that can be told to misbehave."""

import contextlib
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
        silent: send the headers and then nothing.
        endless: never end an answer.
        drip: seconds after each single byte.
        redirect: answer that it is there, unless it is asked for that.
        headers: to send as well, or in place of the right ones.
        requests: paths and ranges as they came.
    """

    files: dict[str, bytes]
    cut_after: int | None = None
    cuts: int = 1
    pause: float = 0.0
    silent: bool = False
    endless: bool = False
    drip: float = 0.0
    redirect: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
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
    server.requests.append((handler.path, handler.headers.get("Range", "")))
    if server.redirect is not None and handler.path != server.redirect:
        handler.send_response(302)
        handler.send_header("Location", server.redirect.encode("utf-8", "surrogateescape").decode("latin-1"))
        handler.end_headers()
        _send(handler, server, b"x")
        return
    data = server.files.get(handler.path)
    if data is None:
        handler.send_error(404)
        return
    handler.send_response(200)
    headers = {} if server.endless else {"Content-Length": str(len(data))}
    for name, value in {**headers, **server.headers}.items():
        handler.send_header(name, value)
    handler.end_headers()
    _send(handler, server, data)


def _send(handler: BaseHTTPRequestHandler, server: Server, body: bytes) -> None:
    if server.silent:
        time.sleep(3)
        return
    if server.cut_after is not None and server.cuts > 0:
        server.cuts -= 1
        body = body[: server.cut_after]
    piece = 1 if server.drip else 16_384
    with contextlib.suppress(OSError):  # the other side has had enough
        while True:
            for place in range(0, len(body), piece):
                handler.wfile.write(body[place : place + piece])
                time.sleep(server.drip or server.pause)
            if not server.endless:
                break
