"""Spectra and other early measures of a network's dynamics."""

from hyperprune.papers.paper import Paper

SERIANNI_KALITA_2023 = Paper(
    "serianni2023",
    "Serianni, A., Kalita, J.",
    "Training-free neural architecture search for RNNs and Transformers",
    "ACL",
    2023,
    "https://arxiv.org/abs/2306.00288",
)
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
