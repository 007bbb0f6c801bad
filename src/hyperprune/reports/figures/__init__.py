"""One figure a file; each takes records and only draws, for a wide page or for a phone."""

from hyperprune.reports.figures.comparison import comparison
from hyperprune.reports.figures.curves import curves
from hyperprune.reports.figures.density import density
from hyperprune.reports.figures.distances import distances
from hyperprune.reports.figures.live import live
from hyperprune.reports.figures.paths import paths
from hyperprune.reports.figures.rounds import rounds
from hyperprune.reports.figures.sizes import sizes
from hyperprune.reports.figures.slopes import slopes
from hyperprune.reports.figures.spectra import spectra
from hyperprune.reports.figures.spectra_by_epoch import spectra_by_epoch
from hyperprune.reports.figures.style import PALETTE, applied, literally
from hyperprune.reports.figures.training_curves import training_curves

__all__ = [
    "PALETTE",
    "applied",
    "comparison",
    "curves",
    "density",
    "distances",
    "literally",
    "live",
    "paths",
    "rounds",
    "sizes",
    "slopes",
    "spectra",
    "spectra_by_epoch",
    "training_curves",
]
