"""The papers behind a configuration, which its results should cite."""

from hyperprune.optim import OPTIMIZERS
from hyperprune.search.config import SearchConfig
from hyperprune.search.network_papers import MERITY_2017, NETWORK_PAPERS
from hyperprune.sparsity import Paper, citations

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
    "Meccanica 15",
    1980,
    "https://doi.org/10.1007/BF02128236",
)
VOGT_2022 = Paper(
    "vogt2022",
    "Vogt, R., Puelma Touzel, M., Shlizerman, E., Lajoie, G.",
    "On Lyapunov exponents for RNNs: understanding information propagation using dynamical systems tools",
    "Frontiers in Applied Mathematics and Statistics 8",
    2022,
    "https://doi.org/10.3389/fams.2022.818799",
)
AKIBA_2019 = Paper(
    "akiba2019",
    "Akiba, T., Sano, S., Yanase, T., Ohta, T., Koyama, M.",
    "Optuna: a next-generation hyperparameter optimization framework",
    "ACM SIGKDD International Conference on Knowledge Discovery and Data Mining",
    2019,
    "https://arxiv.org/abs/1907.10902",
)
JAMIESON_2016 = Paper(
    "jamieson2016",
    "Jamieson, K., Talwalkar, A.",
    "Non-stochastic best arm identification and hyperparameter optimization",
    "International Conference on Artificial Intelligence and Statistics",
    2016,
    "https://arxiv.org/abs/1502.07943",
)
LI_2018 = Paper(
    "li2018",
    "Li, L., Jamieson, K., DeSalvo, G., Rostamizadeh, A., Talwalkar, A.",
    "Hyperband: a novel bandit-based approach to hyperparameter optimization",
    "Journal of Machine Learning Research 18(185)",
    2018,
    "https://arxiv.org/abs/1603.06560",
)


def papers(config: SearchConfig) -> list[Paper]:
    """Papers behind method, halving, spectra, sampler, network, optimiser and every rule.

    Each once, oldest first.
    """
    found = {ZHENG_SHLIZERMAN_2025, BENETTIN_1980, VOGT_2022, JAMIESON_2016, AKIBA_2019}
    if config.model is not None:
        found.update(NETWORK_PAPERS.get(config.model.kind, ()))
    if config.recipe.ar or config.recipe.tar:
        found.add(MERITY_2017)
    found.update(OPTIMIZERS[config.recipe.optimizer].papers)
    found.update(config.search.optimiser.papers)
    if config.search.plan == "hyperband":
        found.add(LI_2018)
    for variant in config.space.examples(config.density):
        found.update(citations(variant))
    for name in config.space.method:
        if name != "rules":
            found.update(citations(name))
    return sorted(found, key=lambda paper: (paper.year, paper.key))
