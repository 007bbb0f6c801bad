"""All figures of a report, each drawn for a wide page and for a phone."""

from functools import partial

from hyperprune.reports import figures
from hyperprune.reports.density import densities
from hyperprune.reports.findings import Findings
from hyperprune.reports.pages.drawing import Drawing, Wanted, drawn
from hyperprune.reports.paths import spectral_paths
from hyperprune.reports.ranks import Ranks, ranks_at


def drawings(findings: Findings) -> dict[str, Drawing]:
    """Every figure that the measurements suffice for, by the name of its file."""
    plane = spectral_paths(findings.on_their_way)
    rankings = early_rankings(findings)
    leading, score = findings.leading, findings.score.name
    found = None if leading is None else densities(findings.sizes, leading)
    wanted: Wanted = {
        "score": (
            f"Validation {score} of every candidate by epoch, and of the dense network",
            partial(figures.curves, findings),
        ),
        "spectra": (
            "Spectra of the dense network and of the candidates that the first ranking put first and last",
            partial(figures.spectra, findings),
        ),
        "spectra-by-epoch": (
            "Spectra of the dense network and the leading candidate at each measured epoch",
            partial(figures.spectra_by_epoch, findings),
        ),
    }
    if findings.candidates:
        wanted["rounds"] = ("Epochs that each candidate trained", partial(figures.rounds, findings))
        wanted["distance"] = (f"LS distance against {score}", partial(figures.distances, findings))
    if rankings:
        wanted["ranks"] = (
            "Rank of each candidate by LS distance and by loss",
            partial(figures.slopes, findings, rankings),
        )
    if plane is not None:
        wanted["paths"] = (
            "Paths of all spectra through training in the plane of two principal components",
            partial(figures.paths, findings, plane),
        )
    if found is not None:
        wanted["density"] = (
            f"Density of each matrix and gate of candidate {found.name} by epoch",
            partial(figures.density, found, findings.config.density),
        )
    return drawn(wanted)


def early_rankings(findings: Findings) -> list[Ranks]:
    """Ranks by LS distance and by loss at each ranking that holds three candidates or more."""
    found = [
        ranks_at(
            (c for c in findings.distinct if int(c.name) in ranking.ranking),
            ranking.until,
            findings.score,
            ranking.bracket + 1 if findings.several_brackets else None,
        )
        for ranking in findings.rounds
    ]
    return [ranking for ranking in found if len(ranking.names) >= 3]
