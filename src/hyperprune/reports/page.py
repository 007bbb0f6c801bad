"""report.html: one file that opens offline, and its figures as PNG beside it."""

from importlib import resources
from pathlib import Path
from typing import Any

import jinja2
import tomli_w
from markupsafe import Markup
from matplotlib.figure import Figure

from hyperprune import __version__, files
from hyperprune.reports.bibtex import bibtex
from hyperprune.reports.candidates import candidate_table
from hyperprune.reports.drawings import Drawing, drawings
from hyperprune.reports.figures import PALETTE
from hyperprune.reports.findings import Findings
from hyperprune.reports.gather import gather
from hyperprune.reports.rows import (
    cost_sentences,
    headings,
    naive_sentence,
    network_rows,
    variant_sentences,
)
from hyperprune.reports.svg import svg
from hyperprune.reports.verdict import is_success, verdict_sentence
from hyperprune.reports.viewers import as_script, viewer_data
from hyperprune.search import RunFolder, papers
from hyperprune.search.space.words import choice_words


def write(folder: RunFolder) -> Path:
    """Write report.html and figures/*.png into a run folder, and give the page's path.

    Of a search that has not ended, the page shows what there is so far.

    Raises:
        RunFolderError: this is no run folder, or of a version that cannot be read.
    """
    findings = gather(folder)
    drawn = drawings(findings)
    page = render(findings, drawn)
    for name, drawing in drawn.items():
        _save_png(folder.path / "figures" / f"{name}.png", drawing.wide)
    path = folder.path / "report.html"
    files.write_bytes(path, page.encode())
    return path


def render(findings: Findings, drawn: dict[str, Drawing]) -> str:
    """The page."""
    result = findings.result
    cited = papers(findings.config)
    return _template().render(
        version=__version__,
        findings=findings,
        config=tomli_w.dumps(_without_none(findings.config.model_dump(mode="json"))),
        headings=headings(findings.score),
        rows=network_rows(result, findings.timings) if result else [],
        costs=cost_sentences(result, findings.timings) if result else [_progress(findings)],
        variants=variant_sentences(result) if result else [],
        choice_words=choice_words,
        score=findings.score,
        subject=findings.config.described.subject,
        verdict=verdict_sentence(result) if result else None,
        success=is_success(result) if result else True,
        naive=naive_sentence(result) if result else None,
        figures={
            name: (
                svg(drawing.wide, f"{name}-wide", drawing.label),
                svg(drawing.narrow, f"{name}-narrow", drawing.label),
            )
            for name, drawing in drawn.items()
        },
        table=candidate_table(findings),
        papers=cited,
        bibtex="\n\n".join(bibtex(paper) for paper in cited),
        colours=PALETTE,
        style=Markup(_text("report.css")),
        script=Markup(_text("report.js")),
        data=Markup(as_script(viewer_data(findings))),
    )


def _progress(findings: Findings) -> str:
    """How far a search has come."""
    config = findings.config
    pool = config.search
    plan = config.planned
    trained = findings.dense.epochs + sum(candidate.epochs for candidate in findings.distinct)
    return (
        f"{trained} epochs are trained, of {plan.search if config.reference else plan.with_dense} if no "
        f"candidate fails or repeats another; {len(findings.candidates)} of {pool.candidates} candidates "
        f"have finished their first epochs, and {len(findings.rounds)} rankings are made."
    )


def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(_text("page.html.j2"))


def _text(name: str) -> str:
    return resources.files("hyperprune.reports").joinpath(name).read_text(encoding="utf-8")


def _without_none(value: Any) -> Any:
    """TOML has no null; a missing key means none."""
    if isinstance(value, dict):
        return {key: _without_none(item) for key, item in value.items() if item is not None}
    return value


def _save_png(path: Path, figure: Figure) -> None:
    files.make_folder(path.parent)
    files.write_atomically(path, lambda stream: figure.savefig(stream, format="png", dpi=140))
