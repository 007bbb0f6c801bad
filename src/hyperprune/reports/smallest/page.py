"""The report of the search for the smallest network: report.html and its figure."""

from functools import partial
from pathlib import Path

from markupsafe import Markup

from hyperprune.reports import figures
from hyperprune.reports.figures.sizes import Dot
from hyperprune.reports.pages import document
from hyperprune.reports.pages.drawing import Drawing, drawn
from hyperprune.reports.smallest.rows import ends, size_headings, size_rows, size_sentences
from hyperprune.reports.viewers import as_script, nothing_to_view
from hyperprune.search import SmallestFolder, SmallestResult, papers
from hyperprune.search.results.smallest_result import Probe


def write_smallest(folder: SmallestFolder) -> Path:
    """Write report.html and figures/sizes.png into the run folder, and give the page's path.

    Raises:
        RunFolderError: the search has not ended.
    """
    result, config = folder.finished(), folder.config()
    pictures = size_drawings(result)
    page = document.rendered(
        "smallest.html.j2",
        config,
        papers(config.at(config.grid[0])),
        pictures,
        Markup(as_script(nothing_to_view())),
        title="smallest level network",
        subject=config.described.subject,
        sentences=size_sentences(result),
        headings=size_headings(result.score),
        rows=size_rows(result),
        probes=sorted(result.probes, key=lambda probe: probe.sparsity),
        chosen=result.chosen,
    )
    return document.save(folder.path, page, pictures)


def size_drawings(result: SmallestResult) -> dict[str, Drawing]:
    """Score against live weights."""
    known = [probe for probe in result.probes if probe.network is not None]
    small = [
        Dot(probe.small_dense.live, probe.small_dense.valid_score)
        for probe in known
        if probe.small_dense is not None
    ]
    dense = Dot(result.dense.live, result.dense.valid_score)
    room = result.tolerance * abs(dense.score)
    worst = result.score.signed(result.score.signed(dense.score) + room)
    label = f"Validation {result.score.name} against live weights: pruned, small dense and dense networks"
    pruned = [_dot(result, probe) for probe in known]
    return drawn({"sizes": (label, partial(figures.sizes, pruned, small, dense, worst, result.score.name))})


def _dot(result: SmallestResult, probe: Probe) -> Dot:
    assert probe.network is not None, "failed searches are left out"
    return Dot(
        probe.network.live,
        probe.network.valid_score,
        None if probe.verdict is None else ends(result, probe.verdict),
        f"{probe.sparsity:g}",
        chosen=probe.sparsity == result.sparsity,
    )
