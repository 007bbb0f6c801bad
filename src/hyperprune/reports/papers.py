"""The papers behind a run: the search, the spectra, the rules of its variants, network, optimiser, text."""

from collections.abc import Iterable, Mapping
from typing import Any

from hyperprune import optim, sparsity
from hyperprune.search import SearchConfig
from hyperprune.sparsity import Paper, PruningVariant

ZHENG_SHLIZERMAN_2025 = Paper(
    "zheng2025",
    "Zheng, C., Shlizerman, E.",
    "Hyperpruning: efficient search through pruned variants of recurrent neural networks leveraging "
    "Lyapunov spectrum",
    "arXiv",
    2025,
    "https://arxiv.org/abs/2506.07975",
)
BENETTIN_1980 = Paper(
    "benettin1980",
    "Benettin, G., Galgani, L., Giorgilli, A., Strelcyn, J.-M.",
    "Lyapunov characteristic exponents for smooth dynamical systems and for Hamiltonian systems; a method "
    "for computing all of them",
    "Meccanica 15, 9-20",
    1980,
    "https://doi.org/10.1007/BF02128236",
)
VOGT_2022 = Paper(
    "vogt2022",
    "Vogt, R., Puelma Touzel, M., Shlizerman, E., Lajoie, G.",
    "On Lyapunov exponents for RNNs: understanding information propagation using dynamical systems tools",
    "Frontiers in Applied Mathematics and Statistics 8, 818799",
    2022,
    "https://doi.org/10.3389/fams.2022.818799",
)
JAMIESON_TALWALKAR_2016 = Paper(
    "jamieson2016",
    "Jamieson, K., Talwalkar, A.",
    "Non-stochastic best arm identification and hyperparameter optimization",
    "International Conference on Artificial Intelligence and Statistics",
    2016,
    "https://arxiv.org/abs/1502.07943",
)
BERGSTRA_2011 = Paper(
    "bergstra2011",
    "Bergstra, J., Bardenet, R., Bengio, Y., Kégl, B.",
    "Algorithms for hyper-parameter optimization",
    "Advances in Neural Information Processing Systems 24",
    2011,
    "https://papers.nips.cc/paper/4443-algorithms-for-hyper-parameter-optimization",
)
AKIBA_2019 = Paper(
    "akiba2019",
    "Akiba, T., Sano, S., Yanase, T., Ohta, T., Koyama, M.",
    "Optuna: a next-generation hyperparameter optimization framework",
    "ACM SIGKDD International Conference on Knowledge Discovery and Data Mining",
    2019,
    "https://arxiv.org/abs/1907.10902",
)
HOCHREITER_SCHMIDHUBER_1997 = Paper(
    "hochreiter1997",
    "Hochreiter, S., Schmidhuber, J.",
    "Long short-term memory",
    "Neural Computation 9(8), 1735-1780",
    1997,
    "https://doi.org/10.1162/neco.1997.9.8.1735",
)
ZAREMBA_2014 = Paper(
    "zaremba2014",
    "Zaremba, W., Sutskever, I., Vinyals, O.",
    "Recurrent neural network regularization",
    "arXiv",
    2014,
    "https://arxiv.org/abs/1409.2329",
)

_SEARCH = (ZHENG_SHLIZERMAN_2025, JAMIESON_TALWALKAR_2016, AKIBA_2019)
_SPECTRA = (BENETTIN_1980, VOGT_2022)
_MODELS: Mapping[str, tuple[Paper, ...]] = {"stacked-lstm": (HOCHREITER_SCHMIDHUBER_1997, ZAREMBA_2014)}


def papers(config: SearchConfig, variants: Iterable[Mapping[str, Any]]) -> list[Paper]:
    """What to cite for a run, each once, oldest first.

    Args:
        config: its configuration.
        variants: the pruning choices of its candidates, as results hold them.
    """
    found = [*_SEARCH, *_SPECTRA, *_MODELS.get(config.model.kind, ())]
    if config.search.sampler == "tpe":
        found.append(BERGSTRA_2011)
    found += optim.citations(config.recipe.optimizer)
    for variant in variants:
        found += sparsity.citations(PruningVariant.from_dict(variant))
    return sorted(set(found), key=lambda paper: (paper.year, paper.key))


def bibtex(paper: Paper) -> str:
    """A paper as a BibTeX entry."""
    people = " and ".join(_people(paper.authors))
    fields = {
        "author": people,
        "title": f"{{{paper.title}}}",
        "howpublished": paper.venue,
        "year": str(paper.year),
        "url": paper.url,
    }
    lines = "".join(f"  {name} = {{{value}}},\n" for name, value in fields.items())
    return f"@misc{{{paper.key},\n{lines}}}"


def _people(authors: str) -> list[str]:
    """Each ``Family, Initials`` of a list in which commas part both people and their names."""
    parts = [part.strip() for part in authors.split(",")]
    return [", ".join(parts[i : i + 2]) for i in range(0, len(parts), 2)]
