"""The commands, and what becomes of the errors they raise."""

import logging
import sys

import typer
from rich.console import Console

from hyperprune import __version__
from hyperprune.cli.cite import cite
from hyperprune.cli.report import report
from hyperprune.cli.search import search
from hyperprune.errors import HyperpruneError

app = typer.Typer(
    name="hyperprune",
    help="Find the pruned variant of a recurrent network that is as good as the dense one.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.command()(search)
app.command()(report)
app.command()(cite)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Show it."),
) -> None:
    pass


def main() -> None:
    """Entry point of the ``hyperprune`` command."""
    logging.basicConfig(format="%(levelname)s: %(message)s", level=logging.WARNING)
    console = Console(stderr=True)
    try:
        app()
    except HyperpruneError as error:
        console.print(f"[bold red]error:[/] {_plain(error)}", highlight=False, soft_wrap=True)
        sys.exit(2)
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        console.print(
            f"[bold red]error:[/] {error.strerror or error}{where}; what was finished is kept",
            highlight=False,
            soft_wrap=True,
        )
        sys.exit(2)
    except KeyboardInterrupt:
        console.print("interrupted; the same command goes on where it stopped", soft_wrap=True)
        sys.exit(130)


def _plain(error: HyperpruneError) -> str:
    """One line, with square brackets as they are."""
    return " ".join(str(error).split()).replace("[", r"\[")
