"""The command line: ``hyperprune COMMAND``. A mistake gives one line and exit status 2, never a traceback.

The files named after commands declare them and import nothing heavy; the files that do the work
(``run_*``) are imported when their command runs, so that ``--help`` and completion answer at once.
"""

from hyperprune.cli.main import main

__all__ = ["main"]
