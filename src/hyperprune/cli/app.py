"""The commands. Nothing heavy is imported here: what does the work is imported when it is needed."""

import typer

from hyperprune.cli.cite import cite
from hyperprune.cli.compare import compare
from hyperprune.cli.dashboard import dashboard
from hyperprune.cli.data import data
from hyperprune.cli.evaluate import evaluate
from hyperprune.cli.export import export
from hyperprune.cli.generate import generate
from hyperprune.cli.profile import profile
from hyperprune.cli.report import report
from hyperprune.cli.search import search
from hyperprune.cli.spectrum import spectrum
from hyperprune.cli.terminal.markup import prose
from hyperprune.cli.train import train

app = typer.Typer(
    name="hyperprune",
    help="Find the pruned variant of a recurrent network that is as good as the dense one.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
for _command in (
    search,
    train,
    evaluate,
    spectrum,
    report,
    compare,
    profile,
    export,
    generate,
    dashboard,
    cite,
):
    app.command(help=prose(_command))(_command)
app.add_typer(data, name="data")


def _version(wanted: bool) -> None:
    if wanted:
        from hyperprune import __version__

        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Show it."),
) -> None:
    pass
