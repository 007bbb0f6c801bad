"""The papers behind the samplers."""

from hyperprune.sparsity import Paper

BERGSTRA_2011 = Paper(
    "bergstra2011",
    "Bergstra, J., Bardenet, R., Bengio, Y., Kegl, B.",
    "Algorithms for hyper-parameter optimization",
    "Advances in Neural Information Processing Systems 24",
    2011,
    "https://papers.nips.cc/paper/4443-algorithms-for-hyper-parameter-optimization",
)
BERGSTRA_BENGIO_2012 = Paper(
    "bergstra2012",
    "Bergstra, J., Bengio, Y.",
    "Random search for hyper-parameter optimization",
    "Journal of Machine Learning Research 13",
    2012,
    "https://www.jmlr.org/papers/v13/bergstra12a.html",
)
SOBOL_1967 = Paper(
    "sobol1967",
    "Sobol, I. M.",
    "On the distribution of points in a cube and the approximate evaluation of integrals",
    "USSR Computational Mathematics and Mathematical Physics 7(4)",
    1967,
    "https://doi.org/10.1016/0041-5553(67)90144-9",
)
SNOEK_2012 = Paper(
    "snoek2012",
    "Snoek, J., Larochelle, H., Adams, R. P.",
    "Practical Bayesian optimization of machine learning algorithms",
    "Advances in Neural Information Processing Systems 25",
    2012,
    "https://arxiv.org/abs/1206.2944",
)
HANSEN_2001 = Paper(
    "hansen2001",
    "Hansen, N., Ostermeier, A.",
    "Completely derandomized self-adaptation in evolution strategies",
    "Evolutionary Computation 9(2)",
    2001,
    "https://doi.org/10.1162/106365601750190398",
)
