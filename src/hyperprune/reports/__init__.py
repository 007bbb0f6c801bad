"""Reports: records gathered and computed from a run, then drawn, as one page that opens offline.

``gather`` reads the folder of a search, finished or not, into ``Findings``; ``paths``, ``ranks``,
``density`` and ``candidates`` compute from it; ``figures`` draws; ``page`` puts it together. ``training``
does the same for one network; ``pages`` is what both share.
"""

from hyperprune.reports.any_run import write
from hyperprune.reports.costs import cost_table, measured_times
from hyperprune.reports.findings import Findings, NetworkRecord
from hyperprune.reports.gather import gather
from hyperprune.reports.pages.bibtex import bibtex
from hyperprune.reports.rows import (
    cost_sentences,
    headings,
    naive_sentence,
    network_rows,
    variant_sentences,
)
from hyperprune.reports.smallest.rows import size_headings, size_rows, size_sentences
from hyperprune.reports.verdict import (
    is_success,
    training_sentence,
    verdict_sentence,
    verdict_word,
    went_wrong,
)

__all__ = [
    "Findings",
    "NetworkRecord",
    "bibtex",
    "cost_sentences",
    "cost_table",
    "gather",
    "headings",
    "is_success",
    "measured_times",
    "naive_sentence",
    "network_rows",
    "size_headings",
    "size_rows",
    "size_sentences",
    "training_sentence",
    "variant_sentences",
    "verdict_sentence",
    "verdict_word",
    "went_wrong",
    "write",
]
