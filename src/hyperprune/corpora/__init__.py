"""Text to numbered tokens: sources, vocabulary, parts, and the batches that training reads.

A corpus has three parts (train, valid, test), each one long row of token numbers. Its vocabulary comes
from the training part alone.
"""

from hyperprune.corpora.batches import columns, windows
from hyperprune.corpora.corpus import Corpus, CorpusConfig, load, load_with
from hyperprune.corpora.datasets import DATASETS, cache_folder
from hyperprune.corpora.fetch import fetch
from hyperprune.corpora.repeats import LENGTHS, WARN_ABOVE
from hyperprune.corpora.stats import CorpusStats, stats
from hyperprune.corpora.tokens import Level
from hyperprune.corpora.unigram import unigram_perplexity
from hyperprune.corpora.vocabulary import EOS, UNKNOWN, Vocabulary

__all__ = [
    "DATASETS",
    "EOS",
    "LENGTHS",
    "UNKNOWN",
    "WARN_ABOVE",
    "Corpus",
    "CorpusConfig",
    "CorpusStats",
    "Level",
    "Vocabulary",
    "cache_folder",
    "columns",
    "fetch",
    "load",
    "load_with",
    "stats",
    "unigram_perplexity",
    "windows",
]
