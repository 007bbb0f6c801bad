"""What ranks candidates early: ``METRICS`` by name, or a function of your own over a :class:`Measured`."""

from hyperprune.search.metrics.early import METRICS, Measured, Metric, plain

__all__ = ["METRICS", "Measured", "Metric", "plain"]
