"""What ``hyperprune dashboard`` does."""

import signal
from pathlib import Path

import typer

from hyperprune.errors import ConfigurationError
from hyperprune.search import RunFolder


def dashboard(run: Path, port: int) -> None:
    """Serve until Ctrl-C, which is how it is meant to end."""
    folder = RunFolder(run.expanduser().resolve())
    folder.config()  # no run: said before anything else
    try:
        from hyperprune.reports.dashboard import Window, server
    except ModuleNotFoundError as error:
        if error.name not in ("optuna_dashboard", "bottle"):
            raise
        raise ConfigurationError(
            "the dashboard needs optuna-dashboard: pip install 'hyperprune[dashboard]', or look at "
            f"hyperprune report {run}"
        ) from None
    with server(Window(folder), port) as listening:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        typer.echo(f"Dashboard of {folder.path}: http://127.0.0.1:{listening.server_port}/ (Ctrl-C ends it)")
        try:
            listening.serve_forever()
        except KeyboardInterrupt:
            typer.echo("")
