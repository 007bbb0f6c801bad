"""The report of a search: report.html, one file that opens offline, and its figures as PNG beside it."""

from collections.abc import Mapping
from pathlib import Path

from markupsafe import Markup

from hyperprune.inference.timing import Timing
from hyperprune.reports.candidates import candidate_table, first_words
from hyperprune.reports.costs import CostTable, cost_table
from hyperprune.reports.dead import dead_sentence
from hyperprune.reports.drawings import drawings
from hyperprune.reports.findings import Findings
from hyperprune.reports.gather import gather
from hyperprune.reports.pages import document
from hyperprune.reports.pages.drawing import Drawing
from hyperprune.reports.rows import (
    cost_sentences,
    headings,
    naive_sentence,
    network_rows,
    variant_sentences,
)
from hyperprune.reports.verdict import is_success, verdict_sentence
from hyperprune.reports.viewers import as_script, viewer_data
from hyperprune.search import RunFolder, papers
from hyperprune.search.space.words import choice_words


def write_search(folder: RunFolder, times: Mapping[str, Timing] | None = None) -> Path:
    """Write report.html and figures/*.png into the run folder of a search, and give the page's path.

    Of a search that has not ended, the page shows what there is so far.

    Args:
        folder: of the search.
        times: of its networks on this machine, as :func:`hyperprune.reports.measured_times` gives them.

    Raises:
        RunFolderError: this is no run folder, or of a version that cannot be read.
    """
    findings = gather(folder)
    drawn = drawings(findings)
    weighed = cost_table(findings.result, folder.path, times) if findings.result else None
    return document.save(folder.path, render(findings, drawn, weighed), drawn)


def render(findings: Findings, drawn: dict[str, Drawing], weighed: CostTable | None = None) -> str:
    """The page."""
    result = findings.result
    return document.rendered(
        "search.html.j2",
        findings.config,
        papers(findings.config),
        drawn,
        Markup(as_script(viewer_data(findings))),
        title=f"sparsity {findings.config.sparsity}",
        findings=findings,
        headings=headings(findings.score),
        rows=network_rows(result, findings.timings) if result else [],
        weighed=weighed,
        costs=cost_sentences(result, findings.timings) if result else [_progress(findings)],
        variants=variant_sentences(result) if result else [],
        choice_words=choice_words,
        score=findings.score,
        subject=findings.config.described.subject,
        verdict=verdict_sentence(result) if result else None,
        success=is_success(result) if result else True,
        naive=naive_sentence(result) if result else None,
        table=candidate_table(findings),
        first=first_words(findings),
        beside=_beside(findings),
        dead=dead_sentence(findings),
    )


def _beside(findings: Findings) -> str:
    """What the two spectra of a panel are."""
    origins = {candidate.origin for candidate in findings.distinct}
    if origins <= {None}:
        words = ["Solid the candidate, dashed the dense network, both after the same number of epochs."]
    elif None in origins:
        words = [
            "Solid the candidate; dashed the dense network after the same number of epochs or, where a "
            "candidate starts from it, as it was at that start."
        ]
    else:
        words = ["Solid the candidate, dashed the dense network that it starts from."]
    if any(
        candidate.reached_gradually and 0 in findings.compared(candidate.name)
        for candidate in findings.distinct
    ):
        words.append("At epoch 0, what is pruned gradually is shown with its last masks.")
    return " ".join(words)


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
