"""The command line: ``hyperprune COMMAND``. A mistake gives one line and exit status 2, never a traceback."""

from hyperprune.cli.app import app, main

__all__ = ["app", "main"]
