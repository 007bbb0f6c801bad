"""The report of a training: report.html and its figures."""

from functools import partial
from pathlib import Path

from markupsafe import Markup

from hyperprune.reports import figures
from hyperprune.reports.density import densities
from hyperprune.reports.pages import document
from hyperprune.reports.pages.drawing import Drawing, Wanted, drawn
from hyperprune.reports.rows import duration
from hyperprune.reports.training.findings import TrainingFindings, gather_training
from hyperprune.reports.training.rows import EPOCH_HEADINGS, epoch_rows, network_headings, network_rows
from hyperprune.reports.verdict import training_sentence
from hyperprune.reports.viewers import as_script, nothing_to_view
from hyperprune.search import training_papers
from hyperprune.training import TrainingRun


def write_training(run: TrainingRun) -> Path:
    """Write report.html and figures/*.png into the run folder of a training, and give the page's path.

    Of a training that has not ended, the page shows what there is so far.

    Raises:
        RunFolderError: this is no run folder, or of a version that cannot be read.
    """
    findings = gather_training(run)
    pictures = training_drawings(findings)
    return document.save(run.path, render(findings, pictures), pictures)


def training_drawings(findings: TrainingFindings) -> dict[str, Drawing]:
    """Every figure that the measurements suffice for, by the name of its file."""
    score = findings.score.name
    wanted: Wanted = {}
    if findings.epochs:
        wanted["loss"] = (
            f"Training loss and validation {score} by epoch",
            partial(figures.training_curves, findings),
        )
    if findings.epochs and not findings.config.dense:
        wanted["live"] = ("Live weights by epoch", partial(figures.live, findings))
        found = densities(findings.sizes, findings.network)
        if found is not None:
            wanted["density"] = (
                "Density of each matrix and gate by epoch",
                partial(figures.density, found, findings.density),
            )
    return drawn(wanted)


def render(findings: TrainingFindings, pictures: dict[str, Drawing]) -> str:
    """The page."""
    result, config, score = findings.result, findings.config, findings.score
    cited = training_papers(config)
    what = "Dense network" if config.dense else f"Network at sparsity {config.sparsity}"
    return document.rendered(
        "training.html.j2",
        config,
        cited,
        pictures,
        Markup(as_script(nothing_to_view())),
        title=what.lower(),
        what=what,
        choices=findings.choices,
        findings=findings,
        result=result,
        score=score,
        subject=config.described.subject,
        size=sum(findings.sizes.values()),
        duration="" if findings.seconds is None else duration(findings.seconds),
        verdict=None if result is None else training_sentence(result),
        success=result is None or result.learned,
        headings=network_headings(score),
        rows=network_rows(findings),
        epoch_headings=(*EPOCH_HEADINGS, f"valid {score.heading}"),
        epoch_rows=epoch_rows(findings),
    )
