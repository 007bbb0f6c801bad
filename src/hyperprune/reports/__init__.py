"""Reports: records gathered and computed from a run, then drawn, as one page that opens offline.

``gather`` reads a run folder, finished or not, into ``Findings``; ``paths``, ``ranks``, ``density``,
and ``candidates`` compute from it; ``figures`` draws; ``page`` puts it together.
"""

from hyperprune.reports.bibtex import bibtex
from hyperprune.reports.findings import Findings, NetworkRecord
from hyperprune.reports.gather import gather
from hyperprune.reports.page import write
from hyperprune.reports.rows import (
    cost_sentences,
    headings,
    naive_sentence,
    network_rows,
    variant_sentences,
)
from hyperprune.reports.verdict import is_success, verdict_sentence, verdict_word, went_wrong

__all__ = [
    "Findings",
    "NetworkRecord",
    "bibtex",
    "cost_sentences",
    "gather",
    "headings",
    "is_success",
    "naive_sentence",
    "network_rows",
    "variant_sentences",
    "verdict_sentence",
    "verdict_word",
    "went_wrong",
    "write",
]
