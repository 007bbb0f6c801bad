"""A server that listens on this machine alone."""

from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from hyperprune.errors import ConfigurationError
from hyperprune.reports.dashboard.window import Window

_HOST = "127.0.0.1"


class _Server(ThreadingMixIn, WSGIServer):
    """A thread a connection: browsers open some before they ask anything."""

    daemon_threads = True


class _Handler(WSGIRequestHandler):
    """Says nothing about requests."""

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are no news."""


def server(window: Window, port: int) -> WSGIServer:
    """A server for the window; ``server_port`` says where it listens.

    Args:
        window: what it shows.
        port: 0 for any that is free.

    Raises:
        ConfigurationError: the port is in use or not ours to take.
    """
    try:
        return make_server(_HOST, port, window, server_class=_Server, handler_class=_Handler)
    except (OSError, OverflowError) as error:
        raise ConfigurationError(
            f"cannot listen on port {port} ({getattr(error, 'strerror', None) or error}): give another with "
            "--port, or --port 0 for any that is free"
        ) from None
