"""Text to numbered tokens: sources, vocabulary, parts, and the batches that training reads.

A corpus has three parts (train, valid, test), each one long row of token numbers. Its vocabulary comes
from the training part alone.
"""

from hyperprune.corpora.batches import columns, windows
from hyperprune.corpora.corpus import Corpus, CorpusConfig, load
from hyperprune.corpora.unigram import unigram_perplexity
from hyperprune.corpora.vocabulary import EOS, UNKNOWN, Vocabulary

__all__ = [
    "EOS",
    "UNKNOWN",
    "Corpus",
    "CorpusConfig",
    "Vocabulary",
    "columns",
    "load",
    "unigram_perplexity",
    "windows",
]
