"""report.html: one file that opens offline, and its figures as PNG beside it."""

import io
import tomllib
from importlib import resources
from pathlib import Path

import jinja2
from markupsafe import Markup
from matplotlib.figure import Figure

from hyperprune import __version__, files
from hyperprune.errors import RunFolderError
from hyperprune.lyapunov import Spectrum
from hyperprune.reports import figures
from hyperprune.reports.rows import HEADINGS, cost_sentences, network_rows, variant_sentences, variant_words
from hyperprune.search import RunFolder, SearchResult, load_timings


def write(folder: RunFolder) -> Path:
    """Write report.html and figures/*.png into a run folder, and give the page's path.

    Raises:
        RunFolderError: this is no run folder, or its search has not ended.
    """
    config = folder.config()
    result = folder.result()
    if result is None:
        raise RunFolderError(
            f"the search in {folder.path} has not ended: give its hyperprune search command again to go on"
        )
    drawn = _figures(folder, result)
    for name, figure in drawn.items():
        _save_png(folder.path / "figures" / f"{name}.png", figure)
    timings = load_timings(folder)
    page = _template().render(
        version=__version__,
        result=result,
        config=tomllib.loads((folder.path / "config.toml").read_text(encoding="utf-8")),
        headings=HEADINGS,
        rows=network_rows(result, timings),
        costs=cost_sentences(result, timings),
        variants=variant_sentences(result),
        sparsity=config.sparsity,
        figures={name: _svg(figure) for name, figure in drawn.items()},
        variant_words=variant_words,
    )
    path = folder.path / "report.html"
    files.write_bytes(path, page.encode())
    return path


def _figures(folder: RunFolder, result: SearchResult) -> dict[str, Figure]:
    drawn = {
        "perplexity": figures.curves(result),
        "rounds": figures.rounds(result),
        "distance": figures.distances(result),
    }
    ranking = result.rounds[0].ranking
    if ranking:
        epoch = result.rounds[0].until
        named: dict[str, Spectrum] = {"dense": folder.dense.spectrum(epoch)}
        named[f"best (candidate {ranking[0]})"] = folder.candidate(ranking[0]).spectrum(epoch)
        if len(ranking) > 1:
            named[f"worst (candidate {ranking[-1]})"] = folder.candidate(ranking[-1]).spectrum(epoch)
        drawn["spectra"] = figures.spectra(named, epoch)
    return drawn


def _template() -> jinja2.Template:
    text = resources.files("hyperprune.reports").joinpath("page.html.j2").read_text(encoding="utf-8")
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    return environment.from_string(text)


def _svg(figure: Figure) -> Markup:
    """The figure as an svg element without prologue, the same bytes for the same figure."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    text = buffer.getvalue()
    return Markup(text[text.index("<svg") :])


def _save_png(path: Path, figure: Figure) -> None:
    path.parent.mkdir(exist_ok=True)
    files.write_atomically(path, lambda part: figure.savefig(part, format="png", dpi=140))
