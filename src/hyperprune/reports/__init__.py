"""Reports: tables and figures computed from a finished run, then drawn, as one page that opens offline."""

from hyperprune.reports.page import write
from hyperprune.reports.rows import cost_sentences, network_rows, variant_sentences

__all__ = ["cost_sentences", "network_rows", "variant_sentences", "write"]
