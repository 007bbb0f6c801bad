"""The perplexity that word frequencies alone reach, which any trained network must beat."""

import torch

from hyperprune.corpora.corpus import Corpus


def unigram_perplexity(corpus: Corpus, part: str = "valid") -> float:
    """Perplexity of ``part`` under the training frequencies, one count added to every type.

    Without the added count a type that occurs only in ``part`` would make it infinite.
    """
    size = len(corpus.vocabulary)
    counts = torch.bincount(corpus.train, minlength=size).double() + 1
    nats = (counts / counts.sum()).log()
    return float(torch.exp(-nats[corpus.part(part)].mean()))
