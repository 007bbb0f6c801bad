"""One figure a file; each takes records and only draws."""

from hyperprune.reports.figures.curves import curves
from hyperprune.reports.figures.distances import distances
from hyperprune.reports.figures.rounds import rounds
from hyperprune.reports.figures.spectra import spectra

__all__ = ["curves", "distances", "rounds", "spectra"]
